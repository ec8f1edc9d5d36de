"""Changing something in git: what the plan tells a reviewer, and what an apply makes of it."""

from __future__ import annotations

import pytest

from tests.acceptance.manifests import STOCK_LOW, workflow
from tests.acceptance.program import Shop, fits, keys

pytestmark = pytest.mark.both_stores

PLAN_KEYS = (
    *("environment", "desired", "actual", "summary", "changes", "messages", "drift"),
    *("unmanaged", "digest", "errored"),
)
MESSAGE_KEYS = (
    *("code", "severity", "subject", "text", "action", "affectedUsers", "asOf"),
    *("fingerprint", "location"),
)


@pytest.fixture
def changed(deployed: Shop) -> Shop:
    """Return a deployed shop with one field changed, one workflow added and one event deleted."""
    news = deployed.read("workflows/news.yaml").replace("/post", "/v2/post")
    news = news.replace("title: News in Slack", "title: Orders in Slack")
    more = "enabledByDefault: true\n"
    deployed.commit(
        {
            "workflows/news.yaml": news,
            "workflows/thanks.yaml": workflow("thanks", title="Say thanks", more=more),
        },
        "events/stock-low.yaml",
    )
    return deployed


def test_a_reviewer_understands_the_text(changed: Shop) -> None:
    """The text names each resource, field, consequence and count, and ends with the totals."""
    out = changed.run("plan", "--environment", "development", "--detailed-exitcode", code=2).out

    assert "Symbols: + add, ~ modify, - remove" in out
    assert '+ Workflow/thanks  "Say thanks"' in out
    assert "+ enabled: true, by default for every connected user" in out
    assert '~ Workflow/news  "Orders in Slack"' in out
    assert '~ spec.title: "News in Slack" → "Orders in Slack"' in out
    assert '- AppEvent/stock-low  "Stock low"' in out
    assert "info AppEventRemoved: AppEvent/stock-low" in out
    assert "info WorkflowEnabledByDefault: Workflow/thanks, 0 users affected" in out
    assert "environments/development/workflows/thanks.yaml:9" in out
    assert out.rstrip().endswith("Plan: 1 to add, 1 to modify, 1 to remove.")


def test_the_json_holds_the_contract_to_the_letter(changed: Shop) -> None:
    """Every key is there, null where nothing is, and fields are addressed by names."""
    answer = changed.run("plan", "--format", "json", "--environment", "development").json

    fits(answer, "plan")
    keys(answer, ("formatVersion", "plans"))
    (plan,) = answer["plans"]
    keys(plan, PLAN_KEYS)
    assert plan["desired"] == {"commit": changed.repository.head, "ref": "refs/heads/main"}
    assert plan["actual"] == {"complete": True}
    assert plan["summary"] == {"add": 1, "modify": 1, "remove": 1}
    assert (plan["drift"], plan["unmanaged"], plan["errored"]) == ([], 0, False)
    changes = {change["name"]: change for change in plan["changes"]}
    assert changes["thanks"] == {
        "action": "add",
        "kind": "Workflow",
        "name": "thanks",
        "reason": "pending",
        "fields": [],
    }
    assert changes["stock-low"]["fields"] == []
    step = "/spec/steps/post/with/url"
    assert changes["news"]["fields"] == [
        {
            "path": step,
            "before": "https://api.example.com/post",
            "after": "https://api.example.com/v2/post",
        },
        {"path": "/spec/title", "before": "News in Slack", "after": "Orders in Slack"},
    ]


def test_json_messages_hold_the_contract_to_the_letter(changed: Shop) -> None:
    """A message has all its keys; unknown counts and places are null, known ones have a time."""
    plan = changed.run("plan", "--format", "json", "-e", "development").plan
    messages = {message["code"]: message for message in plan["messages"]}

    for message in messages.values():
        keys(message, MESSAGE_KEYS)
    removed, default = messages["AppEventRemoved"], messages["WorkflowEnabledByDefault"]
    assert removed["subject"] == {"kind": "AppEvent", "name": "stock-low"}
    assert (removed["affectedUsers"], removed["asOf"], removed["location"]) == (None, None, None)
    assert default["affectedUsers"] == 0
    assert default["asOf"].endswith("+00:00")
    assert default["location"] == {
        "file": "environments/development/workflows/thanks.yaml",
        "line": 9,
    }
    assert default["fingerprint"].startswith("sha256:")


def test_apply_makes_it_so_and_then_there_is_nothing_left(changed: Shop) -> None:
    """An approved apply ends with its counts; the next plan says `No changes.` and exits 0."""
    applied = changed.run("apply", "--environment", "development", "--auto-approve")
    again = changed.run("plan", "-e", "development", "--detailed-exitcode")

    assert applied.last == "Applied: 1 added, 1 modified, 1 removed."
    assert changed.running() == {
        "news": "Orders in Slack",
        "order-placed": "Order placed",
        "slack": "Slack",
        "thanks": "Say thanks",
        "verify": "Verify a signature",
    }
    assert again.last == "No changes."


def test_the_same_plan_has_the_same_digest_everywhere(changed: Shop, committed: Shop) -> None:
    """A plan's digest follows from git alone: with a platform, without one, in another clone."""
    here = changed.run("plan", "--format", "json", "-e", "development").plan
    base = changed.repository.git("rev-parse", "HEAD~1")
    committed.repository.git("fetch", "-q", str(changed.root), "main")
    committed.repository.git("reset", "-q", "--hard", "FETCH_HEAD")
    arguments = ("--against", base, "--format", "json", "-e", "development")
    there = committed.run("plan", *arguments).plan

    assert here["digest"] == there["digest"]
    assert here["changes"] == there["changes"]


def test_what_comes_back_is_live_again(changed: Shop) -> None:
    """A removed resource is hidden, not lost: the same manifest brings it back."""
    changed.run("reconcile")
    assert "stock-low" not in changed.running()
    changed.commit({"events/stock-low.yaml": STOCK_LOW})

    out = changed.run("reconcile").out

    assert "Applied: 1 added, 0 modified, 0 removed." in out
    assert changed.running()["stock-low"] == "Stock low"
