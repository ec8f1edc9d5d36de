"""Gates that the calendar opens, and the earliest moment of all together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.core.calendar.calendar import Calendar
from reconciler.core.calendar.model import Freezes, Policy
from reconciler.core.gates.engine import evaluate
from reconciler.core.gates.model import Gate, GateFacts, GateState, Proof
from reconciler.core.gates.moments import reachable, whole_minute
from tests.unit.calendar.making import GERMANY, OFFICE_HOURS, at, calendar, daily, policy, window
from tests.unit.gates.making import (
    ANA,
    FREEZE,
    OPEN,
    POLICY,
    approvals,
    closed,
    facts,
    hold,
    judged,
    ships,
    typed,
)

PLAIN = policy()


def asked(name: str, moment: str, **more: Any) -> Gate:
    """Return one gate at a time in Berlin."""
    return judged(name, facts(**more), at(moment))


def nothing_asked() -> GateFacts:
    """Return facts of an environment that asks nothing of time."""
    return facts(policy=PLAIN, calendar=Calendar())


@pytest.mark.parametrize("name", ["release-day", "release-window", "not-a-holiday", "not-frozen"])
def test_without_a_policy(name: str) -> None:
    """A gate whose policy is absent passes and says so."""
    gate = judged(name, nothing_asked())

    assert (gate.state, gate.reason) == ("passed", "not asked for here")


def test_a_policy_may_ask_for_neither_holidays_nor_freezes() -> None:
    """A policy that allows both is not held by either."""
    free = Policy(on_holidays=True, freezes=Freezes.NONE)
    given = facts(policy=free, calendar=calendar(holidays=GERMANY, freezes=[FREEZE]))

    assert closed(given, at("2026-12-25T10:00")) == []


def test_no_release_day() -> None:
    """It waits for the midnight with which the next one begins."""
    gate = asked("release-day", "2026-12-09T10:00")

    assert (gate.state, gate.until) == ("waiting", at("2026-12-22T00:00"))
    assert gate.reason == "2026-12-09 is no release day; opens Tue 2026-12-22 00:00"


def test_a_skipped_release_day_says_why() -> None:
    """The reason for which a day was skipped is told."""
    skipped = calendar(exceptions=[{"date": "2026-12-08", "reason": "Party"}])
    gate = asked("release-day", "2026-12-08T10:00", calendar=skipped)

    assert gate.reason == "2026-12-08 is no release day (Party); opens Tue 2026-12-22 00:00"


def test_no_release_day_at_all() -> None:
    """Without a cadence, or with one that has ended, nothing can open it."""
    without = facts(calendar=calendar(cadence=None))
    gate = judged("release-day", without)
    assert (gate.state, gate.until) == ("blocked", None)
    assert "has no cadence" in gate.reason
    assert ships(without) is None

    over = calendar(cadence={"start": "2026-01-06", "rule": "FREQ=DAILY;COUNT=3"})
    assert asked("release-day", "2026-12-08T10:00", calendar=over).reason == (
        "2026-12-08 is no release day, and nothing opens it in the next five years"
    )


def test_windows() -> None:
    """The beginning of a window is in it, its end is not."""
    for moment, state in (("09:00", "passed"), ("15:59", "passed"), ("16:00", "waiting")):
        assert asked("release-window", f"2026-12-08T{moment}").state == state
    gate = asked("release-window", "2026-12-10T16:00")
    assert gate.until == at("2026-12-14T09:00")
    assert gate.reason == "Thu 2026-12-10 16:00 is in no window; opens Mon 2026-12-14 09:00"
    assert asked("release-window", "2026-12-08T10:00").reason == (
        "a window is open until Tue 2026-12-08 16:00"
    )


def test_deny_beats_allow() -> None:
    """A denied window closes an allowed one, with its reason, until its end."""
    lunch = {**window("12:00", "13:00"), "reason": "Lunch"}
    denied = policy(windows=[OFFICE_HOURS], deny=[window("09:00", "10:00", "fri"), lunch])
    gate = asked("release-window", "2026-12-08T12:30", policy=denied)
    assert gate.until == at("2026-12-08T13:00")
    assert gate.reason == "Tue 2026-12-08 12:30 is denied: Lunch; opens Tue 2026-12-08 13:00"

    bare = policy(deny=[window("12:00", "13:00")])
    assert asked("release-window", "2026-12-08T12:30", policy=bare).reason == (
        "Tue 2026-12-08 12:30 is denied; opens Tue 2026-12-08 13:00"
    )


def test_windows_that_are_never_or_always_open() -> None:
    """What never opens blocks; what never closes says so."""
    whole = window("00:00", "24:00")
    never = asked("release-window", "2026-12-08T12:30", policy=policy(deny=[whole]))
    assert (never.state, never.until) == ("blocked", None)
    assert never.reason.endswith("is denied, and nothing opens it in the next five years")
    always = asked("release-window", "2026-12-08T12:30", policy=policy(windows=[whole]))
    assert always.reason == "a window is open at any time"


def test_a_holiday() -> None:
    """It is named, and waits for the end of all that follow."""
    gate = asked("not-a-holiday", "2026-12-25T10:00", policy=PLAIN)

    assert gate.until == at("2026-12-27T00:00")
    assert gate.reason.startswith("2026-12-25 is a holiday in DE-BE: ")
    assert asked("not-a-holiday", "2026-12-08T10:00").reason == "2026-12-08 is no holiday in DE-BE"


def test_a_freeze() -> None:
    """Both ends are in it, by the calendar's clock, and its reason is told."""
    assert asked("not-frozen", "2026-12-19T23:59").reason == "2026-12-19 is in no freeze"
    gate = asked("not-frozen", "2026-12-20T00:00")
    assert gate.until == at("2027-01-04T00:00")
    assert gate.reason == (
        "frozen from 2026-12-20 to 2027-01-03: Year end; opens Mon 2027-01-04 00:00"
    )
    assert asked("not-frozen", "2027-01-03T23:59").state == "waiting"


