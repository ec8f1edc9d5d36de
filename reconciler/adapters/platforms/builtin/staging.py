"""Users who wait to be written: in a temporary database of their own, which no one else sees.

It lives in a file that goes with the process, so any number of users takes little memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from reconciler.adapters.sql import dialect
from reconciler.core.canonical import Json
from reconciler.core.errors import StoreError

_TABLES = (
    "CREATE TABLE ids (id TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE records (id TEXT NOT NULL, record TEXT NOT NULL)",
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_PRAGMAS = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16384")


class Staging:
    """A `ports.UserStaging`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take an open temporary database."""
        self._connection = connection

    def add(self, line: int, user: str, record: Mapping[str, Json] | None) -> int | None:
        """Keep a user; return the line where the id stood before, None when it is new."""
        statement = "INSERT INTO ids VALUES (?, ?) ON CONFLICT DO NOTHING"
        if not self._connection.execute(statement, (user, line)).rowcount:
            query = "SELECT line FROM ids WHERE id = ?"
            (before,) = self._connection.execute(query, (user,)).fetchone()
            return int(before)
        if record is not None:
            row = (user, _ENCODER.encode(record))
            self._connection.execute("INSERT INTO records VALUES (?, ?)", row)
        return None

    def records(self) -> Iterator[Mapping[str, Json]]:
        """Yield the records ordered by id, so that they are written side by side."""
        for (text,) in self._connection.execute("SELECT record FROM records ORDER BY id"):
            yield json.loads(text)


@contextmanager
def open_staging() -> Iterator[Staging]:
    """Open a place for users to wait; what is in it is gone at the end.

    Raises:
        StoreError: there is no room for it.
    """
    # An empty name is a temporary file that is deleted when it is closed.
    connection = sqlite3.connect("", isolation_level=None)
    try:
        for statement in (*(f"PRAGMA {each}" for each in _PRAGMAS), *_TABLES, "BEGIN"):
            connection.execute(statement)
        yield Staging(connection)
    except sqlite3.Error as error:
        meaning, _ = dialect.explain(error)
        raise StoreError(
            f"The temporary file for users {meaning}.",
            hint="Free some space, or name another folder for such files in TMPDIR.",
        ) from error
    finally:
        connection.close()
