"""How text looks on a terminal: colour and width. Meaning never depends on either."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from reconciler.core.model import Action

SYMBOLS = {Action.ADD: "+", Action.MODIFY: "~", Action.REMOVE: "-"}
SIGN_WORDS = {"+": "add", "~": "modify", "-": "remove"}

BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"
_SIGN_COLOURS = {"+": GREEN, "~": YELLOW, "-": RED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Whether ANSI colours may be used, and how many columns there are."""

    colour: bool = False
    width: int = 100

    def paint(self, text: str, *codes: str) -> str:
        """Return the text in the colours of these ANSI codes, or as it is without colour."""
        if not self.colour or not codes or not text:
            return text
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m"

    def sign(self, sign: str, *codes: str) -> str:
        """Return one of the symbols in its colour."""
        colour = _SIGN_COLOURS.get(sign)
        return self.paint(sign, *([colour] if colour else []), *codes)


PLAIN = Style()


def columns(text: str) -> int:
    """Count the terminal columns of a printable text: wide characters take two, marks none."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def pad(text: str, width: int) -> str:
    """Fill a text with spaces up to so many terminal columns."""
    return text + " " * max(0, width - columns(text))


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
