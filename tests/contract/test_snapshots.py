"""What every `ports.Snapshot` promises, held by the commit and by the working tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.adapters.git.repository import open_repository
from reconciler.core.errors import RepositoryError
from reconciler.ports import Snapshot, TreeFile
from tests.repositories import Repository

FILES = {
    "README.md": b"# Shop\n",
    "environments/pipeline.yaml": b"kind: Pipeline\n",
    "environments/dev/workflows/b.yaml": b"b: 1\n",
    "environments/dev/workflows/a.yaml": b"a: 1\r\n",
    "environments/dev/workflows/a/z.json": b"{}",
    "environments/dev/environment.yaml": b"",
    "environments/development/x.yaml": b"\xff\x00\xfe",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository whose working tree is what was committed."""
    repository = Repository(tmp_path_factory.mktemp("shop"))
    repository.write(FILES)
    (repository.root / "environments/dev/workflows/b.yaml").chmod(0o755)
    repository.commit()
    return repository


@pytest.fixture(params=["commit", "worktree"])
def snapshot(request: pytest.FixtureRequest, made: Repository) -> Snapshot:
    """The same files from the commit and from the working tree."""
    return taken(made.root, request.param)


def taken(root: Path, kind: str) -> Snapshot:
    """Take a snapshot of one kind."""
    opened = open_repository(root)
    return opened.snapshot("HEAD") if kind == "commit" else opened.worktree()


def test_files_below_a_folder_are_listed_sorted(snapshot: Snapshot) -> None:
    """Every file below the folder is listed by its path from the root, sorted, and no other."""
    assert [file.path for file in snapshot.files("environments/dev")] == [
        "environments/dev/environment.yaml",
        "environments/dev/workflows/a.yaml",
        "environments/dev/workflows/a/z.json",
        "environments/dev/workflows/b.yaml",
    ]


def test_the_whole_tree_can_be_listed(snapshot: Snapshot) -> None:
    """An empty folder name stands for the root; git's own folder is not part of it."""
    assert {file.path for file in snapshot.files("")} == set(FILES)


def test_ids_are_those_git_gives(snapshot: Snapshot, made: Repository) -> None:
    """An id is that of the bytes as a git blob, in the commit and in the working tree alike."""
    ids = {file.path: file.oid for file in snapshot.files("environments")}

    assert ids["environments/dev/workflows/a.yaml"] == made.git(
        "hash-object", "--stdin", stdin=b"a: 1\r\n"
    )


def test_modes_tell_what_a_file_is(snapshot: Snapshot) -> None:
    """Regular files have 100644, executable ones 100755."""
    modes = {Path(file.path).name: file.mode for file in snapshot.files("environments/dev")}

    assert (modes["a.yaml"], modes["b.yaml"]) == ("100644", "100755")


@pytest.mark.parametrize("folder", ["missing", "environments/missing", "README.md/x"])
def test_a_missing_folder_is_empty(snapshot: Snapshot, folder: str) -> None:
    """A folder that is not there has no files of its own and no tree."""
    assert [file for file in snapshot.files(folder) if file.path.startswith(folder)] == []
    assert snapshot.tree_id(folder) is None


def test_a_slash_at_the_end_makes_no_difference(snapshot: Snapshot) -> None:
    """`folder/` is `folder`."""
    assert snapshot.files("environments/dev/") == snapshot.files("environments/dev")
    assert snapshot.tree_id("environments/dev/") == snapshot.tree_id("environments/dev")


@pytest.mark.parametrize("folder", ["../x", "/etc", "a/../../b", "a//b", "./a", "a\0b", "/"])
def test_only_folders_below_the_root_are_listed(snapshot: Snapshot, folder: str) -> None:
    """A path that leaves the repository is refused."""
    with pytest.raises(RepositoryError, match="is not a folder below"):
        snapshot.files(folder)


@pytest.mark.parametrize("folder", ["--help", "-r", ":(top)README.md", "*", "environments/*"])
def test_folder_names_are_taken_literally(snapshot: Snapshot, folder: str) -> None:
    """Options, pathspec magic and wildcards in a folder name mean nothing."""
    assert snapshot.files(folder) == []
    assert snapshot.tree_id(folder) is None


