"""What the store in memory knows of locks, maintenance, activities, holds and effects.

It keeps the promises of `reconciler.ports.Coordination`, and must not know the rest of the store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reconciler.core import lock_texts
from reconciler.core.coordination import Activity, Effect, EffectState, Hold, Maintenance
from reconciler.core.errors import LockLost
from reconciler.core.locks import LEASE, Lock, LockRequest
from reconciler.core.model import ResourceKey


@dataclass
class _Coordinated:
    tokens: dict[str, int] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=dict)
    maintenance: dict[str, Maintenance] = field(default_factory=dict)
    activities: dict[str, Activity] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    effects: dict[str, tuple[str, dict[int, Effect]]] = field(default_factory=dict)


class MemoryCoordination:
    """The part of `MemoryStore` about who may write and what stands in the way.

    `now` is the store's own time, by which leases run out; without one they last from the time
    that a caller gives, and never run out.
    """

    def __init__(self, now: Callable[[], str] | None = None) -> None:
        """Begin with everything free."""
        self._now = now
        self._coordinated = _Coordinated()

    def locks(self, environment: str | None = None) -> Sequence[Lock]:
        """Return the locks that are held, expired ones too, ordered by environment."""
        found = self._coordinated.locks
        names = sorted(found) if environment is None else [environment]
        held = (found[name] for name in names if name in found)
        return [replace(each, expired=self._is_past(each.expires_at)) for each in held]

    def take_lock(self, request: LockRequest, over: Lock | None = None) -> Lock:
        """Take a free lock, or the one that is still exactly `over`."""
        found = self._coordinated.locks.get(request.environment)
        if found is not None and found.id == request.id:
            return found  # taken before, by a try of unknown outcome
        if found is not None and (over is None or found != replace(over, expired=False)):
            raise lock_texts.busy(found)
        lock = Lock(
            id=request.id,
            environment=request.environment,
            token=self._raised(request.environment),
            holder=request.holder,
            reason=request.reason,
            since=request.at,
            expires_at=self._lease_end(request.at),
            owner=dict(request.owner),
            ticks=request.ticks,
        )
        self._coordinated.locks[lock.environment] = lock
        return lock

    def renew_lock(self, lock: Lock, at: str, ticks: float) -> None:
        """Let a lock last for one more lease; one that is kept stays kept."""
        found = self._mine(lock)
        until = None if found.expires_at is None else self._lease_end(at)
        self._coordinated.locks[lock.environment] = replace(found, expires_at=until, ticks=ticks)

    def keep_lock(self, lock: Lock, reason: str) -> None:
        """Keep a lock until somebody releases it."""
        kept = replace(self._mine(lock), expires_at=None, reason=reason)
        self._coordinated.locks[lock.environment] = kept

    def release_lock(self, lock: Lock) -> None:
        """Give a lock back; one that was lost is somebody else's and stays."""
        try:
            self._mine(lock)
        except LockLost:
            return
        del self._coordinated.locks[lock.environment]

    def break_lock(self, id: str) -> Lock:
        """Take a lock away from whoever holds it, and return it."""
        for lock in self.locks():
            if lock.id == id:
                self._raised(lock.environment)
                return self._coordinated.locks.pop(lock.environment)
        raise lock_texts.unknown(id)

    def maintenance(self, environment: str) -> Maintenance | None:
        """Return since when and why an environment is in maintenance."""
        return self._coordinated.maintenance.get(environment)

    def in_maintenance(self) -> Sequence[Maintenance]:
        """Return every environment that is in maintenance, by name."""
        found = self._coordinated.maintenance
        return [found[name] for name in sorted(found)]

    def end_maintenance(self, environment: str) -> None:
        """Open an environment again."""
        self._coordinated.maintenance.pop(environment, None)

    def activities(self, environment: str | None = None) -> Sequence[Activity]:
        """Return what runs in an environment or in any, expired ones too, oldest first."""
        found = self._coordinated.activities.values()
        here = [each for each in found if environment in (None, each.environment)]
        here.sort(key=lambda each: (each.since, each.id))
        return [replace(each, expired=self._is_past(each.expires_at)) for each in here]

    def begin_activity(self, activity: Activity) -> None:
        """Register what runs, or renew its lease."""
        begun = replace(activity, expires_at=self._lease_end(activity.since), expired=False)
        self._coordinated.activities[activity.id] = begun

    def end_activity(self, id: str) -> None:
        """Take an activity off; one that is not there is none."""
        self._coordinated.activities.pop(id, None)

    def hold(self, environment: str) -> Hold | None:
        """Return the hold that restoring a backup placed."""
        return self._coordinated.holds.get(environment)

    def place_hold(self, hold: Hold) -> None:
        """Hold an environment; a later hold replaces an earlier one."""
        self._coordinated.holds[hold.environment] = hold

    def lift_hold(self, environment: str) -> bool:
        """End the hold of an environment; False when there was none."""
        return self._coordinated.holds.pop(environment, None) is not None

    def effects(self, deployment: str) -> Sequence[Effect]:
        """Return what a deployment wrote to a platform without transactions, in order."""
        _, found = self._coordinated.effects.get(deployment, ("", {}))
        return [found[position] for position in sorted(found)]

    def record_effects(self, deployment: str, environment: str, effects: Sequence[Effect]) -> None:
        """Record effects, inserted or updated by position."""
        _, found = self._coordinated.effects.setdefault(deployment, (environment, {}))
        found.update({effect.position: effect for effect in effects})

    def forget_effects(self, environment: str) -> None:
        """Forget the effects of all deployments of an environment."""
        known = self._coordinated.effects
        for deployment in [key for key, (where, _) in known.items() if where == environment]:
            del known[deployment]

    def _unfinished(self, environment: str) -> frozenset[ResourceKey]:
        known = self._coordinated.effects.values()
        here = (found for where, found in known if where == environment)
        effects = (effect for found in here for effect in found.values())
        return frozenset(each.key for each in effects if each.state is not EffectState.UNDONE)

    def _begin_maintenance(self, maintenance: Maintenance) -> None:
        self._coordinated.maintenance[maintenance.environment] = maintenance

    def _check(self, fence: Lock) -> None:
        """Refuse to write for the holder of a lock that is lost, and renew it.

        Raises:
            LockLost: it was taken over or released.
        """
        found = self._mine(fence)
        if self._now is not None and found.expires_at is not None:
            renewed = replace(found, expires_at=self._lease_end(self._now()))
            self._coordinated.locks[found.environment] = renewed

    def _mine(self, lock: Lock) -> Lock:
        found = self._coordinated.locks.get(lock.environment)
        if found is None or (found.id, found.token) != (lock.id, lock.token):
            raise lock_texts.lost(lock, found)
        return found

    def _raised(self, environment: str) -> int:
        token = self._coordinated.tokens.get(environment, 0) + 1
        self._coordinated.tokens[environment] = token
        return token

    def _lease_end(self, at: str) -> str:
        begin = at if self._now is None else self._now()
        return (datetime.fromisoformat(begin) + timedelta(seconds=LEASE)).isoformat()

    def _is_past(self, moment: str | None) -> bool:
        if moment is None or self._now is None:
            return False
        return datetime.fromisoformat(moment) <= datetime.fromisoformat(self._now())
