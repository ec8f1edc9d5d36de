"""What of an environment has to be put back from a backup, and what differs from it afterwards.

Everything is compared by digest; an absent resource has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.core.model import ResourceKey

Digests = Mapping[ResourceKey, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """How it was when the backup was taken: what ran, and what we had last written."""

    running: Digests
    applied: Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """How it is now; `written` are resources that a deployment is known to have written."""

    running: Digests
    applied: Digests
    written: frozenset[ResourceKey] = field(default_factory=frozenset)


def written_since(before: Before, now: Now) -> frozenset[ResourceKey]:
    """Return what a deployment wrote since a backup.

    That is what it says it wrote, what is recorded otherwise than before, and what runs as
    recorded although it ran otherwise before: drift that was healed.
    """
    moved = {
        k for k in {*before.applied, *now.applied} if before.applied.get(k) != now.applied.get(k)
    }
    healed = {
        key
        for key, digest in now.applied.items()
        if now.running.get(key) == digest != before.running.get(key)
    }
    return frozenset(moved | healed | now.written)


def managed(before: Before, now: Now) -> frozenset[ResourceKey]:
    """Return what was ours then or is now: all that a person's restore may put back."""
    return frozenset({*before.applied, *now.applied, *now.written})


def to_put_back(before: Before, now: Now, keys: Iterable[ResourceKey]) -> tuple[ResourceKey, ...]:
    """Return those of the keys that do not run as they did, sorted."""
    return tuple(sorted(k for k in keys if before.running.get(k) != now.running.get(k)))


def differences(before: Before, now: Now) -> tuple[ResourceKey, ...]:
    """Return everything that does not run as it did, sorted."""
    return to_put_back(before, now, {*before.running, *now.running})
