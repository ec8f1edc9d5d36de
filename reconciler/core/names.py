"""Names as people read them: the nearest known one, and foreign text shown safely in one line.

It knows nothing of what the names stand for.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHOWN = 60


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was probably meant, None when none is near."""
    by_folded = {other.casefold(): other for other in known if other != name}
    # difflib is quadratic in the length, and no name that was mistyped is that long.
    if len(name) > 2 * SHOWN:
        return None
    found = difflib.get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean "x"?)` to put behind a name, empty when no known one is near."""
    found = closest(name, known)
    return "" if found is None else f" (did you mean {quoted(found)}?)"


def quoted(text: str) -> str:
    """Return text in double quotes on one line: control characters as escapes, at most 60 long."""
    cut = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    return '"' + "".join(c if c.isprintable() else _escaped(c) for c in cut) + '"'


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
