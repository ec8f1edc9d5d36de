"""UserSettingOptionRemoved: users may hold an answer that can no longer be chosen."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core import canonical
from reconciler.core.affected import HoldingSetting
from reconciler.core.messages.reading import SettingPair, Spec, changed_settings
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.messages.words import called, listed, shown, verb

CODE = "UserSettingOptionRemoved"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each setting that keeps its type and loses options."""
    for setting in changed_settings(review):
        if setting.before is None or setting.after is None:
            continue
        # Another type is told by UserSettingTypeChanged; without options anything may be said.
        if setting.before.get("type") == setting.after.get("type") and setting.after.get("options"):
            gone = sorted(_options(setting.before) - _options(setting.after))
            if gone:
                yield _message(review, setting, gone)


def _options(setting: Spec) -> set[str]:
    values = [option["value"] for option in setting.get("options") or ()]
    return {value if isinstance(value, str) else canonical.dumps(value) for value in values}


def _message(review: Review, setting: SettingPair, gone: list[str]) -> Message:
    option = verb(len(gone), "option", "options")
    return Message(
        code=CODE,
        severity=Severity.WARNING,
        subject=setting.key,
        text=(
            f"The user setting {setting.name} of {called(setting.key)} loses the {option} "
            f"{listed([shown(value) for value in gone])} in {review.environment.name}: users who "
            "chose it keep an answer that workflows may no longer understand."
        ),
        action=f"Keep the {option}, or ask the affected users to choose again.",
        fingerprint=fingerprint(CODE, setting.key, [setting.name, gone], [setting.name, None]),
        affected=HoldingSetting(
            integration=setting.integration,
            workflow=setting.workflow,
            setting=setting.name,
            options=tuple(gone),
        ),
        pointer=f"{setting.pointer}/options",
    )
