"""Purges what was removed long enough ago, with what users had of it.

It must not know how a platform keeps what it hides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.core import retention
from reconciler.core.errors import Busy
from reconciler.core.model import Environment, ResourceKey
from reconciler.core.releases.records import AuditEntry
from reconciler.ports import Clock, Platform, Store
from reconciler.services.deploying.locking import Locker


@dataclass(frozen=True, slots=True, kw_only=True)
class Purger:
    """Forgets for good what `removal.keep` no longer keeps."""

    store: Store
    platform: Callable[[Environment], Platform]
    clock: Clock
    locker: Locker

    def purge(self, environment: Environment, actor: str) -> tuple[ResourceKey, ...]:
        """Purge an environment and return what was purged; where nothing is, nothing is written.

        While somebody else works on the environment everything is left to the next time.

        Raises:
            StoreError: the store cannot be written.
            PlatformError: the platform did not answer.
        """
        now = self.clock.now()
        before = retention.kept_since(environment, now)
        platform = self.platform(environment)
        if not platform.removed(before):
            return ()
        try:
            with self.locker.holding(
                environment.name, holder=actor, reason="purge of what was removed long ago"
            ) as held:
                purged = _purged(held.store, environment.name, platform, before)
        except Busy:
            return ()
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


def _purged(
    store: Store, environment: str, platform: Platform, before: str
) -> tuple[ResourceKey, ...]:
    if store.running(environment):
        return ()  # what was interrupted is ended first
    with store.transaction() as unit:
        return platform.purge(unit, before)
