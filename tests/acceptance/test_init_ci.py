"""`reconciler init --ci`: the files that make a forge run the program, and what they need there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.program import run
from tests.repositories import Repository

WORKFLOWS = ("plan", "promote", "reconcile")


def written(folder: Path) -> list[str]:
    """Return the CI files that lie in a folder."""
    names = (".github", ".gitea", ".forgejo", ".gitlab-ci.yml")
    places = [place for name in names for place in (folder / name, *(folder / name).rglob("*"))]
    return sorted(str(place.relative_to(folder)) for place in places if place.is_file())


@pytest.mark.parametrize(
    ("ci", "files"),
    [
        ("github", [f".github/workflows/{name}.yml" for name in WORKFLOWS]),
        ("gitea", [f".gitea/workflows/{name}.yml" for name in WORKFLOWS]),
        ("forgejo", [f".forgejo/workflows/{name}.yml" for name in WORKFLOWS]),
        ("gitlab", [".gitlab-ci.yml"]),
        ("none", []),
    ],
)
def test_the_files_of_the_chosen_forge_are_in_the_first_commit(
    tmp_path: Path, ci: str, files: list[str]
) -> None:
    """Whose files are written is chosen; what they need on the forge is told, if there are any."""
    made = run(tmp_path, "init", "shop", "--ci", ci)
    shop = Repository(tmp_path / "shop")

    assert written(shop.root) == files
    assert set(files) <= set(shop.git("ls-files").splitlines())
    assert shop.git("status", "--porcelain") == ""
    assert ("RECONCILER_KEY_PRODUCTION" in made.out) is bool(files)
    assert made.last == "Next: cd shop && reconciler reconcile"


def test_without_a_choice_the_remote_says_which_forge(tmp_path: Path) -> None:
    """In a clone the files are those of the forge it came from, for the branch worked on."""
    repository = Repository(tmp_path / "shop")
    repository.commit({"README.md": "Ours.\n"})
    repository.git("checkout", "--quiet", "-b", "trunk")
    repository.git("remote", "add", "origin", "git@gitlab.com:acme/shop.git")

    made = run(repository.root, "init")

    assert written(repository.root) == [".gitlab-ci.yml"]
    text = (repository.root / ".gitlab-ci.yml").read_text("utf-8")
    assert 'if: $CI_COMMIT_BRANCH == "trunk"' in text
    assert "  - protect trunk: changes by pull request only; " in made.out


def test_a_workflow_that_is_there_is_kept(tmp_path: Path) -> None:
    """A file of the user's of the same name stays as it is, and init says so."""
    repository = Repository(tmp_path / "shop")
    repository.commit({".github/workflows/plan.yml": "name: ours\n"})

    made = run(repository.root, "init")

    assert "  = .github/workflows/plan.yml is there already and stays as it is\n" in made.out
    assert (repository.root / ".github/workflows/plan.yml").read_text("utf-8") == "name: ours\n"
    assert "  + .github/workflows/reconcile.yml\n" in made.out


def test_the_files_install_the_version_that_wrote_them(tmp_path: Path) -> None:
    """A job runs exactly the version that the repository was made with."""
    version = run(tmp_path, "--version").out.split()[-1]
    run(tmp_path, "init", "shop")

    for name in ("plan", "reconcile"):
        text = (tmp_path / f"shop/.github/workflows/{name}.yml").read_text("utf-8")
        assert f'run: python -m pip install "gitops-reconciler=={version}"\n' in text


def test_a_forge_that_is_not_known_is_wrong_usage(tmp_path: Path) -> None:
    """Another value names those that there are, and nothing is written."""
    refused = run(tmp_path, "init", "--ci", "jenkins", code=64)

    assert "gitlab" in refused.err
    assert list(tmp_path.iterdir()) == []
