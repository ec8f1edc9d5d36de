"""Reviews and checks on the forge that only look like approvals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.testing.github import GitHubServer, GitHubState
from tests.acceptance.program import fits
from tests.attacks.releases.hosted import (
    ACCOUNTS,
    ACTIONS,
    BRANCH,
    MANIFEST,
    REPOSITORY,
    TESTS,
    Hosted,
    roles,
)
from tests.attacks.releases.judging import NEXT, accepted, held, unchanged
from tests.attacks.releases.world import PIPELINE, World, news


@pytest.fixture(scope="module")
def begun(world_once: World, tmp_path_factory: pytest.TempPathFactory) -> Hosted:
    """Return the hosted world in which the release is under review; nobody changes it."""
    folder = tmp_path_factory.mktemp("hosted") / "world"
    copy = world_once.copy(folder)
    with GitHubServer(GitHubState(REPOSITORY)) as server:
        hosted = Hosted(copy.root, copy.people, server)
        hosted.begin()
    return hosted


@pytest.fixture
def world(begun: Hosted, tmp_path: Path) -> Iterator[Hosted]:
    """Return a hosted world of one's own."""
    copy = begun.copy(tmp_path / "world")
    with GitHubServer(GitHubState(REPOSITORY)) as server:
        hosted = Hosted(copy.root, copy.people, server)
        hosted.pull(BRANCH, hosted.head)
        yield hosted


def without_qa(world: Hosted, *words: str) -> None:
    """Check that nothing is promoted for want of qa's approval, for a reason with these words."""
    with unchanged(world):
        done = world.job("promote", NEXT, "--format", "json", code=3)
    [row] = done.json["promotions"]
    gates = {each["name"]: each for each in row["gates"]}
    reason = gates["qa-approved"]["reason"]
    assert (row["outcome"], gates["qa-approved"]["state"]) == ("waiting", "waiting")
    assert [word for word in ("qa is missing", *words) if word not in reason] == [], reason
    assert world.sql("SELECT * FROM forge_evidence") == []


def test_a_member_s_review_approves(world: Hosted) -> None:
    """The honest way: an approving review before the squash, written down with link and time."""
    world.review("QUINN-q")
    world.ship()

    accepted(world)
    [row] = world.sql('SELECT role, evidence, name, "by", link, at FROM forge_evidence')
    assert row[:4] == ("qa", "review", "QUINN-q", "quinn@example.com")
    assert row[4].startswith("http")
    assert row[5] == "2026-01-06T10:00:00Z"
    shown = world.job("release", "show", NEXT).out
    assert f"qa: quinn@example.com (review {row[4]})" in shown


def test_a_listed_check_approves(world: Hosted) -> None:
    """The honest way: the named check of the named app, at the head that was merged."""
    world.check()
    world.ship()

    accepted(world)
    assert world.sql('SELECT evidence, name, "by" FROM forge_evidence') == [
        ("check", TESTS, ACTIONS)
    ]
    shown = world.job("trust", "show", "--environment", "staging")
    assert "quinn@example.com reviews as Quinn-Q" in shown.out
    assert f"the check {TESTS} of {ACTIONS}" in shown.out
    answer = world.job("trust", "show", "-e", "staging", "--format", "json").json
    fits(answer, "trust")
    [row] = answer["trust"]
    assert row["roles"]["qa"]["accounts"] == {"quinn@example.com": "Quinn-Q"}


@pytest.mark.parametrize("login", ["mallory", "quinn-q-", "Qu\u0131nn-q"])
def test_a_login_that_looks_alike_approves_nothing(world: Hosted, login: str) -> None:
    """Only the mapped login is the member, in any case of its letters; the stranger is named."""
    world.review(login)
    world.ship()

    without_qa(world, "found and not counted", login[:2])


def test_a_comment_that_says_approved_approves_nothing(world: Hosted) -> None:
    """Words are no verdict: neither in a review, nor in a comment, nor in the title."""
    text = "APPROVED\n\n<!-- approved: qa -->\nVERDICT: approved"
    world.review(state="COMMENTED", body=text)
    world.server.state.comment(1, "quinn-q", text)
    world.ship()

    without_qa(world, "is a comment and approves nothing")


@pytest.mark.parametrize("state", ["DISMISSED", "CHANGES_REQUESTED"])
def test_an_approval_that_was_taken_back_approves_nothing(world: Hosted, state: str) -> None:
    """What somebody decided last is what they say; a later comment does not bring it back."""
    world.review()
    world.review(state=state)
    world.review(state="COMMENTED", body="approved")
    world.ship()

    without_qa(world, "quinn-q")


def test_a_pull_request_of_a_fork_approves_nothing(world: Hosted) -> None:
    """A fork may call its branch like ours; its reviews and checks are none of this release."""
    number = world.pull(BRANCH, world.head, "mallory/shop")
    world.review(pull=number)
    world.ship()

    without_qa(world)


def test_a_pull_request_into_another_branch_approves_nothing(world: Hosted) -> None:
    """What is reviewed for another branch was not reviewed for the protected one."""
    number = world.pull(BRANCH, world.head, base="playground")
    world.review(pull=number)
    world.ship()

    without_qa(world)


def without_digest(world: Hosted) -> str:
    """Commit a manifest with another content digest."""
    text = world.desk.git("show", f"{BRANCH}:{MANIFEST}") + "\n"
    digest = text.rpartition("contentDigest: sha256:")[2][:64]
    return world.on_branch({MANIFEST: text.replace(digest, "0" * 64)})


def with_another_folder(world: Hosted) -> str:
    """Commit the very manifest beside a folder that is not what it says."""
    return world.on_branch({"environments/staging/workflows/news.yaml": news("Harmless")})


