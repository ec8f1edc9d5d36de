"""Fixtures of the contract suites."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.worlds import SqliteWorld, World, make_world


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """Return an empty world, one of each kind."""
    return make_world(request.param, tmp_path)


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def lasting_world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> World:
    """Return a world that all examples of a property share, each in an environment of its own."""
    return make_world(request.param, tmp_path_factory.mktemp("world"))


@pytest.fixture
def sqlite_world(tmp_path: Path) -> SqliteWorld:
    """Return an empty world on SQLite, for what only a file can show."""
    return SqliteWorld(tmp_path)
