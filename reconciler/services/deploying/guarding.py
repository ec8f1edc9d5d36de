"""What must not be applied, and what must be there afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler import telemetry
from reconciler.core.canonical import Json
from reconciler.core.errors import (
    Held,
    PlatformError,
    StalePlan,
    Unmanaged,
    VerificationFailed,
)
from reconciler.core.model import ResourceKey
from reconciler.core.plan import Plan
from reconciler.core.render import json as render_json
from reconciler.core.render import text as render_text
from reconciler.ports import Platform
from reconciler.services.deploying import operations as writes
from reconciler.services.deploying.options import ApplyOptions
from reconciler.services.planning import Planned

BUDGET = "RemovalBudgetExceeded"


def guard(planned: Planned, options: ApplyOptions) -> None:
    """Refuse, before anything is written, what must not be applied."""
    plan = planned.plan
    refuse_incomplete(plan)
    if theirs := writes.unmanaged_conflicts(planned):
        raise Unmanaged(
            f"{_some(theirs)} exists in {plan.environment} and was not made by reconciler.",
            hint=f"Adopt it: `reconciler import --environment {plan.environment} {theirs[0]}`.",
        )
    if options.reviewed is not None and options.reviewed.get("digest") != plan.digest:
        raise stale(options.reviewed, plan)
    for message in plan.messages:
        if message.code == BUDGET and not options.allow_removals:
            raise Held(message.text, hint=message.action)


def refuse_incomplete(plan: Plan) -> None:
    """Refuse to act on a platform that was not read completely: unknown is not absent."""
    if not plan.complete:
        reason = plan.incomplete_reason or "not everything could be read"
        raise PlatformError(
            f"The platform of {plan.environment} was not read completely: {reason}.",
            hint="Nothing was written; try again when it answers.",
        )


def verify(platform: Platform, written: Mapping[ResourceKey, str | None]) -> None:
    """Compare what runs with what was written (None: removed).

    Raises:
        VerificationFailed: naming the first resources that differ, or why it cannot be said.
    """
    observation = platform.observe()
    if not observation.complete:
        raise VerificationFailed(
            f"What was written could not be read again: {observation.reason}.",
            hint="Run `reconciler drift` when the platform answers.",
        )
    seen = observation.digests
    wrong = [key for key, digest in written.items() if seen.get(key) != digest]
    if wrong:
        raise VerificationFailed(
            f"Read again after the apply, {_some(wrong)} is not as it was written.",
            hint="Run `reconciler drift` to see the difference.",
        )


def stale(reviewed: Mapping[str, Json], now: Plan) -> StalePlan:
    """Return the error that tells in what a plan differs from the reviewed one."""
    masked = telemetry.redactor().value
    difference = render_text.plan_difference(masked(reviewed), masked(render_json.plan(now)))
    return StalePlan(
        f"The plan of {now.environment} is no longer the reviewed one.\n{difference}",
        hint="Review the new plan, then apply again.",
    )


def _some(keys: Sequence[ResourceKey]) -> str:
    """Return the first of many resources, and how many more there are."""
    more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
    return ", ".join(str(key) for key in keys[:5]) + more
