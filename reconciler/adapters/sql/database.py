"""Transactions on one database, and which schema it has.

A missing database reads as an empty one; the first writer sets it up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import NullPool, SingletonThreadPool
from sqlalchemy.schema import CreateIndex, CreateTable

from reconciler.adapters import folder
from reconciler.adapters.sql import dialect, schema
from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.errors import StoreError, StoreTooNew, StoreTooOld, UsageError
from reconciler.ports import Unit

BUSY_TIMEOUT = 10.0
_PREFIX = "sqlite:///"


class SchemaState(StrEnum):
    """How the schema that is there stands to the one that this program needs."""

    OK = "ok"
    MISSING = "missing"
    OLDER = "older"
    NEWER = "newer"


class SqlUnit:
    """One open write transaction."""

    def __init__(self, connection: Connection) -> None:
        """Hold the connection for as long as the transaction is open."""
        self.connection = connection
        self._texts: dict[int, tuple[Mapping[str, Json], str]] = {}

    def text(self, content: Mapping[str, Json]) -> str:
        """Return the canonical JSON of a content; the same object is written out only once."""
        known = self._texts.get(id(content))
        if known is None:
            known = self._texts[id(content)] = (content, canonical.dumps(content))
        return known[1]


def joined(unit: Unit) -> SqlUnit:
    """Return the unit as the one that SQL adapters need.

    Raises:
        TypeError: it belongs to another kind of store.
    """
    if not isinstance(unit, SqlUnit):
        raise TypeError(f"An SqlUnit is needed, not {type(unit).__name__}.")
    return unit


class Database:
    """One database file: `reading()` and `writing()` are its transactions.

    Connections live as long as their transaction, so forks, threads and replaced files are safe.
    """

    def __init__(self, path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        """Name the file; nothing is opened or created yet. The time-out is in seconds."""
        self.path = path
        self._timeout = busy_timeout
        self._mine = threading.local()
        self._engines: dict[str, Engine] = {}

    @classmethod
    def from_url(cls, url: str, *, busy_timeout: float = BUSY_TIMEOUT) -> Database:
        """Return the database of `sqlite:///path`; four slashes begin an absolute path.

        Raises:
            UsageError: another kind of URL.
        """
        path = url.removeprefix(_PREFIX)
        if path == url or not path:
            scheme = url.partition(":")[0]
            raise UsageError(
                f"The store {scheme}:… is not one this program can use.",
                hint="Give a file as sqlite:///PATH.",
            )
        return cls(Path(path), busy_timeout=busy_timeout)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a read transaction: one consistent view; empty where there is no store yet.

        Raises:
            StoreError: the database cannot be read, or has another schema.
        """
        with self._explained(), ExitStack() as stack:
            yield self._enter_reader(stack)

    @contextmanager
    def writing(self) -> Iterator[SqlUnit]:
        """Open a write transaction, committed when left without an exception.

        Waits for another writer as long as the time-out says. Sets up a missing database.

        Raises:
            StoreError: the database cannot be written, or has another schema.
        """
        if getattr(self._mine, "open", False):
            raise RuntimeError("This thread has a write transaction open already.")
        if not self._has_bytes():
            self.migrate()
        self._mine.open = True
        try:
            with self._explained(), self._engine("write").begin() as connection:
                if not self._is_set_up(connection):
                    _upgrade(connection)
                yield SqlUnit(connection)
        finally:
            self._mine.open = False

    def schema_state(self) -> SchemaState:
        """Say how the schema that is there stands to ours; creates nothing.

        Raises:
            StoreError: the file cannot be read, or holds something else.
        """
        with self._explained():
            if not self._has_bytes():
                return SchemaState.MISSING
            with self._engine("read").begin() as connection:
                return self._state(dialect.find_schema(connection))

    def migrate(self) -> None:
        """Bring the schema up to date; all of it in one transaction, or nothing.

        Raises:
            StoreTooNew: a newer program wrote it.
        """
        self._create_file()
        with self._explained(), self._engine("write").begin() as connection:
            older = self._state(dialect.find_schema(connection)) is SchemaState.OLDER
            if older or not self._is_set_up(connection):
                _upgrade(connection)

    def _enter_reader(self, stack: ExitStack) -> Connection:
        if self._has_bytes():
            connection = stack.enter_context(self._engine("read").begin())
            if self._is_set_up(connection):
                return connection
        return stack.enter_context(self._engine("empty").begin())

    def _state(self, found: dialect.Found) -> SchemaState:
        if found.version == schema.VERSION:
            return SchemaState.OK
        if found.version is not None:
            older = found.version.isdecimal() and int(found.version) < int(schema.VERSION)
            return SchemaState.OLDER if older else SchemaState.NEWER
        if found.tables:
            raise StoreError(
                f"The database {self.path} holds tables of something else.",
                hint="Name another file with --store.",
            )
        return SchemaState.MISSING

    def _is_set_up(self, connection: Connection) -> bool:
        """Say whether there is any schema; one that is there must be ours of today."""
        found = dialect.find_schema(connection)
        state = self._state(found)
        versions = f"The store {self.path} has schema {found.version}, this program"
        if state is SchemaState.NEWER:
            raise StoreTooNew(
                f"{versions} knows only {schema.VERSION}.", hint="Upgrade this program."
            )
        if state is SchemaState.OLDER:
            raise StoreTooOld(
                f"{versions} needs {schema.VERSION}.", hint="Run `reconciler store migrate`."
            )
        return state is SchemaState.OK

    def _engine(self, use: str) -> Engine:
        if use not in self._engines:
            connectors: dict[str, dialect.Connector] = {
                "read": lambda: dialect.connect(self.path, self._timeout, write=False),
                "write": lambda: dialect.connect(self.path, self._timeout, write=True),
                "empty": lambda: dialect.connect_empty(_empty_schema()),
            }
            begin = dialect.WRITE if use == "write" else dialect.READ
            self._engines[use] = make_engine(connectors[use], begin, keep=use == "empty")
        return self._engines[use]

    def _has_bytes(self) -> bool:
        try:
            return self.path.stat().st_size > 0
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise self._unusable(error) from error

    def _create_file(self) -> None:
        parent = self.path.parent
        try:
            if parent.name == ".reconciler":
                folder.ensure(parent)
            else:
                parent.mkdir(mode=folder.PRIVATE_FOLDER, parents=True, exist_ok=True)
            folder.create_private(self.path)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> StoreError:
        reason = error.strerror or str(error)
        return StoreError(
            f"The store {self.path} cannot be opened: {reason}.",
            hint="Check the path, or name another file with --store.",
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except dialect.ERRORS as error:
            meaning, step = dialect.explain(error)
            raise StoreError(f"The store {self.path} {meaning}.", hint=step) from error
        except UnicodeEncodeError as error:
            raise StoreError(
                f"The store {self.path} cannot keep text that is not valid Unicode.",
                hint="Look for lone surrogates in names and values.",
            ) from error


def _upgrade(connection: Connection) -> None:
    # Alembic is imported only when there is something to migrate.
    from reconciler.adapters.sql import migrate

    migrate.upgrade(connection)


def make_engine(connector: dialect.Connector, begin: str, *, keep: bool = False) -> Engine:
    """Return an engine whose transactions begin as said.

    Connections live as long as their transaction, or with `keep` one as long as its thread.
    """
    pool = SingletonThreadPool if keep else NullPool
    engine = create_engine("sqlite://", creator=connector, poolclass=pool)

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@cache
def _empty_schema() -> tuple[str, ...]:
    compiler = sqlite.dialect()
    statements: list[str] = []
    for table in schema.metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=compiler)))
        indexes = map(CreateIndex, table.indexes)
        statements.extend(str(each.compile(dialect=compiler)) for each in indexes)
    return tuple(statements)
