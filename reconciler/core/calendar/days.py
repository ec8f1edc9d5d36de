"""Which days are release days: the cadence, what holidays do to it, and what people decided.

A day that a holiday moves stays between its neighbours of the cadence: where no working day is left
there, or another release day was moved there, it is skipped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from reconciler.core.calendar import publicdays, rules
from reconciler.core.calendar.model import (
    Cadence,
    MovedDay,
    OnHoliday,
    Region,
    ReleaseDay,
    State,
)
from reconciler.core.calendar.zones import DAY

# How far a holiday may move a day.
FURTHEST = timedelta(days=31)
UNEXPLAINED = "exception of the calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What decides which days are release days."""

    cadence: Cadence
    region: Region | None = None
    on_holiday: OnHoliday = OnHoliday.SKIP
    exceptions: tuple[MovedDay, ...] = ()

    def by_rule(self, first: date, last: date) -> Iterator[date]:
        """Yield the days of the cadence, whatever becomes of them."""
        return rules.days(self.cadence.rule, self.cadence.start, first, last)

    def follows(self, day: date) -> bool:
        """Say whether a day is one of the cadence."""
        return rules.is_one(self.cadence.rule, self.cadence.start, day)

    def holiday(self, day: date) -> str | None:
        """Return the name of the holiday on a day."""
        return None if self.region is None else publicdays.name(self.region, day)

    def takes_place(self, day: date) -> bool:
        """Say whether a day of the cadence is a release day when nobody decides otherwise."""
        return self.follows(day) and self.holiday(day) is None


def release_days(rhythm: Rhythm, first: date, last: date) -> tuple[ReleaseDay, ...]:
    """Return the release days from `first` to `last`, both included, and what is skipped there."""
    years = range(max(first.year, rules.FIRST_YEAR), min(last.year, rules.LAST_YEAR) + 1)
    return tuple(
        day for year in years for day in _of_year(rhythm, year) if first <= day.date <= last
    )


@lru_cache(maxsize=64)
def _of_year(rhythm: Rhythm, year: int) -> tuple[ReleaseDay, ...]:
    first, last = date(year, 1, 1), date(year, 12, 31)
    nearby = frozenset(rhythm.by_rule(first - 2 * FURTHEST, last + 2 * FURTHEST))
    decided = _decided(rhythm)
    taken = frozenset(day.date for day in decided.values() if day.takes_place)
    others = [day for day in decided.values() if day.by_rule not in nearby]
    found = [decided.get(day) or _undecided(rhythm, day, nearby, taken) for day in nearby]
    return tuple(sorted((d for d in (*found, *others) if first <= d.date <= last), key=_order))


def _order(day: ReleaseDay) -> tuple[date, date]:
    return day.date, day.by_rule


# --- what people decided ------------------------------------------------------------------------


def _decided(rhythm: Rhythm) -> dict[date, ReleaseDay]:
    """Return what people decided, by the day of the rule; the first exception of a day counts."""
    decided = {each.date: each for each in reversed(rhythm.exceptions)}
    found: dict[date, ReleaseDay] = {}
    taken: set[date] = set()
    for day in sorted(filter(rhythm.follows, decided)):
        target = decided[day].move_to
        anyway = target not in decided and target is not None and rhythm.takes_place(target)
        found[day] = _exception(decided[day], occupied=anyway or target in taken)
        if found[day].takes_place:
            taken.add(found[day].date)
    return found


def _exception(exception: MovedDay, *, occupied: bool) -> ReleaseDay:
    reason = exception.reason or UNEXPLAINED
    day, target = exception.date, exception.move_to
    if target is None:
        return _skipped(day, reason)
    if occupied:
        return _skipped(day, f"{reason}; {target} is a release day already")
    return _moved(day, target, reason)


# --- what holidays do ---------------------------------------------------------------------------


def _undecided(
    rhythm: Rhythm, day: date, cadence: frozenset[date], taken: Collection[date]
) -> ReleaseDay:
    region, holiday = rhythm.region, rhythm.holiday(day)
    if region is None or holiday is None:
        return ReleaseDay(date=day)
    if rhythm.on_holiday is OnHoliday.SKIP:
        return _skipped(day, holiday)
    step = DAY if rhythm.on_holiday is OnHoliday.NEXT else -DAY
    target = _working_day(region, day, step)
    if target is None or any(min(day, target) <= d <= max(day, target) for d in cadence - {day}):
        return _skipped(day, f"{holiday}; no working day is left before another release day")
    if target in taken:
        return _skipped(day, f"{holiday}; {target} is a release day already")
    return _moved(day, target, holiday)


def _working_day(region: Region, day: date, step: timedelta) -> date | None:
    """Return the nearest working day in a direction."""
    nearby = (day + step * number for number in range(1, FURTHEST.days + 1))
    return next((day for day in nearby if publicdays.is_working_day(region, day)), None)


def _moved(day: date, target: date, reason: str) -> ReleaseDay:
    return ReleaseDay(date=target, state=State.MOVED, moved_from=day, reason=reason)


def _skipped(day: date, reason: str) -> ReleaseDay:
    return ReleaseDay(date=day, state=State.SKIPPED, reason=reason)
