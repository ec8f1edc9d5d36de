"""Where a text may be cut so that no character that people see is cut in two; pure."""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_MARKS = ("Mn", "Me", "Mc")
_TONES = range(0x1F3FB, 0x1F400)
_FLAGS = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
_JAMO_FIRST = range(0x1100, 0x1200)
_JAMO_REST = range(0x1160, 0x1200)


def before(text: str, end: int) -> int:
    """Return the last place up to `end` where the text may be cut."""
    while 0 < end < len(text) and _is_inside(text, end):
        end -= 1
    return end


def after(text: str, start: int) -> int:
    """Return the first place from `start` on where the text may be cut."""
    while 0 < start < len(text) and _is_inside(text, start):
        start += 1
    return start


def _is_inside(text: str, place: int) -> bool:
    """Say whether the characters on both sides of a place are seen as one."""
    left, right = text[place - 1], text[place]
    if right.isascii():
        return left == "\r" and right == "\n"
    code = ord(right)
    if _JOINER in (left, right) or unicodedata.category(right) in _MARKS:
        return True
    if code in _FLAGS:
        return _flags_before(text, place) % 2 == 1
    return code in _TONES or code in _TAGS or (code in _JAMO_REST and ord(left) in _JAMO_FIRST)


def _flags_before(text: str, place: int) -> int:
    """Count the letters of flags right before a place; two make a flag."""
    count = 0
    while count < place and ord(text[place - 1 - count]) in _FLAGS:
        count += 1
    return count
