"""Twelve months at a glance: which release days have a slot, and what is worth a warning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.calendar.calendar import Calendar
from reconciler.core.calendar.model import Freezes, Policy
from reconciler.core.calendar.overview import Overview, Subject, overview
from reconciler.core.calendar.reading import calendar_of
from tests.unit.calendar.making import (
    GERMANY,
    OFFICE_HOURS,
    at,
    calendar,
    daily,
    policy,
    spec,
    window,
)

NOW = "2026-11-22T12:00"
STRICT = policy(onReleaseDay=True, windows=[OFFICE_HOURS])
YEAR_END = {"from": "2026-12-20", "to": "2027-01-03", "reason": "Year end"}


def seen(
    calendar: Calendar,
    policies: Mapping[str, Policy] | None = None,
    *,
    now: str = NOW,
    environment: str | None = None,
) -> Overview:
    """Return the overview of a shop."""
    subject = Subject(pipeline="shop", environment=environment, policies=policies or {})
    return overview(calendar, subject, at(now))


def production(calendar: Calendar, policy: Policy = STRICT, now: str = NOW) -> Overview:
    """Return the overview with the windows of production."""
    return seen(calendar, {"production": policy}, now=now, environment="production")


def closed(overview: Overview) -> dict[str, str | None]:
    """Return why nothing can be promoted, by release day."""
    return {str(d.day.date): d.closed for d in overview.days if not d.possible}


def codes(overview: Overview) -> list[str]:
    """Return the codes of all warnings."""
    return [warned.code for warned in overview.warnings]


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        (NOW, "2026-11-22", "2027-11-21"),
        ("2027-01-01T00:00", "2027-01-01", "2027-12-31"),
        ("2028-02-29T12:00", "2028-02-29", "2029-02-27"),
    ],
)
def test_it_covers_twelve_months(now: str, first: str, last: str) -> None:
    """It begins today, in the calendar's zone, and ends the day before this day next year."""
    found = seen(calendar(), now=now)

    assert (str(found.first), str(found.last)) == (first, last)
    assert all(found.first <= planned.day.date <= found.last for planned in found.days)


def test_days_turns_and_freezes_are_there() -> None:
    """Each release day has its manager; freezes that touch these months are told, no others."""
    role = {"members": ["ana", "ben"], "rotation": {"start": "2026-01-01"}}
    old = {"from": "2026-11-01", "to": "2026-11-21"}
    late = {"from": "2027-11-22", "to": "2027-11-30"}
    pipeline = {**spec(freezes=[old, YEAR_END, late]), "roles": {"release-manager": role}}
    found = seen(calendar_of(pipeline))

    assert [(str(d.day.date), d.manager) for d in found.days[:2]] == [
        ("2026-11-24", "ana"),
        ("2026-12-08", "ben"),
    ]
    assert len(found.days) == 26
    assert [str(turn.first) for turn in found.turns[:2]] == ["2026-11-22", "2026-12-01"]
    assert [freeze.reason for freeze in found.freezes] == ["Year end"]
    assert found.managers == ("ana", "ben")


def test_windows_decide_which_days_have_a_slot() -> None:
    """With an environment its windows count, also when it does not wait for release days."""
    fridays = policy(windows=[window("09:00", "12:00", "fri")])

    assert closed(seen(calendar(freezes=[YEAR_END]))) == {
        "2026-12-22": "frozen until 2027-01-03: Year end"
    }
    assert set(closed(production(calendar(), fridays)).values()) == {
        "no window is open on this day"
    }
    assert production(calendar()).days[0].slots[0].begin == at("2026-11-24T09:00")


def test_it_says_why_a_day_is_closed() -> None:
    """A skipped day has its own reason; one that takes place says what holds it."""
    exceptions = [
        {"date": "2026-12-08", "reason": "Party"},
        {"date": "2026-12-22", "moveTo": "2026-12-25"},
    ]
    freeze = {"from": "2027-01-05", "to": "2027-01-05"}
    found = production(calendar(holidays=GERMANY, exceptions=exceptions, freezes=[freeze]))

    assert closed(found) == {
        "2026-12-08": None,
        "2026-12-25": "holiday: Christmas Day",
        "2027-01-05": "frozen until 2027-01-05",
    }


def test_slots_that_are_over_are_left_out() -> None:
    """On a release day what is still open counts, until it is over."""
    assert closed(production(calendar(), now="2026-11-24T15:59")) == {}
    assert closed(production(calendar(), now="2026-11-24T16:00")) == {
        "2026-11-24": "over for today"
    }


def test_a_slot_that_clocks_skip_is_no_slot() -> None:
    """A release day whose only window does not exist on that day is closed."""
    night = policy(onReleaseDay=True, windows=[window("02:00", "03:00")])

    assert closed(production(daily(), night, "2026-11-22T01:00")) == {
        "2027-03-28": "clocks skip the window"
    }


def test_slots_of_a_long_release_day() -> None:
    """A release day of two days has the slots of both."""
    slots = production(calendar(lasts="2d")).days[0].slots

    assert [slot.begin for slot in slots] == [at("2026-11-24T09:00"), at("2026-11-25T09:00")]


# --- warnings -----------------------------------------------------------------------------------


def test_a_calm_calendar_has_no_warning() -> None:
    """Nothing is said where nothing is strange."""
    assert production(calendar(holidays=GERMANY, freezes=[YEAR_END])).warnings == ()


