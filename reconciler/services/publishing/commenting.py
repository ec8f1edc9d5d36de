"""Keeps the one comment of a pull request as it shall be."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler import telemetry
from reconciler.core.errors import NotFound
from reconciler.core.forge import sticky
from reconciler.core.forge.sticky import Decision, Wanted
from reconciler.ports import Forge

# Somebody may delete the comment each time; then it is left alone.
_TURNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Commenter:
    """Writes comments on the forge."""

    forge: Forge

    def comment(self, number: int, wanted: Wanted) -> bool:
        """Write the comment where it says something new; return whether anything was written.

        Two runs at once may both have added one: each looks again and keeps the oldest.

        Raises:
            ForgeError: it could not be written.
        """
        # As it is sent: otherwise it would never compare with what stands there.
        text, stated = map(telemetry.redactor().text, (wanted.text, wanted.stated))
        wanted = replace(wanted, text=text, stated=stated)
        for turn in range(_TURNS):
            decision = self._decide(number, wanted)
            if decision.body is None and not decision.remove:
                return turn > 0
            self._carry_out(number, decision)
        return True

    def _decide(self, number: int, wanted: Wanted) -> Decision:
        return sticky.decide(wanted, self.forge.comments(number), self.forge.me())

    def _carry_out(self, number: int, decision: Decision) -> None:
        for each in decision.remove:
            self.forge.remove_comment(each)
        if decision.body is None:
            return
        if decision.edit is None:
            self.forge.add_comment(number, decision.body)
            return
        try:
            self.forge.edit_comment(decision.edit, decision.body)
        except NotFound:
            self.forge.add_comment(number, decision.body)
