"""WorkflowDisabled: a workflow pauses for everyone who has it on."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.affected import HavingOn
from reconciler.core.messages.reading import Pair, modified, pointer
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.model import Kind

CODE = "WorkflowDisabled"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each workflow that was enabled and is not any more."""
    for pair in modified(review, Kind.WORKFLOW):
        if pair.before.get("enabled", True) and not pair.after.get("enabled", True):
            yield _message(review, pair)


def _message(review: Review, pair: Pair) -> Message:
    return Message(
        code=CODE,
        severity=Severity.INFO,
        subject=pair.key,
        text=(
            f"The workflow {pair.key.name} is disabled in {review.environment.name}: it pauses "
            "for everyone who has it on until it is enabled again."
        ),
        action="Tell the affected users before this is deployed; nothing of theirs is lost.",
        fingerprint=fingerprint(CODE, pair.key, "enabled", "disabled"),
        affected=HavingOn(workflow=pair.key.name, integration=pair.before.get("integration")),
        pointer=pointer("enabled"),
    )
