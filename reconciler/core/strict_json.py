"""JSON text to a value, strictly, and never by an exception: what is wrong is an answer too.

No equal keys, no NaN or infinity, no NUL, nothing that is not Unicode, at most 64 levels.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from reconciler.core.canonical import Json
from reconciler.core.names import quoted

LEVELS = 64

_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


@dataclass(frozen=True, slots=True)
class NotJson:
    """Why a text is not taken; the column counts from 1."""

    text: str
    column: int = 1


class _Refused(ValueError):
    """What the parser would take and we do not."""


def read(text: str) -> Json | NotJson:
    """Return the value of a JSON text, or what is wrong with it."""
    value = _decoded(text)
    # Most texts cannot hold what is looked for: they need no second look.
    if text.count("[") + text.count("{") > LEVELS and _is_deep(value, LEVELS):
        return _DEEP
    if _ESCAPED.search(text) and (wrong := _misfit(value)):
        return NotJson(wrong)
    return value


def _decoded(text: str) -> Json | NotJson:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return NotJson(f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}", error.colno)
    except RecursionError:
        return _DEEP
    except _Refused as error:
        return NotJson(str(error))
    except ValueError:
        return NotJson("this holds a number with too many digits")


_DEEP = NotJson(f"this is nested deeper than {LEVELS} levels")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Refused(f"{quoted(next(k for k in keys if keys.count(k) > 1))} stands twice")
    return found


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused(f"{quoted(text)} is too large a number")
    return value


def _constant(text: str) -> NoReturn:
    raise _Refused(f"{text} is not a JSON value")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_constant=_constant
)


def _is_deep(value: Json, left: int) -> bool:
    if not isinstance(value, list | Mapping):
        return False
    members = value.values() if isinstance(value, Mapping) else value
    return left == 0 or any(_is_deep(member, left - 1) for member in members)


def _misfit(value: Json) -> str | None:
    """Return what is wrong with the texts in a value: databases and files do not take all."""
    if isinstance(value, str):
        if "\0" in value:
            return "this holds a NUL character"
        return None if _is_unicode(value) else "this holds text that is not valid Unicode"
    members: list[Json] = value if isinstance(value, list) else []
    if isinstance(value, Mapping):
        members = [*value, *value.values()]
    return next(filter(None, map(_misfit, members)), None)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
