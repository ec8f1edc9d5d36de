"""Registers what runs in an environment: a deployment waits for it, and it for a deployment."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from reconciler.core import lock_texts
from reconciler.core.coordination import Activity
from reconciler.core.errors import ReconcilerError
from reconciler.core.locks import RENEWAL
from reconciler.ports import Clock, Processes, Store
from reconciler.services.heartbeat import beating
from reconciler.services.waiting import until_free


@dataclass(frozen=True, slots=True, kw_only=True)
class Activities:
    """Registers activities of this process."""

    store: Store
    clock: Clock
    processes: Processes

    @contextmanager
    def running(
        self, environment: str, kind: str, description: str, patience: float = 0
    ) -> Iterator[None]:
        """Register what the block does in an environment, for as long as it takes.

        Raises:
            Busy: the environment is in maintenance, still after so many seconds.
        """
        activity = self._activity(environment, kind, description)
        until_free(lambda: self._begin(activity), self.clock, patience)
        try:
            with beating(lambda: self._renew(activity), RENEWAL):
                yield
        finally:
            self._end(activity)

    def _begin(self, activity: Activity) -> None:
        """Register it, then look: of two that begin at once at least one sees the other."""
        self._refuse_maintenance(activity)
        self._renew(activity)
        try:
            self._refuse_maintenance(activity)
        except BaseException:
            self._end(activity)
            raise

    def _refuse_maintenance(self, activity: Activity) -> None:
        found = self.store.maintenance(activity.environment)
        if found is not None:
            raise lock_texts.closed(found, activity.description)

    def _renew(self, activity: Activity) -> None:
        self.store.begin_activity(replace(activity, ticks=self.processes.ticks()))

    def _end(self, activity: Activity) -> None:
        # One that cannot be taken off runs out by itself.
        with contextlib.suppress(ReconcilerError):
            self.store.end_activity(activity.id)

    def _activity(self, environment: str, kind: str, description: str) -> Activity:
        now = self.clock.now()
        return Activity(
            id=self.clock.new_id(),
            environment=environment,
            kind=kind,
            description=description,
            since=now,
            expires_at=now,
            owner=self.processes.owner(),
        )
