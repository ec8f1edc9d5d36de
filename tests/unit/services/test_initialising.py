"""`init`: a ready repository, never over a file that exists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.core.ci import Rendered
from reconciler.core.errors import Conflict, RepositoryError
from reconciler.services.initialising import Initialised, initialise, pipeline_name

PIPELINE = b"name: {{name}}\nprotectedBranch: main\n"
STARTER = {"environments/pipeline.yaml": PIPELINE, "README.md": b"# {{name}}\n"}
CI = "ci.yml"


class Git:
    """Knows one repository, and makes first commits."""

    def __init__(
        self, root: Path | None = None, problem: str | None = None, branch: str | None = "main"
    ) -> None:
        self.root = root
        self.branch = branch
        self.problem = problem
        self.remote: str | None = None
        self.committed: list[tuple[Path, str, tuple[str, ...]]] = []

    def root_of(self, folder: Path) -> Path | None:
        """Return the repository that there is."""
        return self.root

    def branch_of(self, root: Path) -> str | None:
        """Return the branch that is checked out."""
        return self.branch

    def remote_of(self, root: Path) -> str | None:
        """Return the address of the remote."""
        return self.remote

    def first_commit(self, folder: Path, branch: str, files: Mapping[str, bytes]) -> str:
        """Commit, or say why not."""
        if self.problem:
            raise RepositoryError(self.problem)
        self.committed.append((folder, branch, tuple(files)))
        return "c" * 40


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def ci(branch: str, remote: str | None) -> Rendered:
    """Render one file that says what it is for."""
    return Rendered(files={CI: f"{branch} {remote}\n"}, needs=(f"protect {branch}",))


def run(folder: Path, git: Git) -> Initialised:
    """Initialise a folder."""
    return initialise(folder, STARTER, ci, write, git)


def test_a_new_folder_becomes_a_repository(tmp_path: Path) -> None:
    """Outside a repository files are written and committed, under the folder's name."""
    git, folder = Git(), tmp_path / "My Shop"
    done = run(folder, git)

    assert (folder / "README.md").read_text() == "# my-shop\n"
    written = (*STARTER, CI)
    needs = ("protect main",)
    assert done == Initialised(root=folder, written=written, commit="c" * 40, needs=needs)
    assert git.committed == [(folder, "main", written)]
    assert (folder / CI).read_text() == "main None\n"


def test_in_a_repository_committing_is_left_to_the_user(tmp_path: Path) -> None:
    """At the root of an existing repository files are written and nothing is committed."""
    git = Git(root=tmp_path)
    done = run(tmp_path, git)

    assert (tmp_path / "environments/pipeline.yaml").exists()
    assert (done.commit, git.committed) == (None, [])


def test_in_a_repository_what_is_there_is_kept(tmp_path: Path) -> None:
    """A file of no environment stays as it is, and the others are written."""
    (tmp_path / "README.md").write_text("mine")
    done = run(tmp_path, Git(root=tmp_path))

    assert (tmp_path / "README.md").read_text() == "mine"
    assert (done.kept, done.written) == (("README.md",), ("environments/pipeline.yaml", CI))


def test_in_a_repository_the_files_are_for_its_branch_and_forge(tmp_path: Path) -> None:
    """They are rendered for the branch that is worked on and for the forge of the remote."""
    git = Git(root=tmp_path, branch="trunk")
    git.remote = "git@example.com:acme/shop.git"
    done = run(tmp_path, git)

    assert (tmp_path / CI).read_text() == "trunk git@example.com:acme/shop.git\n"
    assert done.needs == ("protect trunk",)


def test_in_a_repository_a_file_of_the_forge_is_kept(tmp_path: Path) -> None:
    """What the forge runs already stays as it is."""
    (tmp_path / CI).write_text("mine")
    done = run(tmp_path, Git(root=tmp_path))

    assert (tmp_path / CI).read_text() == "mine"
    assert done.kept == (CI,)


def test_in_a_repository_an_environment_in_the_way_stops_everything(tmp_path: Path) -> None:
    """A pipeline that is there would not fit the environments that were written."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments/pipeline.yaml").write_text("mine")

    with pytest.raises(Conflict, match=r"pipeline\.yaml is there already; nothing was written"):
        run(tmp_path, Git(root=tmp_path))
    assert not (tmp_path / "README.md").exists()


@pytest.mark.parametrize(
    ("branch", "told"), [("trunk", '"trunk"'), ("main", "main"), (None, "main"), ("1.0", '"1.0"')]
)
def test_the_branch_that_is_worked_on_is_protected(
    tmp_path: Path, branch: str | None, told: str
) -> None:
    """In an existing repository the pipeline names the branch that is checked out."""
    run(tmp_path, Git(root=tmp_path, branch=branch))
    text = (tmp_path / "environments/pipeline.yaml").read_text()

    assert text.endswith(f"protectedBranch: {told}\n")


def test_inside_another_repository_nothing_is_written(tmp_path: Path) -> None:
    """A subfolder of a repository is refused: its environments would never be read."""
    with pytest.raises(Conflict, match=r"lies inside the repository .*; nothing was written"):
        run(tmp_path / "sub", Git(root=tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "symlink"])
def test_no_file_is_written_over(tmp_path: Path, kind: str) -> None:
    """A file or symlink that stands there, dangling too, stops everything."""
    if kind == "file":
        (tmp_path / "README.md").write_text("mine")
    else:
        (tmp_path / "README.md").symlink_to("nowhere")

    with pytest.raises(Conflict, match=r"README\.md is there already; nothing was written"):
        run(tmp_path, Git())
    assert not (tmp_path / "environments").exists()


def test_a_missing_identity_is_a_notice(tmp_path: Path) -> None:
    """When git does not know who commits the files are there, and the user hears why no commit."""
    done = run(tmp_path, Git(problem="git knows no user."))

    assert (tmp_path / "README.md").exists()
    assert done.commit is None
    assert "git knows no user." in done.notices[0]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("shop", "shop"),
        ("My Shop!", "my-shop"),
        ("--", "shop"),
        ("", "shop"),
        ("ß", "shop"),
        ("x" * 80, "x" * 63),
        ("x" * 62 + "-y", "x" * 62),
    ],
)
def test_the_name_is_made_of_the_folder_s(folder: str, name: str) -> None:
    """A name has lower case letters, digits and dashes, at most 63, and never ends with a dash."""
    assert pipeline_name(folder) == name
