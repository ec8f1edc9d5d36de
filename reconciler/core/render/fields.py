"""One changed field as lines: a value beside a value, or a small difference of what is longer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import islice

from reconciler.core.canonical import Json
from reconciler.core.model import FieldChange
from reconciler.core.render.foreign import shown
from reconciler.core.render.lines import Line
from reconciler.core.render.values import (
    INLINE,
    WHOLE,
    common_ends,
    cut,
    dotted,
    inline,
    line_pair,
    listed,
    pair,
    tree,
)
from reconciler.core.render.wording import and_more, counted

FIELDS = 30
# Both sides are equal once secrets are masked: there was a difference, and it is not to be seen.
HIDDEN = "the secret is not shown"
_BLOCK = 12
_COMPARED = 400
_LONG = 120


def fields(changes: Sequence[FieldChange], width: int, limit: int = FIELDS) -> list[Line]:
    """Return the lines of all changed fields of a resource, and how many more there are."""
    lines = [line for change in changes[:limit] for line in field(change, width)]
    if len(changes) > limit:
        lines.append(Line(" ", 1, and_more(len(changes) - limit, "field")))
    return lines


def field(change: FieldChange, width: int) -> list[Line]:
    """Return the lines of one changed field."""
    path, before, after = dotted(change.path), change.before, change.after
    if before is None and after is None:
        return [Line("~", 1, f"{path}: null added or removed")]
    if before is None or after is None:
        return _one_side(sign_of(change), path, after if before is None else before, width)
    if before == after and inline(before) == inline(after):
        return [Line("~", 1, f"{path}: changed, {HIDDEN}")]
    if _is_move(before, after):
        return [Line("~", 1, f"{path}: order {_order(before, after)}")]
    return _both_sides(path, before, after, width)


def sign_of(change: FieldChange) -> str:
    """Return the symbol of a changed field."""
    if (change.before is None) == (change.after is None):
        return "~"
    return "+" if change.before is None else "-"


def text_difference(
    before: Sequence[str], after: Sequence[str], width: int
) -> list[tuple[str, str]]:
    """Return (sign, line) pairs of a small difference, with one line of context."""
    lines: list[tuple[str, str]] = []
    start, end = common_ends(before, after)
    start, end = max(0, start - 1), max(0, end - 1)
    left, right = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(left), len(right)) > _COMPARED:
        return _operation("replace", left, right, width)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for number, group in enumerate(matcher.get_grouped_opcodes(1)):
        if number:
            lines.append((" ", "⋯"))
        for kind, i1, i2, j1, j2 in group:
            lines += _operation(kind, left[i1:i2], right[j1:j2], width)
    return lines


def _operation(
    kind: str, left: Sequence[str], right: Sequence[str], width: int
) -> list[tuple[str, str]]:
    if kind == "equal":
        return [(" ", cut(line, width)) for line in left]
    if len(left) != len(right):
        removed = [("-", cut(line, width)) for line in left]
        return removed + [("+", cut(line, width)) for line in right]
    pairs = [line_pair(*lines, width) for lines in zip(left, right, strict=True)]
    return [("-", line) for line, _ in pairs] + [("+", line) for _, line in pairs]


def _one_side(sign: str, path: str, value: Json, width: int) -> list[Line]:
    if isinstance(value, str) and "\n" in value.rstrip("\n"):
        rows = [(sign, cut(line, width)) for line in value.rstrip("\n").split("\n")]
        head = Line(sign, 1, f"{path}: {counted(len(rows), 'line')}")
        return [head, *_block(rows)]
    text = inline(value, width)
    if not isinstance(value, Mapping | list) or len(text) <= INLINE:
        return [Line(sign, 1, f"{path}: {text}")]
    return [Line(sign, 1, f"{path}:"), *_tree_lines(sign, value, width)]


def _both_sides(path: str, before: Json, after: Json, width: int) -> list[Line]:
    if isinstance(before, str) and isinstance(after, str) and _is_text(before, after):
        return _difference(path, *_text_lines(before, after), "line", width)
    if isinstance(before, list | Mapping) and isinstance(after, list | Mapping):
        return _containers(path, before, after, width)
    if isinstance(before, Mapping | list) or isinstance(after, Mapping | list):
        sides = [*_tree_lines("-", before, width), *_tree_lines("+", after, width)]
        return [Line("~", 1, f"{path}:"), *sides]
    left, right = pair(before, after, max(_LONG, width))
    if len(text := f"{path}: {left} → {right}") <= width:
        return [Line("~", 1, text)]
    return [Line("~", 1, f"{path}:"), Line("-", 2, left), Line("+", 2, right)]


def _containers(path: str, before: Json, after: Json, width: int) -> list[Line]:
    left, right = inline(before), inline(after)
    if len(left) + len(right) <= INLINE:
        return [Line("~", 1, f"{path}: {left} → {right}")]
    if isinstance(before, list) and isinstance(after, list):
        return _difference(path, _items(before), _items(after), "item", width)
    return _difference(path, _rows(before), _rows(after), "", width)


def _is_text(before: str, after: str) -> bool:
    """Say whether lines tell the difference; that of a last line end is told by the values."""
    return "\n" in before + after and before.rstrip("\n") != after.rstrip("\n")


def _text_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    left, right = before.split("\n"), after.split("\n")
    if left[-1] == right[-1] == "":
        return left[:-1], right[:-1]
    return left, right


def _difference(
    path: str, before: Sequence[str], after: Sequence[str], noun: str, width: int
) -> list[Line]:
    counts = [counted(len(side), noun) for side in (before, after)]
    head = f"{path}:" if not noun or counts[0] == counts[1] else f"{path}: {' → '.join(counts)}"
    return [Line("~", 1, head), *_block(text_difference(before, after, width))]


def _block(rows: Sequence[tuple[str, str]]) -> list[Line]:
    """Return rows as content lines; what is too much is counted."""
    lines = [Line(sign, 2, shown(text), content=True) for sign, text in rows[:_BLOCK]]
    if len(rows) > _BLOCK:
        signs = [sign for sign, _ in rows[_BLOCK:]]
        counts = ", ".join(f"{sign}{signs.count(sign)}" for sign in "-+" if sign in signs)
        lines.append(Line(" ", 2, f"{and_more(len(signs), 'line')} ({counts or 'unchanged'})"))
    return lines


def _tree_lines(sign: str, value: Json, width: int) -> list[Line]:
    rows = list(islice(tree(value, width), 10 * _BLOCK))
    lines = [Line(sign, 2 + depth, text) for depth, text in rows[:_BLOCK]]
    if len(rows) > _BLOCK:
        lines.append(Line(" ", 2, f"… and more ({len(inline(value)):,} characters in all)"))
    return lines


def _items(value: list[Json]) -> list[str]:
    """Return the items of a list as lines that can be compared."""
    lines: list[str] = []
    for item in value:
        if not isinstance(item, Mapping | list) or len(inline(item)) <= INLINE:
            lines.append(inline(item))
        else:
            lines += _rows([item])
    return lines


def _rows(value: Json) -> list[str]:
    return ["  " * depth + text for depth, text in tree(value, WHOLE)]


def _is_move(before: Json, after: Json) -> bool:
    """Say whether both are the same names in another order."""
    both = isinstance(before, list | tuple) and isinstance(after, list | tuple)
    if not both or not all(isinstance(name, str) for name in [*before, *after]):
        return False
    return sorted(before) == sorted(after)


def _order(before: Sequence[str], after: Sequence[str]) -> str:
    """Return `a, b, c → b, a, c`, without the ends that stayed when there are many."""
    start, end = common_ends(list(before), list(after))
    if len(before) <= 8:
        start = end = 0
    sides = []
    for names in (before, after):
        moved = listed([shown(cut(name, 40)) for name in names[start : len(names) - end]])
        sides.append(("… " if start else "") + moved + (" …" if end else ""))
    return " → ".join(sides)
