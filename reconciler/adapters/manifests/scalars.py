"""Plain scalars by the core schema of YAML 1.2, where nothing changes in silence.

`NO`, `on`, `22:22`, `2024-01-02` and `1_000` are strings. A number is read only when what stands
there is how it would be written: `010`, `1.10`, `0x1F`, `1e3` or twenty digits are refused, since
their author may mean a text, and no reader of the plan could tell. `1.0` is the number 1.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from reconciler.core.canonical import Json

SPECIAL: Final[dict[str, Json]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
NUMBER_START: Final = frozenset("+-.0123456789")

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,25}")
_NUMBER = re.compile(
    r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)


# A number that is not written as it would be written back.
UNCLEAR: Final = object()


def plain(text: str) -> Json:
    """Return the value of a plain scalar; UNCLEAR for a number in another than its own form."""
    if text in SPECIAL:
        return SPECIAL[text]
    return number(text) if text[0] in NUMBER_START else text


def number(text: str) -> Json:
    """Return the value of a plain scalar that begins like a number, as `plain` does."""
    if _INTEGER.fullmatch(text) and text != "-0":
        value = int(text)
        if -(2**63) <= value < 2**63:
            return value
    elif _FLOAT.fullmatch(text):
        return _decimal(text)
    return UNCLEAR if _NUMBER.fullmatch(text) else text


def _decimal(text: str) -> Json:
    value = float(text)
    shortest = format(Decimal(repr(value)), "f")
    if text not in (shortest, f"{shortest}.0") or text == "-0.0":
        return UNCLEAR
    return int(value) if value.is_integer() else value
