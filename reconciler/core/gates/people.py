"""Gates that people open: warnings, the removal budget, holds and approvals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reconciler.core.gates import moments
from reconciler.core.gates.acknowledged import is_acknowledged, lapse
from reconciler.core.gates.model import (
    GateFacts,
    GateState,
    Hold,
    OpenWarning,
    Proof,
    RequiredApproval,
)
from reconciler.core.gates.table import NONE_ASKED
from reconciler.core.releases import texts

# Of what does not count: a stranger's reviews must not hide how to go on.
_SHOWN = 3


def warnings_resolved(facts: GateFacts, at: datetime) -> Proof:
    """Blocked by each warning that is neither resolved nor acknowledged."""
    if facts.warnings is None:
        return Proof(state=GateState.UNKNOWN, reason="warnings cannot be computed here")
    day = facts.calendar.day(at)
    still = [each for each in facts.warnings if not is_acknowledged(each, day)]
    if still:
        return Proof(
            state=GateState.BLOCKED,
            reason="; ".join(map(_unresolved, still)),
            who=facts.release_managers,
        )
    return Proof(reason=_acknowledged(facts.warnings) if facts.warnings else "there are none")


def removal_budget(facts: GateFacts, at: datetime) -> Proof:
    """Blocked while more is removed than the budget allows, until somebody acknowledges it."""
    exceeded = facts.removal_budget
    if exceeded is None:
        return Proof(reason="no more is removed than the budget allows")
    if is_acknowledged(exceeded, facts.calendar.day(at)):
        return Proof(reason=_acknowledged([exceeded]))
    reason = _unresolved(exceeded)
    return Proof(state=GateState.BLOCKED, reason=reason, who=facts.release_managers)


def not_held(facts: GateFacts, at: datetime) -> Proof:
    """Waiting until the last hold ends; blocked by one without an end."""
    now = moments.instant(at)
    held = [each for each in facts.holds if each.until is None or now < each.until]
    if not held:
        return Proof(reason="nobody holds it")
    ends = [each.until for each in held if each.until and moments.reachable(each.until)]
    reason = "; ".join(_hold(each, facts) for each in held)
    if len(ends) < len(held):
        if "release resume" not in reason:
            reason += f"; `reconciler release resume {facts.environment} --push` ends it"
        return Proof(state=GateState.BLOCKED, reason=reason, who=facts.release_managers)
    until = moments.whole_minute(max(map(moments.instant, ends)))
    return Proof(state=GateState.WAITING, reason=reason, until=until, who=facts.release_managers)


def approved(facts: GateFacts, role: str) -> Proof:
    """Waiting for somebody of a role, where its approval is listed."""
    wanted = facts.approvals.get(role)
    if wanted is None:
        return Proof(reason=NONE_ASKED)
    if wanted.given is not None:
        evidence = f" ({wanted.evidence})" if wanted.evidence else ""
        return Proof(reason=f"approved by {wanted.given}{evidence}")
    reason = "; ".join(_missing(facts, role, wanted))
    return Proof(state=GateState.WAITING, reason=reason, who=wanted.members)


def _unresolved(warning: OpenWarning) -> str:
    return f"{warning.code} of {warning.subject} is open{lapse(warning)}: `{warning.action}`"


def _acknowledged(warnings: Iterable[OpenWarning]) -> str:
    return f"acknowledged: {moments.listed([_acknowledgement(each) for each in warnings])}"


def _acknowledgement(warning: OpenWarning) -> str:
    given = warning.acknowledgement
    until = f" until {given.until}" if given and given.until else ""
    return f"{warning.code} of {warning.subject}{until}"


def _hold(hold: Hold, facts: GateFacts) -> str:
    until = ""
    if hold.until is not None and moments.reachable(hold.until):
        until = f" until {moments.told(hold.until, facts.calendar.zone)}"
    return f"{hold.by} holds it{until} with {hold.name}: {hold.reason}"


def _missing(facts: GateFacts, role: str, wanted: RequiredApproval) -> Iterable[str]:
    yield f"the approval of {role} is missing"
    shown = wanted.refused[:_SHOWN]
    yield from (f"found and not counted: {each}" for each in shown)
    if len(wanted.refused) > len(shown):
        yield f"and {len(wanted.refused) - len(shown):,} more that do not count"
    if wanted.unread is not None:
        yield f"reviews and checks cannot be read here: {wanted.unread}"
    release = f"{facts.environment}/{facts.version}"
    by_tag = texts.by_tag(release, role)
    ways = (by_tag,) if wanted.ways is None else wanted.ways
    if wanted.members and ways:
        yield f"give it {', or '.join(ways)}"
    elif wanted.members:
        yield "nothing counts as it by both the trusted commit and the tip: `reconciler trust show`"
    else:
        yield f"roles.{role} in environments/pipeline.yaml has no members who could give it"
