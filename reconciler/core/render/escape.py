"""Foreign text inside Markdown and HTML, so that readers see what was written and nothing acts.

A forge makes links, mentions and pictures out of text *after* Markdown was read, where a backslash
no longer helps. So whatever could begin one is split by an invisible space, and names and titles
stand in code, where nothing is made of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from reconciler.core.render.foreign import shown

_SPLIT = "&#8203;"
# Beside one of these emphasis neither begins nor ends.
_SPACES = " \u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "<span>$</span>"}
_SPECIAL = {
    **_HTML,
    **{character: f"\\{character}" for character in "\\`*_[]~"},
    "|": "&#124;",
}
# What ends like `:tada` may have a colon of ours behind it.
# Each is one group: what stands before the place where a link, mention or picture is split.
_LINKS = re.compile(
    r"(@)|(#)(?=\d)|\b(GH)(?=-\d)|\b(www)(?=\.)|(:)(?=//)|(:)(?=(?:[a-z+-][\w+-]*|100|1234)(?::|\Z))",
    re.IGNORECASE,
)
_LEADING = re.compile(r"\A(?:([-+=#])|(\d+)([.)]))")


def prose(text: str, limit: int | None = None) -> str:
    """Return foreign text for a Markdown paragraph, list item or table cell, on one line."""
    return _LEADING.sub(_defused, _split(text.strip(_SPACES), limit, _escaped))


def words(text: str, limit: int | None = None) -> str:
    """Return a sentence of ours with foreign parts: what stands in backticks becomes code.

    A foreign backtick only moves where code begins; both forms are safe for any text.
    """
    parts = shown(text.strip(" "), limit).split("`")
    if len(parts) % 2 == 0 or not all(part.strip() for part in parts[1::2]):
        return prose(text, limit)
    first = prose(parts[0]) + (" " if parts[0].endswith(" ") else "")
    return first + "".join(
        code(part) if number % 2 else _split(part, None, _escaped)
        for number, part in enumerate(parts[1:], 1)
    )


def lines(text: str, limit: int, most: int = 12) -> str:
    """Return foreign text of several lines for one paragraph; what is more is left out."""
    many = [each for each in re.split(r"\r\n|\r|\n", text[:limit]) if each.strip()]
    if len(many) > most or len(text) > limit:
        many = [*many[:most], "…"]
    return "<br>".join(map(prose, many))


def code(text: str, limit: int | None = None) -> str:
    """Return foreign text as a code span, outside of tables."""
    line = shown(text, limit)
    ticks = "`" * (longest_run(line) + 1)
    edge = " " if not line.strip() or line[0] in "` " or line[-1] in "` " else ""
    return f"{ticks}{edge}{line}{edge}{ticks}"


def html(text: str, limit: int | None = None) -> str:
    """Return foreign text as the content of an HTML element."""
    return "".join(_HTML.get(character, character) for character in shown(text, limit))


def html_prose(text: str, limit: int | None = None) -> str:
    """Return foreign text as the content of an HTML element that is not code."""
    return _split(text, limit, html)


def fenced(lines: Iterable[str], language: str = "diff") -> str:
    """Return lines in a code fence that none of them can close."""
    text = "\n".join(lines)
    fence = "`" * max(3, longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def longest_run(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _split(text: str, limit: int | None, escape: Callable[[str], str]) -> str:
    """Escape what stands between the places where links and mentions begin, and split these."""
    # The pattern gives text, its groups of which at most one matched, text, and so on.
    parts = _LINKS.split(shown(text, limit))
    period = _LINKS.groups + 1
    return "".join(
        f"{part}{_SPLIT}" if number % period else escape(part)
        for number, part in enumerate(parts)
        if part
    )


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in text)


def _defused(match: re.Match[str]) -> str:
    """Return what would begin a list, heading or rule as an entity."""
    sign, digits, end = match.groups()
    return f"&#{ord(sign)};" if sign else f"{digits}&#{ord(end)};"
