"""The forms in which one text appears elsewhere: encoded, escaped, split and wrapped.

Used to find secrets again. Knows nothing of what is done with them.
"""

from __future__ import annotations

import base64
import bisect
import itertools
import json
import re
from collections.abc import Iterator

from reconciler.core import printable

# Characters that percent-encoders leave alone: by the standard, with paths, in browsers.
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LEFT_ALONE = (
    _UNRESERVED,
    _UNRESERVED | frozenset(b"/"),
    _UNRESERVED | frozenset(b"!'()*"),
    _UNRESERVED | frozenset(b"!'()*;/?:@&=+$,#"),
    _UNRESERVED - frozenset(b"~"),
)

# What stands for itself in quoted-printable.
_PRINTED = frozenset(range(0x21, 0x7F)) - frozenset(b"=") | frozenset(b" ")

_HTML = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"}

# Lines of a secret that are shorter are braces and the like, which appear everywhere.
_SHORTEST_LINE = 8


def forms(secret: str) -> Iterator[str]:
    """Yield a text and each line of it, as they are and as other formats write them."""
    lines = [line.strip() for line in secret.splitlines()]
    long = (line for line in lines if len(line) >= _SHORTEST_LINE)
    for part in {secret, secret.strip(), "".join(lines), *long}:
        data = part.encode("utf-8", "surrogatepass")
        yield part
        yield from _escaped(part)
        yield from _percent(data)
        yield from _base64(data)
        yield from (data.hex(), data.hex().upper())
        yield from _quoted_printable(data)
        yield from (printable.visible(part), printable.one_line(part))
        yield from _wide(part)


def _escaped(text: str) -> Iterator[str]:
    """Yield the text as it stands inside quotes of JSON, Python, YAML and HTML."""
    for ascii_only in (True, False):
        once = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield once
        yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]
    yield repr(text)[1:-1]
    yield repr(text.encode("utf-8", "surrogatepass"))[2:-1]
    yield text.replace("'", "''")
    for apostrophe in ("&#x27;", "&#39;"):
        yield text.translate({**_HTML, ord("'"): apostrophe})


def _percent(data: bytes) -> Iterator[str]:
    """Yield the text as URLs and forms write it."""
    for kept in _LEFT_ALONE:
        for template in ("%{:02X}", "%{:02x}"):
            encoded = "".join(chr(b) if b in kept else template.format(b) for b in data)
            yield encoded
            yield encoded.replace("%20", "+")


def _quoted_printable(data: bytes) -> Iterator[str]:
    """Yield the text as mails write it, on one line."""
    for kept in (_PRINTED, _UNRESERVED):
        yield "".join(chr(b) if b in kept else f"={b:02X}" for b in data)


def _wide(text: str) -> Iterator[str]:
    """Yield the text in UTF-16: read as bytes, also written out, and encoded again."""
    for gap in ("\0", "\\x00", "\\u0000", "\\0"):
        yield gap.join(text)
    for order in ("utf-16-le", "utf-16-be"):
        data = text.encode(order, "surrogatepass")
        yield from (data.hex(), data.hex().upper())
        yield from _alphabets(base64.b64encode(data).decode())


def _base64(data: bytes) -> Iterator[str]:
    """Yield what base64 makes of the bytes, alone and at each position inside others.

    Of three alignments only the characters that depend on these bytes alone are yielded.
    """
    yield from _alphabets(base64.b64encode(data).decode())
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode()
        first = (before * 8 + 5) // 6
        last = (before + len(data)) * 8 // 6
        if last - first >= _SHORTEST_LINE:
            yield from _alphabets(encoded[first:last])


def _alphabets(encoded: str) -> Iterator[str]:
    """Yield base64 in both alphabets, with and without padding."""
    for text in (encoded, encoded.replace("+", "-").replace("/", "_")):
        yield text
        yield text.rstrip("=")


_BREAK = re.compile(r"(?<![ \t])[ \t]*(?:[\r\n]|\\[rn])\s*")
# Quoted-printable ends a line that goes on with an equals sign; so may base64.
_SOFT_BREAK = re.compile(r"=(?:\r?\n|(?:\\r)?\\n)\s*")


def unwrapped(text: str) -> Iterator[Unwrapped]:
    """Yield a text without its line breaks, in each way in which they may be meant."""
    if "\n" in text or "\\n" in text:
        yield Unwrapped(text, _BREAK)
        if _SOFT_BREAK.search(text):
            yield Unwrapped(text, _SOFT_BREAK)


class Unwrapped:
    """A text whose line breaks, also escaped ones, and the blanks around them are left out.

    `text` is what remains; `span` leads from a place in it back to the place in the original.
    """

    __slots__ = ("_joined", "_original", "text")

    def __init__(self, text: str, pattern: re.Pattern[str] = _BREAK) -> None:
        """Leave the line breaks out."""
        breaks = [match.span() for match in pattern.finditer(text)]
        starts = [0, *(stop for _, stop in breaks)]
        stops = [*(start for start, _ in breaks), len(text)]
        pieces = [text[start:stop] for start, stop in zip(starts, stops, strict=True)]
        self.text = "".join(pieces)
        self._original = starts
        self._joined = [0, *itertools.accumulate(map(len, pieces))][:-1]

    def span(self, place: tuple[int, int]) -> tuple[int, int]:
        """Return where a non-empty place of `text` stands in the original."""
        start, stop = place
        return self._position(start), self._position(stop - 1) + 1

    def _position(self, index: int) -> int:
        """Return the original index of one character."""
        piece = bisect.bisect_right(self._joined, index) - 1
        return self._original[piece] + index - self._joined[piece]
