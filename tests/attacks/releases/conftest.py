"""Worlds that are made once for each test process, and copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.releases.world import World


@pytest.fixture(scope="session")
def world_once(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the world in which staging/1.1.0 waits for its tag; nobody changes it."""
    return World.build(tmp_path_factory.mktemp("releases") / "world")


@pytest.fixture
def world(world_once: World, tmp_path: Path) -> World:
    """Return a world of one's own in which staging/1.1.0 waits for its tag."""
    return world_once.copy(tmp_path / "world")


@pytest.fixture(scope="session")
def staged_once(world_once: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the world in which production/1.1.0 is merged; nobody changes it."""
    world = world_once.copy(tmp_path_factory.mktemp("staged") / "world")
    world.at_desk("release", "tag", "staging/1.1.0", "--push")
    world.job("promote")
    world.prepare("production", "1.1.0")
    return world


@pytest.fixture
def staged(staged_once: World, tmp_path: Path) -> World:
    """Return a world of one's own in which production/1.1.0 lacks its tag and its approvals."""
    return staged_once.copy(tmp_path / "world")
