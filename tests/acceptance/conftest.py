"""Ready repositories: made once for each test process, copied for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance import cycle
from tests.acceptance.launcher import Launcher
from tests.acceptance.manifests import SHOP
from tests.acceptance.program import Shop, variables
from tests.acceptance.travelling import Team
from tests.repositories import Repository


@pytest.fixture(scope="session")
def committed_once(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return the small shop as committed, never deployed; nobody changes it."""
    repository = Repository(tmp_path_factory.mktemp("committed") / "shop")
    repository.commit({**SHOP, ".gitignore": ".reconciler/\n"})
    return Shop(repository)


@pytest.fixture(scope="session")
def deployed_once(committed_once: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return the small shop with development deployed; nobody changes it."""
    shop = committed_once.copy(tmp_path_factory.mktemp("deployed") / "shop")
    shop.run("reconcile")
    return shop


@pytest.fixture
def committed(committed_once: Shop, tmp_path: Path) -> Shop:
    """Return a small shop of one's own, as committed."""
    return committed_once.copy(tmp_path / "committed")


@pytest.fixture
def deployed(deployed_once: Shop, tmp_path: Path) -> Shop:
    """Return a small shop of one's own with development deployed."""
    return deployed_once.copy(tmp_path / "shop")


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """Yield what starts the program at any moment."""
    with closing(Launcher(tmp_path_factory.mktemp("launcher"), variables())) as found:
        yield found


@pytest.fixture(scope="session")
def begun_once(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Return a team with its first release in staging; nobody goes on with it."""
    return cycle.begun(launcher, tmp_path_factory.mktemp("begun") / "team")


@pytest.fixture(scope="session")
def week_one_once(begun_once: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Return a team on Tuesday of week 1, when all was promoted; nobody goes on with it."""
    return cycle.week_one(begun_once.copy(tmp_path_factory.mktemp("week-one") / "team"))


@pytest.fixture
def begun(begun_once: Team, tmp_path: Path) -> Team:
    """Return a team of one's own with its first release in staging."""
    return begun_once.copy(tmp_path / "team")


@pytest.fixture
def week_one(week_one_once: Team, tmp_path: Path) -> Team:
    """Return a team of one's own on Tuesday of week 1."""
    return week_one_once.copy(tmp_path / "team")
