"""Fetching a branch and the tags into refs of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.git.repository import open_repository
from reconciler.core.errors import RepositoryError
from tests.repositories import Repository


@pytest.fixture
def remote(tmp_path: Path) -> Repository:
    """A repository that others fetch from."""
    made = Repository(tmp_path / "remote")
    made.commit({"environments/a.yaml": "a: 1\n"})
    made.tag("staging/v1.0.0", "One")
    return made


@pytest.fixture
def local(tmp_path: Path, remote: Repository) -> Repository:
    """A clone of it that has a local tag and a commit of its own."""
    remote.git("clone", "--quiet", "--no-tags", str(remote.root), str(tmp_path / "local"))
    made = Repository(tmp_path / "local")
    made.commit({"own": "1"})
    made.tag("own")
    return made


def refs(repository: Repository) -> dict[str, str]:
    """Return every ref with its object id."""
    lines = repository.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.split(" ") for line in lines)


def test_branch_and_tags_arrive_as_refs_of_our_own(local: Repository, remote: Repository) -> None:
    """The branch and every tag as the remote has them are put below `refs/reconciler/`."""
    before = refs(local)

    commit = open_repository(local.root).fetch("main")

    assert commit == remote.head
    new = {name: oid for name, oid in refs(local).items() if name not in before}
    assert new == {
        "refs/reconciler/heads/main": remote.head,
        "refs/reconciler/tags/staging/v1.0.0": remote.git("rev-parse", "staging/v1.0.0"),
    }


def test_branches_tags_and_fetch_head_stay(local: Repository, remote: Repository) -> None:
    """A fetch changes no local branch, tag, remote-tracking branch or FETCH_HEAD."""
    before = refs(local)
    remote.commit({"environments/a.yaml": "a: 2\n"})

    open_repository(local.root).fetch("main")

    after = refs(local)
    assert {name: after[name] for name in before} == before
    assert not (local.root / ".git" / "FETCH_HEAD").exists()
    assert local.git("status", "--porcelain") == ""


def test_tags_follow_the_remote(local: Repository, remote: Repository) -> None:
    """A tag that moved or went away at the remote moved or went away in our refs."""
    opened = open_repository(local.root)
    remote.tag("gone")
    opened.fetch("main")
    remote.git("tag", "--delete", "gone")
    remote.commit({"environments/a.yaml": "a: 2\n"})
    remote.git("tag", "--force", "--annotate", "--message=Moved", "staging/v1.0.0", "HEAD")

    opened.fetch("main")

    moved = remote.git("rev-parse", "staging/v1.0.0")
    tags = {name: oid for name, oid in refs(local).items() if "reconciler/tags" in name}
    assert tags == {"refs/reconciler/tags/staging/v1.0.0": moved}


def test_a_branch_that_was_rewritten_is_taken_as_it_is(
    local: Repository, remote: Repository
) -> None:
    """Whether a rewritten branch is acceptable is decided elsewhere; the fetch tells the truth."""
    opened = open_repository(local.root)
    opened.fetch("main")
    remote.git("commit", "--quiet", "--amend", "--message=Rewritten")

    assert opened.fetch("main") == remote.head


def test_another_remote_may_be_named(local: Repository, remote: Repository) -> None:
    """A remote is taken by name or by URL; a relative path counts from the working tree."""
    local.git("remote", "rename", "origin", "upstream")
    opened = open_repository(local.root)

    assert opened.fetch("main", remote="upstream") == remote.head
    assert opened.fetch("main", url="../remote") == remote.head


def test_no_remote_is_an_error_to_go_on_from(local: Repository) -> None:
    """Without a remote the error says so and local refs stay usable."""
    local.git("remote", "remove", "origin")
    opened = open_repository(local.root)

    assert opened.remote_url() is None
    with pytest.raises(RepositoryError, match="no remote called origin"):
        opened.fetch("main")
    assert opened.resolve("main") == local.head


@pytest.mark.parametrize("name", ["-x", "a b", "", "a\nb", "--file=x"])
def test_odd_remote_names_are_refused(local: Repository, name: str) -> None:
    """The name of a remote never becomes an option."""
    with pytest.raises(RepositoryError, match="is not the name of a remote"):
        open_repository(local.root).fetch("main", remote=name)


def test_a_missing_branch_is_named(local: Repository) -> None:
    """A branch that the remote does not have is named in the error."""
    with pytest.raises(RepositoryError, match="couldn't find remote ref refs/heads/trunk"):
        open_repository(local.root).fetch("trunk")


def test_a_remote_that_is_gone_is_named(local: Repository, remote: Repository) -> None:
    """A remote that cannot be reached is named, and what was fetched before stays."""
    opened = open_repository(local.root)
    commit = opened.fetch("main")
    remote.root.rename(remote.root.with_name("away"))

    with pytest.raises(RepositoryError, match="remote cannot be fetched"):
        opened.fetch("main")
    assert opened.resolve("refs/reconciler/heads/main") == commit


def test_a_linked_working_tree_fetches_into_the_shared_refs(
    local: Repository, remote: Repository, tmp_path: Path
) -> None:
    """A fetch from a linked working tree is seen from the main one."""
    local.git("worktree", "add", "--quiet", "-b", "linked", str(tmp_path / "linked"))

    open_repository(tmp_path / "linked").fetch("main", url=str(remote.root))

    assert open_repository(local.root).resolve("refs/reconciler/heads/main") == remote.head


def test_packed_refs_are_kept(local: Repository, remote: Repository) -> None:
    """A fetch that prunes packed refs keeps all others."""
    opened = open_repository(local.root)
    remote.tag("gone")
    opened.fetch("main")
    local.git("pack-refs", "--all")
    remote.git("tag", "--delete", "gone")
    before = refs(local)

    opened.fetch("main")

    del before["refs/reconciler/tags/gone"]
    assert refs(local) == before
