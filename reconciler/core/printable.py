r"""Text from elsewhere made safe to look at: what cannot be seen is written out.

Titles, tag messages and answers of servers may hold escape sequences that move the cursor, set the
clipboard or hide text. These functions keep every visible character and write the others as
`\x1b` or `\u202e`. They know nothing of secrets, Markdown or HTML.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

ELLIPSIS = "…"

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# Where a zero-width joiner is part of a picture and hides nothing.
_EMOJI = "\u2600-\u27bf\ufe0f\U0001f000-\U0001faff"

_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"  # soft hyphen, fillers, marks
    "\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f"  # zero width, separators, bidi
    "\u3164\ufeff\uffa0\ufff9-\ufffb"  # fillers, byte order mark, annotations
    "\ud800-\udfff"  # lone surrogates, which no file or terminal takes
    "\U000e0000-\U000e0fff"  # tag characters
)


@cache
def _unseen(*, newlines: bool) -> re.Pattern[str]:
    """Return the pattern of one character that must be written out."""
    more = "\t\n" if newlines else ""
    joiner = f"(?<![{_EMOJI}])\u200d|\u200d(?![{_EMOJI}])"
    return re.compile(f"[{_UNSEEN}{more}]|{joiner}")


def _written_out(match: re.Match[str]) -> str:
    """Return the escape of one character."""
    character = match.group()
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    """Return text with unseen characters written out; newlines and tabs stay."""
    return _unseen(newlines=False).sub(_written_out, text)


def plain(text: str) -> str:
    """Return text of several lines for a terminal or a build log.

    Line ends become newlines, unseen characters are written out, and a line that a build server
    would take for a command (`::error::`, `##[group]`) is no longer one.
    """
    lines = visible(text.replace("\r\n", "\n"))
    return re.sub(r"^([ \t]*):(?=:)", r"\1\\x3a", lines, flags=re.MULTILINE).replace(
        "##[", "#\\x23["
    )


def one_line(text: str, limit: int | None = None) -> str:
    """Return text as one line of at most `limit` characters, newlines and tabs written out.

    What is cut ends with an ellipsis; neither an escape nor a combined character is cut in two.
    """
    if limit is None:
        return _unseen(newlines=True).sub(_written_out, text)
    line = _unseen(newlines=True).sub(_written_out, text[: limit + 1])
    return line if len(line) <= limit else _cut(line, max(limit - 1, 0)) + ELLIPSIS[:limit]


def _cut(line: str, end: int) -> str:
    """Return at most `end` characters, ending on a boundary."""
    while 0 < end < len(line) and _joins(line[end]):
        end -= 1
    return re.sub(r"\\(?:x[0-9a-f]?|u[0-9a-f]{0,3}|U[0-9a-f]{0,7})?\Z", "", line[:end])


def _joins(character: str) -> bool:
    """Say whether a character belongs to the one before it."""
    return unicodedata.combining(character) != 0 or character in "\u200d\ufe0e\ufe0f"
