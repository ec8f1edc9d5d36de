"""What differs, as neutral lines that text and Markdown both show: a sign, a depth and a text."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `+`, `~`, `-` or a space; depth counts from the resource; text is printable.

    `content` lines are a piece of a longer text, shown behind a gutter.
    """

    sign: str
    depth: int
    text: str
    content: bool = False


def wrapped(line: Line, width: int) -> list[Line]:
    """Return a line of words as several that fit; what cannot be broken stays whole."""
    if len(line.text) <= width:
        return [line]
    texts = textwrap.wrap(line.text, max(20, width), break_long_words=False, break_on_hyphens=False)
    rest = [Line(" ", line.depth + 1, text) for text in texts[1:]]
    return [Line(line.sign, line.depth, texts[0] if texts else ""), *rest]