def test_a_freeze_for_ever() -> None:
    """A freeze that outlasts the calendar blocks; it may have no reason."""
    for_ever = calendar(freezes=[{"from": "2026-12-01", "to": "2050-01-01"}])

    assert asked("not-frozen", "2026-12-08T10:00", calendar=for_ever).reason == (
        "frozen from 2026-12-01 to 2050-01-01, and nothing opens it in the next five years"
    )


def test_freezes_that_let_hotfixes_through_are_told() -> None:
    """A hotfix in a freeze says which one it skips."""
    gate = judged("not-frozen", typed("hotfix"), at("2026-12-22T10:00"))

    assert gate.reason == (
        "frozen from 2026-12-20 to 2027-01-03: Year end, which does not block hotfixes"
    )


# --- the earliest moment ------------------------------------------------------------------------


def test_everything_is_open() -> None:
    """Then the earliest moment is the one that was asked about, in the calendar's zone."""
    verdict = evaluate(facts(), datetime(2026, 12, 8, 9, 0, 7, tzinfo=UTC))

    assert verdict.open
    assert str(verdict.earliest) == "2026-12-08 10:00:07+01:00"
    assert (verdict.who, verdict.closed, verdict.never) == ((), (), None)
    assert not verdict.is_blocked


def test_the_earliest_moment_is_open_to_all_gates() -> None:
    """It is not the latest of their own moments, but the first that all share."""
    assert ships(facts(), at("2026-12-08T16:00")) == "2027-01-05T09:00"
    until = hold("2026-12-08T16:00")
    assert ships(facts(holds=(until,))) == "2027-01-05T09:00"


def test_gates_that_never_open_together() -> None:
    """Release days on Tuesday and windows on Friday have no moment in common."""
    never = facts(
        policy=replace(POLICY, windows=policy(windows=[window("9:00", "10:00", "fri")]).windows)
    )
    verdict = evaluate(never, OPEN)

    assert verdict.earliest is None
    assert verdict.never == (
        "no moment in five years is open by release day, window, holidays and freezes"
    )


@pytest.mark.parametrize(
    ("field", "state", "moment"),
    [
        ("tag", "waiting", "2026-12-08T10:00"),
        ("tag", "blocked", None),
        ("version_increases", "blocked", None),
        ("plan_unchanged", "blocked", None),
        ("platform_idle", "waiting", "2026-12-08T10:00"),
        ("platform_idle", "unknown", None),
        ("store_healthy", "unknown", None),
        ("store_healthy", "skipped", "2026-12-08T10:00"),
    ],
)
def test_what_neither_time_nor_people_open(field: str, state: str, moment: str | None) -> None:
    """A missing tag and a busy platform move nothing; what was refused or is unknown is final."""
    proof = Proof(state=GateState(state), reason="so it is")

    assert ships(facts(**{field: proof})) == moment


def test_what_is_final_is_named() -> None:
    """Why nothing can ship names every gate of those, and blocks."""
    refused = Proof(state=GateState.BLOCKED, reason="unsigned")
    verdict = evaluate(facts(tag=refused, holds=(hold(),), approvals=approvals(qa=None)), OPEN)

    assert verdict.never == "neither time nor an approval opens tag-accepted, not-held"
    assert verdict.is_blocked


def test_people_move_nothing() -> None:
    """An approval that is missing leaves the earliest moment as it is, and asks its members."""
    verdict = evaluate(facts(approvals=approvals(release_manager=None)), at("2026-12-07T10:00"))

    assert verdict.earliest == at("2026-12-08T09:00")
    assert verdict.who == (ANA,)
    assert not verdict.is_blocked


def test_a_hotfix_ships_at_once() -> None:
    """On a holiday in a freeze a hotfix waits for people only, unless hotfixes are blocked."""
    christmas = at("2026-12-25T03:00")
    assert ships(typed("hotfix"), christmas) == "2026-12-25T03:00"

    blocking = calendar(freezes=[{**FREEZE, "hotfixes": "blocked"}])
    assert ships(typed("hotfix", calendar=blocking), christmas) == "2027-01-04T00:00"
    assert ships(typed("rollback", calendar=blocking), christmas) == "2026-12-25T03:00"


def test_the_hour_that_is_shown_twice() -> None:
    """The second of two equal times by the clock is judged as itself."""
    night = daily()
    given = facts(calendar=night, policy=policy(windows=[window("02:15", "02:45")]))
    between = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    until = judged("release-window", given, between).until

    assert until is not None
    assert until.astimezone(UTC) == datetime(2026, 10, 25, 1, 15, tzinfo=UTC)


def test_moments() -> None:
    """Calendars judge the years from 1970 to 2199; a whole minute is its own."""
    years = (1969, 1970, 2199, 2200)
    assert [reachable(datetime(year, 6, 1, tzinfo=UTC)) for year in years] == [
        False,
        True,
        True,
        False,
    ]
    noon = datetime(2026, 12, 8, 12, tzinfo=UTC)
    assert whole_minute(noon) == noon
    assert whole_minute(noon.replace(second=1)) == noon.replace(minute=1)
