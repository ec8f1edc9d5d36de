"""AppEventRemoved: the application must stop sending an event."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.messages.reading import removed, users_by_event
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.messages.words import verb, workflows
from reconciler.core.model import Kind, ResourceKey

CODE = "AppEventRemoved"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each removed event, a warning when a workflow that stays uses it."""
    gone = [key for key, _ in removed(review, Kind.APP_EVENT)]
    users = users_by_event(review) if gone else {}
    for key in gone:
        yield _message(review, key, [user.name for user in users.get(key.name, ())])


def _message(review: Review, key: ResourceKey, users: list[str]) -> Message:
    text = (
        f"The app event {key.name} is removed from {review.environment.name}: "
        "the application gets an error when it sends it."
    )
    action = f"Take {key.name} out of the application's code before this is deployed."
    if users:
        text += (
            f" It still starts {workflows(users)}, which then {verb(len(users), 'stops', 'stop')}."
        )
        instead = f"Keep the event, or give {workflows(users)} another trigger in the same change."
        action = f"{instead} {action}"
    return Message(
        code=CODE,
        severity=Severity.WARNING if users else Severity.INFO,
        subject=key,
        text=text,
        action=action,
        fingerprint=fingerprint(CODE, key, "present", {"usedBy": users}),
    )
