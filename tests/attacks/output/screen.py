"""What a terminal would do with a text other than show it."""

from __future__ import annotations

import re
import unicodedata

# Our own colours, on a terminal only.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# Cf characters that are seen, and the joiner, which pictures need.
_SEEN = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u200d")
_SEEN |= {"\U000110bd", "\U000110cd"}


def obeyed(text: str, *, colours: bool = False) -> list[str]:
    """Return each character that is not shown as what it is, and each crowd of marks."""
    rest = _COLOUR.sub("", text) if colours else text
    found = [c for c in rest if c not in "\n\t" and c not in _SEEN and _is_unseen(c)]
    return found + _crowds(rest)


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _crowds(text: str) -> list[str]:
    """Return runs of marks that would be drawn over other lines."""
    crowds, run = [], ""
    for character in f"{text} ":
        if unicodedata.category(character) in ("Mn", "Me"):
            run += character
        else:
            crowds += [run] if len(run) > 10 else []
            run = ""
    return crowds
