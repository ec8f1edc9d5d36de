"""Approvals that were given for something else, and holds that somebody wants to be rid of (19)."""

from __future__ import annotations

import pytest

from tests.attacks.releases.judging import NEXT, TAG, accepted, held, unchanged
from tests.attacks.releases.world import NEWS, World, environment, news

RELEASE = "production/1.1.0"
RELEASE_TAG = "production/v1.1.0"
QA = "approvals/production/v1.1.0/qa"


@pytest.fixture
def tagged(staged: World) -> World:
    """Return the world in which production/1.1.0 lacks nothing but the approval of qa."""
    staged.tag(RELEASE_TAG)
    return staged


def without_qa(world: World) -> None:
    """Check that nothing is promoted for want of qa's approval."""
    held(world, "qa-approved", "qa", release=RELEASE, state="waiting")


def test_an_approval_by_somebody_else_does_not_count(tagged: World) -> None:
    """Whoever may release may not approve for qa: each role speaks for itself."""
    tagged.tag(QA, by="ana")

    without_qa(tagged)


@pytest.mark.parametrize("by", ["mallory", "ci"])
def test_an_approval_by_a_stranger_does_not_count(tagged: World, by: str) -> None:
    """A key without the role approves nothing, whatever the tag is called."""
    tagged.tag(QA, by=by)
    tagged.tag("approvals/production/v1.1.0/qa-team", by="quinn")

    without_qa(tagged)


def test_an_approval_that_would_not_count_is_not_made(staged: World) -> None:
    """`release approve` checks the key before anybody relies on the tag, and leaves none behind."""
    done = staged.approve(RELEASE, "qa", "ana", code=3)

    assert f"{QA} was not made" in done.err
    assert "quinn@example.com" in done.err
    assert staged.desk.git("tag", "--list", "approvals/production/v1.1.0/*") == ""


def test_an_approval_of_another_version_does_not_count(tagged: World) -> None:
    """The object of an earlier approval does not count under this version's name."""
    old = tagged.forge.git("rev-parse", "refs/tags/approvals/production/v1.0.0/qa")
    tagged.forge.git("update-ref", f"refs/tags/{QA}", old)

    without_qa(tagged)


def test_an_unsigned_approval_does_not_count(tagged: World) -> None:
    """Where signatures are required, approvals need one too."""
    tagged.desk.tag(QA, "Approved")
    tagged.push(f"refs/tags/{QA}")

    without_qa(tagged)


def test_a_lightweight_approval_does_not_count(tagged: World) -> None:
    """An approval is an object that somebody signed, not a name for a commit."""
    tagged.desk.tag(QA)
    tagged.push(f"refs/tags/{QA}")

    without_qa(tagged)


def test_an_approval_on_a_commit_without_the_manifest_does_not_count(tagged: World) -> None:
    """An approval on a commit of another branch is about what that commit holds."""
    tagged.desk.git("switch", "--quiet", "--create", "elsewhere", "HEAD~1")
    tagged.desk.commit(message="Elsewhere")
    tagged.tag(QA, by="quinn")

    without_qa(tagged)


def test_an_approval_of_another_content_does_not_count(tagged: World) -> None:
    """A manifest of the same name with another digest is another release."""
    tagged.desk.switch("elsewhere", create=True)
    path = "environments/production/releases/1.1.0.yaml"
    text = (tagged.desk.root / path).read_text()
    digest = text.rpartition("contentDigest: sha256:")[2][:64]
    tagged.desk.commit({path: text.replace(digest, "0" * 64)})
    tagged.tag(QA, by="quinn")

    without_qa(tagged)


