"""The nouns of the calendar as frozen values; it must not know how anything is computed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What became of a day of the cadence."""

    REGULAR = "regular"
    MOVED = "moved"
    SKIPPED = "skipped"


class OnHoliday(StrEnum):
    """What becomes of a release day that falls on a holiday."""

    SKIP = "skip"
    NEXT = "next-working-day"
    PREVIOUS = "previous-working-day"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDay:
    """One day of the cadence: when it is, and why not when the rule says.

    `date` is the day on which it takes place; of a skipped one the day on which it would have.
    `moved_from` is the day by the rule, None unless it was moved.
    """

    date: dt.date
    state: State = State.REGULAR
    moved_from: dt.date | None = None
    reason: str | None = None

    @property
    def by_rule(self) -> dt.date:
        """The day by the rule, which stays the same however the day is moved."""
        return self.moved_from or self.date

    @property
    def takes_place(self) -> bool:
        """Whether it is a release day at all."""
        return self.state is not State.SKIPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """A recurrence rule (RFC 5545) and the day that it is counted from."""

    start: dt.date
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Whose public holidays count."""

    country: str
    subdivision: str | None = None

    def __str__(self) -> str:
        """Return `DE-BE`."""
        return self.country if self.subdivision is None else f"{self.country}-{self.subdivision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedDay:
    """An exception: what becomes of one day of the cadence; left out when there is no other."""

    date: dt.date
    move_to: dt.date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Days on which nothing regular is promoted, both ends included."""

    first: dt.date
    last: dt.date
    reason: str | None = None
    blocks_hotfixes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of the day, in minutes from midnight; `begin` is in it, `end` is not.

    `days` are numbers from 0 for Monday. One that does not end after it begins passes midnight,
    and belongs to the day on which it begins.
    """

    begin: int
    end: int
    days: frozenset[int] = frozenset(range(7))
    reason: str | None = None

    @property
    def passes_midnight(self) -> bool:
        """Whether it ends on the next day."""
        return self.end <= self.begin


class Freezes(StrEnum):
    """Which freezes hold a promotion."""

    ALL = "all"
    BLOCKING_HOTFIXES = "blocking-hotfixes"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What an environment asks of time before a promotion may begin."""

    on_release_day: bool = False
    windows: tuple[Window, ...] = ()
    deny: tuple[Window, ...] = ()
    on_holidays: bool = False
    freezes: Freezes = Freezes.ALL


@dataclass(frozen=True, slots=True)
class Slot:
    """A span of time in the calendar's zone in which a promotion may begin; `end` is not in it."""

    begin: dt.datetime
    end: dt.datetime

    @property
    def lasts(self) -> dt.timedelta:
        """How long it really is: times of one zone are subtracted by the clock on the wall."""
        return self.end.astimezone(dt.UTC) - self.begin.astimezone(dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Days, both ends included, on which one member is asked; None when it is nobody's turn."""

    first: dt.date
    last: dt.date
    member: str | None


def policy_for(policy: Policy, release_type: str) -> Policy:
    """Return what is left of a policy for a type of release; who is out of cycle skips time.

    A warmfix waits for no release day, a hotfix for nothing but freezes that block hotfixes, a
    rollback and an adoption for nothing.
    """
    if release_type == "regular":
        return policy
    if release_type == "warmfix":
        return Policy(windows=policy.windows, deny=policy.deny)
    freezes = Freezes.BLOCKING_HOTFIXES if release_type == "hotfix" else Freezes.NONE
    return Policy(on_holidays=True, freezes=freezes)
