"""The document cache in one SQLite file, `.reconciler/cache.db`.

A cache never fails a command: one that is corrupt, locked, read-only or not our own is left alone
for the rest of the run, which is then as slow as the first. Everything in it follows from blobs in
git and from the reading rules, so that it may be deleted at any time. Each call uses a connection
of its own: a few calls are made in a run, and two runs may share the file.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache, partial
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from reconciler import telemetry
from reconciler.adapters import folder
from reconciler.adapters.cache import packing
from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.model import Facts
from reconciler.ports import CachedDocument

Key = tuple[str, str]
Answer = TypeVar("Answer")

LARGEST = 512 * 1024 * 1024

_TIMEOUT = 1.0  # seconds to wait for another run's write

_MANY = 1_000  # rows from which it pays to look at how many there are

_TABLES = {
    "rules": "(text TEXT NOT NULL)",
    "documents": (
        "(kind TEXT, blob TEXT, name TEXT, bytes_digest TEXT, digest TEXT, facts TEXT,"
        " PRIMARY KEY (kind, blob)) WITHOUT ROWID"
    ),
    # With row ids: large rows in the tree of a key take three times the time and twice the room.
    "contents": "(kind TEXT, blob TEXT, content TEXT, PRIMARY KEY (kind, blob))",
    "texts": "(key TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID",
}

_place = itemgetter(0, 1)  # rows in the order of their key are written at one end of its tree

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class NullCache:
    """Remembers nothing; a `ports.DocumentCache`."""

    def documents(self, blobs: Iterable[Key]) -> Mapping[Key, CachedDocument]:
        """Return nothing."""
        return {}

    def contents(self, blobs: Iterable[Key]) -> Mapping[Key, Json]:
        """Return nothing."""
        return {}

    def remember(self, documents: Iterable[tuple[Key, CachedDocument, Json]]) -> None:
        """Forget the documents."""

    def value(self, key: str) -> str | None:
        """Return nothing."""
        return None

    def remember_value(self, key: str, text: str) -> None:
        """Forget the text."""


class SqliteCache:
    """Remembers documents and texts between runs; a `ports.DocumentCache`."""

    def __init__(self, path: Path, rules_version: str, *, largest: int = LARGEST) -> None:
        """Take the file and the version of the reading rules: another one empties the file.

        `largest` is in bytes; a file that holds more is emptied before the next write.
        """
        self._path = path
        self._largest = largest
        self._rules = canonical.digest([rules_version, packing.FIELDS, _TABLES])
        self._usable = True

    def documents(self, blobs: Iterable[Key]) -> Mapping[Key, CachedDocument]:
        """Return what is remembered of (kind, blob id) pairs."""
        columns = "name, bytes_digest, digest, facts"
        found = self._tried(partial(_selected, "documents", columns, blobs), self._reading) or {}
        facts: dict[str, Facts] = {}
        documents = {}
        for key, (name, bytes_digest, digest, text) in found.items():
            if text not in facts:
                facts[text] = packing.unpacked(text)
            documents[key] = CachedDocument(name, bytes_digest, digest, facts[text])
        return documents

    def contents(self, blobs: Iterable[Key]) -> Mapping[Key, Json]:
        """Return the normalised contents of (kind, blob id) pairs that are remembered."""
        found = self._tried(partial(_selected, "contents", "content", blobs), self._reading) or {}
        contents = {}
        for key, (text,) in found.items():
            with contextlib.suppress(ValueError, RecursionError):
                contents[key] = json.loads(text)
        return contents

    def remember(self, documents: Iterable[tuple[Key, CachedDocument, Json]]) -> None:
        """Remember documents with their contents, in one transaction."""
        packed = cache(packing.packed)
        rows = [
            (*key, each.name, each.bytes_digest, each.digest, facts, canonical.dumps(content))
            for key, each, content in documents
            if (facts := packed(each.facts)) is not None
        ]
        rows.sort(key=_place)
        if rows:
            self._tried(partial(_insert, rows), self._writing)

    def value(self, key: str) -> str | None:
        """Return a remembered text."""
        rows = self._tried(
            lambda connection: connection.execute(
                "SELECT text FROM texts WHERE key = ?", (key,)
            ).fetchall(),
            self._reading,
        )
        return str(rows[0][0]) if rows else None

    def remember_value(self, key: str, text: str) -> None:
        """Remember a text by key."""
        self._tried(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO texts VALUES (?, ?)", (key, text)
            ),
            self._writing,
        )

    def _tried(
        self,
        action: Callable[[sqlite3.Connection], Answer],
        opened: Callable[[], contextlib.AbstractContextManager[sqlite3.Connection | None]],
    ) -> Answer | None:
        """Return the answer of an action, None where the cache has none or cannot be used."""
        if not self._usable:
            return None
        try:
            with opened() as connection:
                return action(connection) if connection else None
        except (sqlite3.Error, OSError, UnicodeError) as error:
            self._give_up(error)
        return None

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Open a snapshot to read, None where nothing is remembered under our rules."""
        if not self._path.exists():
            yield None
            return
        with closing(self._connection()) as connection:
            connection.execute("BEGIN")
            yield connection if _rules(connection) == self._rules else None

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Open a write transaction, on an emptied file where rules or size want it."""
        folder.ensure(self._path.parent)
        folder.create_private(self._path)
        with closing(self._connection()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if _rules(connection) != self._rules or _size(connection) > self._largest:
                _empty(connection, self._rules)
            yield connection
            connection.execute("COMMIT")

    def _connection(self) -> sqlite3.Connection:
        """Open the file, if it is ours alone to write.

        Raises:
            PermissionError: others may have written what is in it.
        """
        status = self._path.lstat()
        shared = status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o022
        if shared or not stat.S_ISREG(status.st_mode):
            raise PermissionError("others than this user may write it")
        return sqlite3.connect(self._path, timeout=_TIMEOUT, isolation_level=None)

    def _give_up(self, error: Exception) -> None:
        """Go on without the cache; remove a damaged one, so that the next run has a new one."""
        self._usable = False
        removed = getattr(error, "sqlite_errorcode", None) in _DAMAGED
        if removed:
            with contextlib.suppress(OSError):
                self._path.unlink()
        telemetry.log().info("cache_disabled", reason=str(error), removed=removed)


def _rules(connection: sqlite3.Connection) -> str | None:
    """Return the rules under which the file was filled, None for a new one."""
    exists = "SELECT 1 FROM sqlite_master WHERE name = 'rules'"
    if connection.execute(exists).fetchone() is None:
        return None
    row = connection.execute("SELECT text FROM rules").fetchone()
    return None if row is None else str(row[0])


def _size(connection: sqlite3.Connection) -> int:
    """Return the bytes in use, without what deleted rows left."""
    pages, free, page = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * page


def _empty(connection: sqlite3.Connection, rules: str) -> None:
    """Make the tables anew."""
    for table, columns in _TABLES.items():
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(f"CREATE TABLE {table} {columns}")
    connection.execute("INSERT INTO rules VALUES (?)", (rules,))


def _insert(rows: Sequence[tuple[str | None, ...]], connection: sqlite3.Connection) -> None:
    """Write the rows: kind, blob, the columns of a document, its content."""
    documents = (row[:-1] for row in rows)
    connection.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)", documents)
    contents = ((row[0], row[1], row[-1]) for row in rows)
    connection.executemany("INSERT OR REPLACE INTO contents VALUES (?, ?, ?)", contents)


def _selected(
    table: str, columns: str, blobs: Iterable[Key], connection: sqlite3.Connection
) -> dict[Key, tuple[str, ...]]:
    """Return the columns of the wanted rows that are there."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for kind, blob in blobs:
        wanted[kind].add(blob)
    found: dict[Key, tuple[str, ...]] = {}
    for kind, ids in wanted.items():
        rows = _rows_of_kind(connection, f"SELECT blob, {columns} FROM {table}", kind, ids)
        found.update(((kind, row[0]), row[1:]) for row in rows if row[0] in ids)
    return found


def _rows_of_kind(
    connection: sqlite3.Connection, select: str, kind: str, ids: set[str]
) -> Iterable[tuple[str, ...]]:
    """Return rows of a kind, all that are wanted among them.

    Where most rows of a kind are wanted, reading them all in order takes half the time.
    """
    counted = "SELECT count(*) FROM documents WHERE kind = ?"
    many = len(ids) >= _MANY
    if many and connection.execute(counted, (kind,)).fetchone()[0] <= 2 * len(ids):
        return connection.execute(f"{select} WHERE kind = ?", (kind,))
    chosen = "WHERE kind = ? AND blob IN (SELECT value FROM json_each(?))"
    return connection.execute(f"{select} {chosen}", (kind, json.dumps(list(ids))))
