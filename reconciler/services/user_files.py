"""Reads a file of users line by line, and keeps what is right outside memory until all of it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.core import user_lines, user_rows
from reconciler.core.model import Finding
from reconciler.core.names import quoted
from reconciler.core.user_lines import LONGEST_LINE, Line, Row
from reconciler.core.users import Known
from reconciler.ports import UserStaging

MOST_FINDINGS = 100
STEP = 500

# What is done, how far it is, and of how many (bytes or users) where that is known.
Progress = Callable[[str, int, int | None], None]


class Format(StrEnum):
    """How users stand in a file."""

    JSON_LINES = "json"
    CSV = "csv"


_READERS = {Format.JSON_LINES: user_lines.read, Format.CSV: user_rows.read}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFile:
    """A file of users: its name for findings, its bytes by line, its size where it is known.

    `readline` returns at most so many bytes, none at the end.
    """

    name: str
    format: Format
    readline: Callable[[int], bytes]
    size: int | None = None


@dataclass(slots=True)
class Imported:
    """What came of a file: how many users were written, or why nothing was.

    At most a hundred findings are kept; `more` counts the others.
    """

    users: int = 0
    findings: list[Finding] = field(default_factory=list)
    more: int = 0

    def find(self, finding: Finding) -> None:
        """Keep or count a finding."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)
        else:
            self.more += 1


def stage(file: UserFile, known: Known, staging: UserStaging, progress: Progress) -> Imported:
    """Read a whole file and keep its users; where anything is wrong, their number is 0."""
    outcome = Imported()
    for row in _READERS[file.format](_lines(file, progress), known):
        for problem in row.problems:
            outcome.find(Finding(file.name, problem.line, problem.column, problem.text, "user"))
        if row.user is None:
            continue
        before = staging.add(row.line, row.user, row.record)
        if before is None:
            outcome.users += 1
        else:
            outcome.find(_twice(file, row, before))
    if outcome.findings:
        outcome.users = 0
    return outcome


def _twice(file: UserFile, row: Row, before: int) -> Finding:
    table = file.format is Format.CSV
    wanted = "the rows of one user stand together" if table else "give each user once"
    text = f"user {quoted(row.user or '')} stands on line {before} already; {wanted}"
    return Finding(file.name, row.line, 1, text, "user")


def _lines(file: UserFile, progress: Progress) -> Iterator[Line]:
    """Yield the lines of a file; of one that is too long nothing is kept."""
    number = size = 0
    whole = LONGEST_LINE + len(b"\r\n")
    while data := file.readline(whole):
        number += 1
        size += len(data)
        text = data.removesuffix(b"\n").removesuffix(b"\r")
        yield Line(number, text if len(text) <= LONGEST_LINE else None)
        while not data.endswith(b"\n") and (data := file.readline(whole)):
            size += len(data)
        if number % STEP == 0:
            progress("Reading users", size, file.size)
