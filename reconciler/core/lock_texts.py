"""What is said of locks and of what runs: who has them, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.canonical import Json
from reconciler.core.coordination import Activity, Maintenance
from reconciler.core.errors import Busy, LockLost, NotFound
from reconciler.core.locks import Lock
from reconciler.core.names import quoted

SHOW = "`reconciler lock show`"


def process(owner: Mapping[str, Json]) -> str:
    """Return where a process runs: `host ci-7, process 4242`; empty when nothing is known."""
    parts = (("host", owner.get("host")), ("process", owner.get("pid")))
    return ", ".join(f"{name} {value}" for name, value in parts if value is not None)


def holder(lock: Lock) -> str:
    """Return who holds a lock: `ana on host ci-7, process 4242`."""
    where = process(lock.owner)
    return f"{lock.holder} on {where}" if where else lock.holder


def busy(lock: Lock) -> Busy:
    """Return the error of whoever wanted a lock that somebody else holds."""
    told = f"since {lock.since}, lock {lock.id}"
    if lock.expires_at is None:
        return Busy(
            f"{lock.environment} is locked until somebody releases it: {lock.reason} "
            f"(held by {holder(lock)} {told}).",
            hint=f"Do what the reason says, or give it up: `reconciler lock release {lock.id}`.",
        )
    return Busy(
        f"{lock.environment} is locked by {holder(lock)}: {lock.reason} "
        f"({told}, renewed until {lock.expires_at}).",
        hint=f"Wait until it has ended (--lock-timeout 10m waits), or look at {SHOW}.",
    )


def lost(mine: Lock, now: Lock | None) -> LockLost:
    """Return the error of whoever lost a lock; `now` is the one on its environment today."""
    if now is None:
        return LockLost(
            f"The lock {mine.id} on {mine.environment} was lost: somebody took it over since it "
            "was not renewed in time, or released it. Nothing more is written.",
            hint="`reconciler reconcile` finishes or undoes what is left of it.",
        )
    return LockLost(
        f"The lock on {mine.environment} was taken over by {holder(now)} since {now.since} "
        f"({now.reason}; token {now.token}, this one was {mine.token}); nothing more is written.",
        hint="That process finishes or undoes what was begun.",
    )


def unknown(id: str) -> NotFound:
    """Return the error of whoever named a lock that is not held."""
    return NotFound(
        f"No lock has the id {quoted(id)}.", hint=f"{SHOW} lists the locks with their exact ids."
    )


def closed(maintenance: Maintenance, what: str) -> Busy:
    """Return the error of whoever wants to write to an environment in maintenance."""
    return Busy(
        f"{what} has to wait: {maintenance.environment} is in maintenance since "
        f"{maintenance.since} ({maintenance.reason}; deployment {maintenance.deployment}).",
        hint="Run this again when it is open (--lock-timeout 10m waits); where that deployment "
        "was interrupted, `reconciler reconcile` ends it.",
    )


def occupied(activity: Activity) -> Busy:
    """Return the error of whoever wants to deploy while something runs."""
    where = process(activity.owner)
    return Busy(
        f"{activity.description} runs in {activity.environment} since {activity.since}"
        f"{f' ({where})' if where else ''}; wait until it has ended.",
        hint="Run this again then; --lock-timeout 10m waits.",
    )
