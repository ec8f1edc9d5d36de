"""Definition files of engines: JSON read as strictly as YAML, or any UTF-8 text.

The content is kept as it is: what would be read as something else than what stands there is
refused, such as equal keys, of which an ordinary reader keeps the last in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain, pairwise

from reconciler.adapters.manifests import text
from reconciler.adapters.manifests.findings import capped, problem
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid
from reconciler.core.model import Finding
from reconciler.core.names import quoted

MAX_BYTES = 4 << 20
MAX_DEPTH = 64
MAX_NODES = 500_000
MAX_DIGITS = 400

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
_STRINGS = re.compile(_STRING, re.DOTALL)
_TOKEN = re.compile(_STRING + r"|[\[\]{}:,]|[^\s\[\]{}:,\"]+", re.DOTALL)
_NOT_BRACKETS = re.compile(r"[^\[\]{}]+")
_ODD_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_ODD = re.compile("[\0\ud800-\udfff]")


def read_text(data: bytes) -> str:
    """Return the text of an opaque definition.

    Raises:
        Invalid: it is too large, not UTF-8 or holds NUL.
    """
    if len(data) > MAX_BYTES:
        size = f"is {len(data):,} bytes long; a definition has at most {MAX_BYTES:,}"
        raise Invalid((problem(1, 1, size),))
    try:
        found = data.decode()
    except UnicodeDecodeError as error:
        line, column = text.place(data[: error.start].decode(), error.start)
        raise Invalid((problem(line, column, "is not UTF-8; save it as UTF-8"),)) from error
    if "\0" in found:
        place = text.place(found, found.index("\0"))
        raise Invalid((problem(*place, "holds NUL, which no text may hold"),))
    return found


def read_object(data: bytes) -> dict[str, Json]:
    """Return the object that a JSON file holds.

    Raises:
        Invalid: it holds something else, or with what is wrong and where.
    """
    value = read_json(data)
    if not isinstance(value, dict):
        raise Invalid((problem(1, 1, "is JSON, but no object; export the workflow again"),))
    return value


def read_json(data: bytes) -> Json:
    """Return the value of a JSON file; whole numbers are integers, as in manifests.

    Raises:
        Invalid: with what is wrong and where.
    """
    found = read_text(data)
    if found.startswith("\ufeff"):
        raise Invalid((problem(1, 1, "begins with a byte order mark; save it without BOM"),))
    bare = _STRINGS.sub("", found)
    if sum(map(bare.count, "[{,:")) > MAX_NODES:
        raise Invalid((problem(1, 1, f"holds more than {MAX_NODES:,} values"),))
    try:
        value = _load(found)
    except json.JSONDecodeError as error:
        wrong = problem(error.lineno, error.colno, f"is not valid JSON: {error.msg.lower()}")
        raise Invalid((wrong,)) from error
    except RecursionError as error:
        raise Invalid((_too_deep(),)) from error
    except Invalid as error:
        raise Invalid(capped(_refused(found)) or error.findings) from error
    if not _is_shallow(bare):
        raise Invalid((_too_deep(),))
    if _ODD_ESCAPE.search(found) and (wrong_texts := capped(_refused(found))):
        raise Invalid(wrong_texts)
    return value


def _load(found: str) -> Json:
    return json.loads(
        found,
        object_pairs_hook=_object,
        parse_int=_integer,
        parse_float=_number,
        parse_constant=_constant,
    )


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Invalid((problem(1, 1, "holds a key twice"),))
    return found


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise Invalid((problem(1, 1, "holds a number that is too long"),))
    return int(digits)


def _number(digits: str) -> int | float:
    value = float(digits)
    if len(digits) > MAX_DIGITS or value in (float("inf"), float("-inf")):
        raise Invalid((problem(1, 1, "holds a number that is too large or too long"),))
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def _constant(name: str) -> Json:
    raise Invalid((problem(1, 1, f"holds {name}, which is not JSON"),))


def _too_deep() -> Finding:
    return problem(1, 1, f"is nested more than {MAX_DEPTH} levels deep")


def _is_shallow(bare: str) -> bool:
    """Take away the innermost brackets as often as there may be levels; none may be left."""
    brackets = _NOT_BRACKETS.sub("", bare)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace("[]", "").replace("{}", "")
        if not brackets:
            return True
    return not brackets


def _refused(found: str) -> Iterator[Finding]:
    """Walk through JSON that is well formed, naming each place where reading was refused."""
    keys: list[set[str]] = []
    for token, following in pairwise(chain(_TOKEN.finditer(found), [None])):
        word = token[0] if token else ""
        if word in ("{", "["):
            keys.append(set())
        elif word in ("}", "]"):
            keys.pop()
        is_key = word.startswith('"') and following is not None and following[0] == ":"
        wrong = _word_problem(word, keys[-1] if is_key else None)
        if token and wrong is not None:
            yield problem(*text.place(found, token.start()), wrong)


def _word_problem(word: str, keys: set[str] | None) -> str | None:
    """Say what is wrong with one word; `keys` are those before it when it is a key itself."""
    if word in tuple("[]{}:,"):
        return None
    try:
        value = _load(word)
    except Invalid as error:
        return error.findings[0].text
    if isinstance(value, str) and _ODD.search(value):
        return "holds NUL or half of a character as an escape, which no text may hold"
    if keys is None:
        return None
    if value in keys:
        return f"the key {quoted(value)} stands twice in its object"
    keys.add(value)
    return None
