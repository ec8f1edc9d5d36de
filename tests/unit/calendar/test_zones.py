"""Days of a zone: every instant of a day is in it once, whatever its clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reconciler.core.calendar import zones

HOURS = [
    ("Europe/Berlin", "2026-07-01", 24),
    ("Europe/Berlin", "2027-03-28", 23),
    ("Europe/Berlin", "2026-10-25", 25),
    ("Australia/Lord_Howe", "2026-04-05", 24.5),
    ("Australia/Lord_Howe", "2026-10-04", 23.5),
    ("Africa/Cairo", "2026-04-24", 23),
    ("Africa/Cairo", "2026-10-29", 25),
    ("America/St_Johns", "2006-10-28", 24 + 59 / 60),
    ("America/St_Johns", "2006-10-29", 24 + 1 / 60),
    ("Pacific/Apia", "2011-12-30", 0),
    ("Pacific/Kiritimati", "2026-01-01", 24),
    ("UTC", "2026-03-29", 24),
]


@pytest.mark.parametrize(("name", "day", "hours"), HOURS)
def test_a_day_has_its_hours(name: str, day: str, hours: float) -> None:
    """The parts of a day are together as long as the day is."""
    found = zones.stretches(date.fromisoformat(day), zones.zone(name))

    assert sum((s.end - s.begin for s in found), timedelta()) == timedelta(hours=hours)


@pytest.mark.parametrize(("name", "day"), [case[:2] for case in HOURS])
def test_a_day_holds_the_instants_that_show_it(name: str, day: str) -> None:
    """An instant is in a part of a day exactly when the clocks of the zone show that day."""
    zone, asked = zones.zone(name), date.fromisoformat(day)
    found = [(s.instant(s.begin), s.instant(s.end)) for s in zones.stretches(asked, zone)]
    start = datetime(asked.year, asked.month, asked.day, tzinfo=UTC) - timedelta(days=1)
    for quarter in range(4 * 72):
        instant = start + timedelta(minutes=15 * quarter)
        shown = instant.astimezone(zone).date() == asked
        assert sum(begin <= instant < end for begin, end in found) == shown, instant


def test_changes_are_found_to_the_second() -> None:
    """A change of offset is the instant at which clocks show another time."""
    berlin = zones.zone("Europe/Berlin")
    found = zones.changes(date(2026, 11, 22), date(2027, 11, 22), berlin)

    assert [(str(c.instant), c.before, c.after) for c in found] == [
        ("2027-03-28 01:00:00+00:00", timedelta(hours=1), timedelta(hours=2)),
        ("2027-10-31 01:00:00+00:00", timedelta(hours=2), timedelta(hours=1)),
    ]


def test_a_zone_that_is_not_known_is_utc() -> None:
    """Whoever reads a calendar from another time is not stopped by a zone that is gone."""
    assert zones.zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    assert zones.zone("Mars/Olympus") is UTC


@pytest.mark.parametrize("name", ["Europe/Berln", "Europe", "../etc/passwd", "a" * 128])
def test_wrong_zones_are_refused(name: str) -> None:
    """What is no zone is refused, with the nearest one where there is one."""
    found = zones.problem(name)

    assert found is not None
    assert "is not a time zone" in found
    assert ('did you mean "Europe/Berlin"' in found) == (name == "Europe/Berln")
