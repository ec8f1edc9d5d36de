"""A changed YAML line on its way to production: what people see at each stage, and what ran."""

from __future__ import annotations

import pytest

from tests.workflows import golden
from tests.workflows.story import Story

TESTED_BY = ("staging tests", "production tests", "production qa")


def test_a_change_of_development_is_told_from_git_alone(story: Story) -> None:
    """A pull request gets one comment, the same text as summary, and a status per environment."""
    stage = story["changed"]

    golden.check("development.md", stage.comment)
    assert stage.order() == ["plan.yml"]
    assert golden.without_marker(stage.comment) == stage.job("plan").summary.strip()
    counts = "Plan: 0 to add, 2 to modify, 1 to remove; 1 warning, 2 infos"
    assert stage.statuses == {
        "reconciler/development": ("success", counts),
        "reconciler/staging": ("success", "No changes."),
        "reconciler/production": ("success", "No changes."),
        "reconciler": ("success", counts),
    }
    assert [(method, answer) for method, _, answer in stage.writes] == [("POST", 201)] * 5


def test_messages_stand_at_their_lines(story: Story) -> None:
    """Each message that has a line is an annotation there, as loud as the message."""
    told = story["changed"].job("plan").annotations

    folder = "environments/development"
    assert [(each.level, each.file, each.line, each.title) for each in told] == [
        (
            "warning",
            f"{folder}/events/order-refunded.yaml",
            9,
            "AppEventSchemaChanged AppEvent/order-refunded",
        ),
        (
            "notice",
            f"{folder}/integrations/salesforce.yaml",
            14,
            "OAuthScopesChanged Integration/salesforce",
        ),
    ]


def test_merging_deploys_development(story: Story) -> None:
    """A push to the protected branch deploys it; summary, status and deployment say so."""
    stage = story["merged"]

    assert stage.order() == ["reconcile.yml"]
    assert "0 added, 2 modified, 1 removed" in stage.job("development").summary
    assert ("development", stage.tip, "success") in stage.deployments
    assert stage.statuses["reconciler/development"][0] == "success"


def test_a_release_is_told_from_git_alone_at_first(story: Story) -> None:
    """A release pull request shows the Release Preview, without what only the platform knows."""
    stage = story["staging proposed"]

    golden.check("release-git.md", stage.comment)
    assert stage.order() == ["plan.yml"]
    assert "users affected: not known here" in stage.comment
    assert stage.job("plan").result == "success"


def test_the_schedule_adds_users_and_gates(story: Story) -> None:
    """The scheduled run replaces the comment by one with counts of users, and with the gates."""
    stage = story["staging looked at"]

    golden.check("release-live.md", stage.comment)
    assert stage.order() == ["reconcile.yml"]
    assert "8 users affected" in stage.comment
    assert "4 users affected" in stage.comment
    patches = [path for method, path, _ in stage.writes if method == "PATCH"]
    assert len(patches) == 1


def test_the_same_run_again_writes_nothing(story: Story) -> None:
    """A run that finds everything as it was asks the forge for nothing but reading."""
    stage = story["staging looked at again"]

    assert stage.writes == []
    assert stage.comment == story["staging looked at"].comment


def test_what_is_acknowledged_is_told_at_once(story: Story) -> None:
    """An acknowledgement changes the branch; its reason stands beside the warning."""
    stage = story["staging acknowledged"]

    assert stage.order() == ["plan.yml"]
    assert "The application is ready" in stage.comment


@pytest.mark.parametrize("name", TESTED_BY)
def test_an_approval_is_seen_in_the_comment(story: Story, name: str) -> None:
    """The tag of an approval starts a run on the protected branch, which tells it as passed."""
    stage = story[name]

    assert stage.order() == ["promote.yml", "reconcile.yml"]
    assert f"/{name.rpartition(' ')[2]})" in stage.comment
    assert "passed: approved by" in stage.comment


def test_a_tag_brings_the_open_release_up_to_date(story: Story) -> None:
    """After the last approval the comment says that only the release manager is waited for."""
    golden.check("tag-push.md", story["production qa"].comment)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_a_release_tag_promotes(story: Story, environment: str) -> None:
    """The release tag starts the run that promotes it; deployment, release and status follow."""
    before, stage = story[f"{environment} merged"], story[f"{environment} tagged"]

    assert f"{environment}/v1.1.0" not in [each["tag_name"] for each in before.releases]
    assert stage.order() == ["promote.yml", "reconcile.yml"]
    assert stage.deployments[-1] == (environment, before.tip, "success")
    release = stage.releases[-1]
    assert (release["tag_name"], release["draft"]) == (f"{environment}/v1.1.0", False)
    assert "Chatter for Salesforce" in release["body"]
    assert stage.statuses[f"reconciler/{environment}"] == ("success", "1.1.0 is live")
    assert "1.1.0" in stage.job(environment).summary


def test_every_run_of_the_way_is_green(story: Story) -> None:
    """No job fails, none prints a command that a runner obeys, no request is refused."""
    jobs = [job for stage in story.stages.values() for job in stage.jobs]

    assert {job.result for job in jobs} == {"success", "skipped"}
    assert [name for job in jobs for name in job.commands] == []
    writes = [each for stage in story.stages.values() for each in stage.writes]
    assert [each for each in writes if each[2] >= 300] == []


def test_secrets_are_for_one_file_and_environment(story: Story) -> None:
    """Only the jobs of reconcile.yml get secrets, each those of its own environment."""
    jobs = [job for stage in story.stages.values() for job in stage.jobs if job.steps]
    found = {(job.workflow, job.name): job.secrets for job in jobs}

    assert {key: names for key, names in found.items() if names} == {
        ("reconcile.yml", name): {"RECONCILER_STORE", f"RECONCILER_KEY_{name.upper()}"}
        for name in ("development", "staging", "production")
    }
    assert {job.environment for job in jobs if job.workflow != "reconcile.yml"} == {None}


def test_each_token_may_do_what_its_job_needs_and_no_more(story: Story) -> None:
    """A run for a tag may start another and nothing else, one for a pull request only tell."""
    jobs = [job for stage in story.stages.values() for job in stage.jobs]
    found = {job.workflow: job.permissions for job in jobs if job.name != "propose_releases"}

    assert found["promote.yml"] == {"actions": "write"}
    assert found["plan.yml"] == {
        "contents": "read",
        "pull-requests": "write",
        "statuses": "write",
    }
    assert "actions" not in found["reconcile.yml"]
