"""The nouns of the program as frozen values; what they mean is told in `reconciler/README.md`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from reconciler.core.canonical import Json

API_VERSION = "reconciler/v1"


class Kind(StrEnum):
    """What a manifest can be."""

    PIPELINE = "Pipeline"
    ENVIRONMENT = "Environment"
    INTEGRATION = "Integration"
    WORKFLOW = "Workflow"
    APP_EVENT = "AppEvent"
    RELEASE = "Release"


# The kinds that run on a platform, in the order in which they depend on one another.
RESOURCE_FOLDERS: Mapping[str, Kind] = {
    "events": Kind.APP_EVENT,
    "integrations": Kind.INTEGRATION,
    "workflows": Kind.WORKFLOW,
}
KIND_ORDER: Mapping[str, int] = {Kind.APP_EVENT: 0, Kind.INTEGRATION: 1, Kind.WORKFLOW: 2}


class ResourceKey(NamedTuple):
    """Identity of a resource within one environment."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return `Workflow/sync-contacts`, the form used on the command line."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong in a file; line and column count from 1, 1:1 is the whole file."""

    file: str
    line: int
    column: int
    text: str
    code: str = "invalid"

    def __str__(self) -> str:
        """Return the one line that is shown."""
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class Location(NamedTuple):
    """A place in a file of the repository; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What other resources and messages need to know of a manifest without reading it.

    `secrets` are required or referenced names, `values` and `app` the dotted paths behind
    `${{ values. }}` and `${{ app. }}`, `settings` the names it offers, `needs_settings` the
    names it requires or references, `app_configuration` the keys an enabled integration needs,
    `definition` the engine format and file of a definition as `n8n:sync.json`.
    """

    integration: str | None = None
    event: str | None = None
    workflows: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    declared_secrets: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    needs_settings: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    app: tuple[str, ...] = ()
    app_configuration: tuple[str, ...] = ()
    definition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One desired resource, known without its content.

    `path` is relative to the environment's folder, `blob` the git object id of the manifest,
    `bytes_digest` the SHA-256 of its bytes, `digest` that of its normalised content with values
    filled in and the definition file included.
    """

    key: ResourceKey
    path: str
    blob: str
    bytes_digest: str
    digest: str
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What git says of one environment; contents are read on demand through a port."""

    environment: str
    commit: str | None
    ref: str | None
    entries: Mapping[ResourceKey, Entry]
    values: Mapping[str, Json]
    content_digest: str

    @property
    def digests(self) -> dict[ResourceKey, str]:
        """The digest of each desired resource."""
        return {key: entry.digest for key, entry in self.entries.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What the platform says it runs: digests only, contents are read on demand.

    Not `complete`: what is not listed is unknown, never absent. `revision` changes with each write.
    """

    digests: Mapping[ResourceKey, str]
    complete: bool = True
    revision: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What we last wrote to an environment, and the content digest it belonged to.

    `adopted` are those of the digests that we did not write but took over from the platform.
    """

    digests: Mapping[ResourceKey, str] = field(default_factory=dict)
    content_digest: str | None = None
    unfinished: frozenset[ResourceKey] = frozenset()
    adopted: frozenset[ResourceKey] = frozenset()


class Mode(StrEnum):
    """Whether a folder is deployed as it is merged, or only through releases."""

    EDITABLE = "editable"
    RELEASE_ONLY = "release-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalBudget:
    """How much may be removed at once; exceeded only above both."""

    count: int = 3
    percent: float = 20

    def exceeded_by(self, removed: int, existing: int) -> bool:
        """Say whether removing so many of the existing resources needs a person's word."""
        return removed > self.count and removed * 100 > self.percent * existing


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One environment as its `environment.yaml` says; `raw` is the whole normalised spec."""

    name: str
    mode: Mode = Mode.EDITABLE
    promotes_from: str | None = None
    platform: Mapping[str, Json] = field(default_factory=lambda: {"type": "builtin"})
    values: Mapping[str, Json] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    app_configuration: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    removal_budget: RemovalBudget = field(default_factory=RemovalBudget)
    self_heal: bool = False
    listed: bool = True
    raw: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The order of environments and the rules between them, as `pipeline.yaml` says."""

    name: str
    environments: tuple[str, ...]
    protected_branch: str = "main"
    tag_format: str = "{environment}/v{version}"
    branch_format: str = "release/{environment}/{version}"
    signatures: str = "optional"
    raw: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that differs; `path` is a JSON Pointer, named list members go by their name.

    A list whose named members only changed places is one change: before and after are the names.
    """

    path: str
    before: Any
    after: Any


class Action(StrEnum):
    """What happens to a resource."""

    ADD = "add"
    MODIFY = "modify"
    REMOVE = "remove"


class Reason(StrEnum):
    """Why desired and actual differ."""

    PENDING = "pending"
    CHANGED_OUTSIDE = "changed-outside"
    CONFLICT = "conflict"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One resource that differs, by digest alone."""

    action: Action
    key: ResourceKey
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource that differs; contents are None where it is absent, `digest` is of `after`."""

    action: Action
    key: ResourceKey
    reason: Reason
    fields: tuple[FieldChange, ...] = ()
    before: Mapping[str, Json] | None = None
    after: Mapping[str, Json] | None = None
    digest: str | None = None


class Phase(StrEnum):
    """Where a deployment stands."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    PARTIAL = "Partial"
    FAILED = "Failed"
    ERRORED = "Errored"
    RESTORED = "Restored"
    ABORTED = "Aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a deployment as it was journaled; times are RFC 3339."""

    name: str
    state: str
    started_at: str | None = None
    finished_at: str | None = None
    reason: str | None = None
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The record of one apply; `attempt` digests the tag object, bindings and state it met."""

    id: str
    environment: str
    phase: Phase
    type: str
    actor: str
    started_at: str
    finished_at: str | None = None
    version: str | None = None
    tag: str | None = None
    commit: str | None = None
    description: str | None = None
    live: bool = False
    plan_digest: str | None = None
    content_digest: str | None = None
    backup: str | None = None
    attempt: str | None = None
    summary: Mapping[str, int] = field(default_factory=dict)
    messages: tuple[Mapping[str, Json], ...] = ()
    steps: tuple[Step, ...] = ()
    owner: Mapping[str, Json] = field(default_factory=dict)
