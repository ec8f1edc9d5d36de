"""`reconciler init`, as somebody who begins: from an empty folder to something that runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.acceptance.program import fits, run, variables
from tests.repositories import AUTHOR, Repository

NOBODY = dict.fromkeys(AUTHOR, "")


def test_an_empty_folder_becomes_a_repository_that_reconciles(tmp_path: Path) -> None:
    """After init and reconcile, development is live and there is nothing left to change."""
    made = run(tmp_path, "init", "My Shop!")
    shop = tmp_path / "My Shop!"
    first = run(shop, "reconcile")
    history = run(shop, "history", "--format", "json").json
    plan = run(shop, "plan", "--detailed-exitcode")

    assert made.last == "Next: cd 'My Shop!' && reconciler reconcile"
    assert "Made a git repository with its first commit" in made.out
    assert "Applied: 9 added, 0 modified, 0 removed." in first.out
    assert "production: waits for its first release tag (production/v…)." in first.out
    fits(history, "history")
    (deployment,) = history["deployments"]
    assert deployment["live"] is True
    assert deployment["phase"] == "Succeeded"
    assert plan.last == "No changes."
    assert "name: my-shop" in (shop / "environments/pipeline.yaml").read_text("utf-8")


def test_the_first_commit_is_whole_and_clean(tmp_path: Path) -> None:
    """All that init writes is in its commit on main, by the user, and the store is ignored."""
    run(tmp_path, "init", "shop")
    run(tmp_path / "shop", "reconcile")
    repository = Repository(tmp_path / "shop")

    assert repository.git("status", "--porcelain") == ""
    assert repository.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert repository.git("log", "--format=%an <%ae>") == "Ana Author <ana@example.com>"
    assert repository.git("check-ignore", ".reconciler/state.db") == ".reconciler/state.db"
    assert "main" in repository.git("show", "HEAD:environments/pipeline.yaml")


def test_inside_a_repository_committing_is_left_to_the_user(tmp_path: Path) -> None:
    """In an existing repository init only writes files and says to commit them."""
    repository = Repository(tmp_path / "shop")
    head = repository.commit({"README.md": "Ours.\n"})

    made = run(repository.root, "init")

    assert repository.head == head
    assert repository.git("diff", "--cached", "--name-only") == ""
    assert (repository.root / "README.md").read_text("utf-8") == "Ours.\n"
    assert made.last == "Next: look at the files, commit them, then run `reconciler reconcile`."
    assert run(repository.root, "validate", "--worktree").out.startswith("Valid: 9 resources")


def test_a_repository_of_another_branch_keeps_its_own_files(tmp_path: Path) -> None:
    """An existing .gitignore stays, and the branch that is checked out is the protected one."""
    repository = Repository(tmp_path / "shop")
    repository.commit({".gitignore": "*.log\n"})
    repository.git("checkout", "--quiet", "-b", "trunk/next")

    made = run(repository.root, "init")
    repository.git("add", "-A")
    repository.git("commit", "--quiet", "-m", "Begin")

    assert "  = .gitignore is there already and stays as it is\n" in made.out
    assert (repository.root / ".gitignore").read_text("utf-8") == "*.log\n"
    assert "Applied: 9 added" in run(repository.root, "reconcile").out
    assert repository.git("status", "--porcelain") == ""


def test_below_a_repository_nothing_is_written(tmp_path: Path) -> None:
    """A folder inside somebody's repository is refused: git would not see a second one there."""
    repository = Repository(tmp_path / "shop")
    repository.commit({"docs/README.md": "Ours.\n"})

    refused = run(repository.root / "docs", "init", code=4)

    assert f"lies inside the repository {repository.root}" in refused.err
    assert repository.git("status", "--porcelain") == ""


def test_no_file_is_ever_overwritten(tmp_path: Path) -> None:
    """One file in the way, were it a dangling link, stops init before anything is written."""
    for name, make in {
        "file": lambda path: path.write_text("Ours.\n", encoding="utf-8"),
        "link": lambda path: path.symlink_to(tmp_path / "nowhere"),
    }.items():
        folder = tmp_path / name
        (folder / "environments").mkdir(parents=True)
        make(folder / "environments/pipeline.yaml")

        refused = run(tmp_path, "init", name, code=4)

        assert "environments/pipeline.yaml is there already; nothing was written." in refused.err
        assert [str(path.relative_to(folder)) for path in folder.rglob("*")] == [
            "environments",
            "environments/pipeline.yaml",
        ]
    assert not (tmp_path / "nowhere").exists()


def test_without_an_identity_the_files_are_there_and_the_way_on_is_told(tmp_path: Path) -> None:
    """Where git knows no user the files are written and the missing commit is a notice."""
    environ = {**NOBODY, "EMAIL": "", "HOME": str(tmp_path)}
    made = run(tmp_path, "init", "shop", environ=environ)

    assert "The files are written, the first commit is not" in made.err
    assert "user.name" in made.err
    assert run(tmp_path / "shop", "validate", "--worktree").code == 0

    subprocess.run(["git", "add", "-A"], cwd=tmp_path / "shop", env=variables(), check=True)
    subprocess.run(
        ["git", "commit", "-qm", "x"], cwd=tmp_path / "shop", env=variables(), check=True
    )
    assert "Applied: 9 added" in run(tmp_path / "shop", "reconcile").out


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """A path through a file is refused with its reason."""
    (tmp_path / "file").write_text("", encoding="utf-8")

    refused = run(tmp_path, "init", f"file{os.sep}shop", code=1)

    assert "Not a directory" in refused.err
