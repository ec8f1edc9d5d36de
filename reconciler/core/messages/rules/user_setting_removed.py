"""UserSettingRemoved: answers that users gave are not asked for any more."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.affected import HoldingSetting
from reconciler.core.messages.reading import SettingPair, changed_settings
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.messages.words import called

CODE = "UserSettingRemoved"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each setting that is gone while its resource stays."""
    for setting in changed_settings(review):
        if setting.after is None:
            yield _message(review, setting)


def _message(review: Review, setting: SettingPair) -> Message:
    return Message(
        code=CODE,
        severity=Severity.WARNING,
        subject=setting.key,
        text=(
            f"The user setting {setting.name} of {called(setting.key)} is removed from "
            f"{review.environment.name}: the answers of its users are no longer used, and they "
            "cannot see or change them."
        ),
        action=(
            "Check that nothing relies on the answers. A setting that was renamed must be "
            "asked again: keep the old name if you can."
        ),
        fingerprint=fingerprint(CODE, setting.key, setting.name, None),
        affected=HoldingSetting(
            integration=setting.integration, workflow=setting.workflow, setting=setting.name
        ),
        pointer=setting.pointer,
    )
