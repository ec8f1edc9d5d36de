"""Which commit is read: two commits from git alone, other refs, the working tree, odd clones."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.acceptance.manifests import PIPELINE, RESOURCES, workflow
from tests.acceptance.program import Shop, fits, run
from tests.repositories import Repository

RELEASED = {f"environments/staging/{name}": text for name, text in RESOURCES.items()}


@pytest.fixture
def proposed(committed: Shop) -> Shop:
    """Return a shop, never deployed, with a branch checked out that changes a title."""
    committed.repository.switch("proposal", create=True)
    more = "enabledByDefault: true\n"
    committed.commit({"workflows/news.yaml": workflow("news", title="Proposed", more=more)})
    return committed


def test_against_a_commit_git_alone_is_read(proposed: Shop) -> None:
    """A pull request's plan needs no store and no platform, and makes no file but the cache."""
    plan = proposed.run("plan", "--against", "main", "--format", "json", "-e", "development").plan
    text = proposed.run("plan", "--against", "main", "--detailed-exitcode", code=2).out

    assert plan["desired"] == {"commit": proposed.repository.head, "ref": "HEAD"}
    assert plan["summary"] == {"add": 0, "modify": 1, "remove": 0}
    (message,) = plan["messages"]
    assert message["code"] == "WorkflowEnabledByDefault"
    assert (message["affectedUsers"], message["asOf"]) == (None, None)
    assert '~ spec.title: "News in Slack" → "Proposed"' in text
    assert "users affected: not known here" in text
    assert not proposed.store.exists()
    assert not (proposed.state / "keys").exists()


def test_against_in_the_other_formats(proposed: Shop) -> None:
    """The same comparison is Markdown for a comment, annotations on lines, and SARIF."""
    against = ("plan", "--against", "main", "-e", "development", "--format")
    markdown = proposed.run(*against, "markdown").out
    annotations = proposed.run(*against, "github").out
    sarif = proposed.run(*against, "sarif").json

    assert "Proposed" in markdown
    assert "WorkflowEnabledByDefault" in markdown
    line = "file=environments/development/workflows/news.yaml,line=9"
    assert annotations.startswith("::notice ")
    assert line in annotations
    (result,) = sarif["runs"][0]["results"]
    assert (sarif["version"], result["ruleId"]) == ("2.1.0", "WorkflowEnabledByDefault")


def test_a_pull_request_is_for_publishing(committed: Shop) -> None:
    """A number that would be ignored is wrong usage, and says with what it goes."""
    refused = committed.run("plan", "--against", "main", "--pull-request", "5", code=64)
    assert "--pull-request goes with --publish" in refused.err


def test_against_what_had_no_environments_all_is_new(committed: Shop) -> None:
    """A base from before the first environment is empty, not an error."""
    files = dict.fromkeys(["README.md"], "Before.\n")
    made = {name: ("100644", committed.repository.blob(t.encode())) for name, t in files.items()}
    base = committed.repository.commit_tree(made)

    plan = committed.run("plan", "--against", base, "--format", "json", "-e", "development").plan

    assert plan["summary"] == {"add": 5, "modify": 0, "remove": 0}


def test_other_refs_and_the_working_tree_are_read_when_named(deployed: Shop) -> None:
    """--ref reads a branch and --worktree what is not committed; by default only main counts."""
    deployed.repository.switch("proposal", create=True)
    deployed.commit({"workflows/news.yaml": workflow("news", title="On a branch")})
    path = deployed.root / "environments/development/workflows/news.yaml"
    path.write_text(workflow("news", title="On disk"), encoding="utf-8")

    default = deployed.run("plan", "-e", "development")
    branch = deployed.run("plan", "-e", "development", "--ref", "proposal").out
    disk = deployed.run("plan", "-e", "development", "--worktree", "--format", "json").plan

    assert default.last == "No changes."
    assert "changes that are not in" in default.err
    assert '"News in Slack" → "On a branch"' in branch
    assert disk["desired"] == {"commit": None, "ref": None}
    assert disk["changes"][0]["fields"][0]["after"] == "On disk"


def test_the_working_tree_can_be_applied(deployed: Shop) -> None:
    """Apply --worktree deploys what is on disk, and history says that there is no commit."""
    path = deployed.root / "environments/development/workflows/news.yaml"
    path.write_text(workflow("news", title="On disk"), encoding="utf-8")

    deployed.run("apply", "-e", "development", "--worktree", "--auto-approve")
    history = deployed.run("history", "--format", "json").json

    assert deployed.running()["news"] == "On disk"
    assert [one["commit"] for one in history["deployments"]] == [None, deployed.repository.head]


