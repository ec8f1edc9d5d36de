"""JSON values as short, printable, honest text: cut in the middle with the length said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from reconciler.core import graphemes
from reconciler.core.canonical import Json
from reconciler.core.pointers import escaped, unescaped
from reconciler.core.render.foreign import shown
from reconciler.core.render.wording import and_more, counted

INLINE = 60
WHOLE = 2**62
ENTRIES = 12
_CONTEXT = 24
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$")


def dotted(pointer: str) -> str:
    """Return a JSON Pointer as people write it: `spec.steps.fetch`, `nodes["HTTP Request"]`."""
    text = ""
    for part in pointer.split("/")[1:]:
        segment = unescaped(part)
        if segment and _PLAIN.issuperset(segment):
            text += f".{segment}" if text else segment
        else:
            text += f"[{inline(segment)}]"
    return text or "(whole)"


def inline(value: Json, limit: int = WHOLE) -> str:
    """Return a value as one line of JSON, cut in the middle when it is longer than the limit."""
    if isinstance(value, str):
        start, end = _middle(value, limit)
        return _quoted(value) if end is None else _quoted(f"{start}…{end}") + _length(value)
    return shown(cut(json.dumps(value, ensure_ascii=False, default=str), limit))


def cut(text: str, limit: int) -> str:
    """Return a text of at most about `limit` characters, its middle replaced by how much it was."""
    start, end = _middle(text, limit)
    return text if end is None else f"{start}…{end}{_length(text)}"


def pair(before: Json, after: Json, limit: int) -> tuple[str, str]:
    """Return two values as one line each, so that what differs between them is to be seen."""
    if not (isinstance(before, str) and isinstance(after, str)):
        return inline(before, limit), inline(after, limit)
    (left, left_note), (right, right_note) = _windows(before, after, limit)
    return _quoted(left) + left_note, _quoted(right) + right_note


def line_pair(before: str, after: str, limit: int) -> tuple[str, str]:
    """Return two lines of a longer text like `pair` does, without quotes."""
    (left, left_note), (right, right_note) = _windows(before, after, limit)
    return left + left_note, right + right_note


def common_ends(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """Return how much two sequences have in common at the beginning and at the end."""
    shorter = min(len(before), len(after))
    start = 0
    while start < shorter and before[start] == after[start]:
        start += 1
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return start, end


def tree(value: Json, width: int, depth: int = 0) -> Iterator[tuple[int, str]]:
    """Yield a nested value as (depth, text) lines: `key: value` of objects, `•` for list items."""
    for label, item in _parts(value):
        text = inline(item, width)
        if not isinstance(item, (Mapping, list)) or len(text) <= INLINE:
            yield depth, f"{label} {text}"
        else:
            yield depth, label
            yield from tree(item, width, depth + 1)


def listed(texts: list[str], limit: int = ENTRIES) -> str:
    """Return `a, b, c … and 12 more`."""
    kept = ", ".join(texts[:limit])
    return kept if len(texts) <= limit else f"{kept} {and_more(len(texts) - limit)}"


def _parts(value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, Mapping):
        yield from ((f"{dotted('/' + escaped(str(key)))}:", item) for key, item in value.items())
    elif isinstance(value, list):
        yield from (("•", item) for item in value)
    else:
        yield "•", value


def _middle(text: str, limit: int) -> tuple[str, str | None]:
    """Return beginning and end of a text that is too long, or all of it and None."""
    if len(text) <= limit:
        return text, None
    half = max(8, limit // 2 - 12)
    return text[: graphemes.before(text, half)], text[graphemes.after(text, len(text) - half) :]


def _windows(before: str, after: str, limit: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return (excerpt, note of its length) of both sides; only equal ends are left out."""
    if max(len(before), len(after)) <= limit:
        return (before, ""), (after, "")
    start, end = common_ends(before, after)
    start, end = max(0, start - _CONTEXT), max(0, end - _CONTEXT)
    return _window(before, start, end, limit), _window(after, start, end, limit)


def _window(text: str, start: int, end: int, limit: int) -> tuple[str, str]:
    start, last = graphemes.before(text, start), graphemes.after(text, len(text) - end)
    head, tail = _middle(text[start:last], limit)
    kept = head if tail is None else f"{head}…{tail}"
    return f"{'…' if start else ''}{kept}{'…' if last < len(text) else ''}", _length(text)


def _quoted(text: str) -> str:
    return shown(json.dumps(text, ensure_ascii=False))


def _length(text: str) -> str:
    return f" ({counted(len(text), 'character')})"
