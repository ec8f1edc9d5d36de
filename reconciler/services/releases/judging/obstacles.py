"""What the store knows to stand in a promotion's way: who is at work, a hold after a restore."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core import lock_texts
from reconciler.core.gates.model import GateState, Hold, Proof
from reconciler.core.locks import Lock, Standing, standing
from reconciler.core.plan import Plan
from reconciler.core.releases import versions
from reconciler.core.releases.model import ReleaseName
from reconciler.ports import Processes, StoreReader


def idle(store: StoreReader, processes: Processes, environment: str, plan: Plan) -> Proof:
    """Return whether the platform answers and nobody else is at work on it.

    Deployments hold the lock of their environment for as long as they work. Our own is none of
    somebody else's, and one that ran out stands in nobody's way.
    """
    for proof in _at_work(store, processes, environment):
        return proof
    if not plan.complete:
        reason = plan.incomplete_reason or "not everything could be read"
        return Proof(state=GateState.UNKNOWN, reason=f"the platform did not answer: {reason}")
    return Proof()


def after_restore(store: StoreReader, name: ReleaseName) -> tuple[Hold, ...]:
    """Return the hold that restoring a backup placed, unless this release is newer than it."""
    found = store.hold(name.environment)
    if found is None:
        return ()
    known = found.version is not None and versions.parse(found.version) is not None
    if known and versions.higher(name.version, found.version or ""):
        return ()
    newer = f"a release above {found.version}, or " if known else ""
    reason = f"{found.reason}; {newer}`reconciler release resume {name.environment}` ends it"
    return (Hold(name="a hold in the store", reason=reason, by=found.actor),)


def _at_work(store: StoreReader, processes: Processes, environment: str) -> Iterator[Proof]:
    me, ticks = dict(processes.owner()), processes.ticks()
    for lock in store.locks(environment):
        found = standing(lock, processes.liveness(lock.owner), me, ticks)
        if not found.may_be_taken and dict(lock.owner) != me:
            yield _locked(lock, found)
    for activity in store.activities(environment):
        if not standing(activity, processes.liveness(activity.owner), me, ticks).may_be_taken:
            reason = f"{activity.description} runs since {activity.since}"
            yield Proof(state=GateState.WAITING, reason=reason)


def _locked(lock: Lock, found: Standing) -> Proof:
    told = f"{lock_texts.holder(lock)} since {lock.since} (lock {lock.id})"
    if found is Standing.KEPT:
        return Proof(
            state=GateState.BLOCKED, reason=f"it stays locked: {lock.reason}; kept by {told}"
        )
    return Proof(state=GateState.WAITING, reason=f"{lock.reason} is at work by {told}")
