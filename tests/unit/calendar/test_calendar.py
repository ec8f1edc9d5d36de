"""What a calendar answers about one moment, and when the next open one is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.calendar.calendar import Calendar
from reconciler.core.calendar.model import Freezes, Policy, policy_for
from reconciler.core.calendar.reading import calendar_of, policy_of
from tests.unit.calendar.making import (
    GERMANY,
    OFFICE_HOURS,
    at,
    calendar,
    daily,
    is_open,
    policy,
    window,
)

YEAR_END = {"from": "2026-12-20", "to": "2027-01-03", "reason": "Year end"}
STRICT = policy(onReleaseDay=True, windows=[OFFICE_HOURS])


def test_a_pipeline_without_a_calendar_has_one_that_holds_nothing() -> None:
    """Without a calendar times are UTC, no day is a holiday, frozen or a release day."""
    found = calendar_of({})
    moment = at("2026-12-25T12:00", "UTC")

    assert replace(found, zone=UTC) == Calendar()
    assert found.next_open(moment, Policy()) == moment
    assert found.next_open(moment, Policy(on_release_day=True)) is None
    assert not found.is_holiday(moment)
    assert found.frozen(moment) is None


# --- release days -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("2026-11-23T23:59:59", False),
        ("2026-11-24T00:00", True),
        ("2026-11-24T23:59:59", True),
        ("2026-11-25T00:00", False),
    ],
)
def test_a_release_day_lasts_from_midnight_to_midnight(moment: str, wanted: bool) -> None:
    """It is the day of the calendar's zone, whatever zone the moment is given in."""
    assert calendar().is_release_day(at(moment)) is wanted
    assert calendar().is_release_day(at(moment).astimezone(UTC)) is wanted


@pytest.mark.parametrize(
    ("lasts", "last", "first_after"),
    [
        ("12h", "2026-11-24T11:59:59", "2026-11-24T12:00"),
        ("90s", "2026-11-24T00:01:29", "2026-11-24T00:01:30"),
        ("36h", "2026-11-25T11:59:59", "2026-11-25T12:00"),
        ("2d", "2026-11-25T23:59:59", "2026-11-26T00:00"),
    ],
)
def test_a_release_day_lasts_as_long_as_it_says(lasts: str, last: str, first_after: str) -> None:
    """It begins at local midnight and ends when the clock on the wall has gone so far."""
    found = calendar(lasts=lasts)

    assert found.is_release_day(at(last))
    assert not found.is_release_day(at(first_after))
    assert not found.is_release_day(at("2026-11-23T23:59"))


@pytest.mark.parametrize(("day", "hours"), [("2027-03-28", 23), ("2026-10-25", 25)])
def test_a_release_day_is_as_long_as_its_day(day: str, hours: int) -> None:
    """When clocks change, a release day of a day has 23 hours, or 25."""
    (slot,) = daily().slots(date.fromisoformat(day), Policy(on_release_day=True))

    assert slot.lasts == timedelta(hours=hours)


def test_a_skipped_day_is_no_release_day() -> None:
    """What is skipped does not take place; what is moved does, on its new day."""
    exceptions = [{"date": "2026-11-24", "moveTo": "2026-11-25"}, {"date": "2026-12-08"}]
    found = calendar(exceptions=exceptions)

    assert not found.is_release_day(at("2026-11-24T12:00"))
    assert found.is_release_day(at("2026-11-25T12:00"))
    assert not found.is_release_day(at("2026-12-08T12:00"))


# --- holidays and freezes -----------------------------------------------------------------------


def test_holidays_are_days_of_the_zone() -> None:
    """Christmas begins at midnight in Berlin, which is eleven in the evening in UTC."""
    found = calendar(holidays=GERMANY)

    assert found.is_holiday(datetime(2026, 12, 24, 23, 0, tzinfo=UTC))
    assert not found.is_holiday(datetime(2026, 12, 24, 22, 59, tzinfo=UTC))
    assert found.holiday(date(2026, 12, 25)) == "Christmas Day"


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("2026-12-19T23:59:59", False),
        ("2026-12-20T00:00", True),
        ("2027-01-03T23:59:59", True),
        ("2027-01-04T00:00", False),
    ],
)
def test_freezes_include_both_days(moment: str, wanted: bool) -> None:
    """A freeze lasts from the first midnight to the end of its last day, in the calendar's zone."""
    found = calendar(freezes=[YEAR_END]).frozen(at(moment))

    assert (found is not None) is wanted
    assert found is None or found.reason == "Year end"


def test_the_strictest_freeze_is_told() -> None:
    """Of several freezes that which blocks hotfixes is told, then that which ends last."""
    short = {"from": "2026-12-21", "to": "2026-12-22", "hotfixes": "blocked"}
    long = {"from": "2026-12-01", "to": "2027-01-31", "reason": "Long"}
    found = calendar(freezes=[YEAR_END, long, short])

    first, second = found.frozen(at("2026-12-21T12:00")), found.frozen(at("2026-12-23T12:00"))
    assert first is not None
    assert first.blocks_hotfixes
    assert second is not None
    assert second.reason == "Long"


