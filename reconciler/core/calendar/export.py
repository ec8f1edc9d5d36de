"""Release days as iCalendar (RFC 5545), for the calendars that people look at.

The only module that knows `icalendar`. Every time is given in the calendar's own zone, which is
described in the file. Its changes are written here: the library gives those of spring an hour late.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.core.calendar import zones
from reconciler.core.calendar.overview import Overview, PlannedDay
from reconciler.core.calendar.zones import DAY, Change, midnight
from reconciler.core.printable import one_line

if TYPE_CHECKING:
    from icalendar import Event, Timezone, TimezoneDaylight, TimezoneStandard

PRODUCER = "-//reconciler//release calendar//EN"
# How much longer than the overview a release day may last.
_LONGER = dt.timedelta(days=8)


def ics(overview: Overview, now: dt.datetime) -> str:
    """Return one event for each release day with a slot; lines end in CRLF, as the format asks."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", PRODUCER)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _title(overview))
    calendar.add("x-wr-timezone", str(overview.zone))
    for planned in overview.days:
        if planned.possible:
            calendar.add_component(_event(overview, planned, now))
    for name in calendar.get_missing_tzids():
        calendar.subcomponents.insert(0, _zone(overview, name))
    data: bytes = calendar.to_ical()
    return data.decode("utf-8")


def _title(overview: Overview) -> str:
    whose = [overview.pipeline, *filter(None, (overview.environment,))]
    return "Release days of " + ", ".join(map(one_line, whose))


def _event(overview: Overview, planned: PlannedDay, now: dt.datetime) -> Event:
    from icalendar import Event

    event = Event()
    whose = ".".join(filter(None, (overview.environment, overview.pipeline)))
    # By the day of the rule: a day that is moved then moves in calendars that have it already.
    event.add("uid", f"release-day-{planned.day.by_rule}@{whose}.reconciler")
    event.add("dtstamp", now.astimezone(dt.UTC).replace(microsecond=0))
    event.add("dtstart", _time(planned.slots[0].begin))
    event.add("dtend", _time(planned.slots[-1].end))
    event.add("summary", _title(overview).replace("days", "day", 1))
    event.add("description", "\n".join(map(one_line, _description(overview, planned))))
    return event


def _time(moment: dt.datetime) -> dt.datetime:
    """Return a time that names one instant: of an hour shown twice the format knows the first."""
    return moment.astimezone(dt.UTC) if moment.fold else moment


def _description(overview: Overview, planned: PlannedDay) -> Iterator[str]:
    yield f"Release manager: {planned.manager or 'nobody in particular'}"
    slots = ", ".join(f"{slot.begin:%H:%M} to {slot.end:%H:%M}" for slot in planned.slots)
    yield f"A promotion may begin: {slots} ({overview.zone})"
    if planned.day.moved_from is not None:
        yield f"Moved from {planned.day.moved_from}: {planned.day.reason}"


# --- time zone ----------------------------------------------------------------------------------


def _zone(overview: Overview, name: str) -> Timezone:
    """Return the zone for the time of the overview: how it begins, and every change."""
    from icalendar import Timezone

    zone, first = overview.zone, overview.first - DAY
    described = Timezone()
    described.add("tzid", name)
    at = midnight(first).replace(tzinfo=dt.UTC)
    offset = at.astimezone(zone).utcoffset() or dt.timedelta()
    described.add_component(_observance(Change(at, offset, offset), zone))
    for change in zones.changes(first, overview.last + _LONGER, zone):
        described.add_component(_observance(change, zone))
    return described


def _observance(change: Change, zone: dt.tzinfo) -> TimezoneStandard | TimezoneDaylight:
    from icalendar import TimezoneDaylight, TimezoneStandard

    then = change.instant.astimezone(zone)
    observed = TimezoneDaylight() if then.dst() else TimezoneStandard()
    # As the clocks showed that moment before they were changed.
    observed.add("dtstart", (change.instant + change.before).replace(tzinfo=None))
    observed.add("tzoffsetfrom", change.before)
    observed.add("tzoffsetto", change.after)
    observed.add("tzname", then.tzname())
    return observed
