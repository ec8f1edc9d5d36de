"""The next twelve months as a value: release days with their slots, turns, freezes, warnings."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.core.calendar import lint
from reconciler.core.calendar.calendar import Calendar
from reconciler.core.calendar.lint import Examined, Warned
from reconciler.core.calendar.model import Freeze, Policy, ReleaseDay, Slot, State, Turn
from reconciler.core.calendar.zones import DAY

MONTHS = 12
NOBODY = Policy(on_release_day=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDay:
    """A release day with the slots that are not over, and why there is none if there is none.

    `closed` is None for a skipped day, which has its own reason.
    """

    day: ReleaseDay
    manager: str | None
    slots: tuple[Slot, ...]
    closed: str | None

    @property
    def possible(self) -> bool:
        """Whether something can be promoted."""
        return bool(self.slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What is shown of a calendar: the days from `first` to `last`, both included.

    `environment` is the one whose windows were taken into account, None for none.
    """

    pipeline: str
    environment: str | None
    zone: dt.tzinfo
    first: dt.date
    last: dt.date
    has_cadence: bool
    days: tuple[PlannedDay, ...]
    turns: tuple[Turn, ...]
    managers: tuple[str, ...]
    freezes: tuple[Freeze, ...]
    warnings: tuple[Warned, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose calendar it is; `policies` are those of the environments that wait for it, by name."""

    pipeline: str
    environment: str | None = None
    policies: Mapping[str, Policy]

    @property
    def policy(self) -> Policy:
        """What decides whether a release day has a slot."""
        if self.environment is None:
            return NOBODY
        return replace(self.policies[self.environment], on_release_day=True)


def overview(calendar: Calendar, subject: Subject, now: dt.datetime) -> Overview:
    """Return twelve months of a calendar, from a moment on."""
    first = calendar.day(now)
    last = _months_later(first) - DAY
    days = calendar.release_days(first, last)
    planned = tuple(_planned(calendar, day, subject.policy, now) for day in days)
    policies: dict[str | None, Policy] = {None: NOBODY}
    if subject.policies:
        policies = dict(subject.policies.items())
    examined = Examined(calendar=calendar, now=now, last=last, policies=policies)
    return Overview(
        pipeline=subject.pipeline,
        environment=subject.environment,
        zone=calendar.zone,
        first=first,
        last=last,
        has_cadence=calendar.rhythm is not None,
        days=planned,
        turns=calendar.rotation.turns(first, last),
        managers=calendar.rotation.members,
        freezes=tuple(f for f in calendar.freezes if f.first <= last and first <= f.last),
        warnings=(*lint.warnings(examined), *_moved_in_vain(planned)),
    )


def _months_later(day: dt.date) -> dt.date:
    """Return the day so many months later, the last of its month where there is no such day."""
    year, month = divmod(day.month - 1 + MONTHS, 12)
    year, month = day.year + year, month + 1
    return dt.date(year, month, min(day.day, monthrange(year, month)[1]))


def _planned(calendar: Calendar, day: ReleaseDay, policy: Policy, now: dt.datetime) -> PlannedDay:
    slots = calendar.slots_of(day, policy) if day.takes_place else ()
    left = tuple(slot for slot in slots if now < slot.end.astimezone(dt.UTC))
    return PlannedDay(
        day=day,
        manager=calendar.release_manager(day.date),
        slots=left,
        closed=None if left or not day.takes_place else _closed(calendar, day.date, policy, slots),
    )


def _closed(calendar: Calendar, day: dt.date, policy: Policy, slots: tuple[Slot, ...]) -> str:
    """Say why nothing can be promoted on a release day."""
    if slots:
        return "over for today"
    if (holiday := calendar.holiday(day)) is not None:
        return f"holiday: {holiday}"
    if (freeze := calendar.frozen_on(day)) is not None:
        return f"frozen until {freeze.last}" + (f": {freeze.reason}" if freeze.reason else "")
    if not calendar.spans(day, policy):
        return "no window is open on this day"
    return "clocks skip the window"


def _moved_in_vain(days: tuple[PlannedDay, ...]) -> Iterator[Warned]:
    for planned in days:
        day = planned.day
        if day.state is State.MOVED and planned.closed is not None:
            text = f"{day.by_rule} is moved to {day.date}, when nothing can ship: {planned.closed}"
            yield Warned(code="moved-in-vain", text=text, date=day.date)
