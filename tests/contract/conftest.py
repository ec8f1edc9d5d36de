"""Fixtures of the contract suites."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.contract.remote_world import WITHOUT_TRANSACTIONS, RemoteWorld, opened, remote_world
from tests.contract.worlds import (
    KINDS,
    PostgresqlWorld,
    SqliteWorld,
    SqlWorld,
    World,
    open_world,
)


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Return an empty world, one of each kind."""
    with open_world(request.param, tmp_path) as world:
        yield world


@pytest.fixture(params=[*KINDS, *WITHOUT_TRANSACTIONS])
def every_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World | RemoteWorld]:
    """Return an empty world, one of each kind, those without transactions too."""
    with opened(request.param, tmp_path) as world:
        yield world


@pytest.fixture(scope="module")
def all_worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, ...]]:
    """Return one world of each kind, to be compared with one another."""
    folder = tmp_path_factory.mktemp("worlds")
    with ExitStack() as stack:
        yield tuple(stack.enter_context(open_world(kind, folder)) for kind in KINDS)


@pytest.fixture(scope="module", params=KINDS)
def lasting_world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Return a world that all examples of a property share, each in an environment of its own."""
    with open_world(request.param, tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture(scope="module", params=[*KINDS, *WITHOUT_TRANSACTIONS])
def lasting_every_world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World | RemoteWorld]:
    """Return a world of each kind that all examples share, each in an environment of its own."""
    with opened(request.param, tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def remote() -> Iterator[RemoteWorld]:
    """Return an empty world whose platform is remote, for what only the way to it can show."""
    with remote_world() as world:
        yield world


@pytest.fixture(params=[kind for kind in KINDS if kind != "memory"])
def sql_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlWorld]:
    """Return an empty world, one on each database."""
    with open_world(request.param, tmp_path) as world:
        assert isinstance(world, SqlWorld)
        yield world


@pytest.fixture
def postgresql_world(tmp_path: Path) -> Iterator[PostgresqlWorld]:
    """Return an empty world on PostgreSQL, for what only a server can show."""
    with open_world("postgresql", tmp_path) as world:
        assert isinstance(world, PostgresqlWorld)
        yield world


@pytest.fixture
def sqlite_world(tmp_path: Path) -> SqliteWorld:
    """Return an empty world on SQLite, for what only a file can show."""
    return SqliteWorld(tmp_path)
