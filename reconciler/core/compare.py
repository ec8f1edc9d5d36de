"""The three-way comparison by digest: desired (git), actual (platform), last applied (ours).

It keeps apart what is pending, changed outside, in conflict or unfinished. Unknown is never
absent: an incomplete observation removes nothing. Contents are not needed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.core.model import Action, Applied, Difference, Observation, Reason, ResourceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs between desired, actual and last applied.

    All are sorted. `unmanaged` runs on the platform, was not made by us and is not desired.
    `gone` has a record of ours but is neither desired nor there any more; the next apply forgets
    it. `settled` runs as desired although we last wrote something else, or adopted it and wrote
    nothing yet; the next apply notes it.
    """

    pending: tuple[Difference, ...] = ()
    drift: tuple[Difference, ...] = ()
    unmanaged: tuple[ResourceKey, ...] = ()
    gone: tuple[ResourceKey, ...] = ()
    settled: tuple[ResourceKey, ...] = ()


def compare(
    desired: Mapping[ResourceKey, str], actual: Observation, applied: Applied
) -> Comparison:
    """Compare three maps of digests; cost is one look-up for each resource that is equal."""
    if desired == actual.digests == applied.digests and not applied.adopted:
        return Comparison()
    found = sorted(_differences(desired, actual, applied), key=lambda difference: difference.key)
    seen, last = actual.digests, applied.digests
    gone = sorted(k for k in last if k not in seen and k not in desired) if actual.complete else ()
    told = applied.adopted
    settled = (
        k
        for k, d in last.items()
        if k in desired and seen.get(k) == desired[k] and (d != desired[k] or k in told)
    )
    return Comparison(
        pending=tuple(d for d in found if d.reason is Reason.PENDING),
        drift=tuple(d for d in found if d.reason is not Reason.PENDING),
        unmanaged=tuple(sorted(k for k in seen if k not in last and k not in desired)),
        gone=tuple(gone),
        settled=tuple(sorted(settled)),
    )


def changed(
    base: Mapping[ResourceKey, str], desired: Mapping[ResourceKey, str]
) -> tuple[Difference, ...]:
    """Compare two maps of digests, from git alone."""
    observed = Observation(digests=base)
    return compare(desired, observed, Applied(digests=base)).pending


def _differences(
    desired: Mapping[ResourceKey, str], actual: Observation, applied: Applied
) -> list[Difference]:
    found: list[Difference] = []
    seen, last = actual.digests, applied.digests
    for key, digest in desired.items():
        there = seen.get(key)
        if there is None and not actual.complete:
            there = last.get(key)
        if there != digest:
            action = Action.ADD if there is None else Action.MODIFY
            reason = _reason(digest, there, last.get(key))
            found.append(_difference(action, key, reason, applied))
    for key, digest in last.items():
        if key in seen and key not in desired and actual.complete:
            reason = Reason.PENDING if seen[key] == digest else Reason.CONFLICT
            found.append(_difference(Action.REMOVE, key, reason, applied))
    return found


def _difference(action: Action, key: ResourceKey, reason: Reason, applied: Applied) -> Difference:
    if key in applied.unfinished:
        reason = Reason.UNFINISHED
    return Difference(action=action, key=key, reason=reason)


def _reason(desired: str, actual: str | None, last: str | None) -> Reason:
    """Say who moved: git alone, the platform alone, or both."""
    if actual == last:
        return Reason.PENDING
    # Without a record of ours a resource of that name is somebody else's: never overwritten.
    return Reason.CHANGED_OUTSIDE if desired == last else Reason.CONFLICT
