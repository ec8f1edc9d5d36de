r"""Text from elsewhere made safe to look at: what cannot be seen is written out.

Titles, tag messages and answers of servers may hold escape sequences that move the cursor, set the
clipboard or hide text. These functions keep every visible character and write the others as
`\x1b` or `\u202e`. They know nothing of secrets, Markdown or HTML.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from reconciler.core import graphemes

ELLIPSIS = "…"

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# Where a zero-width joiner is part of a picture and hides nothing.
_EMOJI = "\u2600-\u27bf\ufe0f\U0001f000-\U0001faff"

UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, fillers, marks
    "\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f"  # zero width, separators, bidi
    "\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb"  # fillers, variants, byte order mark
    "\ud800-\udfff"  # lone surrogates, which no file or terminal takes
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # layout of old scripts
    "\U000e0000-\U000e0fff"  # tag characters
)

# More marks on one letter than any language needs run over the lines above and below.
_MARKS = 8
_CROWD = re.compile(rf"[^\x00-\u02ff]{{{_MARKS + 1},}}")

# A build server takes for a command: a line that begins with `::`, after any blanks, and one with
# `##[` or `##word[` anywhere.
_LINE_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
COMMAND = re.compile(r"##(?=[A-Za-z]{0,16}\[)")

_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")


@cache
def _unseen(*, newlines: bool) -> re.Pattern[str]:
    """Return the pattern of one character that must be written out."""
    more = "\t\n" if newlines else ""
    joiner = f"(?<![{_EMOJI}])\u200d|\u200d(?![{_EMOJI}])"
    return re.compile(f"[{UNSEEN}{more}]|{joiner}")


def _written_out(match: re.Match[str]) -> str:
    """Return the escape of one character."""
    return _NAMED.get(match.group()) or _escape(match.group())


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    """Return text with unseen characters written out; newlines and tabs stay."""
    return thinned(_unseen(newlines=False).sub(_written_out, text), _escape)


def plain(text: str) -> str:
    """Return text of several lines for a terminal or a build log.

    Line ends become newlines, unseen characters are written out, and a line that a build server
    would take for a command (`::error::`, `##[group]`) is no longer one.
    """
    return inert(visible(text.replace("\r\n", "\n")))


def coloured(text: str) -> str:
    """Return text for a terminal as `plain` does, but for our colours, which stay."""
    parts = _COLOUR.split(text.replace("\r\n", "\n"))
    return inert("".join(p if n % 2 else visible(p) for n, p in enumerate(parts)))


def inert(text: str) -> str:
    """Return text without a line that a build server takes for a command."""
    return uncommanded(_LINE_COMMAND.sub(r"\1\\x3a", text))


def uncommanded(text: str) -> str:
    """Return text without what a build server takes for a command wherever it stands."""
    return COMMAND.sub(r"#\\x23", text) if "##" in text else text


def one_line(text: str, limit: int | None = None) -> str:
    """Return text as one line of at most `limit` characters, newlines and tabs written out.

    What is cut ends with an ellipsis; neither an escape nor a combined character is cut in two.
    """
    if limit is None:
        return _line(text)
    line = _line(text[: limit + 1])
    return line if len(line) <= limit else _cut(line, max(limit - 1, 0)) + ELLIPSIS[:limit]


def _line(text: str) -> str:
    return thinned(_unseen(newlines=True).sub(_written_out, text), _escape)


def thinned(text: str, escape: Callable[[str], str]) -> str:
    """Return a text where of a crowd of marks on one letter all but the first are written out."""

    def one(match: re.Match[str]) -> str:
        """Go through a run in which there may be marks."""
        kept, crowd = [], 0
        for character in match.group():
            crowd = crowd + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
            kept.append(character if crowd <= _MARKS else escape(character))
        return "".join(kept)

    return text if text.isascii() else _CROWD.sub(one, text)


def _cut(line: str, end: int) -> str:
    """Return at most `end` characters, ending on a boundary."""
    kept = line[: graphemes.before(line, end)]
    return re.sub(r"\\(?:x[0-9a-f]?|u[0-9a-f]{0,3}|U[0-9a-f]{0,7})?\Z", "", kept)
