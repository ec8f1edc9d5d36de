"""HotfixWouldBeUndone: a release takes a field back to what it was before a hotfix.

Judged field by field, three-way: before the hotfix, with it, and now. A field that gets a third
value was changed by somebody who knew it; one that goes back to the first was most likely made
from content that never had the hotfix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.messages.review import Hotfix, Message, Review, Severity, fingerprint
from reconciler.core.messages.words import plural
from reconciler.core.model import Action, Change

CODE = "HotfixWouldBeUndone"
_UNDOES = {Action.ADD: Action.REMOVE, Action.REMOVE: Action.ADD}


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each resource of a hotfix that a change takes back."""
    changes = {change.key: change for change in review.changes}
    for hotfix in review.hotfixes:
        change = changes.get(hotfix.key)
        if change is None:
            continue
        if change.action is _UNDOES.get(hotfix.action):
            yield _message(review, hotfix, change, ())
        elif change.action is Action.MODIFY and (paths := _taken_back(hotfix, change)):
            yield _message(review, hotfix, change, paths)


def _taken_back(hotfix: Hotfix, change: Change) -> tuple[str, ...]:
    """Return the fields that had the hotfix's value and get the one from before it."""
    now = {field.path: (field.before, field.after) for field in change.fields}
    return tuple(
        path
        for path, before, after in map(_field, hotfix.fields)
        if path in now and _same(now[path], (after, before))
    )


def _field(field: Mapping[str, Json]) -> tuple[str, Json, Json]:
    return str(field["path"]), field.get("before"), field.get("after")


def _same(one: tuple[Json, Json], other: tuple[Json, Json]) -> bool:
    return canonical.dumps(list(one)) == canonical.dumps(list(other))


def _message(review: Review, hotfix: Hotfix, change: Change, paths: tuple[str, ...]) -> Message:
    where = review.environment.name
    what = f"the {plural(len(paths), 'field')} {', '.join(paths)}" if paths else "all of it"
    return Message(
        code=CODE,
        severity=Severity.WARNING,
        subject=change.key,
        text=(
            f"Hotfix {hotfix.version} changed {change.key} in {where}, and this release takes "
            f"{what} back to what was there before."
        ),
        action=(
            f"Bring the hotfix into the content that this release is made from, or acknowledge it "
            f"if it is meant: `reconciler release acknowledge RELEASE {CODE} {change.key} "
            "--reason …`."
        ),
        fingerprint=fingerprint(
            CODE, change.key, hotfix.version, list(paths) or change.action.value
        ),
        pointer=paths[0] if paths else "",
    )
