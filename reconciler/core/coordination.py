"""What stands in the way of a deployment, and what one has written so far, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.core.canonical import Json
from reconciler.core.model import ResourceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """An environment is in maintenance: calls that write are answered with "try again later"."""

    environment: str
    deployment: str
    since: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Something that runs in an environment and must end before a deployment may begin.

    It is a lease like a lock: `ticks`, `expires_at` and `expired` mean the same.
    """

    id: str
    environment: str
    kind: str
    description: str
    since: str
    expires_at: str
    owner: Mapping[str, Json] = field(default_factory=dict)
    ticks: float | None = None
    expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold placed by restoring a backup: nothing is promoted or healed by a job.

    `version` is the newest version known then: a higher one ends the hold by being promoted.
    """

    environment: str
    since: str
    actor: str
    reason: str
    backup: str | None = None
    version: str | None = None


def held_text(hold: Hold) -> str:
    """Return why nothing is promoted or healed, and what ends that."""
    return (
        f"held since {hold.since} by {hold.actor}: {hold.reason}; "
        f"`reconciler release resume {hold.environment}` ends it"
    )


class EffectState(StrEnum):
    """How far one write to a platform without transactions came."""

    BEGUN = "begun"  # sent; whether it arrived is not known until it is looked at
    DONE = "done"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One write of a deployment; `before` and `after` are digests, None for absent."""

    position: int
    key: ResourceKey
    before: str | None
    after: str | None
    state: EffectState
