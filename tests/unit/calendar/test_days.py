"""Release days: the cadence, holidays, exceptions, and what happens when they meet."""

from __future__ import annotations

from datetime import date

import pytest

from reconciler.core.calendar.model import State
from tests.unit.calendar.making import GERMANY, calendar, daily, told

WEEKLY_ON_FRIDAY = {"start": "2026-01-02", "rule": "FREQ=WEEKLY;BYDAY=FR"}


def test_every_other_tuesday() -> None:
    """The days of the cadence are release days, whatever span is asked for."""
    assert told(calendar(), "2026-11-01", "2026-12-31") == [
        "2026-11-10 regular",
        "2026-11-24 regular",
        "2026-12-08 regular",
        "2026-12-22 regular",
    ]
    assert told(calendar(), "2026-11-24", "2026-11-24") == ["2026-11-24 regular"]


def test_without_a_cadence_there_is_none() -> None:
    """A calendar may hold freezes alone."""
    assert told(calendar(cadence=None), "2026-01-01", "2026-12-31") == []


def test_nothing_is_counted_outside_of_time() -> None:
    """Years that no cadence reaches are empty, and cost nothing."""
    assert told(calendar(), "0001-01-01", "1999-12-31") == []
    assert told(calendar(), "2200-01-01", "9999-12-31") == []


# --- holidays -----------------------------------------------------------------------------------


def test_a_holiday_is_skipped() -> None:
    """A release day on a holiday is skipped, with the holiday's name, unless it says otherwise."""
    found = told(calendar(cadence=WEEKLY_ON_FRIDAY, holidays=GERMANY), "2026-03-27", "2026-04-10")

    assert found == ["2026-03-27 regular", "2026-04-03 skipped Good Friday", "2026-04-10 regular"]


@pytest.mark.parametrize(
    ("on_holiday", "wanted"),
    [("next-working-day", "2026-04-07"), ("previous-working-day", "2026-04-02")],
)
def test_a_holiday_moves_to_the_nearest_working_day(on_holiday: str, wanted: str) -> None:
    """Weekend and holidays are jumped over: from Good Friday to Tuesday, or to Thursday."""
    chosen = calendar(cadence=WEEKLY_ON_FRIDAY, holidays=GERMANY, onHoliday=on_holiday)

    assert told(chosen, wanted, wanted) == [f"{wanted} moved 2026-04-03 Good Friday"]
    assert told(chosen, "2026-04-03", "2026-04-03") == []


def test_holidays_are_those_of_the_subdivision() -> None:
    """Women's Day is a holiday in Berlin and not in Bavaria."""
    berlin, bavaria = (daily(holidays={"country": "DE", "subdivision": s}) for s in ("BE", "BY"))

    assert told(berlin, "2027-03-08", "2027-03-08") == ["2027-03-08 skipped Women's Day"]
    assert told(bavaria, "2027-03-08", "2027-03-08") == ["2027-03-08 regular"]


def test_the_weekend_is_that_of_the_country() -> None:
    """In Israel the working day after a holiday on Thursday is Sunday."""
    found = calendar(
        cadence={"start": "2026-04-02", "rule": "FREQ=MONTHLY;BYMONTHDAY=2"},
        holidays={"country": "IL"},
        onHoliday="next-working-day",
    )

    assert told(found, "2026-04-01", "2026-04-09") == ["2026-04-05 moved 2026-04-02 Pesach"]


@pytest.mark.parametrize("on_holiday", ["next-working-day", "previous-working-day"])
def test_a_moved_day_does_not_pass_its_neighbour(on_holiday: str) -> None:
    """Where the nearest working day is a release day itself, the holiday is skipped."""
    found = told(daily(holidays=GERMANY, onHoliday=on_holiday), "2026-05-01", "2026-05-01")

    assert found == [
        "2026-05-01 skipped Labor Day; no working day is left before another release day"
    ]


def test_a_moved_day_does_not_fall_on_a_decided_one() -> None:
    """Where people moved another release day to the nearest working day, the holiday is skipped."""
    exceptions = [{"date": "2026-03-27", "moveTo": "2026-04-02", "reason": "Fair"}]
    found = calendar(
        cadence=WEEKLY_ON_FRIDAY,
        holidays=GERMANY,
        onHoliday="previous-working-day",
        exceptions=exceptions,
    )

    assert told(found, "2026-03-27", "2026-04-03") == [
        "2026-04-02 moved 2026-03-27 Fair",
        "2026-04-03 skipped Good Friday; 2026-04-02 is a release day already",
    ]


