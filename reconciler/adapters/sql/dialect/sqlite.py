"""SQLite: connections, triggers, and what its errors mean to a person."""

from __future__ import annotations

import os
import sqlite3
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, SingletonThreadPool

from reconciler.adapters import folder as folders
from reconciler.adapters.sql.dialect.base import Found, Use, beginning, make_engine

ERRORS: tuple[type[Exception], ...] = (DBAPIError, sqlite3.Error)

_FOR_WRITING = ("journal_mode = DELETE", "synchronous = FULL", "foreign_keys = ON")
_FOR_READING = ("query_only = ON",)
_READ = "BEGIN"
_WRITE = "BEGIN IMMEDIATE"


class SqliteBackend:
    """A file. Connections live as long as their transaction, so a replaced file is no danger."""

    def __init__(self, path: Path, busy_timeout: float) -> None:
        """Name the file; nothing is opened or created. The time-out is in seconds."""
        self.path = path
        self.name = str(path)
        self.errors = ERRORS
        self._timeout = busy_timeout
        self._engines: dict[bool, Engine] = {}

    def exists(self) -> bool:
        """Say whether there is a file with anything in it."""
        try:
            return self.path.stat().st_size > 0
        except (FileNotFoundError, NotADirectoryError):
            return False

    def create(self) -> None:
        """Make an empty file that only its owner may read."""
        parent = self.path.parent
        if parent.name == ".reconciler":
            folders.ensure(parent)
        else:
            parent.mkdir(mode=folders.PRIVATE_FOLDER, parents=True, exist_ok=True)
        folders.create_private(self.path)

    def room(self) -> int | None:
        """Return the bytes that this user may still write in the file's folder."""
        folder = next(each for each in self.path.absolute().parents if each.exists())
        try:
            found = os.statvfs(folder)
        except OSError:
            return None
        return found.f_bavail * found.f_frsize

    def engine(self, use: Use) -> Engine:
        """Return what opens transactions of this use."""
        write = use is not Use.READ
        if write not in self._engines:
            connector = partial(connect, self.path, self._timeout, write=write)
            engine = make_engine("sqlite://", connector, NullPool)
            self._engines[write] = beginning(engine, _WRITE if write else _READ)
        return self._engines[write]

    def find_schema(self, connection: Connection) -> Found:
        """Look which schema the file holds."""
        query = "SELECT count(*), coalesce(sum(name = 'alembic_version'), 0) FROM sqlite_master"
        count, ours = connection.exec_driver_sql(query).one()
        if not ours:
            return Found(tables=bool(count), version=None)
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return Found(tables=True, version=None if version is None else str(version))

    def is_unset(self, error: BaseException) -> bool:
        """Say no: a file without a schema can be written to."""
        return False

    def is_lost(self, error: BaseException) -> bool:
        """Say no: there is no server that could be gone."""
        return False

    def may_repeat(self, error: BaseException) -> bool:
        """Say no: who waited too long for the file would wait again."""
        return False

    def check_alive(self, connection: Connection) -> None:
        """Do nothing: there is no server that could be gone."""

    def explain(self, error: BaseException) -> tuple[str, str]:
        """Return what an error means and what to do next."""
        return explain(error)


def connect(path: Path, busy_timeout: float, *, write: bool) -> sqlite3.Connection:
    """Open a database file that exists; a connection for reading cannot write.

    The rollback journal, since libraries before 3.51.3 can lose data in WAL mode.
    """
    uri = path.absolute().as_uri() + "?mode=rw"
    connection = sqlite3.connect(uri, timeout=busy_timeout, isolation_level=None, uri=True)
    try:
        for pragma in _FOR_WRITING if write else _FOR_READING:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def empty_engine(statements: tuple[str, ...]) -> Engine:
    """Return what reads a schema without a row; it stays in memory as long as its thread."""

    def connect_empty() -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.execute("PRAGMA query_only = ON")
        return connection

    return beginning(make_engine("sqlite://", connect_empty, SingletonThreadPool), _READ)


# --- triggers -----------------------------------------------------------------------------------

# Without a constraint that could abort, the trigger costs next to nothing per row.
_BUMP = """\
  UPDATE platform_environments SET revision = revision + 1 WHERE environment = {row}.environment;
  INSERT OR IGNORE INTO platform_environments (environment, revision)
    SELECT {row}.environment, 1 WHERE changes() = 0;
"""

_EDITED = """\
CREATE TRIGGER platform_resources_edited AFTER UPDATE OF content, digest ON platform_resources
WHEN NEW.digest IS NOT NULL
  AND (NEW.content IS NOT OLD.content) <> (NEW.digest IS NOT OLD.digest)
BEGIN
  UPDATE platform_resources SET digest = NULL
    WHERE environment = NEW.environment AND kind = NEW.kind AND name = NEW.name;
END"""

_BUMPS = (
    ("inserted", "INSERT ON platform_resources", "NEW"),
    ("updated", "UPDATE ON platform_resources", "NEW"),
    ("deleted", "DELETE ON platform_resources", "OLD"),
    (
        "moved",
        "UPDATE OF environment ON platform_resources WHEN NEW.environment <> OLD.environment",
        "OLD",
    ),
)

RESOURCE_TRIGGERS = (
    _EDITED,
    *(
        f"CREATE TRIGGER platform_resources_{when} AFTER {what}\nBEGIN\n{_BUMP.format(row=row)}END"
        for when, what, row in _BUMPS
    ),
)


# --- errors -------------------------------------------------------------------------------------

_WAIT = "Wait until the other command has ended, then run this one again."
_SENTENCES: tuple[tuple[str, str, str], ...] = (
    ("SQLITE_BUSY", "is locked by another process", _WAIT),
    ("SQLITE_LOCKED", "is locked by another connection", _WAIT),
    (
        "SQLITE_NOTADB",
        "is not an SQLite database",
        "Name another file with --store, or move this one away.",
    ),
    (
        "SQLITE_CORRUPT",
        "is damaged",
        "Put back a copy of the file; `sqlite3 FILE .recover` may save what is left of it.",
    ),
    (
        "SQLITE_READONLY",
        "cannot be written",
        "Make the file and its folder writable for this user, or name another with --store.",
    ),
    ("SQLITE_PERM", "cannot be written", "Make the file and its folder writable for this user."),
    ("SQLITE_FULL", "cannot grow, the disk is full", "Free some space and run the command again."),
    (
        "SQLITE_CANTOPEN",
        "cannot be opened",
        "Check that it is a file, and that this user may read and write it and its folder.",
    ),
    (
        "SQLITE_IOERR",
        "cannot be read or written, the disk reports an error",
        "Check the disk and its free space, then run the command again.",
    ),
)


def explain(error: BaseException) -> tuple[str, str]:
    """Return what an error of SQLite means and what to do next."""
    original = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(original, "sqlite_errorname", None) or ""
    for prefix, meaning, step in _SENTENCES:
        if name.startswith(prefix):
            return meaning, step
    return f"failed with {original}", "Run `reconciler doctor`."
