"""Pushing to a remote, and mirrors of one."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from reconciler.adapters.git.mirror import Mirror, mirror_folder
from reconciler.adapters.git.repository import GitRepository, open_repository
from reconciler.core.errors import NotFound, RemoteUnreachable, RepositoryError
from reconciler.services import mirroring
from tests.repositories import Repository


@pytest.fixture
def remote(tmp_path: Path) -> Repository:
    """A bare repository that others push to."""
    first = Repository(tmp_path / "first")
    first.commit({"a": "1"})
    first.tag("staging/v1.0.0", "One")
    first.git("clone", "--quiet", "--bare", str(first.root), str(tmp_path / "remote.git"))
    return Repository(tmp_path / "remote.git")


@pytest.fixture
def local(remote: Repository, tmp_path: Path) -> Repository:
    """A clone of it with a branch and a tag of its own."""
    remote.git("clone", "--quiet", str(remote.root), str(tmp_path / "local"))
    made = Repository(tmp_path / "local")
    made.switch("release", create=True)
    made.commit({"b": "1"})
    made.tag("own", "Own")
    return made


@pytest.fixture
def git(local: Repository) -> GitRepository:
    """The clone, opened."""
    return open_repository(local.root)


def test_branches_and_tags_are_pushed(
    remote: Repository, local: Repository, git: GitRepository
) -> None:
    """What is named goes to the remote, and nothing else; again it changes nothing."""
    for _ in range(2):
        git.push(["refs/heads/release", "refs/tags/own"])

    assert remote.git("rev-parse", "refs/heads/release") == local.head
    assert remote.git("cat-file", "-t", "refs/tags/own") == "tag"


@pytest.mark.parametrize("force", [False, True])
def test_a_tag_is_never_moved(
    remote: Repository, local: Repository, git: GitRepository, *, force: bool
) -> None:
    """A tag that is another on the remote is refused with its name, by force too."""
    remote.tag("own", "Another", "main")
    before = remote.git("rev-parse", "refs/tags/own")

    with pytest.raises(RepositoryError, match=r"refused refs/tags/own: .*already exists"):
        git.push(["refs/tags/own"], force=force)
    assert remote.git("rev-parse", "refs/tags/own") == before


def test_a_branch_is_replaced_when_all_of_it_is_known(
    remote: Repository, local: Repository, git: GitRepository
) -> None:
    """A rebuilt branch needs force, and takes nobody's commits away."""
    git.push(["refs/heads/release"])
    local.git("commit", "--quiet", "--amend", "--message=Rebuilt")

    with pytest.raises(RepositoryError, match="refused refs/heads/release"):
        git.push(["refs/heads/release"])
    git.push(["refs/heads/release"], force=True)
    assert remote.git("rev-parse", "release") == local.head

    tree = remote.git("rev-parse", "release^{tree}")
    remote.git("update-ref", "refs/heads/release", remote.git("commit-tree", tree, stdin=b"theirs"))
    with pytest.raises(RepositoryError, match="has commits that are not here"):
        git.push(["refs/heads/release"], force=True)


@pytest.mark.parametrize("ref", ["main", "refs/heads/nowhere", "-x", "HEAD", "refs/x/y"])
def test_odd_refs_are_not_pushed(git: GitRepository, ref: str) -> None:
    """Only branches and tags that are here, by their full names, are pushed."""
    with pytest.raises(RepositoryError, match="not pushed"):
        git.push([ref])


def test_a_remote_that_is_gone_is_told(
    remote: Repository, local: Repository, git: GitRepository
) -> None:
    """A push to a remote that does not answer says so, as does one without a remote."""
    remote.root.rename(remote.root.with_name("away"))
    with pytest.raises(RemoteUnreachable, match="cannot be pushed to"):
        git.push(["refs/heads/release"])
    local.git("remote", "remove", "origin")
    with pytest.raises(RepositoryError, match="no remote called origin"):
        git.push(["refs/heads/release"])


def opened(remote: Repository, folder: Path) -> Mirror:
    """Return the mirror of a remote."""
    return Mirror(folder / "mirrors", str(remote.root))


def test_a_mirror_is_read_like_a_checkout(remote: Repository, tmp_path: Path) -> None:
    """Branches and tags of the remote are there by their names; HEAD is the protected branch."""
    remote.git("branch", "trunk")
    mirror = opened(remote, tmp_path)
    assert mirror.is_empty

    assert mirroring.begin(mirror, lambda _: "trunk", offline=False) == ()

    ref = "refs/reconciler/heads/trunk"
    assert mirror.protected("trunk") == (ref, remote.head)
    assert [mirror.resolve(name) for name in ("HEAD", "main", "staging/v1.0.0")] == [
        remote.head
    ] * 3
    assert mirror.branches() == ("main", "trunk")
    assert mirror.tags(fetched=False) == mirror.tags(fetched=True) != ()
    assert mirror.fetch("trunk") == remote.head
    with pytest.raises(NotFound, match="branches found: main, trunk"):
        mirror.protected("nowhere")
    with pytest.raises(RepositoryError, match="no working tree"):
        mirror.worktree()


def test_an_outage_leaves_what_is_known(remote: Repository, tmp_path: Path) -> None:
    """A mirror that was fetched once goes on with a notice; an empty one cannot."""
    mirroring.begin(opened(remote, tmp_path), lambda _: "main", offline=False)
    remote.root.rename(remote.root.with_name("away"))

    (notice,) = mirroring.begin(opened(remote, tmp_path), lambda _: "main", offline=False)

    assert "did not answer" in notice
    assert mirroring.begin(opened(remote, tmp_path), lambda _: "main", offline=True) == ()
    empty = opened(remote, tmp_path / "other")
    with pytest.raises(RemoteUnreachable):
        mirroring.begin(empty, lambda _: "main", offline=False)
    with pytest.raises(RepositoryError, match="without --offline"):
        mirroring.begin(empty, lambda _: "main", offline=True)


def test_credentials_have_no_part_in_a_mirror(tmp_path: Path) -> None:
    """The same remote has one mirror, with a token in its URL or without, and keeps none."""
    plain = mirror_folder(tmp_path, "https://example.com/shop.git")

    assert mirror_folder(tmp_path, "https://u:t0ken@example.com/shop.git") == plain
    Mirror(tmp_path / "mirrors", "https://u:t0ken@example.com/shop.git")
    files = [path for path in (tmp_path / "mirrors").rglob("*") if path.is_file()]
    assert files
    assert not any(b"t0ken" in path.read_bytes() for path in files)


def test_two_fetch_into_one_mirror(remote: Repository, tmp_path: Path) -> None:
    """Several that begin on one mirror at once all end well."""
    problems: list[Exception] = []

    def begin() -> None:
        """Open and fetch."""
        try:
            mirroring.begin(opened(remote, tmp_path), lambda _: "main", offline=False)
        except RepositoryError as error:
            problems.append(error)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
