"""Whether regular releases are prepared on a day, and in which week a moment lies."""

from __future__ import annotations

import pytest

from reconciler.core.calendar import today
from reconciler.core.calendar.calendar import Calendar
from tests.unit.calendar.making import GERMANY, at, calendar

NEXT = "; the next release day is Tue 2026-01-20"


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-01-06T00:00", None),
        ("2026-01-06T23:59", None),
        ("2026-01-07T00:00", f"Wed 2026-01-07 is no release day{NEXT}"),
        ("2026-01-13T12:00", f"Tue 2026-01-13 is no release day{NEXT}"),
    ],
)
def test_only_release_days(moment: str, said: str | None) -> None:
    """A day of the cadence is one from midnight to midnight; any other names the next one."""
    assert today.closed(calendar(), at(moment)) == said


def test_holiday_is_closed_whoever_asks() -> None:
    """On a holiday nothing is prepared, also with any day, and the next release day is named."""
    found = today.closed(calendar(holidays=GERMANY), at("2026-12-25T12:00"), any_day=True)

    assert found is not None
    assert found.startswith("Fri 2026-12-25 is a holiday (")
    assert found.endswith("; the next release day is Tue 2027-01-05")


def test_skipped_day_says_why() -> None:
    """A day that people took out of the cadence is no release day, with their reason."""
    skipping = calendar(exceptions=[{"date": "2026-01-06", "reason": "Trade fair"}])

    assert today.closed(skipping, at("2026-01-06T12:00")) == (
        f"Tue 2026-01-06 is no release day, it is skipped (Trade fair){NEXT}"
    )


def test_without_cadence_every_day_is_open() -> None:
    """Without a cadence, and with any day, a day is open that is no holiday."""
    assert today.closed(Calendar(), at("2026-01-07T12:00")) is None
    assert today.closed(calendar(), at("2026-01-07T12:00"), any_day=True) is None


def test_freeze_does_not_keep_from_preparing() -> None:
    """A freeze holds promotions; a release may be prepared all the same."""
    frozen = calendar(freezes=[{"from": "2026-01-01", "to": "2026-01-31"}])

    assert today.closed(frozen, at("2026-01-06T12:00")) is None


def test_last_release_day() -> None:
    """Where the cadence ends no next release day is named."""
    rule = {"start": "2026-01-06", "rule": "FREQ=WEEKLY;BYDAY=TU;COUNT=1"}

    assert today.closed(calendar(cadence=rule), at("2026-01-07T12:00")) == (
        "Wed 2026-01-07 is no release day; no other release day is in sight"
    )


@pytest.mark.parametrize(
    ("moment", "monday"),
    [
        ("2026-01-05T00:00", "2026-01-05"),
        ("2026-01-11T23:59", "2026-01-05"),
        ("2026-01-04T23:59", None),
        ("2026-01-12T00:00", None),
    ],
)
def test_week_of_a_release_day(moment: str, monday: str | None) -> None:
    """The week is the calendar week, Monday to Sunday, that has a release day in it."""
    found = today.week(calendar(), at(moment))

    assert (None if found is None else str(found[0])) == monday


def test_release_day_that_lasts_into_the_next_week() -> None:
    """A release day that has not ended belongs to the week in which it began."""
    rule = {"start": "2026-01-04", "rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU"}
    found = today.week(calendar(cadence=rule, lasts="2d"), at("2026-01-05T12:00"))

    assert found is not None
    assert [str(day) for day in found] == ["2025-12-29", "2026-01-04"]


def test_skipped_day_makes_no_week() -> None:
    """A week whose release day is skipped is like any other."""
    skipping = calendar(exceptions=[{"date": "2026-01-06"}])

    assert today.week(skipping, at("2026-01-06T12:00")) is None
