"""From the lines of a file to records of users: JSON lines here, tables in `user_tables`.

A row that is wrong is an answer like one that is right; reading goes on behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.core import strict_json, users
from reconciler.core.canonical import Json
from reconciler.core.strict_json import NotJson
from reconciler.core.users import Known

LONGEST_LINE = 1 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file without its end, counted from 1; None is one that is too long."""

    number: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a line and column, both from 1."""

    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One user of a file: the line where they begin and, where nothing is wrong, their record.

    `user` is the id, None where it cannot be told.
    """

    line: int
    user: str | None = None
    record: Mapping[str, Json] | None = None
    problems: tuple[Problem, ...] = ()


def text_of(line: Line) -> str | Problem:
    """Return the text of a line, or what is wrong with it."""
    if line.data is None:
        return Problem(line.number, 1, "the line is longer than 1 MiB")
    data = line.data.removeprefix(BYTE_ORDER_MARK) if line.number == 1 else line.data
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        return Problem(line.number, error.start + 1, "the line is not UTF-8 text")


def read(lines: Iterable[Line], known: Known) -> Iterator[Row]:
    """Yield a row for each line that is not blank: one JSON object each."""
    for line in lines:
        text = text_of(line)
        if isinstance(text, Problem):
            yield Row(line=line.number, problems=(text,))
        elif text.strip():
            yield _row(line.number, text, known)


def _row(number: int, text: str, known: Known) -> Row:
    value = strict_json.read(text)
    if isinstance(value, NotJson):
        return Row(line=number, problems=(Problem(number, value.column, value.text),))
    return checked(number, value, known)


def checked(number: int, value: Json, known: Known) -> Row:
    """Return the row of a record that begins at a line."""
    found = tuple(Problem(number, 1, text) for text in users.problems(value, known))
    user = value.get("id") if isinstance(value, Mapping) else None
    if not isinstance(user, str) or any(users.id_problems(user)):
        user = None
    record = None if found else users.normalised(value)
    return Row(line=number, user=user, record=record, problems=found)
