"""The iCalendar file, read back by the library and held to the format."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from reconciler.core.calendar import export, zones
from reconciler.core.calendar.calendar import Calendar
from reconciler.core.calendar.model import Policy
from reconciler.core.calendar.overview import Subject, overview
from reconciler.core.calendar.reading import calendar_of
from tests.unit.calendar.making import OFFICE_HOURS, at, calendar, policy, spec, window

STRICT = policy(onReleaseDay=True, windows=[OFFICE_HOURS])
ROLES = {"release-manager": {"members": ["ana@example.com"]}}


def text(
    calendar: Calendar, policy: Policy | None = None, now: str = "2026-11-22T12:00:00.5"
) -> str:
    """Return the file of a shop, of production where there is a policy."""
    policies = {} if policy is None else {"production": policy}
    environment = None if policy is None else "production"
    subject = Subject(pipeline="shop", environment=environment, policies=policies)
    return export.ics(overview(calendar, subject, at(now)), at(now))


def parsed(source: str) -> Any:
    """Return the calendar that the library reads."""
    return icalendar.Calendar.from_ical(source)


def test_one_event_for_each_day_with_a_slot() -> None:
    """Days that are skipped or closed are left out, others stand with begin and end."""
    freeze = {"from": "2026-12-20", "to": "2027-01-03"}
    events = parsed(
        text(calendar(freezes=[freeze], exceptions=[{"date": "2026-12-08"}]), STRICT)
    ).events

    assert [str(event.start) for event in events[:2]] == [
        "2026-11-24 09:00:00+01:00",
        "2027-01-05 09:00:00+01:00",
    ]
    assert events[0].end == at("2026-11-24T16:00")
    assert len(events) == 24


def test_an_event_says_all_there_is() -> None:
    """It bears whose release day it is, the release manager, the slots and why it was moved."""
    reason = "Fair; with, all\nof us"
    exception = {"date": "2026-11-24", "moveTo": "2026-11-25", "reason": reason}
    pipeline = {**spec(exceptions=[exception]), "roles": ROLES}
    event = parsed(text(calendar_of(pipeline), STRICT)).events[0]

    assert str(event["summary"]) == "Release day of shop, production"
    assert str(event["description"]).split("\n") == [
        "Release manager: ana@example.com",
        "A promotion may begin: 09:00 to 16:00 (Europe/Berlin)",
        "Moved from 2026-11-24: Fair; with, all\\nof us",
    ]
    assert event["dtstamp"].dt == datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def test_names_of_events_are_stable() -> None:
    """An event has the same name later, and after its day was moved; no two have one name."""
    moved = [{"date": "2026-12-08", "moveTo": "2026-12-09"}]
    files = [text(calendar()), text(calendar(exceptions=moved), now="2026-11-30T12:00")]
    names = [[str(event["uid"]) for event in parsed(file).events] for file in files]

    assert names[0][:2] == [
        "release-day-2026-11-24@shop.reconciler",
        "release-day-2026-12-08@shop.reconciler",
    ]
    assert names[0][1:] == names[1][: len(names[0]) - 1]
    assert len(set(names[0])) == len(names[0])
    assert "@production.shop.reconciler" in text(calendar(), STRICT)


def test_nobody_in_particular_is_said() -> None:
    """Without a release manager the event says so."""
    assert "Release manager: nobody in particular" in text(calendar())


def test_lines_are_as_the_format_asks() -> None:
    """Lines end in CRLF and are at most 75 bytes long, however long a reason is."""
    exception = {"date": "2026-11-24", "moveTo": "2026-11-25", "reason": "ä" * 500}
    lines = text(calendar(exceptions=[exception])).encode().split(b"\r\n")

    assert lines[-1] == b""
    assert max(map(len, lines)) <= 75
    assert not any(b"\n" in line or b"\r" in line for line in lines)


def test_it_reads_back_as_it_was_written() -> None:
    """What the library reads and writes again is the same file."""
    written = text(calendar(), STRICT)

    assert parsed(written).to_ical().decode() == written


# --- time zones ---------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_the_zone_is_described(zone: str) -> None:
    """The zone in the file gives, around each change, the offset of every hour shown once."""
    real = ZoneInfo(zone)
    described = parsed(text(calendar(timezone=zone))).timezones[0].to_tz(lookup_tzid=False)
    for change in zones.changes(date(2026, 11, 22), date(2027, 11, 22), real):
        for number in range(-72, 72):
            instant = change.instant + timedelta(hours=number)
            local = instant.astimezone(real)
            if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
                assert local.replace(tzinfo=described).utcoffset() == local.utcoffset(), local


def test_changes_stand_as_clocks_showed_them() -> None:
    """Summer time begins at two, and ends at three, by the clock that is then changed."""
    lines = text(calendar()).split("\r\n")

    assert lines[lines.index("BEGIN:DAYLIGHT") :][:6] == [
        "BEGIN:DAYLIGHT",
        "DTSTART:20270328T020000",
        "TZNAME:CEST",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "END:DAYLIGHT",
    ]
    assert "DTSTART:20271031T030000" in lines


def test_utc_needs_no_description() -> None:
    """Times in UTC are written as such."""
    written = text(calendar(timezone="UTC"))

    assert "VTIMEZONE" not in written
    assert "DTSTART:20261124T000000Z" in written


def test_an_hour_that_is_shown_again_is_told_in_utc() -> None:
    """A slot that ends in the second of two equal hours ends there in the file too."""
    night = policy(onReleaseDay=True, windows=[window("02:15", "02:45")])
    sunday = calendar(cadence={"start": "2026-10-25", "rule": "FREQ=YEARLY"})
    event = parsed(text(sunday, night, "2026-10-24T12:00")).events[0]

    assert event.start == at("2026-10-25T02:15")
    assert event.end == datetime(2026, 10, 25, 1, 45, tzinfo=UTC)


def test_without_any_day_the_file_is_empty_and_valid() -> None:
    """A calendar without a possible day holds no event."""
    found = parsed(text(calendar(cadence=None)))

    assert found.events == []
    assert str(found["x-wr-calname"]) == "Release days of shop"
