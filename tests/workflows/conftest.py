"""The team of the scenarios, made once for all test processes and copied for each test."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workflows import team
from tests.workflows.forge import Forge
from tests.workflows.hosting import Host
from tests.workflows.quick import Quick
from tests.workflows.story import Story

Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Once:
    """Return what makes a folder in the first test process that asks; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        base = base.parent

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = base / f"workflows-{name}", base / f"workflows-{name}.done"
        with (base / f"workflows-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def program() -> Iterator[Path]:
    """Yield the folder of the program, which starts at once."""
    with Quick() as quick:
        yield quick.bin


@pytest.fixture(scope="session")
def team_once(once: Once, program: Path) -> Path:
    """Return the folder of the team with 1.0.0 everywhere; nobody changes it."""

    def make(folder: Path) -> None:
        with Forge(folder / "shop.git") as forge:
            team.build(folder, forge, program)

    return once("team", make)


@pytest.fixture
def host(team_once: Path, program: Path, tmp_path: Path) -> Iterator[Host]:
    """Yield a forge of one's own with the team's repository."""
    with Forge(tmp_path / "host" / "shop.git") as forge:
        yield team.copied(team_once, tmp_path / "host", forge, program)


@pytest.fixture(scope="session")
def story(once: Once, team_once: Path, program: Path) -> Story:
    """Return what was seen on the way from a changed line to a version in production."""

    def make(folder: Path) -> None:
        folder.mkdir()
        with Forge(folder / "host" / "shop.git") as forge:
            host = team.copied(team_once, folder / "host", forge, program)
            Story.lived(host).save(folder / "story.json")

    return Story.load(once("story", make) / "story.json")
