"""IntegrationRemoved: everyone connected to an integration loses it."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.affected import ConnectedTo
from reconciler.core.messages.reading import removed
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.messages.words import plural, verb
from reconciler.core.model import Kind, ResourceKey

CODE = "IntegrationRemoved"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each removed integration."""
    gone = [key for key, _ in removed(review, Kind.INTEGRATION)]
    if not gone:
        return
    owners = [spec.get("integration") for _, spec in removed(review, Kind.WORKFLOW)]
    for key in gone:
        yield _message(review, key, owners.count(key.name))


def _message(review: Review, key: ResourceKey, workflows: int) -> Message:
    as_well = (
        f"{plural(workflows, 'workflow')} of it {verb(workflows, 'is', 'are')} removed as well."
    )
    return Message(
        code=CODE,
        severity=Severity.INFO,
        subject=key,
        text=(
            f"The integration {key.name} is removed from {review.environment.name}: its "
            "connected accounts and their settings go with it, and its workflows stop."
            f"{' ' + as_well if workflows else ''}"
        ),
        action=(
            "Tell the affected users before this is deployed. To pause it and keep their "
            "accounts, leave it in git with `enabled: false`."
        ),
        fingerprint=fingerprint(CODE, key, "present", None),
        affected=ConnectedTo(integration=key.name),
    )
