"""Holds in the store: what restoring a backup placed, shown and ended by an operator.

Whoever can write the store may end one, so it needs no signature; holds by tags are another matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.core.coordination import Hold, held_text
from reconciler.core.releases.records import AuditEntry
from reconciler.ports import Clock, Store

AUDITED = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldKeeper:
    """Tells of holds in the store and ends them."""

    store: Store
    clock: Clock
    actor: str

    def told(self, environments: Iterable[str]) -> tuple[str, ...]:
        """Return a sentence for each environment that is held."""
        found = map(self.store.hold, dict.fromkeys(environments))
        return tuple(f"{hold.environment} is {held_text(hold)}." for hold in found if hold)

    def lift(self, environment: str, reason: str | None) -> Hold | None:
        """End the hold of an environment and return it; None where nothing holds. Audited."""
        found = self.store.hold(environment)
        if found is None or not self.store.lift_hold(environment):
            return None
        why = f": {reason}" if reason else ""
        self.store.add_audit(
            AuditEntry(
                at=self.clock.now(),
                actor=self.actor,
                action=AUDITED,
                environment=environment,
                detail=f"ended the hold of {found.since} by {found.actor} ({found.reason}){why}",
            )
        )
        return found