def test_bytes_come_in_the_order_asked_for(snapshot: Snapshot) -> None:
    """Reading keeps order and repetitions and changes no byte."""
    files = {file.path: file for file in snapshot.files("environments")}
    asked = [files[path] for path in (sorted(files, reverse=True) * 2)]

    assert list(snapshot.read(asked)) == [(file, FILES[file.path]) for file in asked]


def test_reading_nothing_is_nothing(snapshot: Snapshot) -> None:
    """Without files nothing is read."""
    assert list(snapshot.read([])) == []


def test_reading_may_stop_early(snapshot: Snapshot) -> None:
    """A reader that was not read to its end leaves nothing behind."""
    reader = snapshot.read(snapshot.files("environments"))
    next(reader)
    reader.close()  # type: ignore[attr-defined]  # both are generators


def test_a_commit_knows_itself(made: Repository) -> None:
    """The commit's snapshot tells commit, ref and tree ids; the working tree has none."""
    commit, tree = taken(made.root, "commit"), taken(made.root, "worktree")

    assert (commit.commit, commit.ref) == (made.head, "HEAD")
    assert commit.tree_id("environments/dev") == made.git("rev-parse", "HEAD:environments/dev")
    assert commit.tree_id("") == made.git("rev-parse", "HEAD^{tree}")
    assert (tree.commit, tree.ref, tree.tree_id("environments")) == (None, None, None)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with symlinks, a submodule and names that need care."""
    repository = Repository(tmp_path_factory.mktemp("odd"))
    environments = repository.root / "environments"
    repository.write({"environments/dev/a.yaml": "a: 1\n", "target/b.yaml": "b: 1\n"})
    (environments / "dev" / "link.yaml").symlink_to("/etc/passwd")
    (environments / "linked").symlink_to("../target")
    (environments / "dev" / os.fsdecode(b"\xff.yaml")).write_text("x: 1\n")
    (environments / "dev" / "e\x1bsc\t.yaml").write_text("x: 1\n")
    (environments / "dev" / "z\u200bw.yaml").write_text("x: 1\n")
    inner = Repository(environments / "dev" / "module")
    inner.commit({"environments/x.yaml": "x: 1\n"})
    repository.commit()
    return repository


@pytest.fixture(params=["commit", "worktree"])
def oddly(request: pytest.FixtureRequest, odd: Repository) -> Snapshot:
    """The odd files from the commit and from the working tree."""
    return taken(odd.root, request.param)


def test_what_is_no_file_is_listed_by_mode(oddly: Snapshot) -> None:
    """Symlinks and submodules are listed by mode and not followed."""
    modes = {
        file.path: file.mode for file in oddly.files("environments") if file.mode[0:3] != "100"
    }

    assert modes == {
        "environments/dev/link.yaml": "120000",
        "environments/dev/module": "160000",
        "environments/linked": "120000",
    }


@pytest.mark.parametrize(
    "folder", ["environments/linked", "environments/linked/deep/er", "environments/dev/module/x"]
)
def test_what_stands_in_place_of_a_folder_is_listed_alone(oddly: Snapshot, folder: str) -> None:
    """A symlink or submodule instead of a folder, or above it, is listed alone, to be refused."""
    found = oddly.files(folder)

    assert len(found) == 1
    assert folder.startswith(found[0].path)
    assert found[0].mode in {"120000", "160000"}
    assert oddly.tree_id(folder) is None


def test_names_that_need_care_are_listed_visibly(oddly: Snapshot) -> None:
    """Names that are not UTF-8 or hold what cannot be seen are listed escaped."""
    names = {Path(file.path).name for file in oddly.files("environments/dev")}

    assert {"\\udcff.yaml", "e\\x1bsc\\t.yaml", "z\\u200bw.yaml"} <= names
    assert all(name.isprintable() for name in names)


def test_both_list_the_same(odd: Repository) -> None:
    """Commit and unchanged working tree list the same paths, modes and ids of blobs."""
    lists = [
        [file for file in taken(odd.root, kind).files("") if file.mode != "160000"]
        for kind in ("commit", "worktree")
    ]

    assert lists[0] == lists[1]


@pytest.mark.parametrize("mode", ["120000", "160000", "other"])
def test_only_regular_files_are_read(snapshot: Snapshot, mode: str) -> None:
    """What is listed as no regular file is refused by path, before anything is opened."""
    file = snapshot.files("environments/dev")[0]

    with pytest.raises(RepositoryError, match=f"^{file.path} is "):
        list(snapshot.read([TreeFile(file.path, file.oid, mode)]))
