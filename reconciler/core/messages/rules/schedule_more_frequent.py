"""ScheduleMoreFrequent: a workflow runs more often for everyone who has it on."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from reconciler.core.affected import HavingOn
from reconciler.core.messages.reading import Pair, Spec, modified, pointer
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.model import Kind
from reconciler.core.schedule import figure, rises, runs_a_day

CODE = "ScheduleMoreFrequent"

_DAYS_A_YEAR = Fraction(1461, 4)


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each schedule with more runs a day than before."""
    for pair in modified(review, Kind.WORKFLOW):
        before, after = _schedule(pair.before), _schedule(pair.after)
        if before is None or after is None or before == after:
            continue
        earlier, later = runs_a_day(*before), runs_a_day(*after)
        if earlier is not None and later is not None and rises(earlier, later):
            yield _message(review, pair, earlier, later)


def _schedule(spec: Spec) -> tuple[str, str] | None:
    """Return cron and time zone, None for what is not started by a schedule."""
    trigger = spec.get("trigger") or {}
    if trigger.get("type") != "schedule" or not isinstance(trigger.get("cron"), str):
        return None
    return trigger["cron"], str(trigger.get("timezone", "UTC"))


def _message(review: Review, pair: Pair, earlier: Fraction, later: Fraction) -> Message:
    before, after = _schedule(pair.before), _schedule(pair.after)
    return Message(
        code=CODE,
        severity=Severity.INFO,
        subject=pair.key,
        text=(
            f"The workflow {pair.key.name} runs more often in {review.environment.name} for each "
            f"user who has it on: from {figure(earlier)} to {figure(later)} runs a day"
            f"{_yearly(earlier, later)}."
        ),
        action=(
            "Check that the provider's rate limits allow it for all affected users together, "
            "and that its cost is meant."
        ),
        fingerprint=fingerprint(CODE, pair.key, before, after),
        affected=HavingOn(workflow=pair.key.name, integration=pair.before.get("integration")),
        pointer=pointer("trigger", "cron"),
    )


def _yearly(earlier: Fraction, later: Fraction) -> str:
    """Return runs a year where runs a day are fractions that nobody can picture."""
    if later >= 1:
        return ""
    return f" ({round(earlier * _DAYS_A_YEAR)} to {round(later * _DAYS_A_YEAR)} a year)"
