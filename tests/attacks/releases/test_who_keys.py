"""Who may release is not decided by the change that wants to be released (cases 16 and 18)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.attacks.releases.judging import NEXT, TAG, accepted, alarmed, held, refused, unchanged
from tests.attacks.releases.world import (
    NEWS,
    PIPELINE,
    SIGNERS,
    World,
    environment,
    news,
    pipeline,
)
from tests.repositories import allowed_signers

STAGING = "environments/staging/environment.yaml"
PRODUCTION = "environments/production/environment.yaml"

Files = Mapping[str, str]


def smuggle(world: World, files: Files, release: str = NEXT) -> None:
    """Merge the last release again, with more files in the same pull request."""
    branch = f"release/{release}"
    world.desk.git("reset", "--quiet", "--hard", "HEAD~1")
    world.desk.switch(branch)
    world.desk.commit(files, "One more thing")
    world.desk.switch("main")
    world.desk.squash(branch)
    world.push()


def keys_of(world: World, *names: str, more: str = "") -> Files:
    """Return a file of allowed signers."""
    return {SIGNERS: allowed_signers(*(world.people[name] for name in names)) + more}


def as_ana(world: World) -> Files:
    """Return a file in which a foreign key bears the name of the release manager."""
    line = world.people["mallory"].line(principals="ana@example.com")
    return keys_of(world, "ana", "ben", "quinn", "ci", more=line)


def as_manager(world: World) -> Files:
    """Return files that bring a release manager with a key."""
    keys = keys_of(world, "ana", "ben", "quinn", "ci", "mallory")
    return {**keys, PIPELINE: pipeline(managers="ana, ben, mallory")}


@pytest.mark.parametrize("files", [as_ana, as_manager])
def test_16_a_key_that_a_pull_request_brings_does_not_release_it(
    world: World, files: Callable[[World], Files]
) -> None:
    """A key that is not allowed at the trusted commit signs nothing."""
    smuggle(world, files(world))
    world.tag(TAG, by="mallory")

    refused(world, "does not count", "not in allowed_signers", "trust show")


def test_16_a_role_that_a_pull_request_gives_does_not_release_it(world: World) -> None:
    """A known key whose owner is made release manager by the change may not sign the change."""
    smuggle(world, {PIPELINE: pipeline(managers="ana, quinn")})
    world.tag(TAG, by="quinn")

    refused(world, '"quinn@example.com"', "role release-manager for staging")


def test_16_signatures_are_not_waived_by_a_pull_request(world: World) -> None:
    """`signatures: optional` counts for nobody until it was released with a signature."""
    smuggle(world, {PIPELINE: pipeline(signatures="optional")})
    world.desk.tag(TAG, "Release")
    world.push(f"refs/tags/{TAG}")

    refused(world, "is not signed, and signatures are required")


@pytest.mark.parametrize("by", ["ana", "mallory"])
def test_16_the_form_of_tags_is_not_changed_by_a_pull_request(world: World, by: str) -> None:
    """Another tag format blocks, whoever signs, until an operator accepts it."""
    smuggle(world, {PIPELINE: pipeline('tagFormat: "{environment}-{version}"')})
    world.tag("staging-1.1.0", by=by)

    refused(world, 'The tag format is now "{environment}-{version}"', "reconciler trust accept")


def test_16_the_source_of_releases_is_not_changed_by_a_pull_request(world: World) -> None:
    """Production that would promote from development waits for an operator."""
    wanted = environment("production", "promotesFrom: development")
    world.desk.git("reset", "--quiet", "--hard", "HEAD~1")
    world.merge({PRODUCTION: wanted})
    world.prepare("production", "1.1.0")
    world.tag("production/v1.1.0")

    words = 'production now promotes from "development", before "staging"'
    refused(world, words, "trust accept", release="production/1.1.0")


def test_16_the_protected_branch_is_not_changed_by_a_pull_request(world: World) -> None:
    """A branch that calls itself protected is not believed, though it holds what was trusted."""
    smuggle(world, {PIPELINE: pipeline("protectedBranch: wild")})
    world.push("main:refs/heads/wild")
    world.tag(TAG)

    refused(world, 'The protected branch is now "wild", before "main"', "trust accept")


def test_16_an_environment_is_not_opened_by_a_pull_request(world: World) -> None:
    """`mode: editable` deploys nothing to what was release-only when it was last trusted."""
    smuggle(world, {STAGING: environment("staging", "mode: editable\npromotesFrom: absent")})

    with unchanged(world):
        runs = [
            world.job("reconcile", "-e", "staging", "--format", "json", code=4),
            world.job("reconcile", "-e", "staging", "--format", "json", code=4),
        ]
        by_hand = world.job("apply", "-e", "staging", "--auto-approve", code=4)
        world.job("promote")

    for done in runs:
        [row] = done.json["promotions"]
        assert row["outcome"] == "refused"
        assert "staging is release-only at its trusted commit" in row["reason"]
    assert "staging is release-only at its trusted commit" in by_hand.all
    assert "reconciler trust accept" in by_hand.all


def test_16_an_operator_can_open_an_environment(world: World) -> None:
    """What the refusal tells to run lets an environment become editable."""
    smuggle(world, {STAGING: environment("staging", "mode: editable\npromotesFrom: absent")})
    tip = world.desk.head[:12]
    told = world.job("reconcile", "-e", "staging", code=4).all

    assert f"`reconciler trust accept {tip} --environment staging`" in told
    world.job("trust", "accept", tip, "--environment", "staging", "--auto-approve")
    world.job("reconcile", "-e", "staging")
    assert world.title("staging") == "Fresh news"


def test_16_an_environment_does_not_leave_the_pipeline_by_a_pull_request(world: World) -> None:
    """One that is no longer listed, and editable then, is still what it was when last trusted."""
    alone = pipeline().replace("staging, production]", "production]")
    files = {
        PIPELINE: alone,
        STAGING: environment("staging", "mode: editable\npromotesFrom: absent"),
        PRODUCTION: environment("production", "promotesFrom: development"),
    }
    smuggle(world, files)

    with unchanged(world):
        runs = [
            world.job("reconcile", "-e", "staging", code=4),
            world.job("apply", "-e", "staging", "--auto-approve", code=4),
        ]
        world.job("reconcile")

    for done in runs:
        assert "staging is release-only at its trusted commit" in done.all
        assert "not in the pipeline at the tip of main" in done.all


def test_16_approvals_are_not_dropped_by_a_pull_request(staged: World) -> None:
    """What either commit asks for is asked for."""
    lax = environment("production", "promotion: {approvals: []}")
    smuggle(staged, {PRODUCTION: lax}, "production/1.1.0")
    staged.tag("production/v1.1.0")

    held(staged, "qa-approved", "qa", release="production/1.1.0", state="waiting")


def test_16_more_approvals_count_at_once(world: World) -> None:
    """An approval that only the tip asks for is missing from now on."""
    world.merge({STAGING: environment("staging", "promotion: {approvals: [tests]}")})
    world.tag(TAG, target="HEAD~1")

    held(world, "tests-passed", "tests", release=NEXT, state="waiting")
    world.approve(NEXT, "tests", "ci")
    accepted(world)


def test_16_what_a_release_under_the_old_rules_brought_counts_afterwards(world: World) -> None:
    """Trust moves on with each accepted release, not before."""
    smuggle(world, as_manager(world))
    world.tag(TAG)
    accepted(world)
    world.merge({NEWS: news("Newest")})
    world.job("reconcile", "-e", "development")
    world.prepare("staging", "1.2.0")
    world.tag("staging/v1.2.0", by="mallory")

    accepted(world, "staging/1.2.0")
    assert world.title("staging") == "Newest"


def test_16_a_policy_that_is_put_back_gives_nobody_their_old_rights(world: World) -> None:
    """Who was removed by a release stays removed until a release without them brings them back."""
    smuggle(world, {PIPELINE: pipeline(managers="ana")})
    world.tag(TAG)
    accepted(world)
    world.merge({NEWS: news("Newest")})
    world.job("reconcile", "-e", "development")
    world.prepare("staging", "1.2.0")
    smuggle(world, {PIPELINE: pipeline()}, "staging/1.2.0")
    world.tag("staging/v1.2.0", by="ben")

    words = "belongs to ben@example.com, who may not sign this"
    refused(world, words, release="staging/1.2.0")


def test_16_who_is_removed_loses_their_word_at_once(world: World) -> None:
    """A removal at the tip counts before any release."""
    world.merge({PIPELINE: pipeline(managers="ana")})
    world.tag(TAG, by="ben", target="HEAD~1")

    refused(world, "belongs to ben@example.com, who may not sign this")


def test_16_trust_moves_only_when_an_operator_agrees(world: World) -> None:
    """`trust accept` shows the difference, does nothing unasked, and is written down."""
    smuggle(world, as_manager(world))
    world.tag(TAG, by="mallory")
    commit = world.desk.head
    command = ("trust", "accept", commit, "--environment", "staging")

    asked = world.job(*command, code=1)
    refused(world, "does not count")
    world.job(*command, "--auto-approve")

    assert 'Added member of role release-manager: "mallory@example.com"' in asked.out
    [[action, detail]] = world.sql(
        "SELECT action, detail FROM audit WHERE environment = 'staging' ORDER BY at DESC LIMIT 1"
    )
    assert (action, commit in detail or commit[:12] in detail) == ("trust", True)
    accepted(world)


def test_16_a_file_of_signers_that_is_gone_allows_nobody(world: World) -> None:
    """Without allowed_signers at the tip no signature counts any more."""
    world.desk.remove(SIGNERS)
    world.merge({})
    world.tag(TAG, target="HEAD~1")

    refused(world, "does not count", "not in allowed_signers")


def test_18_a_manager_of_staging_does_not_release_to_production(staged: World) -> None:
    """A role counts in the environments that it is given for, and in no other."""
    limited = pipeline().replace("ben@example.com]", "ben@example.com], environments: [staging]")
    staged.merge({PIPELINE: limited})
    staged.tag("production/v1.1.0", target="HEAD~1")

    words = "belongs to ana@example.com, who may not sign this"
    refused(staged, words, release="production/1.1.0")
    assert "is live already" in staged.job("promote", "staging/1.1.0").out


def test_15_and_16_trust_in_a_commit_that_is_gone_stops_everything(world: World) -> None:
    """A protected branch without the trusted commit is an alarm, whoever may sign by it."""
    files = {**as_manager(world), NEWS: news("Evil")}
    world.desk.git("switch", "--quiet", "--orphan", "fresh")
    world.desk.git("checkout", "--quiet", "main", "--", ".")
    evil = world.desk.commit(files)
    world.push(f"{evil}:refs/heads/main")
    world.tag(TAG, by="mallory")

    alarmed(world, "main was rewritten", "the trusted commit of")
