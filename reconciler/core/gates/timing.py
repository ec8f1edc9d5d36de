"""Gates that the calendar opens: release days, windows, holidays and freezes.

Each is asked for the next moment at which it alone is open, whatever the others say.
"""

from __future__ import annotations

from datetime import datetime

from reconciler.core.calendar.model import Freeze, Freezes, Policy, policy_for
from reconciler.core.gates import moments
from reconciler.core.gates.model import GateFacts, GateState, Proof
from reconciler.core.gates.table import NONE_ASKED


def policy_of(facts: GateFacts) -> Policy:
    """Return what the environment asks of time for this type of release."""
    return policy_for(facts.policy, facts.type)


def release_day(facts: GateFacts, at: datetime) -> Proof:
    """Waiting for the next release day."""
    if not policy_of(facts).on_release_day:
        return Proof(reason=NONE_ASKED)
    day = facts.calendar.day(at)
    if facts.calendar.is_release_day(at):
        return Proof(reason=f"{day} is a release day")
    if facts.calendar.rhythm is None:
        reason = "no day is a release day: `spec.calendar` of the pipeline has no cadence"
        return Proof(state=GateState.BLOCKED, reason=reason)
    alone = Policy(on_release_day=True, on_holidays=True, freezes=Freezes.NONE)
    why = [each.reason for each in facts.calendar.release_days(day, day) if each.reason]
    skipped = f" ({why[0]})" if why else ""
    return _closed(facts, at, alone, f"{day} is no release day{skipped}")


def release_window(facts: GateFacts, at: datetime) -> Proof:
    """Waiting for a window, or for the end of one that is denied."""
    policy = policy_of(facts)
    if not policy.windows and not policy.deny:
        return Proof(reason=NONE_ASKED)
    is_open, change = facts.calendar.in_window(at, policy.windows, policy.deny)
    if is_open:
        last = f"until {moments.told(change, facts.calendar.zone)}" if change else "at any time"
        return Proof(reason=f"a window is open {last}")
    alone = Policy(windows=policy.windows, deny=policy.deny, on_holidays=True, freezes=Freezes.NONE)
    return _closed(facts, at, alone, _outside(facts, at, policy))


def not_a_holiday(facts: GateFacts, at: datetime) -> Proof:
    """Waiting for the end of a holiday."""
    if policy_of(facts).on_holidays or facts.calendar.region is None:
        return Proof(reason=NONE_ASKED)
    day = facts.calendar.day(at)
    name = facts.calendar.holiday(day)
    if name is None:
        return Proof(reason=f"{day} is no holiday in {facts.calendar.region}")
    reason = f"{day} is a holiday in {facts.calendar.region}: {name}"
    return _closed(facts, at, Policy(freezes=Freezes.NONE), reason)


def not_frozen(facts: GateFacts, at: datetime) -> Proof:
    """Waiting for the end of a freeze; of a hotfix only one that blocks hotfixes."""
    policy = policy_of(facts)
    if policy.freezes is Freezes.NONE or not facts.calendar.freezes:
        return Proof(reason=NONE_ASKED)
    freeze = facts.calendar.frozen(at)
    if freeze is None:
        return Proof(reason=f"{facts.calendar.day(at)} is in no freeze")
    if policy.freezes is Freezes.BLOCKING_HOTFIXES and not freeze.blocks_hotfixes:
        reason = f"{_frozen(freeze)}, which does not block hotfixes"
        return Proof(state=GateState.SKIPPED, reason=reason)
    alone = Policy(on_holidays=True, freezes=policy.freezes)
    return _closed(facts, at, alone, _frozen(freeze))


def _closed(facts: GateFacts, at: datetime, alone: Policy, reason: str) -> Proof:
    """Return a gate that is closed, and when it opens by itself."""
    until = facts.calendar.next_open(at, alone)
    if until is None:
        reason = f"{reason}, and nothing opens it in the next five years"
        return Proof(state=GateState.BLOCKED, reason=reason)
    opens = moments.told(until, facts.calendar.zone)
    return Proof(state=GateState.WAITING, reason=f"{reason}; opens {opens}", until=until)


def _outside(facts: GateFacts, at: datetime, policy: Policy) -> str:
    now = moments.told(at, facts.calendar.zone)
    for window in policy.deny:
        if facts.calendar.in_window(at, (window,))[0]:
            return f"{now} is denied" + (f": {window.reason}" if window.reason else "")
    return f"{now} is in no window"


def _frozen(freeze: Freeze) -> str:
    reason = f": {freeze.reason}" if freeze.reason else ""
    return f"frozen from {freeze.first} to {freeze.last}{reason}"
