"""Finding a repository, and the commits that names stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.git.repository import GitRepository, open_mirror, open_repository
from reconciler.core.errors import NotFound, RepositoryError
from tests.repositories import Repository


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with branches, tags and a remote-tracking branch."""
    repository = Repository(tmp_path_factory.mktemp("shop"))
    first = repository.commit({"environments/a.yaml": "a: 1\n"}, "First")
    repository.tag("v1", "One")
    repository.tag("light")
    repository.commit({"environments/a.yaml": "a: 2\n"}, "Second")
    repository.git("branch", "feature/one", first)
    repository.git("update-ref", "refs/remotes/origin/main", first)
    repository.git("update-ref", "refs/remotes/origin/topic", first)
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    repository.git("branch", "both", first)
    repository.git("tag", "both", "HEAD")
    repository.git("tag", "tree", "HEAD^{tree}")
    return repository


@pytest.fixture(scope="module")
def opened(made: Repository) -> GitRepository:
    """The same, opened."""
    return open_repository(made.root)


@pytest.mark.parametrize(
    ("ref", "same"),
    [
        ("main", "HEAD"),
        ("HEAD", "HEAD"),
        ("refs/heads/main", "HEAD"),
        ("HEAD~1", "HEAD~1"),
        ("main^", "HEAD~1"),
        ("v1", "HEAD~1"),
        ("refs/tags/v1", "HEAD~1"),
        ("light", "HEAD~1"),
        ("feature/one", "HEAD~1"),
        ("origin/main", "HEAD~1"),
        ("topic", "HEAD~1"),
        ("refs/tags/both", "HEAD"),
        ("refs/heads/both~0", "HEAD~1"),
    ],
)
def test_names_stand_for_commits(
    made: Repository, opened: GitRepository, ref: str, same: str
) -> None:
    """Branches, tags, remote branches, HEAD and steps back from them name commits."""
    assert opened.resolve(ref) == made.git("rev-parse", same)


@pytest.mark.parametrize("length", [7, 12, 40])
def test_commit_ids_may_be_shortened(opened: GitRepository, length: int) -> None:
    """A commit id of at least 7 digits names its commit."""
    commit = opened.resolve("HEAD")

    assert opened.resolve(commit[:length]) == commit


def test_fewer_than_seven_digits_are_no_commit_id(opened: GitRepository) -> None:
    """A shorter id is taken as a name, and there is none."""
    with pytest.raises(NotFound):
        opened.resolve(opened.resolve("HEAD")[:6])


def test_a_missing_ref_tells_the_branches(opened: GitRepository) -> None:
    """A ref that is not there tells the branches that are, and the nearest one."""
    with pytest.raises(NotFound) as caught:
        opened.resolve("mian")

    assert str(caught.value) == (
        "no such ref `mian`; branches found: both, feature/one, main, origin/main, origin/topic."
        " Did you mean `main`?"
    )


@pytest.mark.parametrize("ref", ["HEAD~9", "0" * 40, "main~1~1~1"])
def test_a_commit_outside_the_history_is_not_found(opened: GitRepository, ref: str) -> None:
    """Stepping back too far, or an id nothing has, is not found."""
    with pytest.raises(NotFound, match="no such commit"):
        opened.resolve(ref)


def test_one_name_for_branch_and_tag_is_ambiguous(opened: GitRepository) -> None:
    """A short name that a branch and a tag share names both full refs."""
    with pytest.raises(RepositoryError) as caught:
        opened.resolve("both")

    assert "refs/heads/both and refs/tags/both" in str(caught.value)


def test_a_tag_of_a_tree_names_no_commit(opened: GitRepository) -> None:
    """A tag must lead to a commit."""
    with pytest.raises(RepositoryError, match="does not name a commit"):
        opened.resolve("tree")


def test_the_local_branch_is_protected_first(opened: GitRepository) -> None:
    """The protected branch is the local one where it exists."""
    assert opened.protected("main") == ("refs/heads/main", opened.resolve("HEAD"))


def test_the_remote_tracking_branch_is_protected_next(opened: GitRepository) -> None:
    """Without a local branch, the one `origin` was last seen to have counts."""
    assert opened.protected("topic") == ("refs/remotes/origin/topic", opened.resolve("v1"))


def test_no_protected_branch_tells_the_branches(opened: GitRepository) -> None:
    """A protected branch that is nowhere tells the branches that are."""
    with pytest.raises(NotFound, match="no such branch `master`; branches found: both, "):
        opened.protected("master")


def test_commits_ahead_are_counted(opened: GitRepository) -> None:
    """Commits behind one and not behind the other are counted."""
    head, first = opened.resolve("HEAD"), opened.resolve("v1")

    assert (opened.ahead(head, first), opened.ahead(first, head)) == (1, 0)


def test_people_see_author_date_and_subject(opened: GitRepository) -> None:
    """A commit is told by author, address, date and subject."""
    info = opened.commit_info(opened.resolve("HEAD"))

    assert (info.author, info.email, info.subject) == ("Ana Author", "ana@example.com", "Second")
    assert info.date == "2026-01-01T00:02:00+00:00"


def test_no_repository_tells_the_next_step(tmp_path: Path) -> None:
    """Outside a repository the error names the folder and the command that makes one."""
    with pytest.raises(RepositoryError) as caught:
        open_repository(tmp_path)

    assert str(caught.value) == (f"no git repository at or above {tmp_path}; run reconciler init.")


