"""What a schedule asks of a day: whether regular releases are prepared on it, and in which week.

It must not know releases.
"""

from __future__ import annotations

from datetime import date, datetime

from reconciler.core.calendar import zones
from reconciler.core.calendar.calendar import Calendar
from reconciler.core.calendar.model import Freezes, Policy, ReleaseDay
from reconciler.core.calendar.zones import DAY, midnight

# Preparing is not promoting: a freeze holds the promotion alone.
_RELEASE_DAY = Policy(on_release_day=True, freezes=Freezes.NONE)


def closed(calendar: Calendar, moment: datetime, *, any_day: bool = False) -> str | None:
    """Say why no regular release is prepared on the day of a moment, None where it may be.

    Without a cadence, and with `any_day`, that is every day that is no holiday.
    """
    day = calendar.day(moment)
    holiday = calendar.holiday(day)
    if holiday is not None:
        return f"{_told(day)} is a holiday ({holiday}){_next(calendar, moment)}"
    if any_day or calendar.rhythm is None or calendar.is_release_day(moment):
        return None
    return f"{_told(day)} is no release day{_skipped(calendar, day)}{_next(calendar, moment)}"


def week(calendar: Calendar, moment: datetime) -> tuple[date, date] | None:
    """Return Monday and Sunday of a moment's week where a release day is in it, else None.

    A release day that lasts into the next week still belongs to the week in which it began.
    """
    day = _begun(calendar, moment) or calendar.day(moment)
    monday = day - DAY * day.weekday()
    sunday = monday + DAY * 6
    found = any(each.takes_place for each in calendar.release_days(monday, sunday))
    return (monday, sunday) if found else None


def _begun(calendar: Calendar, moment: datetime) -> date | None:
    """Return when the release day began that a moment falls on."""
    at = zones.wall(moment, calendar.zone)
    first = (at - calendar.lasts).date()
    return next(
        (
            each.date
            for each in calendar.release_days(first, at.date())
            if each.takes_place and midnight(each.date) <= at < midnight(each.date) + calendar.lasts
        ),
        None,
    )


def _skipped(calendar: Calendar, day: date) -> str:
    """Say what became of the cadence's day."""
    found: tuple[ReleaseDay, ...] = calendar.release_days(day, day)
    reasons = [each.reason for each in found if not each.takes_place and each.reason]
    return f", it is skipped ({reasons[0]})" if reasons else ""


def _next(calendar: Calendar, moment: datetime) -> str:
    if calendar.rhythm is None:
        return ""
    following = calendar.next_open(moment, _RELEASE_DAY)
    if following is None:
        return "; no other release day is in sight"
    return f"; the next release day is {_told(following.date())}"


def _told(day: date) -> str:
    return f"{day:%a %Y-%m-%d}"
