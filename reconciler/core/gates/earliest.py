"""The earliest moment at which a release could ship once people have acted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reconciler.core.gates import moments, timing
from reconciler.core.gates.acknowledged import every, is_acknowledged
from reconciler.core.gates.model import Gate, GateFacts, GateName, GateState

# What opens a gate that is closed: people, by giving what is missing; others, by finishing.
_PEOPLE = frozenset(
    {
        (GateName.TAG_ACCEPTED, GateState.WAITING),
        (GateName.WARNINGS_RESOLVED, GateState.BLOCKED),
        (GateName.REMOVAL_BUDGET, GateState.BLOCKED),
        (GateName.TESTS_PASSED, GateState.WAITING),
        (GateName.QA_APPROVED, GateState.WAITING),
        (GateName.RELEASE_MANAGER_APPROVED, GateState.WAITING),
        (GateName.PLATFORM_IDLE, GateState.WAITING),
    }
)
# Time opens each of these for good, and the calendar is asked from then on.
_ONCE = (GateName.NOT_HELD, GateName.SOAKED)
_CALENDAR = (
    GateName.RELEASE_DAY,
    GateName.RELEASE_WINDOW,
    GateName.NOT_A_HOLIDAY,
    GateName.NOT_FROZEN,
)


def earliest(facts: GateFacts, at: datetime, gates: Sequence[Gate]) -> datetime | str:
    """Return the earliest moment, not before `at`, or why there is none."""
    stuck = [gate.name.value for gate in gates if not gate.is_open and not _can_open(gate)]
    if stuck:
        return f"neither time nor an approval opens {', '.join(stuck)}"
    ends = [gate.until for gate in gates if gate.name in _ONCE and gate.until is not None]
    begin = max(map(moments.instant, [at, *ends]))
    found = facts.calendar.next_open(begin, timing.policy_of(facts))
    if found is None:
        return "no moment in five years is open by release day, window, holidays and freezes"
    return _lapsing(facts, at, found) or found


def _can_open(gate: Gate) -> bool:
    """Say whether time opens a gate, or people whose acting moves nothing else."""
    if gate.name in _ONCE or gate.name in _CALENDAR:
        return gate.until is not None
    return (gate.name, gate.state) in _PEOPLE


def _lapsing(facts: GateFacts, at: datetime, found: datetime) -> str | None:
    """Say which acknowledgement counts now and no longer does then."""
    now, then = facts.calendar.day(at), facts.calendar.day(found)
    for each in every(facts):
        if is_acknowledged(each, now) and not is_acknowledged(each, then):
            return (
                f"the acknowledgement of {each.code} of {each.subject} lapses before "
                f"{moments.told(found, facts.calendar.zone)}: {each.action}"
            )
    return None
