"""A document of parts, cut on the boundary of an item and honest about what was left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reconciler.core.render.wording import and_more


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is shown whole, or by its short form, or not at all; made when it is taken."""

    whole: Callable[[], str]
    short: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A list between a head and a foot that are always shown.

    `joiner` stands between head and items, `more` before the note of what was left out.
    The part with the lowest `priority` gets room first.
    """

    head: str = ""
    items: tuple[Item, ...] = ()
    foot: str = ""
    joiner: str = "\n\n"
    more: str = ""
    priority: int = 0


def size(text: str) -> int:
    """Count as forges do, where a character outside the basic plane counts twice."""
    return len(text) + sum(character > "\uffff" for character in text)


def fit(parts: Sequence[Part], limit: int) -> str:
    """Return the document in at most `limit` characters, as far as heads and feet allow."""
    room = limit - sum(_fixed(part) for part in parts)
    kept: dict[int, list[str]] = {}
    for number in sorted(range(len(parts)), key=lambda number: parts[number].priority):
        kept[number], room = _take(parts[number], room)
    texts = (_text(part, kept[number]) for number, part in enumerate(parts))
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


def _take(part: Part, room: int) -> tuple[list[str], int]:
    taken: list[str] = []
    for item in part.items:
        text = _fitting(item, room - len(part.joiner))
        if text is None:
            break
        taken.append(text)
        room -= size(text) + len(part.joiner)
    return taken, room


def _fitting(item: Item, room: int) -> str | None:
    """Return the longest form of an item that fits."""
    for form in (item.whole, item.short):
        if form is not None and size(text := form()) <= room:
            return text
    return None


def _text(part: Part, taken: list[str]) -> str:
    missing = len(part.items) - len(taken)
    notes = [part.more + and_more(missing)] if missing else []
    body = part.joiner.join(text for text in (part.head, *taken, *notes) if text)
    return "\n\n".join(text for text in (body, part.foot) if text)
