"""How the releases of one environment stand, as values; judging them stands in `tagging`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.core.commits import TagRef
from reconciler.core.model import Environment
from reconciler.core.releases import versions
from reconciler.core.releases.evidence import Judgement, TagEvidence
from reconciler.core.releases.model import Release, ReleaseName
from reconciler.core.releases.records import SeenTag
from reconciler.core.releases.trust import Authority
from reconciler.services.releases.reading.live import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTag:
    """A release tag and what was judged of it.

    `commit` is what it points to, `release` the manifest there; None where it has none. `known`
    is what the store remembers of this very object.
    """

    name: ReleaseName
    ref: TagRef
    evidence: TagEvidence
    judgement: Judgement
    commit: str | None = None
    release: Release | None = None
    known: SeenTag | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the releases of one environment stand: who decides, what is live, which tags there are.

    `tags` are judged and in version order, the lowest first; those that are history by what is
    live are left out. `pinned` maps tag names to the object that was accepted under them.
    """

    environment: Environment
    authority: Authority
    trusted: str | None
    live: Live | None
    tags: tuple[JudgedTag, ...] = ()
    pinned: Mapping[str, str] = field(default_factory=dict)
    seen: tuple[SeenTag, ...] = ()

    @property
    def first_seen(self) -> dict[tuple[str, str], str]:
        """When each object was first seen under a name (RFC 3339)."""
        return {(tag.name, tag.object_id): tag.first_seen for tag in self.seen}

    @property
    def pending(self) -> tuple[JudgedTag, ...]:
        """The accepted tags above what is live, the lowest version first."""
        return tuple(tag for tag in self.tags if tag.judgement.accepted and self.is_above(tag.name))

    @property
    def refused(self) -> tuple[JudgedTag, ...]:
        """The tags that are not accepted."""
        return tuple(tag for tag in self.tags if not tag.judgement.accepted)

    @property
    def newest(self) -> JudgedTag | None:
        """The accepted tag with the highest version."""
        found = [tag for tag in self.tags if tag.judgement.accepted]
        return found[-1] if found else None

    def tag(self, name: ReleaseName) -> JudgedTag | None:
        """Return the tag of a release."""
        return next((tag for tag in self.tags if tag.name == name), None)

    def is_above(self, name: ReleaseName) -> bool:
        """Say whether a release is higher than what is live."""
        live = None if self.live is None else self.live.version
        return live is None or versions.higher(name.version, live)
