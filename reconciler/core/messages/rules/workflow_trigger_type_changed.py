"""WorkflowTriggerTypeChanged: something else starts a workflow that users have on."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.affected import HavingOn
from reconciler.core.messages.reading import Pair, modified, pointer, trigger_type
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.model import Kind

CODE = "WorkflowTriggerTypeChanged"

_STARTED = {
    "appEvent": "by an app event",
    "request": "by a request of the application",
    "webhook": "by a webhook of the provider",
    "schedule": "by a schedule",
    "integrationEnabled": "when a user connects",
    "manual": "only by hand",
}


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each workflow whose trigger is of another type now."""
    for pair in modified(review, Kind.WORKFLOW):
        before, after = trigger_type(pair.before), trigger_type(pair.after)
        if before is not None and after is not None and before != after:
            yield _message(review, pair, before, after)


def _message(review: Review, pair: Pair, before: str, after: str) -> Message:
    return Message(
        code=CODE,
        severity=Severity.INFO,
        subject=pair.key,
        text=(
            f"The workflow {pair.key.name} is started {_STARTED.get(after, after)} in "
            f"{review.environment.name}, no longer {_STARTED.get(before, before)}."
            f"{_subscriptions(before, after)}"
        ),
        action=_action(pair, after),
        fingerprint=fingerprint(CODE, pair.key, before, after),
        affected=HavingOn(workflow=pair.key.name, integration=pair.before.get("integration")),
        pointer=pointer("trigger", "type"),
    )


def _subscriptions(before: str, after: str) -> str:
    if after == "webhook":
        return " For each user who has it on, the provider is asked to send its webhooks."
    if before == "webhook":
        return " For each user who has it on, the provider is asked to end its webhooks."
    return ""


def _action(pair: Pair, after: str) -> str:
    if after == "appEvent":
        event = pair.after["trigger"].get("event")
        return f"Make sure that the application sends {event} before this is deployed."
    if after in {"request", "manual"}:
        return (
            f"Make sure that {pair.key.name} is called where it must run; nothing else starts it."
        )
    return "Check after deploying that it still runs for the affected users."
