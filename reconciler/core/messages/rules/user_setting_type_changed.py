"""UserSettingTypeChanged: answers that users gave may not fit the question any more."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.affected import HoldingSetting
from reconciler.core.canonical import Json
from reconciler.core.messages.reading import SettingPair, changed_settings
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.messages.words import called

CODE = "UserSettingTypeChanged"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each setting that stays and takes another type."""
    for setting in changed_settings(review):
        if setting.before is not None and setting.after is not None:
            before, after = setting.before.get("type"), setting.after.get("type")
            if before != after:
                yield _message(review, setting, before, after)


def _message(review: Review, setting: SettingPair, before: Json, after: Json) -> Message:
    return Message(
        code=CODE,
        severity=Severity.WARNING,
        subject=setting.key,
        text=(
            f"The user setting {setting.name} of {called(setting.key)} changes from {before} to "
            f"{after} in {review.environment.name}: answers that users gave before may not fit, "
            "and workflows that read them can fail."
        ),
        action=(
            "Add a setting under another name beside it and let workflows read that one, "
            "or ask the affected users to answer again."
        ),
        fingerprint=fingerprint(CODE, setting.key, [setting.name, before], [setting.name, after]),
        affected=HoldingSetting(
            integration=setting.integration,
            workflow=setting.workflow,
            setting=setting.name,
            type=str(after),
        ),
        pointer=f"{setting.pointer}/type",
    )