def test_ref_and_worktree_exclude_each_other(committed_once: Shop) -> None:
    """Two answers to the question what to read are wrong usage."""
    for command in ("plan", "validate"):
        refused = committed_once.run(command, "--ref", "main", "--worktree", code=64)
        assert "--ref" in refused.err
        assert "--worktree" in refused.err


def test_a_release_only_environment_waits_for_its_tag(committed: Shop) -> None:
    """Merging into a release-only folder changes nothing; --ref shows what it would be."""
    committed.repository.commit(RELEASED)

    text = committed.run("plan", "-e", "staging", "--detailed-exitcode").out
    answer = committed.run("plan", "-e", "staging", "--format", "json").json
    would = committed.run("plan", "-e", "staging", "--ref", "main", "--format", "json").plan

    assert "staging waits for its first release tag (staging/v…)." in text
    assert text.rstrip().endswith("No changes.")
    fits(answer, "plan")
    assert answer["plans"][0]["desired"] is None
    assert answer["plans"][0]["digest"] is None
    assert would["summary"]["add"] == 5
    refused = committed.run("apply", "-e", "staging", "--auto-approve", code=1)
    assert "staging is release-only" in refused.err


def test_a_ref_that_is_not_there_names_those_that_are(committed: Shop) -> None:
    """A missing ref or protected branch is exit 1 with the branches found."""
    committed.repository.git("branch", "other")
    for option in ("--ref", "--against"):
        assert "branches found: main, other" in committed.run("plan", option, "nope", code=1).err

    committed.repository.git("branch", "-m", "main", "trunk")
    for command in (["plan"], ["reconcile"]):
        told = committed.run(*command, code=1).err
        assert "`main`" in told
        assert "branches found: other, trunk" in told


def test_a_detached_head_reads_the_branch_all_the_same(deployed: Shop) -> None:
    """What is checked out does not decide what is desired; the protected branch does."""
    deployed.repository.git("checkout", "-q", "--detach")
    deployed.commit({"workflows/news.yaml": workflow("news", title="Detached")})

    assert deployed.run("plan", "-e", "development", "--detailed-exitcode").last == "No changes."
    against = deployed.run("plan", "-e", "development", "--against", "main").out
    assert "Detached" in against


def test_a_bare_clone_is_enough(committed_once: Shop, tmp_path: Path) -> None:
    """A bare repository is named by its folder, with the store where it is told."""
    bare = tmp_path / "shop.git"
    clone = ["git", "clone", "-q", "--bare", str(committed_once.root), str(bare)]
    subprocess.run(clone, check=True, capture_output=True)
    Repository(bare).git("remote", "remove", "origin")
    store = ("--store", f"sqlite:///{tmp_path}/state.db")

    run(tmp_path, "--repo", "shop.git", *store, "reconcile", "-e", "development")
    plan = run(tmp_path, "--repo", str(bare), *store, "plan", "-e", "development")

    assert plan.last == "No changes."
    refused = run(tmp_path, "--repo", "shop.git", *store, "plan", "--worktree", code=1)
    assert "has no working tree" in refused.err


def test_a_subfolder_is_the_repository_too(deployed: Shop) -> None:
    """The program works anywhere below the repository's root, with the same store."""
    told = run(deployed.root / "environments/development", "plan", "-e", "development")

    assert told.last == "No changes."
    assert not (deployed.root / "environments/development/.reconciler").exists()


def test_an_isolated_environment_is_named_to_be_deployed(committed: Shop) -> None:
    """A folder outside the pipeline is left alone until it is asked for by name."""
    sandbox = {
        f"environments/sandbox/{name}": text.replace("name: development", "name: sandbox")
        for name, text in {
            "environment.yaml": committed.read("environment.yaml"),
            "integrations/slack.yaml": RESOURCES["integrations/slack.yaml"],
        }.items()
    }
    committed.repository.commit({**sandbox, "environments/pipeline.yaml": PIPELINE})

    every = committed.run("reconcile", "--format", "json").json
    alone = committed.run("reconcile", "-e", "sandbox").out

    assert [row["environment"] for row in every["promotions"]] == ["development", "staging"]
    assert "sandbox: 1 added, 0 modified, 0 removed." in alone
    refused = committed.run("plan", "-e", "stagin", "--format", "json", code=64).json
    fits(refused, "plan")
    assert 'did you mean "staging"' in refused["errors"][0]["text"]
