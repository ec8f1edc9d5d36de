"""Locks as values, and when one may be taken over.

A lock is a lease on an environment with a fencing token. The token rises with every holder, and
every write of a deployment checks it: who lost the lock cannot write any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.core.canonical import Json
from reconciler.core.coordination import Activity

LEASE = 60.0  # seconds for which a lock holds without being renewed
RENEWAL = 15.0  # seconds between two renewals


class Liveness(StrEnum):
    """What can be said from here of a process that owns something."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"  # another machine, or another container of this one


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRequest:
    """Who asks for a lock; `holder` and `reason` are for people, `owner` names the process.

    `at` is the time (RFC 3339), `ticks` the seconds since this machine was started.
    """

    id: str
    environment: str
    holder: str
    reason: str
    at: str
    ticks: float
    owner: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock that is held.

    `expires_at` None: kept until somebody releases it, since a restore failed. `expired` is judged
    by the store's own time at the moment it was read, `ticks` belong to the owner's machine.
    """

    id: str
    environment: str
    token: int
    holder: str
    reason: str
    since: str
    expires_at: str | None
    owner: Mapping[str, Json] = field(default_factory=dict)
    ticks: float | None = None
    expired: bool = False


class Standing(StrEnum):
    """How a lock that somebody else holds stands."""

    HELD = "held"
    KEPT = "kept"
    DEAD = "dead"
    EXPIRED = "expired"

    @property
    def may_be_taken(self) -> bool:
        """Say whether another may take it over, raising the fencing token."""
        return self in (Standing.DEAD, Standing.EXPIRED)


def standing(
    lock: Lock | Activity, liveness: Liveness, me: Mapping[str, Json], ticks: float
) -> Standing:
    """Judge a lock, or another lease, as process `me` sees it.

    A dead owner's lock is free at once. Otherwise its lease must have run out: on one machine by
    the time since it was started, which no clock that jumps can move; else by the store's time.
    """
    if lock.expires_at is None:
        return Standing.KEPT
    if liveness is Liveness.DEAD:
        return Standing.DEAD
    boot = me.get("boot")
    if boot is not None and boot == lock.owner.get("boot") and lock.ticks is not None:
        passed = ticks - lock.ticks
        if passed > -RENEWAL:  # else it was started again, and is called the same
            return Standing.EXPIRED if passed > LEASE else Standing.HELD
    return Standing.EXPIRED if lock.expired else Standing.HELD


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLock:
    """A lock as it stands, and what can be said of its process."""

    lock: Lock
    standing: Standing
    liveness: Liveness
