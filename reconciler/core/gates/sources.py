"""Whether each changed resource was live in the previous environment, and for long enough.

Judged by content: it counts what ran, whatever version it had and whether or not it was replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from reconciler.core.calendar import windows
from reconciler.core.gates import moments
from reconciler.core.gates.model import GateFacts, GateState, Proof, SourceState
from reconciler.core.gates.table import NONE_ASKED

NOTHING_CHANGED = "no resource changes"


class Soaked(NamedTuple):
    """Since when a resource is live, and when that has lasted for long enough; both in UTC."""

    ready: datetime
    since: datetime
    subject: str


def source_deployed(facts: GateFacts) -> Proof:
    """Waiting for each changed resource that never was live in the previous environment."""
    if (known := _known(facts)) is not None:
        return known
    missing = [each.subject for each in facts.sources or () if not each.spans]
    if missing:
        reason = f"not yet live in {facts.promotes_from} as it is here: {moments.listed(missing)}"
        return Proof(state=GateState.WAITING, reason=reason)
    return Proof(reason=f"what changes was live in {facts.promotes_from}")


def soaked(facts: GateFacts, at: datetime) -> Proof:
    """Waiting until the last changed resource was live for as long as the policy asks."""
    if facts.soak <= timedelta(0):
        return Proof(reason=NONE_ASKED)
    if (known := _known(facts)) is not None:
        return known
    sources = facts.sources or ()
    soaks = [(each, _soak(each, facts.soak)) for each in sources]
    if gone := [each.subject for each, soak in soaks if each.spans and soak is None]:
        return _gone(facts, gone)
    if missing := [each.subject for each in sources if not each.spans]:
        reason = f"soaks once it is live in {facts.promotes_from}: {moments.listed(missing)}"
        return Proof(state=GateState.WAITING, reason=reason)
    return _ready(facts, max(soak for _, soak in soaks if soak is not None), at)


def _known(facts: GateFacts) -> Proof | None:
    """Return the answer where no resource has to be looked at."""
    if facts.promotes_from is None:
        return Proof(reason=NONE_ASKED)
    if facts.sources is None:
        reason = f"what was live in {facts.promotes_from} cannot be read here"
        return Proof(state=GateState.UNKNOWN, reason=reason)
    return None if facts.sources else Proof(reason=NOTHING_CHANGED)


def _ready(facts: GateFacts, last: Soaked, at: datetime) -> Proof:
    if last.ready <= at:
        lasting = moments.lasting(facts.soak)
        return Proof(reason=f"what changes was live in {facts.promotes_from} for {lasting}")
    until, zone = moments.whole_minute(last.ready), facts.calendar.zone
    reason = (
        f"soaks until {moments.told(until, zone)}; {last.subject} is live in "
        f"{facts.promotes_from} since {moments.told(last.since, zone)}"
    )
    return Proof(state=GateState.WAITING, reason=reason, until=until)


def _gone(facts: GateFacts, subjects: Sequence[str]) -> Proof:
    reason = (
        f"replaced in {facts.promotes_from} before it was live for "
        f"{moments.lasting(facts.soak)}: {moments.listed(subjects)}; release it there again, or "
        f"release here what is live there"
    )
    return Proof(state=GateState.BLOCKED, reason=reason)


def _soak(source: SourceState, soak: timedelta) -> Soaked | None:
    """Return the first soak of a resource that lasts, None when there is none."""
    return next(
        (
            Soaked(begin + soak, begin, source.subject)
            for begin, end in _spans(source)
            if end - begin >= soak and moments.reachable(begin + soak)
        ),
        None,
    )


def _spans(source: SourceState) -> Sequence[windows.Span]:
    """Return the spans in UTC and in order; those that touch are one."""
    return windows.merged(
        (moments.instant(span.begin), moments.instant(span.end or moments.FOR_EVER))
        for span in source.spans
    )
