"""Three-way merge of manifests, field by field; pure, over contents as they are written.

Fields are told apart as in `core/diff`: mappings by key, lists whose members have names by name,
any other list is one value. It must not know files or environments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.diff import field_changes, member_names
from reconciler.core.pointers import escaped


class FieldConflict(NamedTuple):
    """A field that both sides changed; None stands for what is not there.

    `path` is a JSON Pointer as in `FieldChange`.
    """

    path: str
    changed: Json
    other: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What came of a merge; `content` is None when the resource shall not be there.

    With conflicts `content` means nothing.
    """

    content: Mapping[str, Json] | None
    conflicts: tuple[FieldConflict, ...] = field(default=())


_GONE = object()


def merge(
    base: Mapping[str, Json] | None,
    changed: Mapping[str, Json] | None,
    other: Mapping[str, Json] | None,
) -> Merged:
    """Bring what `changed` changed since `base` into `other`; None is a resource that is not there.

    A field that has the changed value already stays; one that has neither is a conflict.
    """
    if (clashes := _whole(base, changed, other)) is not None:
        return Merged(content=other, conflicts=clashes)
    merging = _Merging()
    found = merging.value("", *(_GONE if side is None else side for side in (base, changed, other)))
    conflicts = tuple(sorted(merging.conflicts, key=lambda conflict: conflict.path))
    return Merged(content=None if found is _GONE else found, conflicts=conflicts)


def _whole(
    base: Mapping[str, Json] | None,
    changed: Mapping[str, Json] | None,
    other: Mapping[str, Json] | None,
) -> tuple[FieldConflict, ...] | None:
    """Return what differs where one side lacks the resource and they do not agree, else None."""
    sides = (_GONE if side is None else side for side in (base, changed, other))
    before, after, there = sides
    if _same(before, after) or _same(after, there) or _same(before, there):
        return None
    if base is None and changed is not None and other is not None:
        found = field_changes(other, changed)
        return tuple(FieldConflict(c.path, c.after, c.before) for c in found)
    if base is not None and changed is None and other is not None:
        return tuple(FieldConflict(c.path, None, c.after) for c in field_changes(base, other))
    if base is not None and changed is not None and other is None:
        return tuple(FieldConflict(c.path, c.after, None) for c in field_changes(base, changed))
    return None


class _Merging:
    """One merge; conflicts are collected and the other side is kept there."""

    def __init__(self) -> None:
        self.conflicts: list[FieldConflict] = []

    def value(self, path: str, base: Json, changed: Json, other: Json) -> Json:
        if _same(base, changed) or _same(changed, other):
            return other
        if _same(base, other):
            return changed
        sides = (base, changed, other)
        if all(isinstance(side, Mapping) for side in sides):
            return self._members(path, base, changed, other)
        named = [_named(side) for side in sides]
        if any(named) and None not in named:
            return self._list(path, *(side or {} for side in named))
        self._conflict(path, changed, other)
        return other

    def _members(
        self, path: str, base: Mapping[str, Json], changed: Mapping[str, Json], other: Json
    ) -> dict[str, Json]:
        merged = {
            key: self.value(
                f"{path}/{escaped(key)}",
                base.get(key, _GONE),
                changed.get(key, _GONE),
                other.get(key, _GONE),
            )
            for key in dict.fromkeys([*other, *changed, *base])
        }
        return {key: item for key, item in merged.items() if item is not _GONE}

    def _list(
        self, path: str, base: dict[str, Json], changed: dict[str, Json], other: dict[str, Json]
    ) -> list[Json]:
        members = self._members(path, base, changed, other)
        order = self._order(path, list(base), list(changed), list(other))
        return [members[name] for name in order if name in members]

    def _order(self, path: str, base: list[str], changed: list[str], other: list[str]) -> list[str]:
        """Return the order of the members: that of the side which moved any, if only one did."""
        if _agree(base, changed) or _agree(changed, other):
            return _woven(other, changed)
        if not _agree(base, other):
            self._conflict(path, changed, other)
        return _woven(changed, other)

    def _conflict(self, path: str, changed: Json, other: Json) -> None:
        sides = (None if side is _GONE else side for side in (changed, other))
        self.conflicts.append(FieldConflict(path, *sides))


def _same(one: Json, other: Json) -> bool:
    """Compare as JSON does: 1 and true are two values, and what is not there is one of its own."""
    if one is _GONE or other is _GONE:
        return one is other
    return canonical.dumps(one) == canonical.dumps(other)


def _named(value: Json) -> dict[str, Json] | None:
    """Return a list's members by name, None for what is no such list; an empty one has none."""
    if not isinstance(value, list | tuple):
        return None
    names = member_names(value)
    if names is None:
        return None if value else {}
    return dict(zip(names, value, strict=True))


def _agree(one: Sequence[str], other: Sequence[str]) -> bool:
    """Say whether the names that two lists have in common stand in one order."""
    left, right = set(one), set(other)
    return [n for n in one if n in right] == [n for n in other if n in left]


def _woven(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return one order with the names that only the other has, each after the one before it."""
    woven = list(first)
    for place, name in enumerate(second):
        if name not in woven:
            before = next((n for n in reversed(second[:place]) if n in woven), None)
            woven.insert(0 if before is None else woven.index(before) + 1, name)
    return woven
