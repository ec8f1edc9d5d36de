"""What a message rule looks at and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.core import canonical
from reconciler.core.affected import AffectedQuery
from reconciler.core.canonical import Json
from reconciler.core.model import Action, Change, Entry, Environment, Location, ResourceKey


class Severity(StrEnum):
    """How much a message asks of its reader."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A coded statement to people about a consequence.

    `affected_users` is None where users cannot be read, never 0 instead. `from_git` is false for
    what is not known from git alone (secret state): such a message stays out of the plan digest.
    `pointer` names the field in the subject's manifest that `location` points to; a subject that
    is no resource (Environment, Secret) has its place in environment.yaml.
    """

    code: str
    severity: Severity
    subject: ResourceKey
    text: str
    action: str
    fingerprint: str
    affected: AffectedQuery | None = None
    affected_users: int | None = None
    as_of: str | None = None
    location: Location | None = None
    pointer: str = ""
    from_git: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotfix:
    """What a hotfix of this environment did to one resource, as its manifest recorded it.

    `fields` have path (JSON Pointer), before and after; they are empty unless it was modified.
    """

    version: str
    key: ResourceKey
    action: Action
    fields: tuple[Mapping[str, Json], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The change under review: what git had (base) against what it says now, no platform in it.

    `changes` have full contents before and after. `desired` are the entries of everything that
    shall run, `base` the digests of what ran. `content` reads a desired resource on demand.
    `secrets_present` says which declared secrets have a value, None when that is not known here.
    `others` are the other environments of the pipeline, `hotfixes` what hotfixes did to this one.
    """

    environment: Environment
    changes: tuple[Change, ...]
    desired: Mapping[ResourceKey, Entry]
    base: Mapping[ResourceKey, str]
    content: Callable[[ResourceKey], Mapping[str, Json]]
    secrets_present: Mapping[str, bool] | None = None
    others: tuple[Environment, ...] = field(default=())
    hotfixes: tuple[Hotfix, ...] = ()


def fingerprint(code: str, subject: ResourceKey, before: Json, after: Json) -> str:
    """Return the digest that an acknowledgement names: it changes when what raised it changes."""
    return canonical.digest([code, subject.kind, subject.name, before, after])
