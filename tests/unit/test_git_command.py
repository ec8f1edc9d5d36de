"""How git is started and ended."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import git
import pytest

from reconciler.adapters.git.command import GitCommand, find_git, git_version
from reconciler.adapters.git.repository import open_repository
from reconciler.core.errors import RepositoryError
from tests.repositories import Repository

# Imported before a test changes PATH: GitPython looks for git when it is imported.
assert git.__version__


def fake_git(folder: Path, script: str) -> None:
    """Put a program called git into a folder."""
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitCommand:
    """A command that runs the fake git of the folder."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return GitCommand(directory=tmp_path, shown="shop", timeout=10)


def test_a_missing_git_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git on PATH every command says what to install, in one sentence and a next step."""
    Repository(tmp_path).commit({"a": "1"})
    opened = open_repository(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))

    with pytest.raises(RepositoryError) as caught:
        opened.resolve("HEAD")

    assert str(caught.value) == (
        "git was not found on PATH. Install git 2.32 or newer and try again."
    )


def test_relative_entries_of_path_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program called git in the current folder is never taken for git."""
    fake_git(tmp_path, "exit 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".::")

    with pytest.raises(RepositoryError, match="was not found"):
        find_git()


def test_the_version_is_read() -> None:
    """The version of git is known as numbers."""
    assert git_version() >= (2, 32)


def test_a_slow_git_is_stopped(command: GitCommand, tmp_path: Path) -> None:
    """A git that does not end in time is ended with its children, and the error says so."""
    fake_git(tmp_path, f"(sleep 0.8; touch {tmp_path}/late) & sleep 30")
    begun = time.monotonic()

    with pytest.raises(RepositoryError, match=r"did not finish within 0\.2 seconds"):
        replace(command, timeout=0.2).run("status")

    assert time.monotonic() - begun < 5
    time.sleep(max(0.0, begun + 1.0 - time.monotonic()))
    assert not (tmp_path / "late").exists()


def test_only_waiting_for_git_counts(command: GitCommand, tmp_path: Path) -> None:
    """A slow reader of a stream does not make git late."""
    fake_git(tmp_path, "echo one; sleep 0.1; echo two")
    parts = []

    for chunk in replace(command, timeout=0.25).stream("cat-file"):
        parts.append(chunk)
        time.sleep(0.3)

    assert b"".join(parts) == b"one\ntwo\n"


def test_endless_output_is_cut(command: GitCommand, tmp_path: Path) -> None:
    """A git that writes without end is stopped at the limit."""
    fake_git(tmp_path, "yes")

    with pytest.raises(RepositoryError, match="wrote more than 1 MiB"):
        command.run("ls-tree", limit=1 << 20)


def test_endless_complaints_neither_block_nor_fill(command: GitCommand, tmp_path: Path) -> None:
    """However much git complains, its end is awaited and a line of it is kept."""
    fake_git(tmp_path, "yes complaint | head -c 3000000 >&2; echo done; exit 3")

    result = command.run("status")

    assert (result.status, result.output) == (3, b"done\n")
    assert result.reason.startswith("complaint; complaint")
    assert len(result.reason) < 500


def test_a_helper_that_stays_does_not_hold_us(command: GitCommand, tmp_path: Path) -> None:
    """A child that outlives git and keeps its stderr open is not waited for."""
    fake_git(tmp_path, "sleep 5 >/dev/null & echo done")
    begun = time.monotonic()

    assert command.run("fetch").output == b"done\n"
    assert time.monotonic() - begun < 2


def test_git_gets_an_environment_of_its_own(
    command: GitCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that steers git, and no secret, is handed down; protocols are closed."""
    fake_git(tmp_path, "env")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_COUNT", "HOME"):
        monkeypatch.setenv(name, "inherited")
    for name in ("GIT_SSH_COMMAND", "GIT_OBJECT_DIRECTORY", "RECONCILER_GIT_TOKEN", "ODD NAME"):
        monkeypatch.setenv(name, "inherited")

    lines = command.need("status").text.splitlines()

    variables = dict(line.partition("=")[::2] for line in lines)
    assert "inherited" not in variables.values()
    assert not {"HOME", "GIT_WORK_TREE", "RECONCILER_GIT_TOKEN", "ODD NAME"} & variables.keys()
    assert variables["GIT_DIR"] == str(tmp_path)
    assert variables["GIT_ALLOW_PROTOCOL"] == "none"
    assert variables["GIT_CONFIG_GLOBAL"] == os.devnull
    assert variables["GIT_NO_REPLACE_OBJECTS"] == "1"


def test_git_that_cannot_start_is_told(command: GitCommand, tmp_path: Path) -> None:
    """A git that exists but does not run is an error of ours, not of the system."""
    (tmp_path / "git").write_text("#!/nowhere\n")
    (tmp_path / "git").chmod(0o755)

    with pytest.raises(RepositoryError):
        command.need("status")


def test_no_temporary_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for temporary files the error names TMPDIR."""
    Repository(tmp_path).commit({"a": "1"})
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))

    with pytest.raises(RepositoryError, match="Check TMPDIR"):
        open_repository(tmp_path)
