"""`actions/checkout` in miniature does to a clone what the real one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repositories import Repository
from tests.workflows.checkout import checkout
from tests.workflows.expressions import UnknownForm

SAFE = {"persist-credentials": False}
WHOLE = {**SAFE, "fetch-depth": 0}


@pytest.fixture
def remote(tmp_path: Path) -> Repository:
    """Return a repository with two commits, a branch, an annotated tag and a pull request."""
    made = Repository(tmp_path / "remote")
    made.commit({"a": "1"})
    made.commit({"a": "2"})
    made.tag("staging/v1.0.0", "A release")
    made.git("branch", "other", "HEAD~1")
    made.git("update-ref", "refs/pull/3/merge", "HEAD~1")
    return made


def refs(clone: Repository) -> dict[str, str]:
    """Return the refs of a clone with the type of what they point to."""
    asked = "--format=%(refname) %(objecttype)"
    return dict(line.split(" ") for line in clone.git("for-each-ref", asked).splitlines())


def test_a_branch_is_one_commit_deep(remote: Repository, tmp_path: Path) -> None:
    """Without being asked, the action takes one commit, no tags and no other branch."""
    clone = checkout(tmp_path / "c", remote.root, "refs/heads/main", remote.head, SAFE)

    assert refs(clone) == {"refs/heads/main": "commit", "refs/remotes/origin/main": "commit"}
    assert clone.git("rev-list", "--count", "HEAD") == "1"
    assert clone.git("symbolic-ref", "HEAD") == "refs/heads/main"


def test_a_tag_is_rewritten(remote: Repository, tmp_path: Path) -> None:
    """In a run for a tag, its ref in the clone points to the commit: the tag object is not seen."""
    at = "refs/tags/staging/v1.0.0"

    for options in (SAFE, WHOLE):
        clone = checkout(tmp_path / str(len(options)), remote.root, at, remote.head, options)

        assert refs(clone)[at] == "commit"
        assert clone.head == remote.head

    whole = checkout(tmp_path / "b", remote.root, "refs/heads/main", remote.head, WHOLE)
    assert refs(whole)[at] == "tag"


def test_a_pull_request_is_a_detached_merge(remote: Repository, tmp_path: Path) -> None:
    """For a pull request the merge commit is checked out, with nothing said of its base."""
    merge = remote.git("rev-parse", "refs/pull/3/merge")

    clone = checkout(tmp_path / "c", remote.root, "refs/pull/3/merge", merge, SAFE)

    assert refs(clone) == {"refs/remotes/pull/3/merge": "commit"}
    assert clone.head == merge
    assert "HEAD (no branch)" in clone.git("status", "--short", "--branch").replace("## ", "")


def test_another_ref_may_be_asked_for(remote: Repository, tmp_path: Path) -> None:
    """`ref:` names a branch or a commit, whatever the event was about."""
    event = ("refs/tags/staging/v1.0.0", remote.head)
    first = remote.git("rev-parse", "other")

    branch = checkout(tmp_path / "a", remote.root, *event, {**SAFE, "ref": "other"})
    commit = checkout(tmp_path / "b", remote.root, *event, {**WHOLE, "ref": first})

    assert (branch.head, branch.git("symbolic-ref", "HEAD")) == (first, "refs/heads/other")
    assert commit.head == first
    assert refs(commit)["refs/remotes/origin/main"] == "commit"


@pytest.mark.parametrize("options", [{}, {"persist-credentials": True}, {**SAFE, "path": "x"}])
def test_an_unsafe_or_unknown_option_is_an_error(
    remote: Repository, tmp_path: Path, options: dict[str, object]
) -> None:
    """A token that stays in the clone, and what this runner does not know, end the test."""
    with pytest.raises((AssertionError, UnknownForm)):
        checkout(tmp_path / "c", remote.root, "refs/heads/main", remote.head, options)
