"""Ready repositories: made once for each test process, copied for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance import cycle, waiting
from tests.acceptance.launcher import Launcher
from tests.acceptance.manifests import SHOP
from tests.acceptance.program import Shop, variables
from tests.acceptance.servers import ServerShop, ServerTeam
from tests.acceptance.travelling import Team
from tests.attacks.releases.world import World
from tests.repositories import Repository

MARKERS = (
    "both_stores: runs with the store on SQLite and again with it on PostgreSQL",
    "embedded_store: in a module that runs on both, what is about a file, or about no store at all",
    "server_store: runs with the store on PostgreSQL",
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known that say where a test's store is."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked so with its store on SQLite and on PostgreSQL; all else on SQLite."""
    if "engine" not in metafunc.fixturenames:
        return
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    engines = ["sqlite"]
    if "server_store" in marks:
        engines = ["postgresql"]
    elif "both_stores" in marks and "embedded_store" not in marks:
        engines = ["sqlite", "postgresql"]
    ids = [pytest.HIDDEN_PARAM if each == "sqlite" else each for each in engines]
    metafunc.parametrize("engine", engines, ids=ids, indirect=True, scope="session")


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    """Return where the store of every shop and team is; this is the only switch."""
    return str(request.param)


@pytest.fixture(scope="session")
def shops(engine: str) -> type[Shop]:
    """Return what a repository with its store is made as."""
    return ServerShop if engine == "postgresql" else Shop


@pytest.fixture(scope="session")
def teams(engine: str) -> type[Team]:
    """Return what people with their remote and store are made as."""
    return ServerTeam if engine == "postgresql" else Team


@pytest.fixture(scope="session")
def committed_once(shops: type[Shop], tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return the small shop as committed, never deployed; nobody changes it."""
    repository = Repository(tmp_path_factory.mktemp("committed") / "shop")
    repository.commit({**SHOP, ".gitignore": ".reconciler/\n"})
    return shops(repository)


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
def begun_once(
    launcher: Launcher, teams: type[Team], tmp_path_factory: pytest.TempPathFactory
) -> Team:
    """Return a team with its first release in staging; nobody goes on with it."""
    return cycle.begun(launcher, tmp_path_factory.mktemp("begun") / "team", teams)


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


@pytest.fixture(scope="session")
def waiting_once(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a world where releases wait to be proposed; nobody changes it."""
    return waiting.built(tmp_path_factory.mktemp("waiting") / "world")


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let it be a release day; `waiting.travel` goes on."""
    waiting.travel(monkeypatch, waiting.RELEASE_DAY)
    return monkeypatch
