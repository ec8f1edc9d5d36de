"""Which gate applies to which type of release."""

from __future__ import annotations

import pytest

from reconciler.core.gates.engine import evaluate
from reconciler.core.gates.model import GateName, GateState
from tests.unit.calendar.making import at, calendar
from tests.unit.gates.making import FREEZE, OPEN, facts, judged, names, typed

ORDER = [
    "tag-accepted",
    "version-increases",
    "plan-unchanged",
    "warnings-resolved",
    "removal-budget",
    "platform-idle",
    "store-healthy",
    "not-held",
    "tests-passed",
    "qa-approved",
    "release-manager-approved",
    "source-deployed",
    "soaked",
    "release-day",
    "release-window",
    "not-a-holiday",
    "not-frozen",
]
SKIPPED = {
    "regular": [],
    "warmfix": ["soaked", "release-day"],
    "hotfix": ["source-deployed", "soaked", "release-day", "release-window", "not-a-holiday"],
    "rollback": ["tests-passed", "qa-approved", *ORDER[11:]],
    "adoption": ["tests-passed", "qa-approved", *ORDER[11:]],
}


def test_gates_stand_in_the_order_of_the_table() -> None:
    """Every gate answers, in the order of the design."""
    assert names(evaluate(facts(), OPEN)) == [GateName(name) for name in ORDER]


@pytest.mark.parametrize("kind", SKIPPED)
def test_types_skip_what_the_design_says(kind: str) -> None:
    """A type skips gates about time, and a rollback what its content has passed; no others."""
    gates = evaluate(typed(kind), OPEN).gates

    assert [g.name.value for g in gates if g.state is GateState.SKIPPED] == SKIPPED[kind]
    assert all(kind in g.reason for g in gates if g.state is GateState.SKIPPED)
    assert {g.state for g in gates} <= {GateState.PASSED, GateState.SKIPPED}


@pytest.mark.parametrize("kind", SKIPPED)
def test_no_type_skips_people_and_proof(kind: str) -> None:
    """Facts of which nothing is given hold every type, but for what the content has passed."""
    closed = evaluate(typed(kind, approvals={}, warnings=None, sources=None), OPEN).closed
    wanted = ["warnings-resolved"]
    wanted += ["source-deployed"] if kind in ("regular", "warmfix") else []
    wanted += ["soaked"] if kind == "regular" else []

    assert [gate.name.value for gate in closed] == wanted


@pytest.mark.parametrize(
    ("kind", "hotfixes", "state"),
    [
        ("regular", "allowed", "waiting"),
        ("warmfix", "allowed", "waiting"),
        ("hotfix", "allowed", "skipped"),
        ("hotfix", "blocked", "waiting"),
        ("rollback", "blocked", "skipped"),
        ("adoption", "blocked", "skipped"),
    ],
)
def test_freezes(kind: str, hotfixes: str, state: str) -> None:
    """A freeze holds a hotfix only where it says so, and never a rollback or an adoption."""
    frozen = typed(kind, calendar=calendar(freezes=[{**FREEZE, "hotfixes": hotfixes}]))

    assert judged("not-frozen", frozen, at("2026-12-22T10:00")).state == state
