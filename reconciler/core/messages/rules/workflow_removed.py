"""WorkflowRemoved: a workflow stops for everyone who has it on."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.affected import HavingOn
from reconciler.core.messages.reading import Spec, removed
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.model import Kind, ResourceKey

CODE = "WorkflowRemoved"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each removed workflow."""
    for key, spec in removed(review, Kind.WORKFLOW):
        yield _message(review, key, spec)


def _message(review: Review, key: ResourceKey, spec: Spec) -> Message:
    return Message(
        code=CODE,
        severity=Severity.INFO,
        subject=key,
        text=(
            f"The workflow {key.name} is removed from {review.environment.name}: it stops for "
            "everyone who has it on, and its settings go with it."
        ),
        action=(
            "Tell the affected users before this is deployed. To pause it, leave it in git with "
            "`enabled: false`."
        ),
        fingerprint=fingerprint(CODE, key, "present", None),
        affected=HavingOn(workflow=key.name, integration=spec.get("integration")),
    )
