"""Changes made on the platform by hand: shown apart, healed only where that is wanted."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.manifests import development, workflow
from tests.acceptance.program import Shop, fits

pytestmark = pytest.mark.both_stores

ADD = "INSERT INTO platform_resources (environment, kind, name, content) VALUES (?, ?, ?, ?)"
THEIRS = json.dumps({"made": "by somebody else"})
BROKEN = ("", "no JSON", '{"a": NaN}', "[" * 5_000, "null")


def news(title: str) -> dict[str, str]:
    """Return the news workflow with another title in git."""
    return {"workflows/news.yaml": workflow("news", title=title)}


def test_an_edit_by_hand_is_drift_and_no_change(deployed: Shop) -> None:
    """What somebody edited stands apart from changes, in plan and drift, and counts for exit 2."""
    deployed.retitle("slack", "Mine")

    plan = deployed.run("plan", "-e", "development", "--format", "json").plan
    text = deployed.run("drift", "--detailed-exitcode", code=2).out

    assert (plan["changes"], plan["summary"]) == ([], {"add": 0, "modify": 0, "remove": 0})
    assert plan["drift"] == [
        {
            "action": "modify",
            "kind": "Integration",
            "name": "slack",
            "reason": "changed-outside",
            "fields": [{"path": "/spec/title", "before": "Mine", "after": "Slack"}],
        }
    ]
    assert '~ spec.title: "Mine" → "Slack"' in text
    assert "Changed on the platform; git did not change it." in text
    assert "Drift: 1 changed outside." in text


def test_reconcile_only_reports_it(deployed: Shop) -> None:
    """Without selfHeal reconcile says what was changed, leaves it and writes nothing."""
    deployed.retitle("slack", "Mine")
    before = deployed.store.read_bytes()

    told = deployed.run("reconcile", "-e", "development").out

    assert "1 changed outside and left alone, since selfHeal is off." in told
    assert deployed.store.read_bytes() == before


def test_reconcile_heals_where_the_environment_says_so(deployed: Shop) -> None:
    """With `selfHeal: true` an edited and a deleted resource become what git says again."""
    deployed.commit({"environment.yaml": development(self_heal=True)})
    deployed.retitle("slack", "Mine")
    deployed.sql("DELETE FROM platform_resources WHERE name = 'stock-low'")

    told = deployed.run("reconcile", "-e", "development").out

    assert "1 added, 1 modified, 0 removed; 2 of them healed after a change outside." in told
    assert deployed.running()["slack"] == "Slack"
    assert "stock-low" in deployed.running()
    assert deployed.run("drift", "-e", "development", "--detailed-exitcode").last == "No drift."


def test_reconcile_applies_what_git_moved_beside_drift(deployed: Shop) -> None:
    """Drift that is left alone does not hold back other changes."""
    deployed.retitle("slack", "Mine")
    deployed.commit(news("Later news"))

    told = deployed.run("reconcile", "-e", "development").out

    assert "0 added, 1 modified, 0 removed; 1 changed outside and left alone" in told
    assert deployed.running()["slack"] == "Mine"
    assert deployed.running()["news"] == "Later news"


def test_both_sides_moved_is_a_conflict(deployed: Shop) -> None:
    """A resource that git and somebody changed is a conflict; an approved apply lets git win."""
    deployed.retitle("news", "Mine")
    deployed.commit(news("Theirs"))

    plan = deployed.run("plan", "-e", "development", "--format", "json").plan
    left = deployed.run("reconcile", "-e", "development").out

    assert [(d["name"], d["reason"]) for d in plan["drift"]] == [("news", "conflict")]
    assert plan["changes"] == []
    assert "left alone" in left
    assert deployed.running()["news"] == "Mine"
    deployed.run("apply", "-e", "development", "--auto-approve")
    assert deployed.running()["news"] == "Theirs"


def test_a_deleted_row_is_drift(deployed: Shop) -> None:
    """A resource that somebody deleted is named as missing, and an apply brings it back."""
    deployed.sql("DELETE FROM platform_resources WHERE name = 'news'")

    answer = deployed.run("drift", "--format", "json").json
    fits(answer, "plan")
    drift = answer["plans"][0]["drift"]
    assert [(d["action"], d["name"], d["reason"]) for d in drift] == [
        ("add", "news", "changed-outside")
    ]
    applied = deployed.run("apply", "-e", "development", "--auto-approve")
    assert applied.last == "Applied: 1 added, 0 modified, 0 removed."


def test_a_row_that_both_removed_is_forgotten(deployed: Shop) -> None:
    """What is gone from git and from the platform is no removal and no drift."""
    deployed.sql("DELETE FROM platform_resources WHERE name = 'stock-low'")
    deployed.commit({}, "events/stock-low.yaml")

    plan = deployed.run("plan", "-e", "development", "--detailed-exitcode")
    deployed.run("reconcile", "-e", "development")

    assert plan.last == "No changes."
    assert deployed.sql("SELECT count(*) FROM last_applied WHERE name = 'stock-low'") == [(0,)]


def test_a_name_that_somebody_else_took_is_refused(deployed: Shop) -> None:
    """A resource we did not make is never overwritten: exit 4, and not a byte of it changes."""
    deployed.sql(ADD, "development", "Workflow", "thanks", THEIRS)
    deployed.commit({**news("Later news"), "workflows/thanks.yaml": workflow("thanks")})

    job = deployed.run("reconcile", "-e", "development", "--format", "json", code=4).json
    text = deployed.run("apply", "-e", "development", "--auto-approve", code=4).err

    fits(job, "promotions")
    assert job["promotions"][0]["outcome"] == "refused"
    assert job["errors"][0]["code"] == "Unmanaged"
    assert "Workflow/thanks exists in development and was not made by reconciler." in text
    assert "Next: " in text
    assert deployed.running()["news"] == "News in Slack"
    select = "SELECT content FROM platform_resources WHERE name = 'thanks'"
    assert deployed.sql(select) == [(THEIRS,)]


def test_what_others_made_is_counted_and_left_alone(deployed: Shop) -> None:
    """Unmanaged resources, whatever they hold, are one number and stay through an apply."""
    for number, content in enumerate([THEIRS, *BROKEN]):
        deployed.sql(ADD, "development", "Workflow", f"theirs-{number}", content)
    deployed.sql(ADD, "development", "Odd\x1b[31m", "\x1b]0;title\x07", THEIRS)
    rows = "SELECT * FROM platform_resources WHERE name LIKE 'theirs%' OR kind LIKE 'Odd%'"
    before = deployed.sql(rows)
    deployed.commit(news("Later news"))

    done = deployed.run("reconcile", "-e", "development").out

    assert f"{len(before)} unmanaged resources on the platform are left alone" in done
    assert "\x1b" not in done
    assert "0 added, 1 modified, 0 removed" in done
    assert deployed.sql(rows) == before


def test_what_was_broken_by_hand_is_drift_and_healed(deployed: Shop) -> None:
    """Content that is no manifest any more, or no JSON, is drift like any other."""
    names = [name for (name,) in deployed.sql("SELECT name FROM platform_resources")]
    for name, content in zip(names, BROKEN, strict=True):
        deployed.sql("UPDATE platform_resources SET content = ? WHERE name = ?", content, name)

    drift = deployed.run("drift", "-e", "development", "--detailed-exitcode", code=2)
    healed = deployed.run("apply", "-e", "development", "--auto-approve")

    assert drift.last == "Drift: 5 changed outside."
    assert healed.last == "Applied: 0 added, 5 modified, 0 removed."
    assert deployed.running()["slack"] == "Slack"
