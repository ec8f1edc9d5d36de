"""Calendars and policies as the manifests write them, and a second, plain way to judge them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from reconciler.core.calendar.calendar import Calendar
from reconciler.core.calendar.model import Policy, Window
from reconciler.core.calendar.reading import calendar_of, policy_of

BERLIN = "Europe/Berlin"
EVERY_OTHER_TUESDAY = {"start": "2026-01-06", "rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"}
OFFICE_HOURS = {"days": ["mon", "tue", "wed", "thu"], "from": "09:00", "to": "16:00"}
GERMANY = {"country": "DE", "subdivision": "BE"}


def spec(**calendar: Any) -> dict[str, Any]:
    """Return the spec of a pipeline: every other Tuesday in Berlin, with these keys beside."""
    return {"calendar": {"timezone": BERLIN, "cadence": EVERY_OTHER_TUESDAY, **calendar}}


def calendar(**more: Any) -> Calendar:
    """Return the calendar of such a pipeline."""
    return calendar_of(spec(**more))


def daily(**more: Any) -> Calendar:
    """Return a calendar in which every day is a release day."""
    return calendar(cadence={"start": "2026-01-01", "rule": "FREQ=DAILY"}, **more)


def policy(**promotion: Any) -> Policy:
    """Return the policy of an environment's `promotion`."""
    return policy_of({"promotion": promotion})


def window(begin: str, end: str, *days: str) -> dict[str, Any]:
    """Return a window, on all days when none is named."""
    return {"from": begin, "to": end, **({"days": list(days)} if days else {})}


def at(text: str, zone: str = BERLIN) -> datetime:
    """Return the moment at which the clock of a zone shows this, the first of two."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def told(calendar: Calendar, first: str, last: str) -> list[str]:
    """Return release days in words: `2026-01-06 regular`."""
    days = calendar.release_days(date.fromisoformat(first), date.fromisoformat(last))
    return [
        " ".join(filter(None, (str(d.date), d.state, str(d.moved_from or ""), d.reason or "")))
        for d in days
    ]


# --- the second way -----------------------------------------------------------------------------


def is_open(calendar: Calendar, policy: Policy, moment: datetime) -> bool:
    """Judge one moment, by the clock on the wall and without any span."""
    wall = moment.astimezone(calendar.zone)
    today, minutes = wall.date(), wall.hour * 60 + wall.minute
    if calendar.frozen(moment) is not None and policy.freezes == "all":
        return False
    if calendar.is_holiday(moment) and not policy.on_holidays:
        return False
    if policy.on_release_day and not calendar.is_release_day(moment):
        return False
    yesterday = (today - timedelta(days=1)).weekday()

    def within(windows: Iterable[Window]) -> bool:
        for each in windows:
            long = each.end <= each.begin
            begun = today.weekday() in each.days and minutes >= each.begin
            if begun and (long or minutes < each.end):
                return True
            if long and yesterday in each.days and minutes < each.end:
                return True
        return False

    return not within(policy.deny) and (not policy.windows or within(policy.windows))
