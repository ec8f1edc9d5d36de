"""A document of parts, cut on the boundary of an item and honest about what was left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import NamedTuple

from reconciler.core.render.wording import and_more

Form = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is shown whole, as one line, by its name, or not at all; made when needed.

    A line and a name stand in the block of their part.
    """

    whole: Form
    line: Form | None = None
    name: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A list between a head and a foot that are always shown.

    `joiner` stands between head and items, `more` before the note of what was left out. `block`
    makes one text of the lines of items that are not shown whole. The part with the lowest
    `priority` gets room first.
    """

    head: str = ""
    items: tuple[Item, ...] = ()
    foot: str = ""
    joiner: str = "\n\n"
    more: str = ""
    block: Callable[[Sequence[str]], str] | None = None
    priority: int = 0


class _Taken(NamedTuple):
    """The texts of a part that are shown, and how many of its items are left out."""

    texts: list[str]
    missing: int


def size(text: str) -> int:
    """Count UTF-16 units, where a character outside the basic plane counts twice.

    Of the ways in which forges count it is the strictest that one of them uses: GitHub's 65,536 are
    code points of a pull request, and 262,144 bytes of a comment, more than so many units can have.
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit(parts: Sequence[Part], limit: int) -> str:
    """Return the document in at most `limit` characters, as far as heads and feet allow."""
    room = limit - sum(_fixed(part) for part in parts)
    taken: dict[int, _Taken] = {}
    for number in sorted(range(len(parts)), key=lambda number: parts[number].priority):
        part = parts[number]
        taken[number] = _take(part, room)
        room -= sum(size(text) + len(part.joiner) for text in taken[number].texts)
    texts = (_text(part, taken[number]) for number, part in enumerate(parts))
    return "\n\n".join(text for text in texts if text)


def bounded(parts: Sequence[Sequence[Part]], limit: int) -> tuple[list[Part], int]:
    """Return the parts of as many groups as fit without their items, and how many were left out."""
    kept: list[Part] = []
    for number, group in enumerate(parts):
        limit -= sum(_fixed(part) for part in group)
        if limit < 0:
            return kept, len(parts) - number
        kept.extend(group)
    return kept, 0


def _fixed(part: Part) -> int:
    """Count what a part takes without items, with room for the note of what was left out."""
    note = f"{part.joiner}{part.more}{and_more(len(part.items))}" if part.items else ""
    return size(part.head) + size(part.foot) + size(note) + 3 * 2


def _take(part: Part, room: int) -> _Taken:
    """Take all items whole where they fit; else some whole, and of the others a line or a name."""
    wholes = _wholes(part, room)
    rest = part.items[len(wholes) :]
    if not rest or part.block is None:
        return _Taken(wholes, len(rest))
    wholes = _wholes(part, room * 2 // 3)
    room -= sum(size(text) + len(part.joiner) for text in wholes) + len(part.joiner)
    rest = part.items[len(wholes) :]
    names = [(item.name or item.whole)() for item in rest]
    for lines in ([(item.line or item.whole)() for item in rest], names):
        if size(text := part.block(lines)) <= room:
            return _Taken([*wholes, text], 0)
    return _some(part.block, names, wholes, room)


def _wholes(part: Part, room: int) -> list[str]:
    """Return the first items, whole, as many as fit."""
    taken: list[str] = []
    for item in part.items:
        text = item.whole()
        room -= size(text) + len(part.joiner)
        if room < 0:
            break
        taken.append(text)
    return taken


def _some(
    block: Callable[[Sequence[str]], str], names: list[str], wholes: list[str], room: int
) -> _Taken:
    """Return as many names as fit behind what is shown whole."""
    sizes = accumulate(size(name) + 1 for name in names)
    count = sum(1 for _ in takewhile(lambda total: total <= room, sizes))
    while count and size(block(names[:count])) > room:
        count -= 1
    blocks = [block(names[:count])] if count else []
    return _Taken([*wholes, *blocks], len(names) - count)


def _text(part: Part, taken: _Taken) -> str:
    notes = [part.more + and_more(taken.missing)] if taken.missing else []
    body = part.joiner.join(text for text in (part.head, *taken.texts, *notes) if text)
    return "\n\n".join(text for text in (body, part.foot) if text)
