"""WorkflowEnabledByDefault: a deployment switches a workflow on for users who did not ask."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.affected import SwitchedOnBy
from reconciler.core.messages.reading import Spec, added, modified, pointer
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.model import Kind, ResourceKey

CODE = "WorkflowEnabledByDefault"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each workflow that from now on is on by default.

    What counts is enabled and enabledByDefault together: a disabled workflow is on for nobody,
    and enabling one that is on by default switches it on as well.
    """
    for key, spec in added(review, Kind.WORKFLOW):
        if _is_default(spec):
            yield _message(review, key, spec, before=None)
    for pair in modified(review, Kind.WORKFLOW):
        if _is_default(pair.after) and not _is_default(pair.before):
            yield _message(review, pair.key, pair.after, before="off")


def _is_default(spec: Spec) -> bool:
    return bool(spec.get("enabled", True) and spec.get("enabledByDefault", False))


def _message(review: Review, key: ResourceKey, spec: Spec, before: str | None) -> Message:
    integration: str | None = spec.get("integration")
    whom = f"every user connected to {integration}" if integration else "every user"
    return Message(
        code=CODE,
        severity=Severity.INFO,
        subject=key,
        text=(
            f"The workflow {key.name} is switched on in {review.environment.name} for {whom}, "
            "except for those who switched it off themselves."
        ),
        action=(
            "Check that it may run for all of them. `enabledByDefault: false` leaves the choice "
            "to each user."
        ),
        fingerprint=fingerprint(CODE, key, before, "on"),
        affected=SwitchedOnBy(workflow=key.name, integration=integration) if integration else None,
        pointer=pointer("enabledByDefault"),
    )
