"""RequiredUserSettingAdded: users who are there already must answer one more question."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.affected import WithoutSetting
from reconciler.core.messages.reading import SettingPair, changed_settings
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.messages.words import called, shown
from reconciler.core.model import Kind

CODE = "RequiredUserSettingAdded"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each setting that is required and was not there or not required."""
    for setting in changed_settings(review):
        is_required = setting.after is not None and setting.after.get("required", True)
        if is_required and (setting.before is None or not setting.before.get("required", True)):
            yield _message(review, setting)


def _message(review: Review, setting: SettingPair) -> Message:
    is_new = setting.before is None
    return Message(
        code=CODE,
        severity=Severity.INFO,
        subject=setting.key,
        text=(
            f"The user setting {setting.name} of {called(setting.key)} is "
            f"{'new and required' if is_new else 'required now'} in {review.environment.name}. "
            f"{_effect(setting)}"
        ),
        action="Ask the affected users to open the portal and set it, or make it optional.",
        fingerprint=fingerprint(
            CODE, setting.key, [setting.name, None if is_new else False], [setting.name, True]
        ),
        affected=WithoutSetting(
            integration=setting.integration, workflow=setting.workflow, setting=setting.name
        ),
        pointer=setting.pointer if is_new else f"{setting.pointer}/required",
    )


def _effect(setting: SettingPair) -> str:
    whose = "the workflow" if setting.key.kind == Kind.WORKFLOW else "workflows that read it"
    verb = "does" if setting.key.kind == Kind.WORKFLOW else "do"
    default = (setting.after or {}).get("default")
    suggested = "" if default is None else f" The portal suggests {shown(default)}."
    return f"Until a user has set it, {whose} {verb} not work for them.{suggested}"