def test_19_an_approval_ends_when_the_pull_request_changes(world: World) -> None:
    """What was pushed to the branch after the approval was not approved."""
    policy = "environments/staging/environment.yaml"
    world.desk.git("reset", "--quiet", "--hard", "HEAD~1")
    wanted = ("release", "create", "--to", "staging", "--version", "1.1.0", "--push")
    world.merge({policy: environment("staging", "promotion: {approvals: [qa]}")})
    world.at_desk(*wanted)
    world.approve(NEXT, "qa", "quinn")
    world.merge({NEWS: news("Sneaked in")})
    world.job("reconcile", "-e", "development")
    world.at_desk(*wanted)
    world.desk.squash("release/staging/1.1.0")
    world.push()
    world.tag(TAG)

    held(world, "qa-approved", "qa", release=NEXT, state="waiting")


def test_an_approval_before_the_squash_counts_afterwards(staged: World) -> None:
    """The pull request's head holds the same manifest as the commit that was made of it."""
    branch = "release/production/1.1.0"
    staged.tag(QA, by="quinn", target=branch)
    staged.tag(RELEASE_TAG)

    accepted(staged, RELEASE)
    assert staged.title("production") == "Fresh news"


def test_a_bad_approval_does_not_spoil_a_good_one(tagged: World) -> None:
    """Nobody keeps a release from its approval by pushing one that does not count."""
    tagged.tag(f"{QA}/0-mallory", by="mallory")
    tagged.tag(f"{QA}/quinn", by="quinn")

    accepted(tagged, RELEASE)


# --- holds --------------------------------------------------------------------------------------


def hold(world: World, by: str) -> None:
    """Hold staging as somebody."""
    world.sign_as(by)
    world.at_desk("release", "hold", "staging", "--reason", "Trade fair", "--push")
    world.sign_as("ana")


@pytest.mark.parametrize("by", ["quinn", "ci", "ben"])
def test_any_role_may_hold(world: World, by: str) -> None:
    """Whoever has a role for the environment can stop it, and is named."""
    hold(world, by)
    world.tag(TAG)

    held(world, "not-held", "Trade fair", f"{by}@example.com", release=NEXT)


def test_a_stranger_holds_nothing(world: World) -> None:
    """A hold is signed by somebody with a role, or it is none."""
    text = "Hold\n\nStatement: hold\nScope: environment\nReason: Blackmail\n"
    world.tag("holds/staging/1", by="mallory", message=text)
    world.tag(TAG)

    accepted(world)


def test_only_a_release_manager_resumes(world: World) -> None:
    """A resume by any other role is refused when it is made, and has no effect when pushed."""
    hold(world, "quinn")
    world.tag(TAG)
    world.sign_as("quinn")
    refused = world.at_desk("release", "resume", "staging", "--push", code=3)
    text = "Resume staging\n\nStatement: resume\nHolds: holds/staging/1\n"
    world.tag("holds/staging/2", by="quinn", message=text)
    world.tag("holds/staging/3", by="mallory", message=text)

    held(world, "not-held", "Trade fair", release=NEXT)
    world.sign_as("ben")
    world.at_desk("release", "resume", "staging", "--push")
    accepted(world)

    assert "holds/staging/2 was not made" in refused.err
    assert "It must be signed by release-manager of staging" in refused.err


def test_a_resume_of_one_environment_ends_no_hold_of_another(world: World) -> None:
    """A statement speaks for the environment in its name."""
    hold(world, "quinn")
    text = "Resume\n\nStatement: resume\nHolds: holds/staging/1\n"
    world.tag("holds/production/1", message=text)
    world.tag(TAG)

    held(world, "not-held", "Trade fair", release=NEXT)


def test_a_hold_that_nobody_can_read_holds(world: World) -> None:
    """A signed statement that is not understood stops rather than lets through."""
    world.tag("holds/staging/1", by="quinn", message="Please do not")
    world.tag(TAG)

    held(world, "not-held", "cannot be understood", release=NEXT)


def test_a_hold_leaves_what_is_live_alone(world: World) -> None:
    """Holding stops promotions and nothing else."""
    hold(world, "quinn")

    with unchanged(world):
        done = world.job("reconcile", "-e", "staging", "--format", "json")

    assert [row["outcome"] for row in done.json["promotions"]] == ["nothing"]
