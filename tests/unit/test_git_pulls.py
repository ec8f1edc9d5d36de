"""Fetching pull requests as data, from a real bare remote and the one in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.git.mirror import Mirror
from reconciler.adapters.git.repository import GitRepository, open_repository
from reconciler.core.errors import NotFound, RemoteUnreachable, RepositoryError
from reconciler.ports import GitRepository as Port
from reconciler.ports import PullRefs
from reconciler.testing import MemoryRepository
from tests.repositories import Repository


class World:
    """A remote with pull request 7 (head and merge), 8 (head alone), and who fetches from it."""

    def __init__(self, folder: Path) -> None:
        """Make the bare remote, a clone that others work in, and our clone."""
        work = Repository(folder / "work")
        work.commit({"a": "1"})
        work.git("clone", "--quiet", "--bare", str(work.root), str(folder / "remote.git"))
        self.remote = Repository(folder / "remote.git")
        self.work = work
        self.main = work.head
        self.head = self.pull(7, "head", {"a": "2"})
        self.merge = self.pull(7, "merge", {"a": "3"})
        self.other = self.pull(8, "head", {"b": "1"})
        work.git("clone", "--quiet", str(self.remote.root), str(folder / "local"))
        self.git = open_repository(folder / "local")

    def pull(self, number: int, kind: str, files: dict[str, str]) -> str:
        """Make a commit behind a ref of a pull request."""
        self.work.git("checkout", "--quiet", "--detach", self.main)
        commit = self.work.commit(files, f"{number} {kind}")
        target = f"+HEAD:refs/pull/{number}/{kind}"
        self.work.git("push", "--quiet", str(self.remote.root), target)
        return commit


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A remote with two pull requests."""
    return World(tmp_path)


def in_memory() -> tuple[MemoryRepository, dict[int, PullRefs]]:
    """Return a repository whose remote has two pull requests."""
    made = MemoryRepository({"a": "1"})
    made.share()
    made.pulls = {7: PullRefs(made.commit("x"), made.commit("y")), 8: PullRefs(made.commit("z"))}
    return made, dict(made.pulls)


@pytest.fixture(params=["git", "mirror", "memory"])
def case(
    request: pytest.FixtureRequest, world: World, tmp_path: Path
) -> tuple[Port, dict[int, PullRefs]]:
    """Each kind of repository with the pull requests that its remote has."""
    expected = {7: PullRefs(world.head, world.merge), 8: PullRefs(world.other)}
    if request.param == "mirror":
        mirror = Mirror(tmp_path / "state" / "mirrors", str(world.remote.root))
        mirror.follow()
        return mirror, expected
    return (world.git, expected) if request.param == "git" else in_memory()


def test_heads_and_merges_arrive(case: tuple[Port, dict[int, PullRefs]]) -> None:
    """Each pull request that the remote has is returned and readable by its commits; others not."""
    git, expected = case

    assert git.fetch_pulls([8, 7, 9, 7]) == expected
    assert git.fetch_pulls([8]) == {8: expected[8]}
    assert git.fetch_pulls([]) == {}
    assert all(git.exists(each.head) for each in expected.values())
    assert git.snapshot(expected[7].head).commit == expected[7].head


def test_a_remote_that_does_not_answer_is_told(world: World) -> None:
    """Without a remote, or with one that is away, the reason is told."""
    world.remote.root.rename(world.remote.root.with_name("away"))
    with pytest.raises(RemoteUnreachable, match="cannot be asked"):
        world.git.fetch_pulls([7])
    memory, _ = in_memory()
    memory.unreachable = "It is away."
    with pytest.raises(RemoteUnreachable, match="away"):
        memory.fetch_pulls([7])


def test_they_are_no_candidates_for_anything(world: World) -> None:
    """What was fetched so is no branch, no tag and no name, and moves none of them."""
    git = world.git
    git.fetch("main")
    before = git.branches(), git.tags(fetched=True), git.tags(fetched=False)
    world.pull(9, "head", {"environments/allowed_signers": "mallory"})

    assert set(git.fetch_pulls([7, 8, 9])) == {7, 8, 9}

    assert (git.branches(), git.tags(fetched=True), git.tags(fetched=False)) == before
    assert git.protected("main")[1] == world.main
    for name in ("7/head", "pulls/7/head", "pull/7/head", "reconciler/pulls/7/head", "head"):
        with pytest.raises(NotFound):
            git.resolve(name)


@pytest.mark.parametrize("kind", ["git", "mirror"])
def test_a_later_fetch_leaves_them_alone(world: World, tmp_path: Path, kind: str) -> None:
    """Fetching branches afterwards neither removes them nor takes them for branches."""
    git: GitRepository = world.git
    if kind == "mirror":
        git = Mirror(tmp_path / "state" / "mirrors", str(world.remote.root))
        git.follow()
    git.fetch_pulls([7])
    git.fetch("main")
    assert git.snapshot("refs/reconciler/pulls/7/head").commit == world.head
    assert not any("7" in branch for branch in git.branches())


def test_a_head_that_moved_is_followed(world: World) -> None:
    """A force-push is followed, and a merge that the remote has no more is not returned."""
    world.git.fetch_pulls([7])
    moved = world.pull(7, "head", {"a": "other"})
    world.remote.git("update-ref", "-d", "refs/pull/7/merge")

    assert world.git.fetch_pulls([7]) == {7: PullRefs(moved)}


def test_one_that_is_not_sound_keeps_no_other_away(world: World) -> None:
    """Objects that git refuses cost their own pull request only."""
    tree = f"100644 blob {world.remote.git('hash-object', '-w', '--stdin', stdin=b'x')}\t.git\n"
    bad = world.remote.git("mktree", stdin=tree.encode())
    head = f"tree {bad}\nauthor M <m@example.com> 1 +0000\ncommitter M <m@example.com> 1 +0000\n\nx"
    options = ("-t", "commit", "-w", "--stdin", "--literally")
    commit = world.remote.git("hash-object", *options, stdin=head.encode())
    world.remote.git("update-ref", "refs/pull/9/head", commit)

    assert set(world.git.fetch_pulls([7, 8, 9])) == {7, 8}
    assert not world.git.exists(commit)


def test_only_the_very_refs_are_taken(world: World) -> None:
    """A ref whose name ends like that of a pull request is not one."""
    world.remote.git("update-ref", "refs/heads/refs/pull/9/head", world.head)
    world.remote.git("update-ref", "refs/pull/77/head/x", world.head)

    assert world.git.fetch_pulls([9, 77, 0, -7]) == {}


def test_a_ref_that_is_no_commit_is_no_pull_request(world: World) -> None:
    """A pull request whose head is a tree is left out."""
    world.remote.git("update-ref", "refs/pull/9/head", f"{world.head}^{{tree}}")

    assert world.git.fetch_pulls([9]) == {}


def test_without_a_remote_there_is_none(world: World) -> None:
    """A repository without a remote says how to add one."""
    world.work.git("checkout", "--quiet", "main")
    with pytest.raises(RepositoryError, match="no remote called origin"):
        open_repository(world.work.root).fetch_pulls([7])