# --- the next open moment -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("2026-11-22T12:00", "2026-11-24T09:00"),
        ("2026-11-24T09:00", "2026-11-24T09:00"),
        ("2026-11-24T10:30:15", "2026-11-24T10:30:15"),
        ("2026-11-24T16:00", "2026-12-08T09:00"),
        ("2026-12-08T16:00", "2027-01-05T09:00"),
    ],
)
def test_next_open_minds_everything(moment: str, wanted: str) -> None:
    """The next moment is on a release day, in a window, after the freeze; or it is now."""
    found = calendar(freezes=[YEAR_END]).next_open(at(moment), STRICT)

    assert found == at(wanted)
    assert found is not None
    assert str(found.tzinfo) == "Europe/Berlin"


def test_next_open_jumps_over_holidays() -> None:
    """Christmas is no day for a release, unless nobody minds."""
    found, moment = calendar(holidays=GERMANY), at("2026-12-24T23:00")

    assert found.next_open(moment, policy(windows=[OFFICE_HOURS])) == at("2026-12-28T09:00")
    assert found.next_open(at("2026-12-25T03:00"), Policy(on_holidays=True)) == at(
        "2026-12-25T03:00"
    )


def test_next_open_is_none_when_nothing_opens() -> None:
    """What never opens in five years is not looked for longer."""
    moment = at("2026-11-22T12:00")
    for_ever = calendar(freezes=[{"from": "2026-01-01", "to": "2199-12-31"}])

    assert calendar().next_open(moment, policy(deny=[window("00:00", "24:00")])) is None
    assert for_ever.next_open(moment, Policy()) is None
    assert for_ever.next_open(moment, STRICT) is None


def test_next_open_on_the_second_day_of_a_release_day() -> None:
    """A release day that lasts two days is open on the second one too."""
    found = calendar(lasts="2d").next_open(at("2026-11-24T17:00"), STRICT)

    assert found == at("2026-11-25T09:00")


def test_next_open_in_the_second_of_two_equal_hours() -> None:
    """In the hour that clocks show again, now is now and not an hour ago."""
    twice = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    found = daily().next_open(
        twice.astimezone(daily().zone), policy(windows=[window("02:00", "03:00")])
    )

    assert found is not None
    assert found.astimezone(UTC) == twice


FREEZES = st.lists(
    st.tuples(st.integers(1, 28), st.integers(0, 3)).map(
        lambda pair: {
            "from": f"2026-12-{pair[0]:02}",
            "to": str(date(2026, 12, pair[0]) + timedelta(days=pair[1])),
        }
    ),
    max_size=2,
)


@settings(max_examples=40)
@given(
    minutes=st.integers(0, 30 * 24 * 60),
    freezes=FREEZES,
    on_release_day=st.booleans(),
    lasts=st.sampled_from(["1d", "12h", "2d"]),
    deny=st.sampled_from([[], [window("09:00", "11:00")], [window("00:00", "24:00", "tue")]]),
)
def test_next_open_is_minimal_with_everything(
    minutes: int, freezes: Any, on_release_day: bool, lasts: str, deny: Any
) -> None:
    """With release days, holidays, freezes and windows the answer is open, and none before is."""
    moment = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    found = calendar(holidays=GERMANY, freezes=freezes, lasts=lasts)
    given = policy(windows=[OFFICE_HOURS], deny=deny, onReleaseDay=on_release_day)
    answer = found.next_open(moment, given)

    assert answer is None or is_open(found, given, answer)
    end = moment + timedelta(days=9) if answer is None else answer.astimezone(UTC)
    while moment < end:
        assert not is_open(found, given, moment)
        moment += timedelta(minutes=30 if end - moment > timedelta(hours=1) else 1)


# --- policies -----------------------------------------------------------------------------------


def test_a_policy_asks_for_nothing_by_default() -> None:
    """An environment without a promotion policy waits for holidays and freezes alone."""
    assert policy_of({}) == Policy()
    found = policy(deny=[{**window("12:00", "24:00"), "reason": "Weekend"}], onReleaseDay=True)
    assert found.on_release_day
    assert found.deny[0].reason == "Weekend"
    assert found.deny[0].days == frozenset(range(7))


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("regular", STRICT),
        ("warmfix", Policy(windows=STRICT.windows)),
        ("hotfix", Policy(on_holidays=True, freezes=Freezes.BLOCKING_HOTFIXES)),
        ("rollback", Policy(on_holidays=True, freezes=Freezes.NONE)),
        ("adoption", Policy(on_holidays=True, freezes=Freezes.NONE)),
    ],
)
def test_out_of_cycle_skips_time(kind: str, wanted: Policy) -> None:
    """A warmfix waits for no release day, a hotfix for no window, a rollback for nothing."""
    assert policy_for(STRICT, kind) == wanted


def test_a_hotfix_waits_for_freezes_that_block_it() -> None:
    """A freeze holds a hotfix only when it says so, and a rollback never."""
    blocking = {**YEAR_END, "hotfixes": "blocked"}
    moment, after = at("2026-12-21T03:00"), at("2027-01-04T00:00")
    hotfix, rollback = policy_for(STRICT, "hotfix"), policy_for(STRICT, "rollback")

    assert calendar(freezes=[YEAR_END]).next_open(moment, hotfix) == moment
    assert calendar(freezes=[blocking]).next_open(moment, hotfix) == after
    assert calendar(freezes=[blocking]).next_open(moment, rollback) == moment
