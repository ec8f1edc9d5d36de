"""PostgreSQL 16 or newer: connections, how writers take turns, and triggers.

The driver is imported when the first engine is made.
"""

from __future__ import annotations

import os
import select
import threading
import weakref
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from reconciler.adapters.sql.dialect import postgresql_errors
from reconciler.adapters.sql.dialect.base import Found, Use, beginning, make_engine
from reconciler.adapters.sql.dialect.postgresql_connecting import Connector, parse

if TYPE_CHECKING:
    import psycopg

_IDLE = 60_000  # milliseconds that a transaction may stand still: a stopped process stops no one
_MIGRATION = 0x7265636F  # the advisory lock under which the schema changes


class PostgresqlBackend:
    """A database on a server.

    Writers take turns as they do with a file: each begins by locking the table of the version,
    which no snapshot precedes, so it sees everything that was committed before its turn. Hence
    no two of them can read what the other is about to change, and only a hand that writes at the
    same time can make one fail (REPEATABLE READ refuses to overwrite what it has not seen).
    Readers see one moment and wait for nobody.

    A few connections are kept, by each process its own.
    """

    def __init__(self, url: str, patience: float) -> None:
        """Name the database; nothing is opened. The patience, for servers and locks, in seconds.

        Raises:
            UsageError: the URL cannot be understood.
        """
        self._arguments, self.name = parse(url)
        self.errors: tuple[type[Exception], ...] = (DBAPIError,)
        self._patience = patience
        self._engines: dict[tuple[int, Use], Engine] = {}
        self._making = threading.Lock()

    def exists(self) -> bool:
        """Say yes: what is missing is found out by connecting."""
        return True

    def create(self) -> None:
        """Do nothing: databases are made by whoever runs the server."""

    def room(self) -> int | None:
        """Return None: a server does not tell how much room its disk has."""
        return None

    def engine(self, use: Use) -> Engine:
        """Return what opens transactions of this use; a fork of the process has its own."""
        key = os.getpid(), use
        if key not in self._engines:
            with self._making:
                self._make_engines(key[0])
        return self._engines[key]

    def find_schema(self, connection: Connection) -> Found:
        """Look which schema the database holds, where the search path makes new tables."""
        query = (
            "SELECT count(*), coalesce(bool_or(relname = 'alembic_version'), false) FROM pg_class"
            " WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
            " AND relkind IN ('r', 'p', 'v', 'm', 'f')"
        )
        count, ours = connection.exec_driver_sql(query).one()
        if not ours:
            return Found(tables=bool(count), version=None)
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return Found(tables=True, version=None if version is None else str(version))

    def is_unset(self, error: BaseException) -> bool:
        """Say whether the table that writers lock is not there."""
        return postgresql_errors.state(error) == "42P01"

    def is_lost(self, error: BaseException) -> bool:
        """Say whether an error means that the connection is gone."""
        return postgresql_errors.is_lost(error)

    def may_repeat(self, error: BaseException) -> bool:
        """Say whether it was lost, or gave way to another transaction."""
        return self.is_lost(error) or postgresql_errors.gave_way(error)

    def check_alive(self, connection: Connection) -> None:
        """Ask once when the server said something although nothing was asked: it said goodbye."""
        listener = select.poll()
        listener.register(_driver(connection).fileno(), select.POLLIN)
        if listener.poll(0):
            connection.exec_driver_sql("SELECT 1")

    def explain(self, error: BaseException) -> tuple[str, str]:
        """Return what an error means and what to do next; never what a driver says of a URL."""
        return postgresql_errors.explain(error)

    def _make_engines(self, pid: int) -> None:
        if (pid, Use.READ) in self._engines:
            return
        # Connections of a parent process are neither used nor closed here: they are its own.
        for engine in self._engines.values():
            engine.dispose(close=False)
        self._engines = {}
        import psycopg

        self.errors = (DBAPIError, psycopg.Error)
        engine = make_engine(
            "postgresql+psycopg://",
            Connector(self._arguments, self.name, self._patience),
            QueuePool,
            pool_size=2,
            max_overflow=-1,
            paramstyle="format",
            use_native_hstore=False,
        )
        weakref.finalize(self, _close, engine, pid)
        wait = f"SET LOCAL lock_timeout = {max(1, round(self._patience * 1000))}"
        begin = {
            Use.READ: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Use.WRITE: (
                f"BEGIN ISOLATION LEVEL REPEATABLE READ; {wait};"
                f" SET LOCAL idle_in_transaction_session_timeout = {_IDLE};"
                " LOCK TABLE alembic_version IN SHARE ROW EXCLUSIVE MODE"
            ),
            # Each statement sees what was committed before it, so also what this waited for.
            Use.MIGRATE: (
                f"BEGIN ISOLATION LEVEL READ COMMITTED; {wait};"
                f" SELECT pg_advisory_xact_lock({_MIGRATION})"
            ),
        }
        self._engines = {(pid, use): beginning(engine, begin[use]) for use in Use}


def _close(engine: Engine, pid: int) -> None:
    if os.getpid() == pid:
        engine.dispose()


def _driver(connection: Connection) -> psycopg.Connection[tuple[object, ...]]:
    found: Any = connection.connection.driver_connection
    return cast("psycopg.Connection[tuple[object, ...]]", found)


# --- triggers -----------------------------------------------------------------------------------

# A transaction raises a revision once: nobody else sees more of it, and raising the same row for
# each of thousands would take longer each time.
_FUNCTIONS = (
    """\
CREATE FUNCTION platform_resources_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.digest = NULL;
  RETURN NEW;
END $$""",
    """\
CREATE FUNCTION platform_resources_bump() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO platform_environments (environment, revision)
    SELECT DISTINCT environment, 1 FROM touched
    ON CONFLICT (environment) DO UPDATE SET revision = platform_environments.revision + 1
    WHERE platform_environments.xmin <> CAST(pg_current_xact_id() AS xid);
  RETURN NULL;
END $$""",
    """\
CREATE FUNCTION platform_resources_bump_all() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE platform_environments SET revision = revision + 1;
  RETURN NULL;
END $$""",
)
_EDITED = """\
CREATE TRIGGER platform_resources_edited BEFORE UPDATE OF content, digest ON platform_resources
FOR EACH ROW WHEN (NEW.digest IS NOT NULL
  AND (NEW.content IS DISTINCT FROM OLD.content) <> (NEW.digest IS DISTINCT FROM OLD.digest))
EXECUTE FUNCTION platform_resources_forget()"""
_EMPTIED = """\
CREATE TRIGGER platform_resources_emptied AFTER TRUNCATE ON platform_resources
FOR EACH STATEMENT EXECUTE FUNCTION platform_resources_bump_all()"""
_BUMPS = (
    ("inserted", "INSERT", "NEW"),
    ("updated", "UPDATE", "NEW"),
    ("deleted", "DELETE", "OLD"),
    ("moved", "UPDATE", "OLD"),
)

RESOURCE_TRIGGERS = (
    *_FUNCTIONS,
    _EDITED,
    _EMPTIED,
    *(
        f"CREATE TRIGGER platform_resources_{when} AFTER {what} ON platform_resources\n"
        f"REFERENCING {rows} TABLE AS touched\n"
        "FOR EACH STATEMENT EXECUTE FUNCTION platform_resources_bump()"
        for when, what, rows in _BUMPS
    ),
)
