"""`lock`: who holds environments, and taking a lock away from somebody."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core import lock_texts
from reconciler.core.coordination import Activity, Maintenance
from reconciler.core.locks import Liveness, Lock, SeenLock, standing
from reconciler.core.model import Deployment
from reconciler.core.releases.records import AuditEntry
from reconciler.ports import Clock, Processes, Store

AUDITED = "lock-release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Locks and maintenance, by environment, and what else keeps deployments waiting."""

    locks: tuple[SeenLock, ...]
    maintenance: tuple[Maintenance, ...]
    activities: tuple[Activity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A lock that was taken away, and what it left: deployments to finish, or an open environment.

    `opened` when maintenance ended, since nothing was unfinished.
    """

    lock: Lock
    liveness: Liveness
    unfinished: tuple[Deployment, ...]
    opened: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LockKeeper:
    """Shows locks and takes them away; it asks the store alone, whatever stands in git."""

    store: Store
    clock: Clock
    processes: Processes
    actor: str

    def see(self, environment: str | None = None) -> Seen:
        """Return the locks that are held, expired ones too, and what is in maintenance."""
        closed = self.store.in_maintenance()
        return Seen(
            locks=tuple(map(self._seen, self.store.locks(environment))),
            maintenance=tuple(m for m in closed if environment in (None, m.environment)),
            activities=tuple(filter(self._runs, self.store.activities(environment))),
        )

    def _runs(self, activity: Activity) -> bool:
        me, ticks = self.processes.owner(), self.processes.ticks()
        alive = self.processes.liveness(activity.owner)
        return not standing(activity, alive, me, ticks).may_be_taken

    def release(self, id: str) -> Released:
        """Take a lock away by its exact id; audited. What its holder writes later is refused.

        Maintenance ends where no deployment is unfinished; otherwise recovering it ends it.

        Raises:
            NotFound: no lock has this id.
        """
        lock = self.store.break_lock(id)
        # Nobody can begin a deployment with that lock any more, so this stays as it is.
        unfinished = tuple(self.store.running(lock.environment))
        closed = self.store.maintenance(lock.environment) is not None
        if not unfinished:
            self.store.end_maintenance(lock.environment)
        self.store.add_audit(
            AuditEntry(
                at=self.clock.now(),
                actor=self.actor,
                action=AUDITED,
                environment=lock.environment,
                detail=f"{lock.id} of {lock_texts.holder(lock)} since {lock.since}: {lock.reason}",
            )
        )
        liveness = self.processes.liveness(lock.owner)
        return Released(
            lock=lock, liveness=liveness, unfinished=unfinished, opened=closed and not unfinished
        )

    def _seen(self, lock: Lock) -> SeenLock:
        liveness = self.processes.liveness(lock.owner)
        judged = standing(lock, liveness, self.processes.owner(), self.processes.ticks())
        return SeenLock(lock=lock, standing=judged, liveness=liveness)
