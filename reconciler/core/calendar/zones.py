"""Time zones: what a clock on the wall shows, and which instants one day of it holds.

The only module of the calendar that knows zoneinfo.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise

from reconciler.core.names import nearest, quoted

DAY = timedelta(days=1)
# No zone is further from UTC, and none changes its offset twice within a step.
_FURTHEST = timedelta(hours=16)
_STEP = timedelta(hours=4)
_FINEST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Change:
    """An instant, in UTC, from which the clocks of a zone show another time."""

    instant: datetime
    before: timedelta
    after: timedelta


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a local day with one UTC offset, `begin` and `end` as the wall shows them."""

    begin: datetime
    end: datetime
    offset: timedelta

    def instant(self, wall: datetime) -> datetime:
        """Return the instant, in UTC, at which the wall shows this within the stretch."""
        return (wall - self.offset).replace(tzinfo=UTC)


def problem(name: str) -> str | None:
    """Say why a text is no time zone, None when it is one."""
    from zoneinfo import available_timezones

    if _load(name) is not None:
        return None
    hint = nearest(name, available_timezones())
    return f"{quoted(name)} is not a time zone{hint}; write one such as Europe/Berlin"


def zone(name: str) -> tzinfo:
    """Return a time zone by its IANA name; UTC for one that is not known here."""
    return _load(name) or UTC


def wall(moment: datetime, zone: tzinfo) -> datetime:
    """Return what the clock on the wall shows, without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def midnight(day: date) -> datetime:
    """Return the beginning of a day on the wall."""
    return datetime.combine(day, time())


@lru_cache(maxsize=4096)
def stretches(day: date, zone: tzinfo) -> tuple[Stretch, ...]:
    """Return the parts of a day, in the order of time: one, or more when the offset changes.

    What the wall never shows, when clocks go forward, is in none; what it shows twice is in two.
    """
    start = midnight(day)
    found = []
    for begin, end in _constant(start - _FURTHEST, start + DAY + _FURTHEST, zone):
        offset = _offset(begin, zone)
        first, last = max(begin + offset, start), min(end + offset, start + DAY)
        if first < last:
            found.append(Stretch(first, last, offset))
    return tuple(found)


def changes(first: date, last: date, zone: tzinfo) -> tuple[Change, ...]:
    """Return the changes of UTC offset from one day's midnight to another's, in UTC."""
    pieces = pairwise(_constant(midnight(first), midnight(last), zone))
    return tuple(
        Change(begin.replace(tzinfo=UTC), _offset(before, zone), _offset(begin, zone))
        for (before, _), (begin, _) in pieces
    )


@lru_cache(maxsize=256)
def _load(name: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found, not a name, a folder of zones
        return None


def _constant(begin: datetime, end: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Yield spans of naive UTC time with one offset; all together are some whole steps long."""
    start = begin
    steps = [begin + _STEP * number for number in range((end - begin) // _STEP + 1)]
    for at, following in pairwise(steps):
        if _offset(at, zone) != _offset(following, zone):
            change = _change(at, following, zone)
            yield start, change
            start = change
    yield start, end


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """Return the first second with the later of two offsets."""
    offset = _offset(before, zone)
    while after - before > _FINEST:
        middle = before + (after - before) // 2 // _FINEST * _FINEST
        if _offset(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(instant: datetime, zone: tzinfo) -> timedelta:
    return instant.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()
