"""All gates of one release at one moment, with the earliest moment at which it could ship."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from reconciler.core.gates import people, sources, timing
from reconciler.core.gates.earliest import earliest
from reconciler.core.gates.model import Gate, GateFacts, GateName, GateState, Proof, Verdict
from reconciler.core.gates.table import skipped

Judge = Callable[[GateFacts, datetime], Proof]

_JUDGES: Mapping[GateName, Judge] = MappingProxyType(
    {
        GateName.TAG_ACCEPTED: lambda facts, _: _given(facts.tag, "the release tag is accepted"),
        GateName.VERSION_INCREASES: lambda facts, _: _given(
            facts.version_increases, "the version is higher than what is live"
        ),
        GateName.PLAN_UNCHANGED: lambda facts, _: _given(
            facts.plan_unchanged, "the plan is the one that was reviewed"
        ),
        GateName.WARNINGS_RESOLVED: people.warnings_resolved,
        GateName.REMOVAL_BUDGET: people.removal_budget,
        GateName.PLATFORM_IDLE: lambda facts, _: _given(
            facts.platform_idle, "nothing else works on the platform"
        ),
        GateName.STORE_HEALTHY: lambda facts, _: _given(
            facts.store_healthy, "the store can be read and written"
        ),
        GateName.NOT_HELD: people.not_held,
        GateName.TESTS_PASSED: lambda facts, _: people.approved(facts, "tests"),
        GateName.QA_APPROVED: lambda facts, _: people.approved(facts, "qa"),
        GateName.RELEASE_MANAGER_APPROVED: lambda facts, _: people.approved(
            facts, "release-manager"
        ),
        GateName.SOURCE_DEPLOYED: lambda facts, _: sources.source_deployed(facts),
        GateName.SOAKED: sources.soaked,
        GateName.RELEASE_DAY: timing.release_day,
        GateName.RELEASE_WINDOW: timing.release_window,
        GateName.NOT_A_HOLIDAY: timing.not_a_holiday,
        GateName.NOT_FROZEN: timing.not_frozen,
    }
)


def evaluate(facts: GateFacts, at: datetime) -> Verdict:
    """Judge every gate at a moment, which must be one that `moments.reachable` accepts.

    Only gates about time, and the last days of acknowledgements, depend on the moment; times of
    the answer are in the calendar's zone.
    """
    gates = tuple(_gate(name, facts, at) for name in GateName)
    found = earliest(facts, at, gates)
    return Verdict(
        gates=gates,
        open=all(gate.is_open for gate in gates),
        earliest=found if isinstance(found, datetime) else None,
        never=None if isinstance(found, datetime) else found,
        who=_who(gates),
    )


def _gate(name: GateName, facts: GateFacts, at: datetime) -> Gate:
    why = skipped(name, facts.type)
    if why is not None:
        return Gate(name=name, state=GateState.SKIPPED, reason=why)
    proof = _JUDGES[name](facts, at)
    until = None if proof.until is None else proof.until.astimezone(facts.calendar.zone)
    return Gate(name=name, state=proof.state, reason=proof.reason, until=until, who=proof.who)


def _given(proof: Proof, passed: str) -> Proof:
    """Return what was found out elsewhere; who passes need not say why."""
    if proof.state is GateState.PASSED and not proof.reason:
        return replace(proof, reason=passed)
    return proof


def _who(gates: tuple[Gate, ...]) -> tuple[str, ...]:
    """Return each person once who must act; nobody has to where time alone opens a gate."""
    names = (who for gate in gates if not gate.is_open and gate.until is None for who in gate.who)
    return tuple(dict.fromkeys(names))
