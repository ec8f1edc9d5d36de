"""What a store remembers of releases: tag objects seen, trusted commits, audit; pure values.

It must not know which database keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class TagState(StrEnum):
    """What is known of a tag object."""

    SEEN = "seen"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


# What a later judgement cannot take back: an accepted tag is never refused, a superseded one
# never applied.
_LASTING = (TagState.ACCEPTED, TagState.SUPERSEDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTag:
    """A tag object that was seen under a name, release tag or other.

    `first_seen` is RFC 3339. `pinned` is true once it was accepted, also when it is superseded
    later. `reported` says that its refusal was told, `deletion_reported` that its deletion was.
    """

    name: str
    object_id: str
    environment: str
    first_seen: str
    state: TagState = TagState.SEEN
    reason: str | None = None
    reported: bool = False
    pinned: bool = False
    deletion_reported: bool = False


# Why a tag below what a new store found running is superseded: it may well have been live.
BEFORE_STORE = "it was before this store"
# Why a commit is trusted when a person said so: the history behind it is theirs to answer for.
OPERATOR = "an operator accepted it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The commit whose who-keys an environment trusts; `since` is RFC 3339, `by` who said so."""

    environment: str
    commit: str
    since: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that somebody did; `at` is RFC 3339, `environment` None where it is about all."""

    at: str
    actor: str
    action: str
    environment: str | None
    detail: str


def judged(tag: SeenTag, state: TagState, reason: str | None, *, reported: bool) -> SeenTag:
    """Return a tag after a judgement: accepted stays unless superseded, which stays for ever.

    A refused tag may be accepted later, when somebody was given the right to sign.
    """
    lasts = tag.state in _LASTING and _rank(tag.state) > _rank(state)
    return replace(
        tag,
        state=tag.state if lasts else state,
        reason=reason,
        reported=reported,
        pinned=tag.pinned or state is TagState.ACCEPTED,
    )


def as_given(tag: SeenTag) -> SeenTag:
    """Return a tag as it is first written down: one that is given as accepted is pinned."""
    return replace(tag, pinned=tag.pinned or tag.state is TagState.ACCEPTED)


def _rank(state: TagState) -> int:
    return _LASTING.index(state) if state in _LASTING else -1


def trust_audit(trust: Trust) -> AuditEntry:
    """Return the audit entry that is written with a trusted commit."""
    return AuditEntry(
        at=trust.since,
        actor=trust.by,
        action="trust",
        environment=trust.environment,
        detail=f"{trust.commit}: {trust.reason}",
    )
