"""The JSON answers against their schemas."""

from __future__ import annotations

import json as stdlib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.core.errors import Invalid, NotFound
from reconciler.core.messages.review import Severity
from reconciler.core.model import Reason
from reconciler.core.render import json
from tests.unit.render import build

_SCHEMAS = Path(__file__).parents[3] / "schemas"


def valid(name: str, answer: Any) -> None:
    """Fail when an answer does not fit its schema after a way through text."""
    schema = stdlib.loads((_SCHEMAS / f"{name}.v1.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(stdlib.loads(json.dumps(answer)))


def test_plans_fit_their_schema() -> None:
    """A rich plan, one that waits and one with findings all fit."""
    errored = build.plan(findings=(build.finding(),), digest=None)
    valid("plan", json.plans([build.rich(), build.waiting(), errored], [NotFound("gone")]))


def test_history_fits_its_schema() -> None:
    """Deployments fit, finished or not."""
    unfinished = build.deployment(finished_at=None, summary={}, plan_digest=None, commit=None)
    valid("history", json.history([build.deployment(), unfinished]))


def test_promotions_fit_their_schema() -> None:
    """A row with only what is known fits, the rest is null."""
    answer = json.promotions([{"environment": "staging", "outcome": "waiting"}])
    valid("promotions", answer)
    assert answer["promotions"][0]["tag"] is None
    assert answer["promotions"][0]["gates"] == []


def test_findings_fit_their_schema() -> None:
    """Findings fit, and so does having none."""
    valid("findings", json.findings([build.finding()]))
    valid("findings", json.findings([]))


def test_the_schema_can_refuse() -> None:
    """The check of these tests fails on a plan that lacks a key."""
    answer = json.plans([build.rich()])
    del answer["plans"][0]["drift"]
    with pytest.raises(Exception, match="'drift' is a required property"):
        valid("plan", answer)


def test_desired_is_null_while_waiting() -> None:
    """An environment without a release has no desired state."""
    assert json.plan(build.waiting())["desired"] is None


def test_desired_of_the_working_tree() -> None:
    """Files that are in no commit are a desired state without a commit."""
    plan = build.plan(commit=None, ref=None)
    assert json.plan(plan)["desired"] == {"commit": None, "ref": None}


def test_fields_are_empty_for_add_and_remove() -> None:
    """What comes or goes is whole and has no fields."""
    changes = (build.added(build.deals()), build.removed(build.event()))
    rows = json.plan(build.plan(changes=changes))["changes"]
    assert [row["fields"] for row in rows] == [[], []]


def test_values_stay_as_they_are() -> None:
    """Values are data: neither cut nor written out."""
    long = "x" * 5_000 + "\x1b[31m"
    change = build.change("a", build.field("/spec/a/b", None, long))
    row = json.plan(build.plan(changes=(change,)))["changes"][0]
    assert row["fields"] == [{"path": "/spec/a/b", "before": None, "after": long}]


def test_drift_keeps_its_reasons() -> None:
    """Drift has the shape of changes and says its reason."""
    plan = json.plan(build.rich())
    assert [row["reason"] for row in plan["drift"]] == ["changed-outside", "conflict"]
    assert {row["reason"] for row in plan["changes"]} == {Reason.PENDING.value}


def test_summary_counts_changes_only() -> None:
    """Drift does not enter the summary."""
    drift = (build.change("a", build.field(), reason=Reason.CONFLICT),)
    assert json.plan(build.plan(drift=drift))["summary"] == {"add": 0, "modify": 0, "remove": 0}


def test_a_message_has_every_key() -> None:
    """What is not known of a message is null, never left out."""
    row = json.plan(build.plan(messages=(build.message(severity=Severity.WARNING),)))["messages"][0]
    assert list(row) == [
        "code",
        "severity",
        "subject",
        "text",
        "action",
        "affectedUsers",
        "asOf",
        "fingerprint",
        "location",
    ]
    assert row["affectedUsers"] is row["asOf"] is row["location"] is None


def test_errors_are_there_only_when_something_failed() -> None:
    """An answer without failure has no errors."""
    assert "errors" not in json.plans([build.rich()])


def test_an_error_without_a_file_has_nulls() -> None:
    """An error that is about no file says so with nulls."""
    assert json.errors([NotFound("No such ref.", hint="Look.")]) == [
        {
            "code": "NotFound",
            "text": "No such ref. Look.",
            "file": None,
            "line": None,
            "column": None,
        }
    ]


def test_findings_are_the_errors_of_an_invalid_repository() -> None:
    """Every finding is an error of its own with file, line and column."""
    rows = json.errors([Invalid((build.finding(), build.finding("other", line=9)))])
    assert [(row["line"], row["column"]) for row in rows] == [(7, 3), (9, 3)]


def test_findings_of_an_errored_plan_are_errors() -> None:
    """An errored plan brings its findings as errors beside it."""
    answer = json.plans([build.plan(findings=(build.finding(),))])
    assert answer["plans"][0]["errored"] is True
    assert answer["errors"] == json.findings([build.finding()])["findings"]


def test_unseen_characters_are_escaped_not_lost() -> None:
    """Text for a terminal has no raw control or bidi character, and the data is the same."""
    data = {"a": "\x1b\x7f\x9b\u202e\u200b\u2028\ufeff\ud800\U000e0041 é 😀 日本"}
    text = json.dumps(data)
    assert stdlib.loads(text) == data
    assert "é 😀 日本" in text
    assert not set(text) & set("\x1b\x7f\x9b\u202e\u200b\u2028\ufeff\ud800\U000e0041")
