"""Whose turn it is among the members of a role; it must not know what they are asked for."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from reconciler.core.calendar.model import Turn
from reconciler.core.canonical import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Members of a role in order, and when their turns begin; no turns without a start."""

    members: tuple[str, ...] = ()
    start: date | None = None
    weekly: bool = False

    def member(self, day: date) -> str | None:
        """Return whose turn it is on a day; None where it is nobody's, or anybody's."""
        turn = self._turn(day)
        return None if turn is None else self.members[turn % len(self.members)]

    def turns(self, first: date, last: date) -> tuple[Turn, ...]:
        """Return the turns from `first` to `last`, both included."""
        if not self.members:
            return ()
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        groups = (list(group) for _, group in groupby(days, self._turn))
        return tuple(Turn(first=g[0], last=g[-1], member=self.member(g[0])) for g in groups)

    def _turn(self, day: date) -> int | None:
        """Return the number of a turn from 0, None before the first."""
        if len(self.members) == 1:
            return 0
        if not self.members or self.start is None or day < self.start:
            return None
        if self.weekly:
            return (day - self.start).days // 7
        months = (day.year - self.start.year) * 12 + day.month - self.start.month
        # A turn that begins on the 31st begins on the last day of a shorter month.
        begins = min(self.start.day, monthrange(day.year, day.month)[1])
        return months if day.day >= begins else months - 1


def rotation_of(pipeline_spec: Mapping[str, Json], role: str) -> Rotation:
    """Return the rotation of a role, one without members when there is no such role."""
    found = pipeline_spec.get("roles", {}).get(role, {})
    rotation = found.get("rotation")
    return Rotation(
        members=tuple(found.get("members", ())),
        start=None if rotation is None else date.fromisoformat(rotation["start"]),
        weekly=rotation is not None and rotation.get("every", "month") == "week",
    )
