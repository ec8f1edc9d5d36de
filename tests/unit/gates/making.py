"""Facts of a release that passes every gate, and what tests change in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from reconciler.core.gates.engine import evaluate
from reconciler.core.gates.model import (
    Gate,
    GateFacts,
    GateName,
    GateState,
    Hold,
    LiveSpan,
    OpenWarning,
    Proof,
    RequiredApproval,
    SourceState,
    Verdict,
)
from reconciler.core.model import ResourceKey
from reconciler.core.releases.model import Acknowledgement, ReleaseType
from tests.unit.calendar.making import GERMANY, OFFICE_HOURS, at, calendar, policy

ANA, BEN, QUINN, CI = "ana@example.com", "ben@example.com", "quinn@example.com", "ci@example.com"
FREEZE = {"from": "2026-12-20", "to": "2027-01-03", "reason": "Year end"}
FAIR = {"date": "2026-11-24", "moveTo": "2026-11-25", "reason": "Trade fair"}
# A Tuesday and release day with an open window, neither holiday nor frozen.
OPEN = at("2026-12-08T10:00")
CALENDAR = calendar(freezes=[FREEZE], holidays=GERMANY, exceptions=[FAIR])
POLICY = policy(onReleaseDay=True, windows=[OFFICE_HOURS])
ROLES = {"tests": CI, "qa": QUINN, "release-manager": ANA}
COMMAND = "reconciler release acknowledge production/1.4.0 WorkflowRemoved Workflow/sync"


def span(begin: str, end: str | None = None) -> LiveSpan:
    """Return a span between two times in Berlin."""
    return LiveSpan(begin=at(begin), end=None if end is None else at(end))


def source(*spans: LiveSpan, subject: str = "Workflow/sync") -> SourceState:
    """Return when a resource was live."""
    return SourceState(subject=subject, spans=spans)


def approvals(**given: str | None) -> dict[str, RequiredApproval]:
    """Return the approvals of these roles, `release_manager` for that with a dash."""
    roles = {name.replace("_", "-"): value for name, value in given.items()}
    return {
        role: RequiredApproval(members=(ROLES[role],), given=value) for role, value in roles.items()
    }


def warning(until: str | None = None, *, acknowledged: bool = True) -> OpenWarning:
    """Return a warning that somebody answers for, up to a day."""
    given = Acknowledgement(
        code="WorkflowRemoved",
        subject=ResourceKey("Workflow", "sync"),
        fingerprint="sha256:0",
        reason="nobody uses it",
        until=until,
    )
    return OpenWarning(
        code="WorkflowRemoved",
        subject="Workflow/sync",
        action=COMMAND,
        acknowledgement=given if acknowledged else None,
    )


def hold(until: str | None = None) -> Hold:
    """Return a hold, up to a time in Berlin."""
    ends = None if until is None else at(until)
    return Hold(name="holds/production/1", reason="incident", by=QUINN, until=ends)


def facts(**more: Any) -> GateFacts:
    """Return facts that pass every gate at `OPEN`, with these changed."""
    passing = GateFacts(
        environment="production",
        version="1.4.0",
        approvals=approvals(tests=CI, qa=QUINN, release_manager=ANA),
        promotes_from="staging",
        sources=(source(span("2026-11-25T09:00")),),
        soak=timedelta(days=7),
        calendar=CALENDAR,
        policy=POLICY,
        release_managers=(ANA, BEN),
    )
    return replace(passing, **more)


def typed(kind: str, **more: Any) -> GateFacts:
    """Return such facts of a type of release."""
    return facts(type=ReleaseType(kind), **more)


def judged(name: str, given: GateFacts, moment: datetime = OPEN) -> Gate:
    """Return one gate."""
    gates = {gate.name: gate for gate in evaluate(given, moment).gates}
    return gates[GateName(name)]


def closed(given: GateFacts, moment: datetime = OPEN) -> list[str]:
    """Return the names of the gates that hold it."""
    return [gate.name.value for gate in evaluate(given, moment).closed]


def ships(given: GateFacts, moment: datetime = OPEN) -> str | None:
    """Return the earliest moment by the clock in Berlin."""
    found = evaluate(given, moment).earliest
    return None if found is None else f"{found:%Y-%m-%dT%H:%M}"


def acted(given: GateFacts) -> GateFacts:
    """Return facts after everybody who was asked has acted, and others have finished."""
    return replace(
        given,
        tag=_finished(given.tag),
        platform_idle=_finished(given.platform_idle),
        approvals={
            role: replace(each, given=each.given or ANA) for role, each in given.approvals.items()
        },
    )


def _finished(proof: Proof) -> Proof:
    return Proof() if proof.state is GateState.WAITING else proof


def names(verdict: Verdict) -> list[GateName]:
    """Return the names of the gates in their order."""
    return [gate.name for gate in verdict.gates]
