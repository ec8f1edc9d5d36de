"""Texts that break programs, as titles and descriptions: through YAML, store and every format."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from tests.acceptance.program import Run, Shop
from tests.shared_data import naughty_strings

pytestmark = pytest.mark.both_stores

# What no manifest may hold: control and unseen characters, and halves of pairs.
REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# What a terminal obeys or cannot show, and what a build server takes for a command.
UNSEEN = "\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
OBEYED = re.compile(f"[{UNSEEN}]|^ *::|##\\[")
TAGS = ("details", "summary", "code", "span", "p")
OUR_TAGS = {"<br>", *(f"<{tag}>" for tag in TAGS), *(f"</{tag}>" for tag in TAGS)}
FENCED = re.compile(r"^(`{3,})[^\n`]*\n.*?^\1$", re.DOTALL | re.MULTILINE)


def texts() -> list[str]:
    """Return those that a manifest may hold, not empty and without references."""
    return [t for t in naughty_strings() if t.strip() and not REFUSED.search(t)]


def event(number: int, text: str) -> dict[str, Any]:
    """Return an app event whose every free text is a naughty one."""
    return {
        "apiVersion": "reconciler/v1",
        "kind": "AppEvent",
        "metadata": {"name": f"naughty-{number}", "description": text, "labels": {"a": "b"}},
        "spec": {"title": text, "example": {"text": text, "list": [text]}},
    }


def written(many: list[str]) -> dict[str, str]:
    """Return the manifests with every text in quotes, as a careful exporter writes them."""
    return {
        f"events/naughty-{number}.yaml": yaml.safe_dump(
            event(number, text), allow_unicode=True, default_style='"'
        )
        for number, text in enumerate(many)
    }


def safe(run: Run) -> None:
    """Check that an answer holds nothing that a terminal or a build server obeys."""
    assert [line for line in run.all.split("\n") if OBEYED.search(line)] == []


def test_titles_survive_unharmed_and_harm_nothing(deployed: Shop) -> None:
    """From YAML to the platform every byte is kept, and no format lets one break out of it."""
    many = texts()
    if not many:
        return
    deployed.commit(written(many))

    text = deployed.run("plan", "-e", "development")
    answer = deployed.run("plan", "-e", "development", "--format", "json")
    deployed.run("reconcile", "-e", "development")

    safe(text)
    assert answer.plan["summary"]["add"] == len(many)
    assert text.last == f"Plan: {len(many)} to add, 0 to modify, 0 to remove."
    select = "SELECT name, content FROM platform_resources WHERE name LIKE 'naughty-%'"
    stored = {name: json.loads(content) for name, content in deployed.sql(select)}
    for number, wanted in enumerate(many):
        content = stored[f"naughty-{number}"]
        assert content["spec"]["title"] == wanted
        assert content["metadata"]["description"] == wanted
        assert content["spec"]["example"] == {"text": wanted, "list": [wanted]}


def test_changed_titles_are_shown_as_data(deployed: Shop) -> None:
    """Before and after of a field are exact in JSON, and inert in text and Markdown."""
    many = texts()[::5]
    if not many:
        return
    deployed.commit(written(many))
    deployed.run("reconcile", "-e", "development")
    deployed.commit(written([f"{text} later" for text in many]))

    text = deployed.run("plan", "-e", "development")
    plan = deployed.run("plan", "-e", "development", "--format", "json").plan
    markdown = deployed.run("plan", "-e", "development", "--format", "markdown").out

    safe(text)
    titles = {
        change["name"]: field
        for change in plan["changes"]
        for field in change["fields"]
        if field["path"] == "/spec/title"
    }
    for number, wanted in enumerate(many):
        field = titles[f"naughty-{number}"]
        assert (field["before"], field["after"]) == (wanted, f"{wanted} later")
    outside = FENCED.sub("", markdown)
    assert set(re.findall(r"<[^>]*>", outside)) <= OUR_TAGS
    assert outside.count("<details>") == outside.count("</details>") > 0
