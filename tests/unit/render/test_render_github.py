"""Annotations and SARIF."""

from __future__ import annotations

from typing import Any

from reconciler.core.messages.review import Severity
from reconciler.core.model import Location
from reconciler.core.render import github, sarif
from tests.unit.render import build


def test_data_is_escaped() -> None:
    """Percent signs and line ends of a text do not end the command."""
    assert github.escaped("100%\r\n::error::") == "100%25%0D%0A::error::"


def test_properties_are_escaped() -> None:
    """A property can hold neither the end of the properties nor another one."""
    assert github.escaped_property("a:b,c=d%\n") == "a%3Ab%2Cc=d%25%0A"


def test_a_finding_is_one_error_on_its_line() -> None:
    """A finding is an error at its file, line and column."""
    assert github.annotate([build.finding("Not 100%\nsure.", file="a,b:c.yaml")]) == (
        "::error file=a%2Cb%3Ac.yaml,line=7,col=3,title=invalid::Not 100%25\\nsure."
    )


def test_messages_have_levels() -> None:
    """Errors, warnings and infos become error, warning and notice."""
    messages = [
        build.message(severity=severity, location=Location("a.yaml", 1, 1)) for severity in Severity
    ]
    commands = [line.split(" ")[0] for line in github.annotate([], messages).split("\n")]
    assert commands == ["::error", "::warning", "::notice"]


def test_messages_without_a_place_are_left_out() -> None:
    """Only what stands on a line can be annotated."""
    assert github.annotate([], [build.message()]) == ""


def test_one_line_for_each_annotation() -> None:
    """No text, however hostile, makes a second command."""
    message = build.message(text="a\n::add-mask::x\r::b", location=Location("a\nb", 1, 1))
    assert len(github.annotate([], [message]).splitlines()) == 1


def test_a_command_within_ours_does_nothing() -> None:
    """What some runners obey anywhere in a line is written out in file, title and text."""
    finding = build.finding("##vso[task.x]y", file="##[error]x.yaml")
    message = build.message(text="##[group]a", location=Location("a.yaml", 1, 1))
    text = github.annotate([finding], [message])
    assert "##" not in text
    assert "file=#\\x23[error]x.yaml," in text
    assert text.count("\\x23") == 3


def test_sarif_points_every_result_to_its_rule() -> None:
    """Rule ids and indexes of results belong together."""
    run = _run(rules={"Unused": "Never seen."})
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
    assert "Unused" in [rule["id"] for rule in rules]


def test_sarif_levels() -> None:
    """Errors, warnings and infos become error, warning and note."""
    assert [result["level"] for result in _run()["results"]] == [
        "error",
        "error",
        "warning",
        "note",
    ]


def test_sarif_needs_a_place() -> None:
    """A message without a location is left out, as no reader takes it."""
    log = sarif.report([], [build.message()], rules={}, version="1")
    assert log["runs"][0]["results"] == []


def test_sarif_paths_are_uris() -> None:
    """A path with unusual characters becomes a valid reference."""
    assert sarif.uri("a b/ü#%.yaml") == "a%20b/%C3%BC%23%25.yaml"
    assert sarif.uri("bad\udcff") == "bad%ED%B3%BF"


def _run(rules: dict[str, str] | None = None) -> dict[str, Any]:
    messages = [
        build.message(severity=severity, location=Location("a.yaml", 1, 1)) for severity in Severity
    ]
    log = sarif.report([build.finding()], messages, rules=rules or {}, version="1")
    run: dict[str, Any] = log["runs"][0]
    return run
