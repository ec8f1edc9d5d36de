"""Windows: from is in, to is out; nights, denials, and what daylight saving does to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.calendar.calendar import Calendar
from reconciler.core.calendar.model import Policy
from tests.unit.calendar.making import BERLIN, OFFICE_HOURS, at, calendar, is_open, policy, window


def asked(
    moment: datetime | str,
    windows: Sequence[Any] = (),
    deny: Sequence[Any] = (),
    zone: str = BERLIN,
) -> tuple[bool, str | None]:
    """Ask a calendar, and return when that changes as text."""
    moment = at(moment, zone) if isinstance(moment, str) else moment
    given = policy(windows=windows, deny=deny)
    answer, until = calendar(timezone=zone).in_window(moment, given.windows, given.deny)
    return answer, None if until is None else until.isoformat()


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("2026-11-24T08:59:59", (False, "2026-11-24T09:00:00+01:00")),
        ("2026-11-24T09:00", (True, "2026-11-24T16:00:00+01:00")),
        ("2026-11-24T15:59:59", (True, "2026-11-24T16:00:00+01:00")),
        ("2026-11-24T16:00", (False, "2026-11-25T09:00:00+01:00")),
        ("2026-11-26T16:00", (False, "2026-11-30T09:00:00+01:00")),
    ],
)
def test_from_is_in_and_to_is_out(moment: str, wanted: tuple[bool, str]) -> None:
    """A window opens at its first minute and is closed at its last."""
    assert asked(moment, [OFFICE_HOURS]) == wanted


def test_without_windows_it_is_always_open() -> None:
    """No window means open, for ever."""
    assert asked("2026-11-24T03:00") == (True, None)


def test_deny_beats_allow() -> None:
    """What is denied is closed, whatever is allowed; the rest of the day stays."""
    friday = window("12:00", "24:00", "fri")

    assert asked("2026-11-27T11:00", [], [friday]) == (True, "2026-11-27T12:00:00+01:00")
    assert asked("2026-11-27T12:00", [], [friday]) == (False, "2026-11-28T00:00:00+01:00")
    lunch = window("12:00", "13:00")
    assert asked("2026-11-24T12:00", [OFFICE_HOURS], [lunch]) == (
        False,
        "2026-11-24T13:00:00+01:00",
    )


def test_what_is_always_denied_never_opens() -> None:
    """Windows that are denied whole are closed for ever."""
    assert asked("2026-11-24T12:00", [OFFICE_HOURS], [window("08:00", "17:00")]) == (False, None)


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("2026-11-27T21:59", (False, "2026-11-27T22:00:00+01:00")),
        ("2026-11-27T22:00", (True, "2026-11-28T02:00:00+01:00")),
        ("2026-11-28T01:59", (True, "2026-11-28T02:00:00+01:00")),
        ("2026-11-28T22:00", (False, "2026-12-04T22:00:00+01:00")),
    ],
)
def test_a_night_belongs_to_the_day_it_begins_on(moment: str, wanted: tuple[bool, str]) -> None:
    """The window of Friday night ends on Saturday; Saturday has none of its own."""
    assert asked(moment, [window("22:00", "02:00", "fri")]) == wanted


def test_a_window_to_midnight_ends_there() -> None:
    """24:00 and 00:00 are the same end."""
    for end in ("24:00", "00:00"):
        found = asked("2026-11-27T23:00", [window("22:00", end, "fri")])
        assert found == (True, "2026-11-28T00:00:00+01:00")


def test_windows_that_touch_are_one() -> None:
    """What opens when the other closes does not close in between."""
    windows = [window("09:00", "12:00"), window("11:00", "14:00"), window("14:00", "15:00")]

    assert asked("2026-11-24T10:00", windows) == (True, "2026-11-24T15:00:00+01:00")


# --- daylight saving ----------------------------------------------------------------------------


def test_an_hour_that_clocks_skip_is_never_open() -> None:
    """On the last Sunday of March there is no half past two; the next one is a week later."""
    night = [window("02:00", "03:00", "sun")]

    assert asked("2027-03-28T01:59", night) == (False, "2027-04-04T02:00:00+02:00")


def test_a_window_that_begins_in_the_gap_begins_after_it() -> None:
    """From half past two means from three where there is no half past two."""
    night = [window("02:30", "05:00")]

    assert asked("2027-03-28T01:00", night) == (False, "2027-03-28T03:00:00+02:00")


def test_an_hour_that_is_shown_twice_is_open_twice() -> None:
    """From quarter past to quarter to three, once in summer time and once more in winter time."""
    night = [window("02:15", "02:45")]
    summer = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)

    assert asked(summer, night) == (True, "2026-10-25T02:45:00+02:00")
    assert asked(summer + timedelta(minutes=30), night) == (False, "2026-10-25T02:15:00+01:00")
    assert asked(summer + timedelta(hours=1), night) == (True, "2026-10-25T02:45:00+01:00")


def test_a_weekly_hour_in_the_gap_does_not_close_what_is_open_for_a_fortnight() -> None:
    """A denial that clocks skip once comes back in the week after: that is not for ever."""
    denied = [window("02:00", "03:00", "sun")]

    assert asked("2027-03-21T03:00", [], denied) == (True, "2027-04-04T02:00:00+02:00")


# --- for any windows ----------------------------------------------------------------------------

TIMES = st.integers(0, 23 * 4 + 3).map(lambda n: f"{n // 4:02}:{n % 4 * 15:02}")
SOME_DAYS = st.lists(
    st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1, unique=True
)
WINDOWS = st.lists(
    st.builds(
        lambda begin, end, days: window(begin, end, *days),
        TIMES,
        TIMES | st.just("24:00"),
        SOME_DAYS,
    ),
    max_size=3,
)
# Around the days on which clocks change, and on days on which they do not.
PLACES = st.sampled_from(
    [
        ("Europe/Berlin", "2027-03-27"),
        ("Europe/Berlin", "2026-10-24"),
        ("America/New_York", "2026-11-01"),
        ("Africa/Cairo", "2026-04-23"),
        ("Africa/Cairo", "2026-10-29"),
        ("America/St_Johns", "2006-10-28"),
        ("Australia/Lord_Howe", "2026-04-04"),
        ("UTC", "2026-11-22"),
    ]
)
MINUTES = st.integers(0, 3 * 24 * 60)


def moments(place: tuple[str, str], minutes: int) -> tuple[Calendar, datetime]:
    """Return the calendar of a zone, and a moment so long after a midnight there."""
    zone, day = place
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return calendar(timezone=zone, cadence=None), midnight + timedelta(minutes=minutes)


@settings(max_examples=40)
@given(place=PLACES, minutes=MINUTES, windows=WINDOWS, deny=WINDOWS)
def test_until_is_the_next_change(place: Any, minutes: int, windows: Any, deny: Any) -> None:
    """Each minute until then is judged the same, and that one is not."""
    there, moment = moments(place, minutes)
    given = policy(windows=windows, deny=deny)
    answer, until = there.in_window(moment, given.windows, given.deny)

    assert answer == is_open(there, given, moment)
    end = moment + timedelta(days=9) if until is None else until.astimezone(UTC)
    while moment < end:
        assert is_open(there, given, moment) == answer
        moment += timedelta(minutes=15)
    assert until is None or is_open(there, given, until) != answer


@settings(max_examples=40)
@given(place=PLACES, minutes=MINUTES, windows=WINDOWS, deny=WINDOWS)
def test_next_open_is_open_and_no_earlier_minute_is(
    place: Any, minutes: int, windows: Any, deny: Any
) -> None:
    """The next open moment is open, and each minute before it is closed."""
    there, moment = moments(place, minutes)
    given: Policy = policy(windows=windows, deny=deny)
    found = there.next_open(moment, given)

    assert found is None or is_open(there, given, found)
    end = moment + timedelta(days=9) if found is None else found.astimezone(UTC)
    while moment < end:
        assert not is_open(there, given, moment)
        moment += timedelta(minutes=15 if end - moment > timedelta(hours=1) else 1)
