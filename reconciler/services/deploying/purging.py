"""Purges what was removed long enough ago, with what users had of it.

It must not know how a platform keeps what it hides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.core import retention
from reconciler.core.model import Environment, ResourceKey
from reconciler.core.releases.records import AuditEntry
from reconciler.ports import Clock, Platform, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Purger:
    """Forgets for good what `removal.keep` no longer keeps."""

    store: Store
    platform: Callable[[Environment], Platform]
    clock: Clock

    def purge(self, environment: Environment, actor: str) -> tuple[ResourceKey, ...]:
        """Purge an environment and return what was purged; where nothing is, nothing is written.

        While a deployment runs everything is left to the next time.

        Raises:
            StoreError: the store cannot be written.
            PlatformError: the platform did not answer.
        """
        now = self.clock.now()
        before = retention.kept_since(environment, now)
        platform = self.platform(environment)
        if not platform.removed(before) or self.store.running(environment.name):
            return ()
        with self.store.transaction() as unit:
            purged = platform.purge(unit, before)
        if purged:
            self.store.add_audit(
                AuditEntry(
                    at=now,
                    actor=actor,
                    action="purge",
                    environment=environment.name,
                    detail=", ".join(map(str, purged)),
                )
            )
        return purged
