"""Stores whom the messages of a deployment concern, as it was when it was planned again.

It must not know how users are found, nor how rows are kept.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.messages.review import Message
from reconciler.ports import PlatformReader, Store


def store_affected(
    store: Store, platform: PlatformReader, deployment: str, messages: Iterable[Message]
) -> int:
    """Stream the affected users of each message into the store; return how many rows.

    A message that concerns no users in particular costs nothing, and one whose users cannot be
    read stores nothing.
    """
    return sum(
        store.record_affected(
            deployment, message.code, message.subject, platform.affected(message.affected)
        )
        for message in messages
        if message.affected is not None
    )
