"""Ancestry, what a merge brought, the commits of a release, and histories that are cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.git.repository import GitRepository, open_repository
from reconciler.core.commits import TagRef
from reconciler.core.errors import NotFound, RepositoryError
from reconciler.testing import MemoryRepository
from tests.repositories import Repository

MANIFEST = "environments/staging/releases/1.4.0.yaml"
NOWHERE = "0" * 40


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    """A repository with a commit."""
    repository = Repository(tmp_path / "shop")
    repository.commit({"a": "1"}, "First")
    return repository


def branched(made: Repository) -> None:
    """Let a branch add the manifest in the first of two commits, while main goes on."""
    made.switch("release", create=True)
    made.commit({MANIFEST: "one"}, "Prepare")
    made.commit({"environments/staging/b": "1"}, "More")
    made.switch("main")
    made.commit({"a": "2"}, "Meanwhile")


def shallow(made: Repository, folder: Path, depth: int = 1) -> Repository:
    """Return a clone of the newest commits whose remote is a path."""
    made.git("clone", "--quiet", f"--depth={depth}", f"file://{made.root}", str(folder))
    clone = Repository(folder)
    clone.git("remote", "set-url", "origin", str(made.root))
    return clone


def _large(commit: str) -> bytes:
    """Return an annotated tag of two megabytes."""
    head = f"object {commit}\ntype commit\ntag large\ntagger A <a@example.com> 1 +0000\n\n"
    return head.encode() + b"x" * 2_000_000


def subjects(git: GitRepository, since: str | None, until: str, *folders: str) -> list[str]:
    """Return the first lines of the commits that touched folders."""
    return [each.subject for each in git.commits(since, until, folders)]


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_a_manifest_is_introduced_on_the_branch_itself(made: Repository, how: str) -> None:
    """However it was merged, it is the commit of the first-parent line that brought it."""
    branched(made)
    getattr(made, how)("release")
    made.commit({"a": "3"}, "Later")
    git = open_repository(made.root)

    found = git.introduced(made.head, MANIFEST)

    assert found is not None
    line = made.git("rev-list", "--first-parent", "main").split()
    holding = [c for c in line if made.git("ls-tree", "-r", "--name-only", c, "--", MANIFEST)]
    assert found == holding[-1]
    assert found in line


def test_what_was_never_there_was_not_introduced(made: Repository) -> None:
    """A path that no commit holds has none; a pattern is taken literally."""
    git = open_repository(made.root)

    assert git.introduced(made.head, MANIFEST) is None
    assert git.introduced(made.head, "*") is None
    with pytest.raises(RepositoryError, match="is not in the history that is here"):
        git.introduced(NOWHERE, MANIFEST)


def test_a_branch_that_was_only_moved_forward_counts_with_its_last_commit(
    made: Repository,
) -> None:
    """What was acknowledged on a branch before the merge stands in the commit that is found."""
    made.commit({MANIFEST: "one"})
    last = made.commit({MANIFEST: "one, acknowledged"})
    made.commit({"a": "3"}, "Later")

    assert open_repository(made.root).introduced(made.head, MANIFEST) == last


def test_what_was_removed_was_not_introduced(made: Repository) -> None:
    """A manifest that is there no more has no commit."""
    made.commit({MANIFEST: "one"})
    made.remove(MANIFEST)
    made.commit()

    assert open_repository(made.root).introduced(made.head, MANIFEST) is None


def test_ancestors_are_told(made: Repository) -> None:
    """A commit is behind itself and what follows it, also through the second parent of a merge."""
    first = made.head
    branched(made)
    tip = made.git("rev-parse", "release")
    git = open_repository(made.root)

    assert not git.is_ancestor(tip, made.head)
    made.merge("release")
    assert git.is_ancestor(tip, made.head)
    assert git.is_ancestor(first, made.head)
    assert git.is_ancestor(made.head, made.head)
    assert git.is_ancestor(made.head, first) is False
    assert git.is_ancestor(NOWHERE, made.head) is False
    with pytest.raises(RepositoryError, match="000000000000 is not in the history"):
        git.is_ancestor(first, NOWHERE)
    with pytest.raises(NotFound, match="not a full commit id"):
        git.is_ancestor("main", made.head)


def test_commits_are_those_that_touch_the_folders(made: Repository) -> None:
    """Newest first, after one commit up to another, by folder and never by a prefix of its name."""
    first = made.head
    made.commit({"environments/development/x": "1"}, "Own\n\nbody")
    made.commit({"environments/development-2/x": "1"}, "Other")
    last = made.commit({"environments/development/y": "1"}, "Again")
    git = open_repository(made.root)

    folder = "environments/development"
    assert subjects(git, first, last, folder) == ["Again", "Own"]
    assert subjects(git, None, last, "environments/development-2", "a") == ["Other", "First"]
    assert subjects(git, last, first, folder) == []
    assert subjects(git, first, last, "environments/*") == []
    assert [c.subject for c in git.commits(first, last, [folder], limit=1)] == ["Again"]
    assert git.commits(first, last, [folder])[0].author == "Ana Author"
    with pytest.raises(RepositoryError, match="000000000000 is not in the history"):
        git.commits(NOWHERE, last, [folder])


def test_only_commits_exist(made: Repository) -> None:
    """A blob, an annotated tag or an id of nothing is no commit."""
    git = open_repository(made.root)

    assert git.exists(made.head)
    assert not git.exists(made.tag("x", "A tag"))
    assert not git.exists(made.blob(b"x"))
    assert not git.exists(NOWHERE)


def test_tags_are_listed_as_the_refs_have_them(made: Repository) -> None:
    """Every tag is listed with object and kind, sorted, whatever its name is."""
    oid = made.tag("staging/v1.0.0", "One")
    made.tag("light")
    blob = made.blob(b"x")
    made.git("tag", "blob", blob)
    made.git("update-ref", "refs/tags/o\u202edd", made.head)
    git = open_repository(made.root)

    assert list(git.tags(fetched=False)) == [
        TagRef("blob", blob, "blob"),
        TagRef("light", made.head, "commit"),
        TagRef("o\\u202edd", made.head, "commit"),
        TagRef("staging/v1.0.0", oid, "tag"),
    ]
    assert git.tags(fetched=True) == ()


def test_fetched_tags_are_those_of_the_remote(made: Repository, tmp_path: Path) -> None:
    """What the remote named at the last fetch is kept apart from the own tags."""
    made.git("clone", "--quiet", str(made.root), str(tmp_path / "clone"))
    oid = made.tag("staging/v1.0.0", "One")
    git = open_repository(tmp_path / "clone")

    git.fetch("main")

    assert git.tags(fetched=False) == ()
    assert git.tags(fetched=True) == (TagRef("staging/v1.0.0", oid, "tag"),)


def test_a_hundred_thousand_tags_are_listed(made: Repository) -> None:
    """Many tags are listed in one go."""
    head = made.head
    lines = "".join(f"{head} refs/tags/t{number:06}\n" for number in range(100_000))
    (made.root / ".git" / "packed-refs").write_text(f"# pack-refs with: sorted \n{lines}")

    tags = open_repository(made.root).tags(fetched=False)

    assert (len(tags), tags[-1].name) == (100_000, "t099999")


def test_tag_objects_are_read_as_they_are(made: Repository) -> None:
    """The bytes of annotated tags are returned by id; what is no such tag is an error."""
    one, two = made.tag("one", "One"), made.tag("two", "Two\n\nmore")
    large = made.git("mktag", stdin=_large(made.head))
    git = open_repository(made.root)

    found = git.tag_objects([one, two, one, large])

    assert list(found) == [one, two]
    assert found[two].endswith(b"\n\nTwo\n\nmore\n")
    assert git.tag_objects([]) == {}
    for other, reason in ((made.head, "is not a tag"), (NOWHERE, "is missing")):
        with pytest.raises(RepositoryError, match=reason):
            git.tag_objects([other])


def test_what_shows_another_history_is_told_and_has_no_effect(made: Repository) -> None:
    """Replace refs and grafts are named; ancestry is that of the true objects."""
    first, last = made.head, made.commit({"a": "2"})
    git = open_repository(made.root)
    assert git.oddities() == ()
    alone = made.commit_tree({"a": ("100644", made.blob(b"x"))})
    made.git("replace", last, alone)
    (made.root / ".git" / "info").mkdir(exist_ok=True)
    (made.root / ".git" / "info" / "grafts").write_text(f"{last}\n")

    told = git.oddities()

    assert len(told) == 2
    assert "refs/replace" in told[0]
    assert "grafts" in told[1]
    assert all("no effect" in each for each in told)
    assert git.is_ancestor(first, last)


def test_a_shallow_clone_is_completed_by_a_fetch(made: Repository, tmp_path: Path) -> None:
    """The whole history is there after a fetch, and the clone is shallow no more for git itself."""
    first = made.head
    made.commit({MANIFEST: "1"})
    made.commit({"a": "3"})
    clone = shallow(made, tmp_path / "clone")
    git = open_repository(clone.root)
    assert git.is_shallow
    assert git.is_ancestor(first, clone.head) is None
    with pytest.raises(RepositoryError, match=r"cut off before .* was merged"):
        git.introduced(clone.head, MANIFEST)

    git.fetch("main")

    assert open_repository(clone.root).is_shallow is False
    assert git.is_ancestor(first, clone.head)
    assert git.introduced(clone.head, MANIFEST) == made.git("rev-parse", "HEAD~1")
    assert clone.git("rev-parse", "--is-shallow-repository") == "false"
    assert clone.git("rev-list", "--count", "HEAD") == "3"
    assert git.fetch("main") == made.head


def test_a_clone_that_cannot_be_completed_stays_as_it_is(made: Repository, tmp_path: Path) -> None:
    """A remote that is cut off itself cannot complete; the clone goes on being usable."""
    made.commit({"a": "2"})
    middle = shallow(made, tmp_path / "middle")
    clone = shallow(middle, tmp_path / "clone")
    git = open_repository(clone.root)

    assert git.fetch("main") == clone.head
    assert git.is_shallow
    assert not git.deepen("main")
    assert clone.git("fsck", "--connectivity-only") == ""
    clone.git("remote", "remove", "origin")
    assert not git.deepen("main")


@pytest.mark.parametrize("squash", [False, True])
def test_the_repository_in_memory_agrees(made: Repository, *, squash: bool) -> None:
    """The fake tells the same of ancestry, merges and commits as git does."""
    memory = MemoryRepository({"a": "1"})
    branched(made)
    memory.files |= {MANIFEST: "one"}
    memory.commit("release", "Prepare")
    memory.files = {"a": "2"}
    memory.commit("main", "Meanwhile")
    (made.squash if squash else made.merge)("release")
    memory.merge("release", squash=squash)
    git = open_repository(made.root)

    introduced = memory.introduced(memory.branches["main"], MANIFEST)

    assert (introduced == memory.branches["main"]) == (
        git.introduced(made.head, MANIFEST) == made.head
    )
    tip = memory.branches["release"]
    assert memory.is_ancestor(tip, memory.branches["main"]) == git.is_ancestor(
        made.git("rev-parse", "release"), made.head
    )
