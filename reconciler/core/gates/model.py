"""The nouns of gates as frozen values; it must not know how a gate is judged or facts are found.

All moments are aware datetimes between the years 1970 and 2199.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from reconciler.core.calendar.calendar import Calendar
from reconciler.core.calendar.model import Policy
from reconciler.core.releases.model import Acknowledgement, ReleaseType


class GateName(StrEnum):
    """Every gate, in the order in which they are shown."""

    TAG_ACCEPTED = "tag-accepted"
    VERSION_INCREASES = "version-increases"
    PLAN_UNCHANGED = "plan-unchanged"
    WARNINGS_RESOLVED = "warnings-resolved"
    REMOVAL_BUDGET = "removal-budget"
    PLATFORM_IDLE = "platform-idle"
    STORE_HEALTHY = "store-healthy"
    NOT_HELD = "not-held"
    TESTS_PASSED = "tests-passed"
    QA_APPROVED = "qa-approved"
    RELEASE_MANAGER_APPROVED = "release-manager-approved"
    SOURCE_DEPLOYED = "source-deployed"
    SOAKED = "soaked"
    RELEASE_DAY = "release-day"
    RELEASE_WINDOW = "release-window"
    NOT_A_HOLIDAY = "not-a-holiday"
    NOT_FROZEN = "not-frozen"


class GateState(StrEnum):
    """How a gate answers; unknown means that it cannot be read here, and counts as blocked."""

    PASSED = "passed"
    WAITING = "waiting"
    BLOCKED = "blocked"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"

    @property
    def is_open(self) -> bool:
        """Whether it lets a promotion through."""
        return self in (GateState.PASSED, GateState.SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The answer of one gate.

    `until` is when time alone opens it, None where time does not; `who` are those who must act.
    """

    name: GateName
    state: GateState
    reason: str
    until: datetime | None = None
    who: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it lets a promotion through."""
        return self.state.is_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All gates together, in the order of `GateName`.

    `earliest` is the first moment at which it could ship once `who` have acted, None when nothing
    can open it; then `never` says why.
    """

    gates: tuple[Gate, ...]
    open: bool
    earliest: datetime | None = None
    who: tuple[str, ...] = ()
    never: str | None = None

    @property
    def closed(self) -> tuple[Gate, ...]:
        """The gates that hold it."""
        return tuple(gate for gate in self.gates if not gate.is_open)

    @property
    def is_blocked(self) -> bool:
        """Whether a gate holds it that is more than waiting."""
        return any(gate.state is not GateState.WAITING for gate in self.closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was found out elsewhere about one gate; the fields are those of `Gate`."""

    state: GateState = GateState.PASSED
    reason: str = ""
    until: datetime | None = None
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWarning:
    """A warning that is not resolved, and who took responsibility for it.

    `subject` is the text of what it is about (`Workflow/sync`), `action` the command that resolves
    or acknowledges it. The acknowledgement must fit the warning's fingerprint; its `until` is the
    last day on which it counts, in the calendar's zone.
    """

    code: str
    subject: str
    action: str
    acknowledgement: Acknowledgement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold that was not resumed; from `until` on it holds no longer."""

    name: str
    reason: str
    by: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredApproval:
    """An approval that `promotion.approvals` lists.

    `members` are the principals to ask, on rotation first; `given` is who approved and `evidence`
    by what. `refused` says why what was found instead does not count, `unread` why reviews and
    checks cannot be read here. `ways` are how to give it, as phrases behind `give it`; None: by
    a tag.
    """

    members: tuple[str, ...] = ()
    given: str | None = None
    evidence: str = ""
    refused: tuple[str, ...] = ()
    unread: str | None = None
    ways: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSpan:
    """A time in which content was live; without an end it still is."""

    begin: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """When the very content of one changed resource was live in the previous environment.

    `subject` is its text, `Workflow/sync`. Spans may touch, as where a deployment kept the content.
    """

    subject: str
    spans: tuple[LiveSpan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """Everything that gates are judged by, for one release.

    `warnings` and `sources` are None where they cannot be read here. `approvals` has the roles that
    are listed (`tests`, `qa`, `release-manager`). `removal_budget` is the warning of a budget that
    is exceeded. `promotes_from` is the previous environment; `policy` the environment's own, not
    narrowed to the type. `release_managers` are those to ask, on rotation first.
    """

    environment: str
    version: str
    type: ReleaseType = ReleaseType.REGULAR
    tag: Proof = field(default_factory=Proof)
    version_increases: Proof = field(default_factory=Proof)
    plan_unchanged: Proof = field(default_factory=Proof)
    platform_idle: Proof = field(default_factory=Proof)
    store_healthy: Proof = field(default_factory=Proof)
    warnings: tuple[OpenWarning, ...] | None = ()
    removal_budget: OpenWarning | None = None
    holds: tuple[Hold, ...] = ()
    approvals: Mapping[str, RequiredApproval] = field(default_factory=dict)
    promotes_from: str | None = None
    sources: tuple[SourceState, ...] | None = ()
    soak: timedelta = timedelta(0)
    calendar: Calendar = field(default_factory=Calendar)
    policy: Policy = field(default_factory=Policy)
    release_managers: tuple[str, ...] = ()
