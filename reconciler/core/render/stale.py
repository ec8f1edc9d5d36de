"""The difference between the plan that was reviewed and the plan as it is now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.core.canonical import Json
from reconciler.core.model import FieldChange
from reconciler.core.render.fields import sign_of
from reconciler.core.render.foreign import shown
from reconciler.core.render.values import dotted, inline
from reconciler.core.render.wording import and_more, short_commit

_FIELDS = 8
_VALUE = 60
Object = Mapping[str, Any]


def plan_difference(before: Object, after: Object) -> str:
    """Say what two plans of one environment (as in the plan JSON) do not have in common.

    `before` is the reviewed one. Locations, counts and texts do not matter, as in the digest.
    """
    blocks = [
        f"reviewed  {_identity(before)}",
        f"now       {_identity(after)}",
        *_block("Changes", _changes(before, after)),
        *_block("Messages", _messages(before, after)),
    ]
    if len(blocks) == 2:
        blocks.append(
            "Changes and messages are the same; what they start from or lead to is another content."
        )
    return "\n".join(blocks)


def _identity(plan: Object) -> str:
    desired = plan.get("desired") or {}
    commit = short_commit(str(desired.get("commit") or "")) or "no commit"
    return shown(f"{plan.get('digest') or 'no digest'} at {commit}")


def _block(title: str, lines: Iterator[str]) -> list[str]:
    found = list(lines)
    return [f"{title}:", *found] if found else []


def _changes(before: Object, after: Object) -> Iterator[str]:
    old, new = _by(_resource, before["changes"]), _by(_resource, after["changes"])
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield f"  + {name}: {new[name]['action']}, was not in the reviewed plan"
        elif name not in new:
            yield f"  - {name}: {old[name]['action']}, no longer in the plan"
        elif old[name]["action"] != new[name]["action"]:
            yield f"  ~ {name}: {old[name]['action']} when reviewed, {new[name]['action']} now"
        else:
            yield from _fields(name, old[name], new[name])


def _fields(name: str, before: Object, after: Object) -> Iterator[str]:
    old, new = (_by(lambda field: field["path"], change["fields"]) for change in (before, after))
    paths = [path for path in sorted(old.keys() | new.keys()) if old.get(path) != new.get(path)]
    if paths:
        yield f"  ~ {name}: {before['action']} of other fields"
    for path in paths[:_FIELDS]:
        yield from _field(old.get(path), new.get(path))
    if len(paths) > _FIELDS:
        yield f"      {and_more(len(paths) - _FIELDS, 'field')}"


def _field(before: Object | None, after: Object | None) -> Iterator[str]:
    if after is None:
        yield f"      no longer  {_told(before or {})}"
    elif before is None:
        yield f"      new        {_told(after)}"
    else:
        yield f"      reviewed   {_told(before)}"
        yield f"      now        {_told(after)}"


def _told(row: Object) -> str:
    change = FieldChange(path=row["path"], before=row["before"], after=row["after"])
    sides = [value for value in (change.before, change.after) if value is not None]
    text = " → ".join(inline(value, _VALUE) for value in sides)
    return f"{sign_of(change)} {dotted(change.path)}: {text}"


def _messages(before: Object, after: Object) -> Iterator[str]:
    old, new = _by(_identity_of, before["messages"]), _by(_identity_of, after["messages"])
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            yield f"  + {_message(new[key])}, was not in the reviewed plan"
            yield f"      {shown(new[key]['text'])}"
        elif key not in new:
            yield f"  - {_message(old[key])}, no longer in the plan"


def _identity_of(row: Object) -> str:
    """Return what the digest of a plan takes of a message."""
    return f"{row['code']} {_resource(row['subject'])} {row['severity']} {row['fingerprint']}"


def _by(key: Callable[[Object], str], rows: Sequence[Json]) -> dict[str, Object]:
    return {key(row): row for row in rows}


def _resource(row: Object) -> str:
    return shown(f"{row['kind']}/{row['name']}")


def _message(row: Object) -> str:
    return f"{shown(row['severity'])} {shown(row['code'])}: {_resource(row['subject'])}"