def test_a_day_moves_into_another_year() -> None:
    """A release day on New Year's Day belongs to the old year when it is moved there."""
    found = calendar(
        cadence={"start": "2027-01-01", "rule": "FREQ=YEARLY"},
        holidays=GERMANY,
        onHoliday="previous-working-day",
    )

    assert told(found, "2026-12-01", "2027-12-30") == ["2026-12-31 moved 2027-01-01 New Year's Day"]


def test_an_unknown_region_has_no_holidays() -> None:
    """Of a region without data no day is a holiday."""
    found = daily(holidays={"country": "ZZ"})

    assert told(found, "2026-12-25", "2026-12-25") == ["2026-12-25 regular"]


# --- exceptions ---------------------------------------------------------------------------------


def test_an_exception_moves_a_day() -> None:
    """A day takes place where people moved it to, and not on the day of the rule."""
    exception = {"date": "2026-11-24", "moveTo": "2026-11-25", "reason": "Trade fair"}
    (day,) = calendar(exceptions=[exception]).release_days(date(2026, 11, 23), date(2026, 11, 30))

    assert (day.date, day.state, day.moved_from) == (
        date(2026, 11, 25),
        State.MOVED,
        date(2026, 11, 24),
    )
    assert (day.reason, day.by_rule) == ("Trade fair", date(2026, 11, 24))


def test_an_exception_without_another_day_skips() -> None:
    """A day without another one is left out; a reason may be missing."""
    found = calendar(exceptions=[{"date": "2026-11-24"}])

    assert told(found, "2026-11-24", "2026-11-24") == [
        "2026-11-24 skipped exception of the calendar"
    ]


def test_an_exception_reaches_far() -> None:
    """A day may be moved over years, in both directions."""
    exceptions = [
        {"date": "2026-11-24", "moveTo": "2028-02-02"},
        {"date": "2026-12-08", "moveTo": "2025-02-03"},
    ]
    found = calendar(exceptions=exceptions)

    assert told(found, "2025-01-01", "2025-12-31")[0].startswith("2025-02-03 moved 2026-12-08")
    assert "2028-02-02 moved 2026-11-24" in " ".join(told(found, "2028-01-01", "2028-12-31"))
    assert told(found, "2026-11-24", "2026-12-08") == []


def test_an_exception_of_another_day_has_no_effect() -> None:
    """What the rule does not give cannot be moved."""
    found = calendar(exceptions=[{"date": "2026-11-23", "moveTo": "2026-11-26"}])

    assert told(found, "2026-11-20", "2026-11-30") == ["2026-11-24 regular"]


@pytest.mark.parametrize(
    ("exceptions", "wanted"),
    [
        (
            [{"date": "2026-11-24", "moveTo": "2026-12-08", "reason": "Fair"}],
            ["2026-11-24 skipped Fair; 2026-12-08 is a release day already", "2026-12-08 regular"],
        ),
        (
            [
                {"date": "2026-11-24", "moveTo": "2026-12-01", "reason": "Fair"},
                {"date": "2026-12-08", "moveTo": "2026-12-01", "reason": "Fair"},
            ],
            [
                "2026-12-01 moved 2026-11-24 Fair",
                "2026-12-08 skipped Fair; 2026-12-01 is a release day already",
            ],
        ),
        (
            [
                {"date": "2026-11-24", "moveTo": "2026-12-08", "reason": "Fair"},
                {"date": "2026-12-08", "reason": "Party"},
            ],
            ["2026-12-08 skipped Party", "2026-12-08 moved 2026-11-24 Fair"],
        ),
    ],
    ids=["onto-a-regular-day", "onto-a-moved-day", "onto-a-skipped-day"],
)
def test_two_days_never_become_one(exceptions: list[dict[str, str]], wanted: list[str]) -> None:
    """A day that is moved onto a release day is skipped, and says why."""
    found = told(calendar(exceptions=exceptions), "2026-11-23", "2026-12-09")

    assert sorted(found) == sorted(wanted)


def test_an_exception_wins_over_a_holiday() -> None:
    """Where people decided, the holiday decides no more, not even on the new day."""
    exceptions = [{"date": "2026-04-03", "moveTo": "2026-04-06", "reason": "We work"}]
    found = calendar(cadence=WEEKLY_ON_FRIDAY, holidays=GERMANY, exceptions=exceptions)

    assert told(found, "2026-04-03", "2026-04-09") == ["2026-04-06 moved 2026-04-03 We work"]