def without_manifest(world: Hosted) -> str:
    """Name a commit of the protected branch that has no such release."""
    return world.desk.git("rev-parse", "main")


def unknown(world: Hosted) -> str:
    """Name a commit that nobody has."""
    return "f" * 40


OTHERS = [without_digest, with_another_folder, without_manifest, unknown]


@pytest.mark.parametrize("other", OTHERS)
def test_what_was_shown_otherwise_is_not_approved(
    world: Hosted, other: Callable[[Hosted], str]
) -> None:
    """A review or check of another head is of what that head holds, not of the release."""
    commit = other(world)
    world.review(commit=commit)
    if commit != "f" * 40:
        world.pull(BRANCH, commit)
    world.check(commit)
    world.ship()

    without_qa(world, "found and not counted", commit[:12])


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"app": "evil-app"}, "evil-app"),
        ({"conclusion": "failure"}, "did not pass"),
        ({"conclusion": "skipped"}, ""),
        ({"status": "in_progress", "conclusion": None, "completed_at": None}, ""),
        ({"name": f"{TESTS}\u200b"}, ""),
    ],
)
def test_a_check_that_is_not_the_one_that_passed_approves_nothing(
    world: Hosted, more: dict[str, str], word: str
) -> None:
    """Name, app and success must all be those that are asked for."""
    world.check(**more)
    world.ship()

    without_qa(world, word)


def test_a_check_that_a_stranger_s_head_brought_approves_nothing(world: Hosted) -> None:
    """A later pull request from the branch brings what workflow it likes, and its own check."""
    forged = world.on_branch({".github/workflows/tests.yml": "on: push\n"})
    world.ship()
    number = world.pull(BRANCH, forged)
    world.review("mallory", pull=number, commit=forged)
    world.check(forged)

    without_qa(world)


def forged_login() -> str:
    """Say that a stranger's account is the member's."""
    return roles(accounts={"quinn@example.com": "mallory"})


def forged_member() -> str:
    """Say that a stranger is a member."""
    members = "quinn@example.com, mallory@example.com"
    return roles(accounts={**ACCOUNTS, "mallory@example.com": "mallory"}, members=members)


def forged_check() -> str:
    """Say that another app may run the check."""
    return roles(checks=((TESTS, ACTIONS), (TESTS, "evil-app")))


@pytest.mark.parametrize("forged", [forged_login, forged_member, forged_check])
def test_who_keys_of_the_same_release_approve_nothing(
    world: Hosted, forged: Callable[[], str]
) -> None:
    """A login or check that the pull request brings itself counts for nobody."""
    world.review("mallory")
    world.check(app="evil-app")
    world.ship({PIPELINE: forged()})

    without_qa(world)


def test_a_removal_acts_at_once(world: Hosted) -> None:
    """Whoever is no longer mapped at the tip has no say, whatever the trusted commit says."""
    world.review()
    world.check()
    world.ship({PIPELINE: roles(via=("tag",), accounts={}, checks=())})

    without_qa(world, "release approve")


def test_what_counted_is_taken_back_when_it_is_dismissed(world: Hosted) -> None:
    """The store forgets a review that was dismissed, the next time it is looked at."""
    world.review()
    until = ("--until", "2190-01-01")
    world.at_desk("release", "hold", "staging", "--reason", "A fair", *until, "--push")
    world.ship()
    held(world, "not-held", release=NEXT, state="waiting")
    assert len(world.sql("SELECT * FROM forge_evidence")) == 1
    (review,) = world.server.state.entries("reviews")
    world.server.state.edit("reviews", review, state="DISMISSED")

    without_qa(world, "was dismissed")


def seen_and_withdrawn(world: Hosted) -> None:
    """Let a run note the approval of a release that is held; then the member takes it back."""
    world.review()
    until = ("--until", "2190-01-01")
    world.at_desk("release", "hold", "staging", "--reason", "A fair", *until, "--push")
    world.ship()
    held(world, "not-held", release=NEXT, state="waiting")
    assert len(world.sql("SELECT * FROM forge_evidence")) == 1
    world.review(state="CHANGES_REQUESTED")


def test_a_flood_of_reviews_does_not_revive_an_approval(world: Hosted) -> None:
    """Whoever may comment cannot make the list too long for the withdrawal to be read."""
    seen_and_withdrawn(world)
    for _ in range(2_001):
        world.review("mallory", "COMMENTED", submitted_at="2026-01-06T11:00:00Z")

    without_qa(world, "requests changes")


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "status", "status": 403},
        {"fault": "status", "status": 404},
        {"fault": "garbage", "status": 200},
    ],
    ids=lambda fault: f"{fault['fault']}-{fault['status']}",
)
def test_an_answer_that_is_no_list_does_not_revive_an_approval(
    world: Hosted, fault: dict[str, object]
) -> None:
    """A forge that answers, whatever it is, is not away: what was noted before does not count."""
    seen_and_withdrawn(world)
    world.server.faults.add(**fault, path="reviews", times=None)

    without_qa(world, "so what was seen there before does not count either")
    world.server.stop()
    without_qa(world, "reviews and checks cannot be read here")


def test_what_was_approved_as_regular_is_not_approved_as_a_hotfix(world: Hosted) -> None:
    """The type decides which gates hold it: with another one it is another release."""
    world.review()
    world.check()
    before = world.desk.git("show", f"{BRANCH}:{MANIFEST}") + "\n"
    assert "type: regular" in before
    world.ship({MANIFEST: before.replace("type: regular", "type: hotfix")})

    without_qa(world, "found and not counted", world.head[:12])


def test_an_outage_approves_nothing(world: Hosted) -> None:
    """A forge that does not answer has not said that nobody objects."""
    world.ship()
    world.server.stop()
    without_qa(world, "reviews and checks cannot be read here")
