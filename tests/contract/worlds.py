"""All kinds of store and platform behind one handle, so that one suite runs on each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import psycopg

from reconciler.adapters.platforms.builtin import BuiltinPlatform
from reconciler.adapters.sql.database import Database
from reconciler.adapters.sql.dialect import SqliteBackend
from reconciler.adapters.sql.dialect.postgresql import PostgresqlBackend
from reconciler.adapters.store import SqlStore
from reconciler.core.affected import AffectedQuery
from reconciler.core.canonical import Json
from reconciler.core.errors import StoreError
from reconciler.core.model import ResourceKey
from reconciler.ports import Operation, Platform, Store, Unit
from reconciler.testing import FakeClock, MemoryPlatform, MemoryStore
from reconciler.testing.factories import key_of
from tests import postgres

KINDS = ("memory", "sqlite", "postgresql")


class UserPlatform(Platform, Protocol):
    """A platform that has its own users, and tells which workflows do not run."""

    def put_users(self, unit: Unit, users: list[Mapping[str, Json]], /) -> None:
        """Replace what is known of these users."""

    def users(self, integration: str | None = None) -> Iterator[Mapping[str, Json]]:
        """Stream records of users."""

    def inactive(self) -> Mapping[ResourceKey, tuple[str, ...]]:
        """Return enabled workflows that do not run."""


class World(Protocol):
    """A store with its platforms, and a hand that reaches in from outside."""

    store: Store

    def platform(self, environment: str) -> UserPlatform:
        """Return the platform of an environment."""

    def edit(self, environment: str, content: Mapping[str, Json]) -> None:
        """Change or add a resource from outside."""

    def delete(self, environment: str, key: ResourceKey) -> None:
        """Take a resource away from outside."""

    def broken_commit(self) -> AbstractContextManager[None]:
        """Let the commits inside fail."""


class MemoryWorld:
    """Everything in memory."""

    def __init__(self) -> None:
        """Begin empty."""
        self._store = MemoryStore()
        self.store: Store = self._store
        self._platforms: dict[str, MemoryPlatform] = {}

    def platform(self, environment: str) -> MemoryPlatform:
        """Return the platform of an environment."""
        return self._platforms.setdefault(environment, MemoryPlatform())

    def edit(self, environment: str, content: Mapping[str, Json]) -> None:
        """Change or add a resource from outside."""
        self.platform(environment).edit(content)

    def delete(self, environment: str, key: ResourceKey) -> None:
        """Take a resource away from outside."""
        self.platform(environment).delete(key)

    @contextmanager
    def broken_commit(self) -> Iterator[None]:
        """Let the next commit fail."""
        self._store.fail_commit = StoreError("The disk is full.")
        yield


class SqlWorld:
    """A database, and a hand that reaches into its tables."""

    def __init__(self, database: Database) -> None:
        """Take a database that is set up."""
        self.database = database
        self.store: Store = SqlStore(database)

    def platform(self, environment: str) -> BuiltinPlatform:
        """Return the platform of an environment."""
        return BuiltinPlatform(self.database, environment, now=FakeClock().now)

    def edit(self, environment: str, content: Mapping[str, Json]) -> None:
        """Change or add a resource with SQL, as somebody would by hand."""
        self.execute(
            "INSERT INTO platform_resources (environment, kind, name, content)"
            " VALUES (?, ?, ?, ?) ON CONFLICT (environment, kind, name)"
            " DO UPDATE SET content = excluded.content, state = 'enabled'",
            (environment, *key_of(content), json.dumps(content)),
        )

    def delete(self, environment: str, key: ResourceKey) -> None:
        """Take a resource away with SQL, as somebody would by hand."""
        statement = "DELETE FROM platform_resources WHERE environment = ? AND kind = ? AND name = ?"
        self.execute(statement, (environment, *key))

    def execute(self, statement: str, parameters: tuple[Json, ...] = ()) -> list[tuple[Json, ...]]:
        """Execute SQL as somebody would by hand, and return the rows."""
        return execute_by_hand(self.database, statement, parameters)


class SqliteWorld(SqlWorld):
    """An SQLite file."""

    def __init__(self, folder: Path) -> None:
        """Begin without a row."""
        self.path = set_up(folder / "state.db")
        super().__init__(Database(self.path, busy_timeout=0.2))

    @contextmanager
    def broken_commit(self) -> Iterator[None]:
        """Read for so long that nobody can commit."""
        reader = sqlite3.connect(self.path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM deployments").fetchone()
        yield
        reader.close()


class PostgresqlWorld(SqlWorld):
    """A database of PostgreSQL."""

    def __init__(self, url: str) -> None:
        """Take the URL of a database that is set up."""
        self.url = url
        super().__init__(Database.from_url(url, busy_timeout=0.5))

    @contextmanager
    def broken_commit(self) -> Iterator[None]:
        """Let a check that waits for the commit refuse it."""
        self.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'disk_full'; END $$"
        )
        tables = self.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables:
            self.execute(
                f"CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR UPDATE OR DELETE ON {table}"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        yield
        self.execute("DROP FUNCTION refuse CASCADE")


def execute_by_hand(
    database: Database, statement: str, parameters: tuple[Json, ...] = ()
) -> list[tuple[Json, ...]]:
    """Execute SQL with ? for parameters, past the program, and return the rows."""
    if isinstance(database.backend, SqliteBackend):
        file = sqlite3.connect(database.backend.path, isolation_level=None)
        rows = file.execute(statement, parameters).fetchall()
        file.close()
        return rows
    assert isinstance(database.backend, PostgresqlBackend)
    with psycopg.connect(**database.backend._arguments, autocommit=True) as hand:
        cursor = hand.execute(statement.replace("?", "%s").encode(), parameters or None)
        return cursor.fetchall() if cursor.description else []


@cache
def _empty_store() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "state.db")
        Database(path).migrate()
        return path.read_bytes()


def set_up(path: Path) -> Path:
    """Write an empty store, which for one test after another is faster than the migrations."""
    path.write_bytes(_empty_store())
    return path


@contextmanager
def open_world(kind: str, folder: Path) -> Iterator[World]:
    """Open a new world of a kind."""
    if kind == "postgresql":
        with postgres.fresh_database() as url:
            world = PostgresqlWorld(url)
            yield world
            world.database.close()
    else:
        yield MemoryWorld() if kind == "memory" else SqliteWorld(folder)


def deploy(world: World, environment: str, *operations: Operation) -> None:
    """Deploy on what runs now."""
    platform = world.platform(environment)
    with world.store.transaction() as unit:
        platform.deploy(unit, operations, platform.observe().revision)


def put_users(world: World, environment: str, *users: Mapping[str, Json]) -> None:
    """Write users."""
    with world.store.transaction() as unit:
        world.platform(environment).put_users(unit, list(users))


def affected_ids(world: World, environment: str, query: AffectedQuery) -> list[str]:
    """Return the ids of affected users, having compared them with the count."""
    platform = world.platform(environment)
    ids = [row.user for row in platform.affected(query)]
    assert platform.count_affected(query) == len(ids)
    return ids
