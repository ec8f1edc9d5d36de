"""IntegrationDisabled: an integration pauses for everyone connected to it."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.affected import ConnectedTo
from reconciler.core.messages.reading import Pair, modified, pointer
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.model import Kind

CODE = "IntegrationDisabled"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each integration that was enabled and is not any more."""
    for pair in modified(review, Kind.INTEGRATION):
        if pair.before.get("enabled", True) and not pair.after.get("enabled", True):
            yield _message(review, pair)


def _message(review: Review, pair: Pair) -> Message:
    name = pair.key.name
    return Message(
        code=CODE,
        severity=Severity.INFO,
        subject=pair.key,
        text=(
            f"The integration {name} is disabled in {review.environment.name}: its connected "
            "accounts and its workflows pause until it is enabled again."
        ),
        action="Tell the affected users before this is deployed; nothing of theirs is lost.",
        fingerprint=fingerprint(CODE, pair.key, "enabled", "disabled"),
        affected=ConnectedTo(integration=name),
        pointer=pointer("enabled"),
    )
