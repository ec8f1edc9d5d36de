"""Sets the statuses of a commit, where they say something new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.core.forge import statuses
from reconciler.core.forge.model import Status
from reconciler.ports import Forge


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """Writes statuses on the forge."""

    forge: Forge

    def mark(
        self, commit: str, wanted: Sequence[Status], link: str | None = None, *, alone: bool = True
    ) -> int:
        """Set statuses; return how many were new.

        Not `alone`: other jobs tell of other environments at this commit, and the aggregate is
        made of all of them.

        Raises:
            ForgeError: they could not be set.
        """
        there = {each.context: each for each in self.forge.statuses(commit)}
        if not alone:
            wanted = statuses.together(wanted, there.values(), link)
        new = [each for each in wanted if not _same(there.get(each.context), each)]
        for each in new:
            self.forge.set_status(commit, each)
        return len(new)


def _same(there: Status | None, wanted: Status) -> bool:
    """Say whether a status says the same; which run set it does not matter."""
    return there is not None and there[:3] == wanted[:3]
