"""What is shipped: the wheel and the source archive, as a user gets them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests import project


def copy_project(folder: Path) -> Path:
    """Return a copy of this project's files, as a clone has them."""
    for path in project.files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(project.ROOT / path, folder / path)
    return folder


def build(source: Path, target: str, destination: Path) -> Path:
    """Return the archive that the build backend makes of a copy."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", destination]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=120)
    (archive,) = destination.iterdir()
    return archive


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one copy of the project."""
    return copy_project(tmp_path_factory.mktemp("first") / "source")


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of that copy."""
    return build(source, "wheel", tmp_path_factory.mktemp("dist") / "wheel")


def test_the_wheel_holds_all_that_is_needed(wheel: Path) -> None:
    """Code, types, schemas, starter files and migrations are in the wheel, and the licence."""
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = {str(path) for path in project.files()}

    package = {name for name in tracked if name.startswith("reconciler/")}
    schemas = {f"reconciler/{name}" for name in tracked if name.startswith("schemas/")}
    assert package | schemas <= names
    assert "reconciler/py.typed" in names
    assert "reconciler/schemas/workflow.v1.json" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    """No test, cache or state of a developer is shipped."""
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.partition("/")[0].partition("-")[0] for name in names} == {
        "reconciler",
        "gitops_reconciler",
    }
    assert [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".db"))] == []


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_two_builds_are_equal(source: Path, tmp_path: Path, target: str) -> None:
    """Built again elsewhere, later and with other file times, every byte is the same."""
    other = copy_project(tmp_path / "elsewhere" / "with a longer name")
    for path in project.files():
        os.utime(other / path, (1_000_000_000, 1_000_000_000))

    first = build(source, target, tmp_path / "first")
    second = build(other, target, tmp_path / "second")

    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_the_source_archive_can_be_built(source: Path, tmp_path: Path, wheel: Path) -> None:
    """The wheel made of the source archive is the wheel made of the checkout."""
    archive = build(source, "sdist", tmp_path / "sdist")
    with tarfile.open(archive) as file:
        file.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()

    assert build(unpacked, "wheel", tmp_path / "wheel").read_bytes() == wheel.read_bytes()


def run_installed(package: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with an unpacked wheel, far from the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(package), "HOME": str(cwd)}
    command = [sys.executable, "-P", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_wheel_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """From the wheel alone a new repository is made and found valid."""
    package, cwd = tmp_path / "package", tmp_path / "cwd"
    cwd.mkdir()
    zipfile.ZipFile(wheel).extractall(package)
    where = run_installed(package, cwd, "-c", "import reconciler; print(reconciler.__file__)")
    assert where.stdout.startswith(str(package)), where.stderr

    made = run_installed(package, cwd, "-m", "reconciler", "init", "shop")
    valid = run_installed(package, cwd / "shop", "-m", "reconciler", "validate")

    assert made.returncode == 0, made.stderr
    assert valid.returncode == 0, valid.stdout + valid.stderr
