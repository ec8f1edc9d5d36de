"""The files that make a forge run the program: which forge, which files, and what is filled in."""

from __future__ import annotations

import json

import pytest
import yaml

from reconciler.adapters import starter
from reconciler.core.ci import Ci, Setup, of_remote, render

TEMPLATES = {
    "actions/environment.yml": (
        "  <<job>>:\n    name: <<environment>>\n#@ later\n    needs: <<job-before>>\n#@ end\n"
    ),
    "actions/plan.yml": "#@ github\non: github\n#@ other\non: other\n#@ end\nrun: <<plan>>\n",
    "actions/promote.yml": "env: {WHERE: <<dispatch>>}\n",
    "actions/reconcile.yml": "branches: [<<pattern>>]\njobs:\n<<jobs>>\nlast: <<last-job>>\n",
}


def rendered(ci: Ci = Ci.GITHUB, branch: str = "main", *names: str) -> dict[str, str]:
    """Render the templates, by the names of the files alone."""
    setup = Setup(branch=branch, environments=names or ("development",), install="true")
    files = render(ci, TEMPLATES, setup).files
    return {path.rpartition("/")[2]: text for path, text in files.items()}


@pytest.mark.parametrize(
    ("remote", "ci"),
    [
        ("git@github.com:acme/shop.git", Ci.GITHUB),
        ("https://github.example.com/acme/shop", Ci.GITHUB),
        ("https://token@gitlab.com/group/sub/shop.git", Ci.GITLAB),
        ("ssh://git@gitlab.example.com:2222/acme/shop.git", Ci.GITLAB),
        ("https://codeberg.org/acme/shop", Ci.FORGEJO),
        ("https://git.forgejo.example/acme/shop", Ci.FORGEJO),
        ("https://gitea.com/acme/shop", Ci.GITEA),
        ("git@bitbucket.org:acme/shop.git", Ci.NONE),
        ("https://git.example.com/gitlab/shop.git", Ci.GITHUB),
        ("../elsewhere", Ci.GITHUB),
        (None, Ci.GITHUB),
    ],
)
def test_the_host_of_the_remote_says_which_forge(remote: str | None, ci: Ci) -> None:
    """The host's name tells the forge, not the repository's; an unknown one counts as GitHub."""
    assert of_remote(remote) is ci


@pytest.mark.parametrize(
    ("ci", "paths"),
    [
        (Ci.GITHUB, [f".github/workflows/{name}.yml" for name in ("plan", "promote", "reconcile")]),
        (Ci.GITEA, [f".gitea/workflows/{name}.yml" for name in ("plan", "promote", "reconcile")]),
        (Ci.FORGEJO, [f".forgejo/workflows/{n}.yml" for n in ("plan", "promote", "reconcile")]),
        (Ci.GITLAB, [".gitlab-ci.yml"]),
        (Ci.NONE, []),
    ],
)
def test_each_forge_gets_its_own_files(ci: Ci, paths: list[str]) -> None:
    """The files lie where the forge looks for them, all valid YAML, and say what they need."""
    made = starter.ci_files(ci, "main")

    assert list(made.files) == paths
    assert [path for path, text in made.files.items() if not yaml.safe_load(text)] == []
    assert bool(made.needs) is bool(paths)


def test_lines_for_another_forge_are_left_out() -> None:
    """A marked block is for its forge alone, and the marks are gone."""
    assert rendered(Ci.GITHUB)["plan.yml"].startswith("on: github\nrun: ")
    assert rendered(Ci.GITEA)["plan.yml"].startswith("on: other\nrun: ")


def test_environments_run_in_their_order() -> None:
    """There is one job per environment, and each but the first waits for the one before."""
    document = yaml.safe_load(
        rendered(Ci.GITHUB, "main", "dev", "staging", "live")["reconcile.yml"]
    )

    needs = {name: job.get("needs") for name, job in document["jobs"].items()}
    assert list(needs.items()) == [("dev", None), ("staging", "dev"), ("live", "staging")]
    assert document["last"] == "live"


def test_a_name_that_yaml_or_the_forge_would_misread_is_written_safely() -> None:
    """An environment called `on` or `42` stays a text, and a job's id begins with a letter."""
    document = yaml.safe_load(rendered(Ci.GITHUB, "main", "on", "42")["reconcile.yml"])

    assert [job["name"] for job in document["jobs"].values()] == ["on", "42"]
    assert document["last"] == "_42"


@pytest.mark.parametrize("branch", ["main", "release/2.x", "1.0", "no", "it's", "a+b", 'say"so"'])
def test_any_branch_is_itself(branch: str) -> None:
    """The branch is dispatched as it is called, and is no pattern that others fit too."""
    files = rendered(Ci.GITHUB, branch)

    where = json.loads(yaml.safe_load(files["promote.yml"])["env"]["WHERE"])
    assert where == {"ref": branch}
    (pattern,) = yaml.safe_load(files["reconcile.yml"])["branches"]
    assert pattern == branch.replace("+", r"\+")


@pytest.mark.parametrize("ci", [ci for ci in Ci if ci is not Ci.NONE])
def test_what_is_to_be_set_up_names_every_environment(ci: Ci) -> None:
    """Branch, tags and the key of each environment are named, with where they go."""
    needs = "\n".join(starter.ci_files(ci, "trunk").needs)

    assert "protect trunk" in needs
    assert "*/v*, approvals/**, acknowledgements/**, holds/**" in needs
    for name in starter.ENVIRONMENTS:
        assert f"RECONCILER_KEY_{name.upper()}" in needs