@pytest.mark.parametrize("name", ["missing", "a/file"])
def test_a_mistyped_folder_is_not_replaced_by_one_above(tmp_path: Path, name: str) -> None:
    """A folder that is not there is told, though a repository lies above it."""
    Repository(tmp_path).write({"a/file": "x"})

    with pytest.raises(RepositoryError, match="is not a folder"):
        open_repository(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "said"),
    [("nonsense", "does not name a git directory"), ("gitdir: missing", "no git repository")],
)
def test_a_git_file_that_leads_nowhere_is_told(tmp_path: Path, content: str, said: str) -> None:
    """A `.git` file must name a git directory that is there."""
    (tmp_path / ".git").write_text(content)

    with pytest.raises(RepositoryError, match=said):
        open_repository(tmp_path)


def test_the_repository_above_is_found(made: Repository, opened: GitRepository) -> None:
    """A folder inside the working tree belongs to the repository above it."""
    inside = open_repository(made.root / "environments")

    assert (inside.root, inside.git_dir, inside.is_bare) == (made.root, opened.git_dir, False)


def test_the_git_folder_belongs_to_its_working_tree(made: Repository) -> None:
    """The `.git` folder itself stands for its repository."""
    assert open_repository(made.root / ".git").root == made.root


def test_a_bare_repository_has_no_working_tree(tmp_path: Path) -> None:
    """A bare repository is read by refs only."""
    made = Repository(tmp_path / "shop.git", bare=True)
    commit = made.import_files({"environments/a.yaml": b"a: 1\n"})

    opened = open_repository(made.root)

    assert (opened.root, opened.is_bare, opened.resolve("HEAD")) == (None, True, commit)
    assert not opened.uncommitted("environments", commit)
    with pytest.raises(RepositoryError, match="has no working tree"):
        opened.worktree()


def test_a_linked_working_tree_has_its_own_head(made: Repository, tmp_path: Path) -> None:
    """In a linked working tree HEAD is its own, refs and objects are shared."""
    linked = tmp_path / "linked"
    made.git("worktree", "add", "--quiet", str(linked), "feature/one")

    opened = open_repository(linked)

    assert opened.root == linked
    assert opened.checked_out() == "refs/heads/feature/one"
    assert opened.resolve("HEAD") == made.git("rev-parse", "feature/one")
    assert opened.resolve("main") == made.head


def test_a_detached_head_is_a_commit(tmp_path: Path) -> None:
    """CI checks out commits without a branch; HEAD is that commit."""
    made = Repository(tmp_path)
    commit = made.commit({"a": "1"})
    made.git("switch", "--quiet", "--detach", "HEAD")

    assert open_repository(tmp_path).resolve("HEAD") == commit


def test_a_repository_without_commits_says_so(tmp_path: Path) -> None:
    """HEAD of a new repository asks for the first commit."""
    Repository(tmp_path)

    with pytest.raises(NotFound, match="has no commit yet"):
        open_repository(tmp_path).resolve("HEAD")


def test_sha256_repositories_are_read(tmp_path: Path) -> None:
    """A repository with SHA-256 ids is read and its bytes are checked like any other."""
    made = Repository(tmp_path, ids="sha256")
    commit = made.commit({"environments/a.yaml": "a: 1\n"})

    opened = open_repository(tmp_path)
    files = opened.snapshot("main").files("environments")

    assert (opened.resolve(commit[:10]), len(commit)) == (commit, 64)
    assert [data for _, data in opened.snapshot("main").read(files)] == [b"a: 1\n"]
    assert opened.worktree().files("environments") == files


def test_a_shallow_clone_is_told(made: Repository, tmp_path: Path) -> None:
    """A history that was cut off is known as such and read up to there."""
    made.git("clone", "--quiet", "--depth=1", f"file://{made.root}", str(tmp_path / "clone"))

    opened = open_repository(tmp_path / "clone")

    assert opened.is_shallow
    with pytest.raises(NotFound, match="no such commit `HEAD~1`"):
        opened.resolve("HEAD~1")


def test_the_private_directory_goes_away(made: Repository) -> None:
    """Closing a repository leaves no temporary directory."""
    with open_repository(made.root) as opened:
        private = opened.private_directory
        assert private.is_dir()

    assert not private.exists()


def test_a_mirror_may_lie_inside_a_working_tree(tmp_path: Path) -> None:
    """Our own mirror is opened by its path, wherever it lies."""
    Repository(tmp_path)
    mirror = Repository(tmp_path / ".reconciler" / "mirror.git", bare=True)

    assert open_mirror(mirror.root).is_bare


@pytest.mark.parametrize(
    "change",
    ["nothing", "touch", "edit", "add", "remove", "mode", "symlink", "ignored"],
)
def test_uncommitted_changes_are_noticed(tmp_path: Path, change: str) -> None:
    """Edited, added, removed and retyped files are uncommitted; touched and ignored are not."""
    made = Repository(tmp_path)
    commit = made.commit({"environments/a.yaml": "a: 1\n", ".gitignore": "*.swp\n"})
    file = tmp_path / "environments" / "a.yaml"
    match change:
        case "touch":
            file.write_bytes(file.read_bytes())
        case "edit":
            file.write_text("a: 2\n")
        case "add":
            made.write({"environments/b.yaml": "b: 1\n"})
        case "remove":
            file.unlink()
        case "mode":
            file.chmod(0o755)
        case "symlink":
            file.unlink()
            file.symlink_to("/etc/hostname")
        case "ignored":
            made.write({"environments/.a.yaml.swp": "x"})

    noticed = open_repository(tmp_path).uncommitted("environments", commit)

    assert noticed is (change not in {"nothing", "touch", "ignored"})


def test_changes_elsewhere_are_not_noticed(tmp_path: Path) -> None:
    """Only the folder that is asked for counts."""
    made = Repository(tmp_path)
    commit = made.commit({"environments/a.yaml": "a: 1\n"})
    made.write({"README.md": "x"})

    assert not open_repository(tmp_path).uncommitted("environments", commit)
