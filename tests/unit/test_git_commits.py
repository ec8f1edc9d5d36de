"""Commits made by plumbing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.adapters.git.repository import init_repository, open_repository
from reconciler.core.errors import Conflict, RepositoryError
from reconciler.ports import Commit
from tests.repositories import AUTHOR, Repository


@pytest.fixture
def _as_ana(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in AUTHOR.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def _as_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in AUTHOR:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)


@pytest.mark.usefixtures("_as_ana")
def test_a_commit_changes_only_what_it_names(tmp_path: Path) -> None:
    """Files are added, changed and removed on top of the parent; the others stay."""
    made = Repository(tmp_path)
    parent = made.commit({"a": "1", "b/c": "2", "d": "3"})
    files = {"a": b"changed\r\n", "b/c": None, "e/f": b"new"}

    commit = open_repository(tmp_path).commit_files(
        Commit(branch="release/x", message="Release\n\nWhy", files=files, parent=parent)
    )

    assert made.git("rev-parse", "release/x") == commit
    assert made.git("log", "-1", "--format=%P|%an <%ae>|%B", commit).strip() == (
        f"{parent}|Ana Author <ana@example.com>|Release\n\nWhy"
    )
    assert made.git("ls-tree", "-r", "--name-only", commit).split() == ["a", "d", "e/f"]
    assert made.git("cat-file", "-s", f"{commit}:a") == "9"
    assert made.git("reflog", "release/x").endswith("commit by reconciler")


@pytest.mark.usefixtures("_as_ana")
def test_checkout_and_index_stay_as_they_are(tmp_path: Path) -> None:
    """A commit on another branch leaves working tree, index and HEAD alone."""
    made = Repository(tmp_path)
    parent = made.commit({"a": "1"})
    made.write({"a": "edited", "b": "staged"})
    made.git("add", "b")
    before = made.git("status", "--porcelain", "--branch")

    open_repository(tmp_path).commit_files(
        Commit(branch="other", message="x", files={"a": b"2"}, parent=parent)
    )

    assert made.git("status", "--porcelain", "--branch") == before


@pytest.mark.usefixtures("_as_ana")
def test_a_branch_that_moved_is_a_conflict(tmp_path: Path) -> None:
    """The branch must stand where it was expected, or nothing is changed."""
    made = Repository(tmp_path)
    first = made.commit({"a": "1"})
    second = made.commit({"a": "2"})
    made.git("branch", "other", second)
    wanted = Commit(branch="other", message="x", files={"a": b"3"}, parent=first)

    for expected in (None, first):
        with pytest.raises(Conflict, match="is not where it was"):
            open_repository(tmp_path).commit_files(replace(wanted, expected=expected))

    assert made.git("rev-parse", "other") == second


@pytest.mark.usefixtures("_as_ana")
def test_a_branch_is_rebuilt_from_where_it_stands(tmp_path: Path) -> None:
    """With the right expectation a branch is replaced, whatever it held."""
    made = Repository(tmp_path)
    first = made.commit({"a": "1"})
    second = made.commit({"a": "2"})
    made.git("branch", "other", second)

    commit = open_repository(tmp_path).commit_files(
        Commit(branch="other", message="x", files={"a": b"3"}, parent=first, expected=second)
    )

    assert made.git("rev-parse", "other", "other~1").split() == [commit, first]


@pytest.mark.usefixtures("_as_ana")
def test_a_checked_out_branch_is_left_alone(tmp_path: Path) -> None:
    """A branch that is checked out anywhere is refused: its checkout would look edited."""
    made = Repository(tmp_path / "main")
    first = made.commit({"a": "1"})
    made.git("worktree", "add", "--quiet", "-b", "linked", str(tmp_path / "linked"))
    for folder in ("main", "linked"):
        opened = open_repository(tmp_path / folder)
        for branch in ("main", "linked"):
            with pytest.raises(RepositoryError, match="is checked out"):
                opened.commit_files(
                    Commit(branch=branch, message="x", files={}, parent=first, expected=first)
                )


@pytest.mark.usefixtures("_as_ana")
@pytest.mark.parametrize("path", ["../x", "/x", ".git/hooks/x", "a\nb", "a\tb"])
def test_odd_paths_are_not_committed(tmp_path: Path, path: str) -> None:
    """Paths are held to the same rule as those that are read."""
    Repository(tmp_path)

    with pytest.raises(RepositoryError):
        open_repository(tmp_path).commit_files(Commit(branch="x", message="x", files={path: b"x"}))


@pytest.mark.usefixtures("_as_ana")
def test_a_new_repository_is_clean_after_its_first_commit(tmp_path: Path) -> None:
    """Files that lie in a new checkout are committed, and git sees nothing left to do."""
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "a.yaml").write_text("a: 1\n")

    opened = init_repository(shop, "trunk")
    commit = opened.commit_files(
        Commit(branch="trunk", message="First", files={"a.yaml": b"a: 1\n"}, stage=True)
    )

    made = Repository(shop)
    assert made.git("status", "--porcelain", "--branch") == "## trunk"
    assert made.head == commit == opened.resolve("trunk")
    assert not list((shop / ".git").glob("hooks/*"))


def test_a_repository_is_not_made_twice(tmp_path: Path) -> None:
    """Where there is a repository none is made."""
    Repository(tmp_path)

    with pytest.raises(RepositoryError, match="already is a git repository"):
        init_repository(tmp_path, "main")


@pytest.mark.usefixtures("_as_nobody")
def test_an_unknown_committer_is_told_what_to_do(tmp_path: Path) -> None:
    """Without a configured user nothing is committed, and both commands are named."""
    made = Repository(tmp_path)

    with pytest.raises(RepositoryError) as caught:
        open_repository(tmp_path).commit_files(Commit(branch="x", message="x", files={"a": b"1"}))

    assert "git config --global user.name" in str(caught.value)
    assert "git config --global user.email" in str(caught.value)
    assert made.git("for-each-ref") == ""


@pytest.mark.usefixtures("_as_nobody")
def test_the_users_own_config_says_who_commits(tmp_path: Path) -> None:
    """Name and address come from the user's config, the repository's own one first."""
    (tmp_path / ".gitconfig").write_text("[user]\n name = Ben\n email = ben@example.com\n")
    made = Repository(tmp_path / "shop")
    made.git("config", "user.email", "ben@work.example.com")

    commit = open_repository(made.root).commit_files(
        Commit(branch="x", message="x", files={"a": b"1"})
    )

    assert made.git("log", "-1", "--format=%an %ae %cn %ce", commit) == (
        "Ben ben@work.example.com Ben ben@work.example.com"
    )
