"""Field by field: what differs between two contents of one resource.

Lists whose members all have a `name` are matched by name, so that inserting one is one change,
and members that only changed places are told from edits. Other lists are one value each.
The only module that knows deepdiff.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.model import FieldChange
from reconciler.core.pointers import escaped

_LIST = (list, tuple)


def field_changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> tuple[FieldChange, ...]:
    """Return what differs between two normalised contents, sorted by path.

    An added field has before None, a removed one after None.
    """
    from deepdiff import DeepDiff  # heavy; only pairs that differ come here

    left, right = _comparable(before, after)
    found = {move.path: move for move in _moves(before, after, "")}
    # By default deepdiff leaves keys such as `__rl` out and reports dissimilar mappings whole.
    tree = DeepDiff(
        left, right, view="tree", ignore_private_variables=False, threshold_to_diff_deeper=0
    )
    for level in (level for levels in tree.values() for level in levels):
        parts = level.path(output_format="list")
        path = pointer(parts)
        found[path] = FieldChange(path=path, before=_at(before, parts), after=_at(after, parts))
    return tuple(found[path] for path in sorted(found))


def pointer(parts: list[Any]) -> str:
    """Return the JSON Pointer of path parts."""
    return "".join("/" + escaped(str(part)) for part in parts)


def member_names(value: Json) -> list[str] | None:
    """Return the names of a list's members, None unless all have one of their own."""
    if not isinstance(value, _LIST) or not value:
        return None
    names = [item.get("name") if isinstance(item, Mapping) else None for item in value]
    if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return [str(name) for name in names]
    return None


def _comparable(before: Json, after: Json) -> tuple[Json, Json]:
    """Return both sides without what is equal, named lists as mappings, values as texts."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return _without_equal(before, after)
    if _both_lists(before, after):
        left, right = _members(before), _members(after)
        if left is not None and right is not None:
            return _without_equal(left, right)
    # As JSON text no two values look equal to deepdiff that are not: 1 and true, {} and "{}".
    return canonical.dumps(before), canonical.dumps(after)


def _without_equal(before: Mapping[str, Json], after: Mapping[str, Json]) -> tuple[Json, Json]:
    left: dict[str, Json] = {}
    right: dict[str, Json] = {}
    for key in before.keys() | after.keys():
        if key not in before:
            right[key] = None
        elif key not in after:
            left[key] = None
        elif not _same(before[key], after[key]):
            left[key], right[key] = _comparable(before[key], after[key])
    return left, right


def _same(before: Json, after: Json) -> bool:
    """Compare as JSON does: 1 and true are two values."""
    return before == after and canonical.dumps(before) == canonical.dumps(after)


def _both_lists(before: Json, after: Json) -> bool:
    return isinstance(before, _LIST) and isinstance(after, _LIST)


def _members(value: Json) -> dict[str, Json] | None:
    """Return a list's members by name; an empty list has none, an unnamed one is None."""
    if not value:
        return {}
    names = member_names(value)
    return None if names is None else dict(zip(names, value, strict=True))


def _moves(before: Json, after: Json, path: str) -> Iterator[FieldChange]:
    """Yield lists whose common members stand in another order."""
    left, right = _children(before), _children(after)
    if left is None or right is None or isinstance(before, _LIST) != isinstance(after, _LIST):
        return
    if _both_lists(before, after):
        common = [name for name in left if name in right]
        if common != (moved := [name for name in right if name in left]):
            yield FieldChange(path=path, before=common, after=moved)
    for key in left:
        if key in right and left[key] != right[key]:
            yield from _moves(left[key], right[key], path + pointer([key]))


def _children(value: Json) -> Mapping[str, Json] | None:
    if isinstance(value, Mapping):
        return value
    return _members(value) if isinstance(value, _LIST) else None


def _at(value: Json, parts: list[Any]) -> Json:
    """Return the value at a path, None where there is none."""
    for part in parts:
        children = _children(value)
        if children is None or part not in children:
            return None
        value = children[part]
    return value
