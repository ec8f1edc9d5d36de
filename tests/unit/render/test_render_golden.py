"""What reviewers read, as whole files that a person has looked at."""

from __future__ import annotations

from reconciler.core.model import Phase
from reconciler.core.render import github, json, markdown, sarif, text
from reconciler.core.render.style import Style
from tests.unit.render import build, golden


def test_text_of_a_rich_plan() -> None:
    """A plan with everything in it reads well on a terminal."""
    golden.check("plan.txt", text.plans([build.rich(), build.waiting()]) + "\n")


def test_text_in_colour() -> None:
    """Colour adds codes and takes nothing away."""
    golden.check("plan.ansi", text.plan(build.rich(), Style(colour=True, width=80)) + "\n")


def test_text_of_a_plan_with_findings() -> None:
    """A plan that could not be finished lists why and says that it cannot be applied."""
    plan = build.plan(
        findings=(build.finding(),), digest=None, changes=(build.added(build.deals()),)
    )
    golden.check("errored.txt", text.plan(plan) + "\n")


def test_markdown_of_a_rich_plan() -> None:
    """A pull request comment shows the verdict first and folds what is long."""
    golden.check("plan.md", markdown.plans([build.rich(), build.waiting()]) + "\n")


def test_json_of_a_rich_plan() -> None:
    """The JSON answer has every key."""
    golden.check("plan.json", json.dumps(json.plans([build.rich(), build.waiting()])) + "\n")


def test_history() -> None:
    """The table marks the live deployment, the details show steps and log."""
    other = build.deployment(
        live=False, phase=Phase.FAILED, commit=None, summary={}, description="Too many words " * 9
    )
    table = text.history([build.deployment(), other])
    golden.check("history.txt", f"{table}\n\n{text.deployment(build.deployment())}\n")


def test_plan_difference() -> None:
    """A stale plan says what is more, fewer or other than reviewed."""
    before = json.plan(build.rich())
    changes = (
        build.change("sync-contacts", build.field("/spec/enabledByDefault", False, None)),
        *build.rich().changes[2:3],
        build.added(build.workflow("sync-tickets")),
    )
    messages = (*build.rich_messages()[1:], build.message(subject=build.key("sync-tickets")))
    after = json.plan(build.plan(changes=changes, messages=messages, digest="sha256:" + "0d" * 32))
    golden.check("stale.txt", text.plan_difference(before, after) + "\n")


def test_annotations() -> None:
    """Findings and located messages become workflow commands."""
    lines = github.annotate([build.finding()], build.rich_messages())
    golden.check("annotations.txt", lines + "\n")


def test_sarif() -> None:
    """Findings and messages become one SARIF log."""
    rules = {"UserSettingRemoved": "A user setting goes."}
    log = sarif.report([build.finding()], build.rich_messages(), rules=rules, version="0.0.0")
    golden.check("report.sarif.json", json.dumps(log) + "\n")
