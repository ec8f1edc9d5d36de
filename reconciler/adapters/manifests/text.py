"""The bytes of a manifest: size, encoding and characters, judged before anything is parsed.

Written rule: UTF-8 without byte order mark; lines end in LF or CRLF. Refused as they stand are NUL,
a CR without LF, the other C0 controls but tab, DEL, C1 controls, surrogates, U+FFFE and U+FFFF,
U+FEFF at the beginning of a line, and U+0085, U+2028 and U+2029, which older readers take for line
ends. In double quotes all of them but NUL and surrogates can be written as escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.adapters.manifests.findings import capped, problem
from reconciler.core.model import Finding

MAX_BYTES = 1 << 20

_PRINTABLE = bytes([0x09, 0x0A, 0x0D, *range(0x20, 0x7F)])
_REFUSED = re.compile(
    "[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|^\ufeff|\r(?!\n)",
    re.MULTILINE,
)
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "begins with a byte order mark; save the file as UTF-8 without BOM"),
    (b"\xff\xfe", "is UTF-16 or UTF-32; save the file as UTF-8"),
    (b"\xfe\xff", "is UTF-16 or UTF-32; save the file as UTF-8"),
)
_PREAMBLE = re.compile(rb"(?:(?:[ \t]*+(?:#[^\n]*+)?|%[^\n]*+)\r?\n)*+")
_DIRECTIVE = re.compile(rb"^%[^\r\n]*", re.MULTILINE)
_VERSION_1_2 = re.compile(rb"%YAML[ \t]+1\.2[ \t]*(?:[ \t]#.*)?")
_DIRECTIVE_REFUSED = "holds a YAML directive; only %YAML 1.2 is read, remove the line"


def problems(data: bytes) -> tuple[Finding, ...]:
    """Return why these bytes are no text of a manifest; empty when they are."""
    if len(data) > MAX_BYTES:
        size = f"{len(data):,}"
        return (problem(1, 1, f"is {size} bytes long; a manifest has at most {MAX_BYTES:,}"),)
    if data.isascii() and not data.translate(None, _PRINTABLE):
        plain = b"\r" not in data or data.count(b"\r") == data.count(b"\r\n")
        return () if plain else capped(_characters(data.decode()))
    return _of_unusual(data)


def _of_unusual(data: bytes) -> tuple[Finding, ...]:
    for mark, text in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return (problem(1, 1, text),)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line, column = place(data[: error.start].decode(), error.start)
        wrong = f"holds the byte 0x{data[error.start]:02x}, which is not UTF-8; save it as UTF-8"
        return (problem(line, column, wrong),)
    return capped(_characters(text))


def _characters(text: str) -> Iterator[Finding]:
    for found in _REFUSED.finditer(text):
        line, column = place(text, found.start())
        yield problem(line, column, _refusal(found[0]))


def _refusal(character: str) -> str:
    if character == "\r":
        return "holds a carriage return without a line feed; end lines with LF or CRLF"
    name = f"U+{ord(character):04X}"
    if character == "\0":
        return f"holds {name} (NUL), which no text may hold; remove it"
    return f"holds the unprintable character {name}; remove it, or write it as an escape in quotes"


def place(text: str, offset: int) -> tuple[int, int]:
    """Return line and column (from 1) of an offset; a longer offset is the end of the text."""
    before = text[:offset]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def directives(data: bytes) -> tuple[Finding, ...]:
    """Refuse every directive but `%YAML 1.2`: 1.1 would read `NO` and `010` as something else."""
    preamble = _PREAMBLE.match(data)
    if preamble is None or b"%" not in preamble[0]:
        return ()
    return capped(
        problem(data.count(b"\n", 0, found.start()) + 1, 1, _DIRECTIVE_REFUSED)
        for found in _DIRECTIVE.finditer(preamble[0])
        if not _VERSION_1_2.fullmatch(found[0])
    )
