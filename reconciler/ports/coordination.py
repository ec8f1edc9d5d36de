"""Locks, maintenance, activities, holds and effects in the store.

`Coordination` is the part of `Store` that is about who may write and what stands in the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reconciler.core.coordination import Activity, Effect, Hold, Maintenance
from reconciler.core.locks import Lock, LockRequest


class CoordinationReader(Protocol):
    """What stands in the way of a deployment. It cannot write."""

    def locks(self, environment: str | None = None) -> Sequence[Lock]:
        """Return the locks that are held, expired ones too, ordered by environment."""

    def maintenance(self, environment: str) -> Maintenance | None:
        """Return since when and why an environment is in maintenance; None when it is open."""

    def in_maintenance(self) -> Sequence[Maintenance]:
        """Return every environment that is in maintenance, by name."""

    def activities(self, environment: str | None = None) -> Sequence[Activity]:
        """Return what runs in an environment or in any, expired ones too, oldest first."""

    def hold(self, environment: str) -> Hold | None:
        """Return the hold that restoring a backup placed."""

    def effects(self, deployment: str) -> Sequence[Effect]:
        """Return what a deployment wrote to a platform without transactions, in order."""


class Coordination(CoordinationReader, Protocol):
    """The same for those who write."""

    def take_lock(self, request: LockRequest, over: Lock | None = None) -> Lock:
        """Take a free lock, or the one that is still exactly `over`; the fencing token rises.

        It expires after `locks.LEASE` seconds by the store's own time.

        Raises:
            Busy: somebody else holds it; names who, why and since when.
        """

    def renew_lock(self, lock: Lock, at: str, ticks: float) -> None:
        """Let a lock last for `locks.LEASE` seconds from now on.

        Raises:
            LockLost: it was taken over or released.
        """

    def keep_lock(self, lock: Lock, reason: str) -> None:
        """Keep a lock until somebody releases it: it does not expire any more.

        Raises:
            LockLost: it was taken over or released.
        """

    def release_lock(self, lock: Lock) -> None:
        """Give a lock back; one that was lost is somebody else's and stays."""

    def break_lock(self, id: str) -> Lock:
        """Take a lock away from whoever holds it, and return it; the fencing token rises.

        Raises:
            NotFound: no lock has exactly this id.
        """

    def end_maintenance(self, environment: str) -> None:
        """Open an environment again; where it is open nothing is written."""

    def begin_activity(self, activity: Activity) -> None:
        """Register what runs, or renew its lease: one of the same id is replaced.

        `expires_at` is set by the store's own time, `locks.LEASE` seconds from now.
        """

    def end_activity(self, id: str) -> None:
        """Take an activity off; one that is not there is none."""

    def place_hold(self, hold: Hold) -> None:
        """Hold an environment; a later hold replaces an earlier one."""

    def lift_hold(self, environment: str) -> bool:
        """End the hold of an environment; False when there was none."""

    def record_effects(self, deployment: str, environment: str, effects: Sequence[Effect]) -> None:
        """Record effects, inserted or updated by position, committed at once.

        As long as one of them is not undone, `applied` of the environment says that its resource
        is unfinished.
        """

    def forget_effects(self, environment: str) -> None:
        """Forget the effects of all deployments of an environment: nothing is unfinished."""
