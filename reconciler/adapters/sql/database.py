"""Transactions on one database, and which schema it has.

A missing database reads as an empty one; the first writer sets it up.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from reconciler.adapters.sql import dialect, schema
from reconciler.adapters.sql.dialect import Backend, Use
from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.errors import OutcomeUnknown, StoreBusy, StoreError, StoreTooNew, StoreTooOld
from reconciler.ports import Unit

BUSY_TIMEOUT = 10.0
GUARDED_AGAIN = 10.0  # seconds after which a transaction asks its guard once more before it commits
_LOCKED = "is locked"  # as both dialects say it
Guard = Callable[[Connection], None]
Result = TypeVar("Result")
_PAUSES = (0.05, 0.2, 0.5, 1.0)  # seconds before a transaction that gave way is run again


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
    """One database: `reading()`, `writing()` and `write(work)` are its transactions."""

    def __init__(self, where: Backend | Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        """Name the database or its file; nothing is opened yet. The time-out is in seconds."""
        self.backend: Backend = (
            dialect.SqliteBackend(where, busy_timeout) if isinstance(where, Path) else where
        )
        self._mine = threading.local()
        self._guard: Guard | None = None

    @classmethod
    def from_url(cls, url: str, *, busy_timeout: float = BUSY_TIMEOUT) -> Database:
        """Return the database of `sqlite:///path` (four slashes: absolute) or `postgresql://…`.

        Raises:
            UsageError: another kind of URL.
        """
        return cls(dialect.backend_of(url, busy_timeout))

    def guarded(self, guard: Guard) -> Database:
        """Return the same database, where every write transaction asks the guard first.

        What the guard raises rolls back. A long transaction asks it again before it commits.
        """
        other = copy.copy(self)
        other._guard = guard  # noqa: SLF001 - a copy of our own
        return other

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
            OutcomeUnknown: nobody can tell whether it was committed.
        """
        if getattr(self._mine, "open", False):
            raise RuntimeError("This thread has a write transaction open already.")
        if not self._exists():
            self.migrate()
        self._mine.open = True
        try:
            with self._explained(), ExitStack() as stack:
                connection = self._enter(stack, Use.WRITE)
                if not self._is_set_up(connection):
                    _upgrade(connection)
                with self._watched(connection):
                    yield SqlUnit(connection)
                self.backend.check_alive(connection)
                with self._committing():
                    stack.close()
        finally:
            self._mine.open = False

    def write(self, work: Callable[[SqlUnit], Result], *, repeatable: bool = False) -> Result:
        """Do work in a write transaction, again when it gave way to another or lost its connection.

        So the work has no effect but what it writes. Once the commit was sent it is done again only
        if it may be done twice (`repeatable`).

        Raises:
            StoreError: the database cannot be written, or has another schema.
            OutcomeUnknown: nobody can tell whether it was committed.
        """
        for pause in _PAUSES:
            try:
                with self.writing() as unit:
                    return work(unit)
            except StoreError as error:
                if not self._may_repeat(error, committed_too=repeatable):
                    raise
            time.sleep(pause)
        with self.writing() as unit:
            return work(unit)

    def close(self) -> None:
        """Close the connections that are kept; the next transaction makes new ones."""
        for use in Use:
            self.backend.engine(use).dispose()

    def room(self) -> int | None:
        """Return the bytes that this user may still write where the database lies, if known."""
        return self.backend.room()

    def schema_state(self) -> SchemaState:
        """Say how the schema that is there stands to ours; creates nothing.

        Raises:
            StoreError: the database cannot be read, or holds something else.
        """
        with self._explained(), ExitStack() as stack:
            if not self._exists():
                return SchemaState.MISSING
            return self._state(self.backend.find_schema(self._enter(stack, Use.READ)))

    def migrate(self) -> None:
        """Bring the schema up to date; all of it in one transaction, or nothing.

        Raises:
            StoreTooNew: a newer program wrote it.
        """
        try:
            self.backend.create()
        except OSError as error:
            raise self._unusable(error) from error
        with self._explained(), ExitStack() as stack:
            connection = self._enter(stack, Use.MIGRATE)
            older = self._state(self.backend.find_schema(connection)) is SchemaState.OLDER
            if older or not self._is_set_up(connection):
                _upgrade(connection)
            with self._committing():
                stack.close()

    def _enter(self, stack: ExitStack, use: Use) -> Connection:
        """Begin a transaction; once more when a kept connection turns out to be gone."""
        engine = self.backend.engine(use)
        try:
            return stack.enter_context(engine.begin())
        except self.backend.errors as error:
            if use is Use.WRITE and self.backend.is_unset(error):
                self.migrate()
            elif not self.backend.may_repeat(error):
                raise
        return stack.enter_context(engine.begin())

    def _enter_reader(self, stack: ExitStack) -> Connection:
        if self._exists():
            connection = self._enter(stack, Use.READ)
            if self._is_set_up(connection):
                return connection
        return stack.enter_context(_empty_engine().begin())

    @contextmanager
    def _watched(self, connection: Connection) -> Iterator[None]:
        if self._guard is None:
            yield
            return
        begun = time.monotonic()
        self._guard(connection)
        yield
        if time.monotonic() - begun > GUARDED_AGAIN:
            self._guard(connection)

    @contextmanager
    def _committing(self) -> Iterator[None]:
        try:
            yield
        except self.backend.errors as error:
            if not self.backend.is_lost(error):
                raise
            raise OutcomeUnknown(
                f"The store {self.backend.name} closed the connection during a commit: what was"
                " written last is there or is not.",
                hint="Run `reconciler reconcile`: it reads what was recorded and goes on there.",
            ) from error

    def _may_repeat(self, error: StoreError, *, committed_too: bool) -> bool:
        if isinstance(error, OutcomeUnknown):
            return committed_too
        cause = error.__cause__
        return cause is not None and self.backend.may_repeat(cause)

    def _state(self, found: dialect.Found) -> SchemaState:
        if found.version == schema.VERSION:
            return SchemaState.OK
        if found.version is not None:
            older = found.version.isdecimal() and int(found.version) < int(schema.VERSION)
            return SchemaState.OLDER if older else SchemaState.NEWER
        if found.tables:
            raise StoreError(
                f"The database {self.backend.name} holds tables of something else.",
                hint="Name another one with --store or RECONCILER_STORE.",
            )
        return SchemaState.MISSING

    def _is_set_up(self, connection: Connection) -> bool:
        """Say whether there is any schema; one that is there must be ours of today."""
        found = self.backend.find_schema(connection)
        state = self._state(found)
        versions = f"The store {self.backend.name} has schema {found.version}, this program"
        if state is SchemaState.NEWER:
            raise StoreTooNew(
                f"{versions} knows only {schema.VERSION}.", hint="Upgrade this program."
            )
        if state is SchemaState.OLDER:
            raise StoreTooOld(
                f"{versions} needs {schema.VERSION}.", hint="Run `reconciler store migrate`."
            )
        return state is SchemaState.OK

    def _exists(self) -> bool:
        try:
            return self.backend.exists()
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> StoreError:
        reason = error.strerror or str(error)
        return StoreError(
            f"The store {self.backend.name} cannot be opened: {reason}.",
            hint="Check the path, or name another file with --store.",
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except UnicodeEncodeError as error:
            raise StoreError(
                f"The store {self.backend.name} cannot keep text that is not valid Unicode.",
                hint="Look for lone surrogates in names and values.",
            ) from error
        except self.backend.errors as error:
            meaning, step = self.backend.explain(error)
            kind = StoreBusy if meaning.startswith(_LOCKED) else StoreError
            raise kind(f"The store {self.backend.name} {meaning}.", hint=step) from error


def _upgrade(connection: Connection) -> None:
    # Alembic is imported only when there is something to migrate.
    from reconciler.adapters.sql import migrate

    migrate.upgrade(connection)


@cache
def _empty_engine() -> Engine:
    """Return what reads the schema without a row, for when there is no store yet."""
    compiler = sqlite.dialect()
    statements: list[str] = []
    for table in schema.metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=compiler)))
        indexes = map(CreateIndex, table.indexes)
        statements.extend(str(each.compile(dialect=compiler)) for each in indexes)
    return dialect.empty_engine(tuple(statements))
