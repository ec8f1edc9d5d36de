"""The calendar of a pipeline: answers whether a moment is allowed, and when the next one is.

Everything is judged by the clock on the wall of the calendar's time zone. A window is open whenever
that clock shows a time within it: on the day on which clocks go back it opens twice where the hour
is shown twice, and what clocks skip when they go forward is never open.

Moments are aware datetimes between the years 1970 and 2199; answers are in the calendar's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from reconciler.core.calendar import days, publicdays, windows, zones
from reconciler.core.calendar.days import Rhythm
from reconciler.core.calendar.model import (
    Freeze,
    Freezes,
    Policy,
    Region,
    ReleaseDay,
    Slot,
    Window,
)
from reconciler.core.calendar.rotation import Rotation
from reconciler.core.calendar.windows import Span
from reconciler.core.calendar.zones import DAY, midnight

# How far ahead an open moment is looked for: as far as a freeze or a rare rule may reach.
HORIZON = timedelta(days=5 * 366)
# Windows repeat each week, and daylight saving takes at most one of two away: what stays the same
# for longer than a fortnight stays so for ever.
_FOR_EVER = timedelta(days=15)
_LOOKED_AT = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When regular releases happen, and when nothing may be promoted.

    Without a cadence no day is a release day; without a region no day is a holiday.
    """

    zone: tzinfo = UTC
    rhythm: Rhythm | None = None
    lasts: timedelta = DAY
    region: Region | None = None
    freezes: tuple[Freeze, ...] = ()
    rotation: Rotation = field(default_factory=Rotation)

    def release_days(self, first: date, last: date) -> tuple[ReleaseDay, ...]:
        """Return the release days of a span of days, both ends included, skipped ones too."""
        return () if self.rhythm is None else days.release_days(self.rhythm, first, last)

    def is_release_day(self, moment: datetime) -> bool:
        """Say whether a moment falls on a release day, for as long as it lasts."""
        at = zones.wall(moment, self.zone)
        return any(begin <= at < end for begin, end in self._release_spans(at.date()))

    def holiday(self, day: date) -> str | None:
        """Return the name of the holiday on a day, None on any other day."""
        return None if self.region is None else publicdays.name(self.region, day)

    def is_holiday(self, moment: datetime) -> bool:
        """Say whether a moment falls on a holiday."""
        return self.holiday(self.day(moment)) is not None

    def frozen(self, moment: datetime) -> Freeze | None:
        """Return the freeze that a moment falls into: of several the strictest."""
        return self.frozen_on(self.day(moment))

    def frozen_on(self, day: date) -> Freeze | None:
        """Return the freeze on a day: of several one that blocks hotfixes, then the last to end."""
        found = [freeze for freeze in self.freezes if freeze.first <= day <= freeze.last]
        return max(found, key=lambda freeze: (freeze.blocks_hotfixes, freeze.last), default=None)

    def in_window(
        self, moment: datetime, windows: Sequence[Window], deny: Sequence[Window] = ()
    ) -> tuple[bool, datetime | None]:
        """Say whether windows are open at a moment, and until when that stays so.

        The second answer is None when it stays so for ever.
        """
        policy = Policy(
            windows=tuple(windows), deny=tuple(deny), on_holidays=True, freezes=Freezes.NONE
        )
        instant = moment.astimezone(UTC)
        first = self.day(moment) - DAY
        following = self._following((first + DAY * n for n in range(_LOOKED_AT)), policy, instant)
        if following is None:
            return False, None
        begin, end = following
        if instant < begin:
            return False, self._local(begin)
        return True, self._local(end) if end - instant < _FOR_EVER else None

    def next_open(self, moment: datetime, policy: Policy) -> datetime | None:
        """Return the first moment, not before this one, that a policy allows.

        That is the moment itself when it is allowed, else the beginning of a slot: a whole minute
        (a second where a release day lasts for seconds). None when there is none in five years.
        """
        instant = moment.astimezone(UTC)
        first = self.day(moment) - DAY
        for day in self._possible_days(first, first + HORIZON, policy):
            # Where clocks go back over midnight the next day begins before this one has ended.
            following = self._following((day, day + DAY), policy, instant)
            if following is not None:
                return self._local(max(following[0], instant))
        return None

    def slots(self, day: date, policy: Policy) -> tuple[Slot, ...]:
        """Return the spans of a day in which a policy allows a promotion to begin."""
        found = self._instants((day,), policy)
        return tuple(Slot(self._local(begin), self._local(end)) for begin, end in found)

    def slots_of(self, day: ReleaseDay, policy: Policy) -> tuple[Slot, ...]:
        """Return the slots of a release day for as long as it lasts."""
        found = self._instants((day.date + DAY * n for n in range(self._earlier.days + 1)), policy)
        return tuple(Slot(self._local(begin), self._local(end)) for begin, end in found)

    def spans(self, day: date, policy: Policy) -> list[Span]:
        """Return what a policy allows of a day on the wall, hours that clocks skip included."""
        if self.is_held(day, policy):
            return []
        allowed = windows.open_spans(day, policy.windows, policy.deny)
        if not policy.on_release_day:
            return allowed
        return windows.common(allowed, windows.merged(self._release_spans(day)))

    def is_held(self, day: date, policy: Policy) -> bool:
        """Say whether a holiday or a freeze keeps a policy closed for a whole day."""
        if not policy.on_holidays and self.holiday(day) is not None:
            return True
        freeze = self.frozen_on(day)
        if freeze is None or policy.freezes is Freezes.NONE:
            return False
        return policy.freezes is Freezes.ALL or freeze.blocks_hotfixes

    def release_manager(self, day: date) -> str | None:
        """Return who is release manager on a day, or from the first day of a month on.

        None where it is nobody's turn: without members, before the rotation starts, or when there
        are several and no rotation.
        """
        return self.rotation.member(day)

    def day(self, moment: datetime) -> date:
        """Return the day of a moment in the calendar's zone."""
        return zones.wall(moment, self.zone).date()

    def _possible_days(self, first: date, last: date, policy: Policy) -> Iterator[date]:
        """Yield, in order, the days on which something may be open."""
        every = (first + DAY * number for number in range((last - first).days + 1))
        week = (first + DAY * number for number in range(7))
        if not any(windows.open_spans(day, policy.windows, policy.deny) for day in week):
            return
        if not policy.on_release_day:
            yield from every
            return
        begun = self.release_days(first - self._earlier, last)
        covered = {d.date + DAY * n for d in begun for n in range(self._earlier.days + 1)}
        yield from (day for day in every if day in covered)

    def _following(self, days: Iterable[date], policy: Policy, instant: datetime) -> Span | None:
        """Return the first span of some days that has not ended at an instant."""
        return next((span for span in self._instants(days, policy) if instant < span[1]), None)

    def _instants(self, days: Iterable[date], policy: Policy) -> list[Span]:
        """Return the open spans of some days in UTC; those that touch are one.

        Not in the zone: Python compares two times of one zone by the clock on the wall.
        """
        return windows.merged(
            (stretch.instant(begin), stretch.instant(end))
            for day in days
            if (spans := self.spans(day, policy))
            for stretch in zones.stretches(day, self.zone)
            for begin, end in windows.common(spans, [(stretch.begin, stretch.end)])
        )

    def _local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone)

    @property
    def _earlier(self) -> timedelta:
        """How many days before a day may a release day have begun that covers it."""
        return DAY * (-(-self.lasts // DAY) - 1)

    def _release_spans(self, day: date) -> list[Span]:
        """Return what release days cover of a day, on the wall."""
        begun = (d for d in self.release_days(day - self._earlier, day) if d.takes_place)
        covered = [(midnight(d.date), midnight(d.date) + self.lasts) for d in begun]
        return windows.common(covered, [(midnight(day), midnight(day) + DAY)])
