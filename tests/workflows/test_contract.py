"""What every CI file of ours keeps to: least rights, pinned actions, secrets in one place."""

from __future__ import annotations

import os
import re

import pytest
import yaml

from reconciler.adapters import starter
from reconciler.core.ci import Ci
from tests import project
from tests.workflows.files import OWN_INSTALL, jobs, own, read, rendered, steps, workflows

ALL = workflows()
NAMES = sorted(ALL)
PLAN = ".github/workflows/plan.yml"
SECRET = re.compile(r"\bsecrets\.(\w+)")
PINNED = re.compile(r"uses: (?:https://github\.com/)?[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
WRITES = {
    "plan": {"pull-requests", "statuses"},
    "promote": {"actions"},
    "reconcile": {"contents", "deployments", "pull-requests", "statuses"},
}


def test_our_own_files_are_what_a_user_gets() -> None:
    """This project runs its own workflows; only how the program is installed differs.

    UPDATE_GOLDEN=1 writes the files instead of comparing.
    """
    made = starter.ci_files(Ci.GITHUB, "main", install=OWN_INSTALL).files
    if os.environ.get("UPDATE_GOLDEN") == "1":
        for path, text in made.items():
            (project.ROOT / path).write_text(text, encoding="utf-8")

    assert {path: project.read(path) for path in made} == made
    assert set(own()) == {*made, ".github/workflows/ci.yml"}


def test_only_our_own_jobs_execute_what_is_proposed() -> None:
    """A user's job installs a release; ours installs the checkout, and says what that means."""
    users, ours = rendered(Ci.GITHUB)[PLAN], own()[PLAN]
    promise = "# Nothing of the pull request is executed: its files are read from git as data.\n"

    assert promise in users
    assert 'python -m pip install "gitops-reconciler==' in users
    assert promise not in ours
    assert "# Here the program itself is installed from the pull request" in ours


def test_the_files_are_for_the_environments_that_there_are() -> None:
    """The starter and this project have the environments that the files have jobs for."""
    for path in (
        "environments/pipeline.yaml",
        "reconciler/starter/files/environments/pipeline.yaml",
    ):
        text = project.read(path).replace("{{name}}", "shop")
        assert tuple(yaml.safe_load(text)["spec"]["environments"]) == starter.ENVIRONMENTS


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_to_fill_in(name: str) -> None:
    """Every place of a template is filled, and none of its marks is left."""
    assert re.findall(r"<<[a-z-]+>>|#@", ALL[name]) == []


@pytest.mark.parametrize("name", NAMES)
def test_each_action_is_one_that_cannot_change(name: str) -> None:
    """Every `uses:` names a commit, and in a comment the version that it is."""
    used = re.findall(r"^[ #-]*(uses: .*)$", ALL[name], re.MULTILINE)

    assert [line for line in used if not PINNED.fullmatch(line)] == []
    assert len(used) >= sum("uses" in step for step in steps(ALL[name]))


@pytest.mark.parametrize("name", NAMES)
def test_rights_are_given_to_jobs_one_by_one(name: str) -> None:
    """A workflow has no rights; its jobs have those that they need to write, and say why."""
    allowed = next((rights for file, rights in WRITES.items() if f"/{file}.yml" in name), set())

    assert read(ALL[name])["permissions"] == {}
    for job in jobs(ALL[name]).values():
        given = job["permissions"]
        assert {right for right, level in given.items() if level == "write"} <= allowed
        for right, level in given.items():
            assert re.search(rf"^      {right}: {level} # \w", ALL[name], re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_a_checkout_leaves_no_token_behind(name: str) -> None:
    """Every checkout brings the whole history and keeps no credential."""
    used = [step["with"] for step in steps(ALL[name]) if "/checkout@" in step.get("uses", "")]

    assert [each for each in used if each["persist-credentials"] != "false"] == []
    assert [each for each in used if each["fetch-depth"] != "0"] == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_from_outside_gets_into_a_script(name: str) -> None:
    """No script holds an expression: values come as variables, which a shell does not execute."""
    scripts = [step["run"] for step in steps(ALL[name]) if "run" in step]

    assert [script for script in scripts if "${{" in script] == []
    assert read(ALL[name])["defaults"] == {"run": {"shell": "bash"}}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_runs_for_ever_or_twice(name: str) -> None:
    """Every job has a time limit, every workflow a group; what deploys is never cancelled."""
    group = read(ALL[name])["concurrency"]

    assert [job for job in jobs(ALL[name]).values() if int(job["timeout-minutes"]) > 120] == []
    if "/reconcile.yml" in name:
        assert group == {"group": "reconcile", "cancel-in-progress": "false"}
    if "/plan.yml" in name:
        assert group["cancel-in-progress"] == "true"
        assert "pull_request.number" in group["group"]


@pytest.mark.parametrize("name", NAMES)
def test_no_workflow_trusts_a_fork(name: str) -> None:
    """None starts on an event that would hand secrets to somebody else's code."""
    assert {"pull_request_target", "workflow_run", "issue_comment"} & set(
        read(ALL[name])["on"]
    ) == set()


@pytest.mark.parametrize("name", [name for name in NAMES if "/reconcile.yml" not in name])
def test_only_one_file_has_secrets(name: str) -> None:
    """A pull request and a tag run the files of a commit of anybody's: they name no secret."""
    assert SECRET.findall(ALL[name]) == []


def test_each_environment_has_its_own_job_and_secrets() -> None:
    """A job gets the key of its own environment, from the forge's environment of that name."""
    files = rendered(Ci.GITHUB)
    found = jobs(files[".github/workflows/reconcile.yml"])
    before: list[str] = []
    for name in starter.ENVIRONMENTS:
        job = found[name]
        (run,) = (step for step in job["steps"] if step["name"] == "Reconcile")
        assert job["environment"] == {"name": name, "deployment": "false"}
        assert [job["needs"]] == before if before else "needs" not in job
        assert set(SECRET.findall(str(job))) == {
            "RECONCILER_STORE",
            f"RECONCILER_KEY_{name.upper()}",
        }
        assert run["run"] == 'reconciler reconcile --environment "$ENVIRONMENT" --publish'
        assert run["env"]["ENVIRONMENT"] == name
        before = [name]


def test_every_step_that_runs_the_program_is_one_command() -> None:
    """What a job does can be pasted: the same commands for every forge."""
    ran = {
        step["run"].split(" --format")[0].split(" --publish")[0]
        for name in NAMES
        for step in steps(ALL[name])
        if "reconciler " in step.get("run", "") and "pip install" not in step["run"]
    }
    of_gitlab = read(rendered(Ci.GITLAB)[".gitlab-ci.yml"])
    scripts = [job["script"][0] for job in of_gitlab.values() if "script" in job]

    assert ran == {
        'reconciler validate --against "$AGAINST"',
        'reconciler plan --against "$AGAINST"',
        'reconciler reconcile --environment "$ENVIRONMENT"',
        "reconciler release propose --open",
    }
    assert {script.split(" --format")[0] for script in scripts} <= ran


def test_on_gitlab_only_the_protected_branch_deploys() -> None:
    """A job of an environment runs on the protected branch alone, one at a time in the project."""
    document = read(rendered(Ci.GITLAB, "trunk")[".gitlab-ci.yml"])
    deploying = [job for name, job in document.items() if name.startswith("reconcile ")]

    assert len(deploying) == len(starter.ENVIRONMENTS)
    for job in deploying:
        (rule,) = job["rules"]
        assert rule["if"] == '$CI_COMMIT_BRANCH == "trunk" && $CI_COMMIT_REF_PROTECTED == "true"'
        assert job["resource_group"] == "reconcile"
    assert document["promote"]["trigger"]["branch"] == "trunk"
    assert document["promote"]["inherit"] == {"default": "false", "variables": "false"}
