"""Calendars and policies out of manifests that have no findings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from reconciler.core import policy
from reconciler.core.calendar import zones
from reconciler.core.calendar.calendar import Calendar
from reconciler.core.calendar.days import Rhythm
from reconciler.core.calendar.model import (
    Cadence,
    Freeze,
    MovedDay,
    OnHoliday,
    Policy,
    Region,
    Window,
)
from reconciler.core.calendar.rotation import rotation_of
from reconciler.core.calendar.zones import DAY
from reconciler.core.canonical import Json

RELEASE_MANAGER = "release-manager"
DEFAULT_ZONE = "UTC"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Spec = Mapping[str, Json]


def calendar_of(pipeline_spec: Spec) -> Calendar:
    """Return the calendar of a pipeline: one in UTC without any release day where it has none."""
    spec = pipeline_spec.get("calendar", {})
    region = _region(spec)
    return Calendar(
        zone=zones.zone(spec.get("timezone", DEFAULT_ZONE)),
        rhythm=_rhythm(spec, region),
        lasts=policy.duration(spec.get("lasts", "1d")) or DAY,
        region=region,
        freezes=tuple(map(_freeze, spec.get("freezes", ()))),
        rotation=rotation_of(pipeline_spec, RELEASE_MANAGER),
    )


def policy_of(environment_spec: Spec) -> Policy:
    """Return what the spec of an `environment.yaml` asks of time."""
    promotion = environment_spec.get("promotion", {})
    return Policy(
        on_release_day=promotion.get("onReleaseDay", False),
        windows=tuple(map(_window, promotion.get("windows", ()))),
        deny=tuple(map(_window, promotion.get("deny", ()))),
    )


def _window(spec: Spec) -> Window:
    days = spec.get("days", WEEKDAYS)
    return Window(
        begin=_minutes(spec["from"]),
        end=_minutes(spec["to"]),
        days=frozenset(WEEKDAYS.index(day) for day in days),
        reason=spec.get("reason"),
    )


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _region(spec: Spec) -> Region | None:
    found = spec.get("holidays")
    if found is None:
        return None
    return Region(country=found["country"], subdivision=found.get("subdivision"))


def _rhythm(spec: Spec, region: Region | None) -> Rhythm | None:
    cadence = spec.get("cadence")
    if cadence is None:
        return None
    return Rhythm(
        cadence=Cadence(start=date.fromisoformat(cadence["start"]), rule=cadence["rule"]),
        region=region,
        on_holiday=OnHoliday(spec.get("onHoliday", OnHoliday.SKIP)),
        exceptions=tuple(map(_moved_day, spec.get("exceptions", ()))),
    )


def _moved_day(spec: Spec) -> MovedDay:
    target = spec.get("moveTo")
    return MovedDay(
        date=date.fromisoformat(spec["date"]),
        move_to=None if target is None else date.fromisoformat(target),
        reason=spec.get("reason"),
    )


def _freeze(spec: Spec) -> Freeze:
    return Freeze(
        first=date.fromisoformat(spec["from"]),
        last=date.fromisoformat(spec["to"]),
        reason=spec.get("reason"),
        blocks_hotfixes=spec.get("hotfixes") == "blocked",
    )
