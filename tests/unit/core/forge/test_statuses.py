"""Statuses: one honest line for each environment, and one over all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.core.forge import statuses
from reconciler.core.forge.model import State, Status
from reconciler.core.forge.statuses import Outcome
from reconciler.core.messages.review import Severity
from reconciler.core.render.comment import Report
from tests.shared_data import naughty_strings
from tests.unit.render import build, build_reports
from tests.unit.render.test_render_hostile import UNSEEN

TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LINK = "https://github.com/acme/integrations/actions/runs/77"


def of(report: Report) -> dict[str, Status]:
    """Return the statuses of a pull request by context."""
    return {each.context: each for each in statuses.of_pull_request(report, LINK)}


def outcome(name: str = "applied", reason: str = "", **more: Any) -> Outcome:
    """Return what became of a release."""
    values = {"environment": "production", "version": "1.4.0", **more}
    return Outcome(outcome=name, reason=reason, **values)


def became(*outcomes: Outcome) -> list[tuple[str, State, str]]:
    """Return the statuses of promotions without their link."""
    found = statuses.of_promotions(outcomes, LINK)
    return [(each.context, each.state, each.description) for each in found]


def test_one_for_each_environment_and_one_over_all() -> None:
    """Each planned environment has its status, and one adds them up."""
    found = of(Report(plans=[build.rich(), build.plan("staging")]))
    assert list(found) == ["reconciler/development", "reconciler/staging", "reconciler"]
    assert {each.state for each in found.values()} == {State.SUCCESS}
    assert {each.url for each in found.values()} == {LINK}
    text = "Plan: 1 to add, 2 to modify, 1 to remove; 2 warnings, 2 infos"
    assert found["reconciler/development"].description == text
    assert found["reconciler/staging"].description == "No changes."
    assert found["reconciler"].description == text


def test_gates_hold_no_pull_request() -> None:
    """A release whose gates wait is a success: they open after the merge."""
    found = of(build_reports.live())
    assert found["reconciler/production"].state is State.SUCCESS
    assert found["reconciler"].description.startswith("Plan: 1 to add, 2 to modify, 1 to remove")


def test_two_releases_of_one_environment_have_one_status() -> None:
    """A context is set once, with the sum."""
    pages = [build_reports.page(build_reports.release(f"production/1.4.{n}")) for n in (0, 1)]
    found = statuses.of_pull_request(Report(releases=pages))
    assert [each.context for each in found] == ["reconciler/production", "reconciler"]
    assert found[0].description.startswith("Plan: 2 to add, 4 to modify, 2 to remove")


def test_what_cannot_be_planned_fails() -> None:
    """Findings fail the environment they are in and the whole, with the first place."""
    broken = build.plan(findings=(build.finding(),))
    found = of(Report(plans=[broken, build.plan("staging")]))
    assert found["reconciler/development"].state is State.FAILURE
    assert found["reconciler/staging"].state is State.SUCCESS
    assert found["reconciler"].state is State.FAILURE
    assert found["reconciler"].description == (
        "Cannot be planned, 1 finding: environments/development/workflows/sync-contacts.yaml:7 "
        'unknown key "titel" (did you mean "title"?)'
    )


def test_findings_of_no_environment_fail_the_whole() -> None:
    """What is invalid outside of plans fails the aggregate alone."""
    found = of(Report(plans=[build.plan()], findings=[build.finding()]))
    assert found["reconciler/development"].state is State.SUCCESS
    assert found["reconciler"].state is State.FAILURE


def test_nothing_changes() -> None:
    """A pull request that changes no environment is a success that says so."""
    found = statuses.of_pull_request(Report())
    assert found == (
        Status("reconciler", State.SUCCESS, "Nothing changes in any environment.", None),
    )


@pytest.mark.parametrize(
    ("one", "state", "text"),
    [
        (outcome(), State.SUCCESS, "1.4.0 is live"),
        (outcome("nothing", "nothing is pending"), State.SUCCESS, "1.4.0 is live"),
        (
            outcome("waiting", "held by release-day", earliest=TUESDAY),
            State.PENDING,
            "1.4.0 waits until Tue 2026-11-24 09:00: held by release-day",
        ),
        (
            outcome(
                "waiting", "held by soaked", earliest=TUESDAY, now=TUESDAY - timedelta(hours=49)
            ),
            State.PENDING,
            "1.4.0 waits until Tue 2026-11-24 09:00 (2 days left): held by soaked",
        ),
        (
            outcome("waiting", "held by qa-approved", earliest=TUESDAY, now=TUESDAY),
            State.PENDING,
            "1.4.0 waits: held by qa-approved",
        ),
        (outcome("refused", "held by not-held"), State.FAILURE, "1.4.0 is held by not-held"),
        (outcome("refused", "the tag moved"), State.FAILURE, "1.4.0 refused: the tag moved"),
        (outcome("restored", "it failed"), State.FAILURE, "1.4.0 restored: it failed"),
        (outcome("superseded", "1.5.0 is live"), State.SUCCESS, "1.4.0 superseded: 1.5.0 is live"),
        (outcome("not-restored", "no backup"), State.ERROR, "1.4.0 not restored: no backup"),
        (outcome("partial", "2 of 3"), State.ERROR, "1.4.0 partial: 2 of 3"),
        (outcome(version=None), State.SUCCESS, "production is live"),
    ],
)
def test_what_became_of_a_release(one: Outcome, state: State, text: str) -> None:
    """Live is a success, waiting is pending with the time left, refused fails, else an error."""
    assert became(one) == [
        ("reconciler/production", state, text),
        ("reconciler", state, text if one.version is None else f"production: {text}"),
    ]


def test_the_worst_stands_for_all() -> None:
    """Over several environments the worst says the state, with an honest count."""
    rows = [outcome("refused", "no"), outcome(environment="staging")]
    assert became(*rows)[-1] == (
        "reconciler",
        State.FAILURE,
        "1/2 environments are done; production: 1.4.0 refused: no",
    )
    assert statuses.of_promotions([]) == ()


def test_the_worst_of_one_environment_is_told() -> None:
    """Of several releases of one environment the worst is told."""
    found = became(outcome("refused", "no", version="1.3.0"), outcome())
    assert found[0] == ("reconciler/production", State.FAILURE, "1.3.0 refused: no")


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59, seconds=59), "1 hour"),
        (timedelta(hours=11, minutes=50), "12 hours"),
        (timedelta(hours=5, minutes=10), "5 hours"),
        (timedelta(days=6), "6 days"),
    ],
)
def test_time_in_words(time: timedelta, text: str) -> None:
    """The time that is left is told in its largest unit."""
    assert statuses.left(time) == text


def test_a_description_is_cut_on_a_word() -> None:
    """What is too long ends on a word with an ellipsis, within what a forge takes."""
    text = statuses.told("held by " + "release-window, " * 20)
    assert text.endswith("release-window …")
    assert len(text) <= 140
    assert statuses.told("x" * 300) == "x" * 138 + " …"
    assert statuses.told("y" * 140) == "y" * 140


def test_hostile_text_is_one_harmless_line() -> None:
    """Whatever names are, a status is one printable line that mentions nobody and fits."""
    for value in (*naughty_strings(), "@acme/owners", "fixes #12", "a\nb", "a\u202eb", "😀" * 200):
        message = build.message(value, Severity.WARNING)
        plan = replace(
            build.plan(value, messages=(message,)), findings=(build.finding(value, file=value),)
        )
        rows = [
            *statuses.of_pull_request(Report(plans=[plan])),
            *statuses.of_promotions([outcome("refused", value, environment=value, version=value)]),
        ]
        for row in rows:
            assert len(row.description.encode("utf-16-le")) <= 2 * 140, ascii(value)
            assert not UNSEEN.search(row.description + row.context), ascii(value)
            assert not any(f"{sign}{c}" in row.description for sign, c in ("@a", "#1")), value