def test_no_slot_in_thirty_days_is_warned_of() -> None:
    """Each environment without an open slot in thirty days is named, with the next one."""
    long = {"from": "2026-11-22", "to": "2026-12-22"}
    hotfixes = Policy(freezes=Freezes.NONE)
    found = seen(calendar(freezes=[long]), {"staging": hotfixes, "production": STRICT})

    assert [(w.environment, w.text) for w in found.warnings] == [
        (
            "production",
            "production has no open slot in the next 30 days; the next is on 2027-01-05",
        )
    ]


def test_a_slot_on_the_thirtieth_day_is_soon_enough() -> None:
    """Thirty days are counted from now: what opens a minute later is too late."""
    late = calendar(freezes=[{"from": "2026-11-21", "to": "2026-12-21"}])
    assert codes(seen(late, {"staging": Policy()}, now="2026-11-21T23:59")) == ["no-open-slot"]
    assert codes(seen(late, {"staging": Policy()}, now="2026-11-22T00:00")) == []


def test_a_calendar_that_nobody_uses_is_warned_of_too() -> None:
    """Where no environment waits for it, the calendar itself is looked at."""
    found = seen(calendar(freezes=[{"from": "2026-01-01", "to": "2199-12-31"}]))

    assert found.warnings[0].text == (
        "the calendar has no open slot in the next 30 days; none is in sight"
    )
    assert found.warnings[0].environment is None


def test_a_cadence_that_is_missing_is_warned_of() -> None:
    """An environment that waits for release days needs a cadence."""
    found = seen(calendar(cadence=None), {"staging": Policy(), "production": STRICT})

    assert not found.has_cadence
    assert found.days == ()
    assert [(w.code, w.environment) for w in found.warnings] == [
        ("no-cadence", "production"),
        ("no-open-slot", "production"),
    ]


def test_a_rule_without_a_day_is_warned_of() -> None:
    """A rule that gives no day in these months is told as such."""
    over = {"start": "2026-01-06", "rule": "FREQ=WEEKLY;BYDAY=TU;COUNT=3"}

    assert codes(seen(calendar(cadence=over))) == ["no-release-day", "no-open-slot"]


def test_holiday_data_that_ends_is_warned_of() -> None:
    """Where the last year known is passed within twelve months, it is said."""
    found = seen(calendar(holidays={"country": "LK"}))

    assert codes(found) == ["holidays-end"]
    assert "LK are known up to 2026 only" in found.warnings[0].text
    assert codes(seen(calendar(holidays={"country": "LK"}), now="2026-01-01T12:00")) == []


def test_a_region_that_is_gone_is_warned_of() -> None:
    """A region that another version of the library knew is told, and stops nothing."""
    region = {"country": "DE", "subdivision": "XX"}
    found = seen(calendar(holidays=region))

    assert [w.text for w in found.warnings] == [
        "no holidays are known of DE-XX, so that no day counts as one"
    ]
    assert seen(calendar(holidays={"country": "ZZ"})).warnings[0].text.startswith("no holidays are")


def test_exceptions_without_effect_are_warned_of() -> None:
    """An exception of a day that the cadence does not have is told while it is ahead."""
    exceptions: list[Any] = [
        {"date": "2026-12-01"},
        {"date": "2026-11-23"},
        {"date": "2026-11-02"},
        {"date": "2026-12-08"},
    ]
    found = seen(calendar(exceptions=exceptions))

    assert [str(w.date) for w in found.warnings] == ["2026-11-23", "2026-12-01"]
    assert set(codes(found)) == {"exception-unused"}


def test_a_day_moved_to_a_closed_one_is_warned_of() -> None:
    """Who moves a day into a freeze is told."""
    exceptions = [
        {"date": "2026-12-08", "moveTo": "2026-12-21"},
        {"date": "2026-11-24", "moveTo": "2026-11-25"},
    ]
    found = seen(calendar(exceptions=exceptions, freezes=[YEAR_END]))

    text = "2026-12-08 is moved to 2026-12-21, when nothing can ship: frozen until 2027-01-03"
    assert [w.text for w in found.warnings] == [f"{text}: Year end"]


@pytest.mark.parametrize(
    ("windows", "wanted"),
    [
        ([window("02:00", "03:00")], ["the slot from 02:00 to 03:00 does not exist"]),
        ([window("02:30", "05:00")], ["the slot from 02:30 to 05:00 is 30 minutes shorter"]),
        ([window("22:00", "04:00")], ["the slot from 00:00 to 04:00 is 60 minutes shorter"]),
        ([window("00:00", "24:00")], ["the slot from 00:00 to 24:00 is 60 minutes shorter"]),
        ([window("03:00", "05:00"), window("00:00", "02:00")], []),
        ([window("02:00", "03:00", "mon")], []),
        ([], []),
    ],
)
def test_what_daylight_saving_takes_is_warned_of(windows: list[Any], wanted: list[str]) -> None:
    """A slot that clocks skip, in whole or in part, is told with its day."""
    found = production(calendar(), policy(windows=windows))

    assert [w.text for w in found.warnings] == [
        f"production: {text} on 2027-03-28, when clocks go forward" for text in wanted
    ]


def test_daylight_saving_matters_on_release_days_alone() -> None:
    """Whoever waits for a release day does not mind a Sunday that is none."""
    night = policy(onReleaseDay=True, windows=[window("02:00", "03:00")])

    assert codes(production(calendar(), night)) == []
    assert codes(production(daily(), night)) == ["daylight-saving"]
