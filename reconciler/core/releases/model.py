"""The nouns of releases as frozen values; it must not know git, YAML or the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from reconciler.core.canonical import Json
from reconciler.core.model import ResourceKey


class ReleaseName(NamedTuple):
    """Which release is meant: a version of one environment."""

    environment: str
    version: str

    def __str__(self) -> str:
        """Return `staging/1.4.0`, the form used on the command line."""
        return f"{self.environment}/{self.version}"


class ReleaseType(StrEnum):
    """Why a release was made; it decides which gates it must pass."""

    REGULAR = "regular"
    HOTFIX = "hotfix"
    WARMFIX = "warmfix"
    ROLLBACK = "rollback"
    ADOPTION = "adoption"

    @property
    def is_out_of_cycle(self) -> bool:
        """True when it does not wait for a release day."""
        return self is not ReleaseType.REGULAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the content was copied from; `version` is None for an editable environment."""

    environment: str
    commit: str
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What was live in the environment when the release was made."""

    version: str | None
    content_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A warning that someone took responsibility for; `until` is its last day, YYYY-MM-DD.

    `by` is who said so where that is known (a signed tag), None in a manifest.
    """

    code: str
    subject: ResourceKey
    fingerprint: str
    reason: str
    until: str | None = None
    by: str | None = None

    @property
    def about(self) -> tuple[str, ResourceKey, str]:
        """What it is about: a message with the same three is the one that was acknowledged."""
        return (self.code, self.subject, self.fingerprint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A version with a description for one environment, as its manifest says.

    `changes` and `messages` are what reviewers saw, in the shapes of the plan's JSON.
    """

    name: ReleaseName
    type: ReleaseType
    source: Source
    base: Base | None
    description: str
    content_digest: str
    plan_digest: str
    catalogue: str = "1"
    changes: tuple[Mapping[str, Json], ...] = ()
    messages: tuple[Mapping[str, Json], ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()

    @property
    def approved(self) -> tuple[object, ...]:
        """What an approval is of: a manifest with another one is another release.

        Not what people state beside it: description and acknowledgements.
        """
        source = (self.source.environment, self.source.version)
        digests = (self.content_digest, self.plan_digest)
        return (self.name, self.type, source, self.base, *digests)

    @property
    def environment(self) -> str:
        """The environment that it is for."""
        return self.name.environment

    @property
    def version(self) -> str:
        """Its version."""
        return self.name.version
