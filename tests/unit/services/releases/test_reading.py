"""What releases are read from: commits with files replaced in thought, and branches of releases."""

from __future__ import annotations

import pytest

from reconciler.core.errors import NotFound
from reconciler.core.releases.model import ReleaseName
from reconciler.services.releases.reading import branches
from reconciler.services.releases.reading.grounds import remote_grounds
from reconciler.services.releases.reading.overlay import Overlay, blob_id
from reconciler.testing import MemoryRepository
from tests.unit.services.releases.delivery import Delivery

BRANCH = "release/staging/1.0.0"


@pytest.fixture
def overlay() -> Overlay:
    """Three files, of which one is replaced, one is taken away and one comes from elsewhere."""
    git = MemoryRepository({"a/one": "1", "a/two": "2", "b/three": "3"})
    base = git.snapshot("main")
    [three] = base.files("b")
    return Overlay(base=base, files_at={"a/one": b"new", "a/two": None, "a/four": three})


def read(overlay: Overlay, folder: str) -> dict[str, bytes]:
    """Return path and bytes of the files below a folder."""
    return {file.path: data for file, data in overlay.read(overlay.files(folder))}


def test_replacements_are_read_like_files(overlay: Overlay) -> None:
    """New bytes, blobs from elsewhere and files that are gone look as if they were committed."""
    assert read(overlay, "a") == {"a/four": b"3", "a/one": b"new"}
    assert read(overlay, "b") == {"b/three": b"3"}
    assert read(overlay, "a/two") == {}


def test_new_bytes_have_the_id_that_git_would_give(overlay: Overlay) -> None:
    """What is drafted and what is committed then compare as equal."""
    [file] = overlay.files("a/one")
    assert file.oid == MemoryRepository({"x": "new"}).snapshot("main").files("x")[0].oid
    assert len(blob_id(b"new", 64)) == 64


def test_only_untouched_folders_keep_their_tree(overlay: Overlay) -> None:
    """A folder with a replacement below it has no tree id to remember it by."""
    assert overlay.tree_id("a") is None
    assert overlay.tree_id("b") == overlay.base.tree_id("b")


# --- branches of releases -----------------------------------------------------------------------


@pytest.fixture
def shop() -> Delivery:
    """A shop with a remote, and a release on its branch."""
    shop = Delivery()
    shop.make(version="1.0.0")
    shop.git.share()
    return shop


def head(shop: Delivery) -> str | None:
    """Return where the release's branch stands after the remote was asked."""
    return branches.head(remote_grounds(shop.workspace), shop.git, BRANCH)


def test_a_branch_that_was_not_pushed_counts(shop: Delivery) -> None:
    """The remote has none: what is here is all there is."""
    assert head(shop) == shop.git.branches[BRANCH]


def test_a_branch_that_is_only_at_the_remote_counts(shop: Delivery) -> None:
    """Somebody else made it; it is found, approved and rebuilt from anywhere."""
    shop.git.share(BRANCH)
    pushed = shop.git.branches.pop(BRANCH)

    assert head(shop) == pushed
    found = shop.releases.preparer.on_branch(
        remote_grounds(shop.workspace), ReleaseName("staging", "1.0.0")
    )
    assert found is not None
    assert found[0] == pushed


def test_what_others_added_to_a_branch_counts(shop: Delivery) -> None:
    """The remote's commit is taken where it goes on from the one here."""
    here = shop.git.branches[BRANCH]
    there = shop.git.commit(BRANCH)
    shop.git.share(BRANCH)
    shop.git.branches[BRANCH] = here
    assert head(shop) == there


def test_a_branch_that_was_rebuilt_here_counts(shop: Delivery) -> None:
    """Where both went on by themselves, nothing that was made here is lost."""
    shop.git.share(BRANCH)
    shop.git.commit()
    shop.git.share()
    shop.change("Next")
    shop.git.share()
    shop.make(version="1.0.0")
    assert head(shop) == shop.git.branches[BRANCH]


def test_without_asking_the_remote_only_branches_here_count(shop: Delivery) -> None:
    """Commands that never touch the network find no branch of somebody else."""
    shop.git.share(BRANCH)
    del shop.git.branches[BRANCH]
    assert branches.head(shop.grounds, shop.git, BRANCH) is None


def test_a_commit_that_is_not_here_is_not_found(shop: Delivery) -> None:
    """It is named by its first twelve digits."""
    with pytest.raises(NotFound, match="The commit ffffffffffff is not in this repository"):
        shop.releases.catalog.at("f" * 40)


def test_a_commit_off_the_branch_cannot_be_trusted(shop: Delivery) -> None:
    """Whose word counts is decided by what was merged, never by what is proposed."""
    proposed = shop.git.branches[BRANCH]
    with pytest.raises(NotFound, match="is not on main, so it cannot be trusted"):
        shop.releases.truster.difference(shop.grounds, shop.environment(), proposed)
