"""What a store remembers of the forge: evidence that counted, and deployments that were told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeEvidence:
    """A review or check that counted as the approval of a role when it was last looked at.

    `evidence` is `review` or `check`; `name` is the reviewer's login or the name of the check, `by`
    the member whose login it is, or the slug of the app. `commit` held the manifest with these
    digests. `at` is when it was given, `seen_at` when it first counted here (RFC 3339).
    """

    environment: str
    version: str
    role: str
    evidence: str
    name: str
    by: str
    commit: str
    link: str
    at: str
    seen_at: str
    content_digest: str
    plan_digest: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from others of its release."""
        return (self.role, self.evidence, self.name, self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A deployment that the forge was told of: once, with the page that shows it, if there is one.

    `at` is RFC 3339.
    """

    environment: str
    deployment: str
    url: str | None
    at: str


def settled(
    known: Iterable[ForgeEvidence], found: Iterable[ForgeEvidence]
) -> dict[tuple[str, str, str, str], ForgeEvidence]:
    """Return what is kept of a release: what was found, first seen when it first was."""
    before = {each.key: each for each in known}
    return {each.key: _first_seen(each, before.get(each.key)) for each in found}


def _first_seen(found: ForgeEvidence, known: ForgeEvidence | None) -> ForgeEvidence:
    if known is None or replace(found, seen_at=known.seen_at) != known:
        return found
    return known
