"""Approvals that were given on the forge: what is asked there, what counts, what is kept."""

from __future__ import annotations

import pytest

from reconciler.core.errors import ForgeError, ForgeRefused, ForgeUnreachable, UsageError
from reconciler.core.forge.model import Verdict
from reconciler.core.gates.model import GateName, GateState
from reconciler.core.releases.model import ReleaseType
from reconciler.services.releases.making.asking import Ask
from reconciler.services.releases.telling.listing import ReleaseLister
from tests.unit.services.releases.delivery import QUINN, STAGING, outcomes
from tests.unit.services.releases.reviewed import ACTIONS, BRANCH, NAME, QA, Reviewed, pipeline


@pytest.fixture
def shop() -> Reviewed:
    """A shop where staging/1.0.0 waits for qa, in an open pull request."""
    return Reviewed()


def kept(shop: Reviewed) -> list[tuple[str, str, str]]:
    """Return what the store keeps of the release."""
    found = shop.store.forge_evidence(STAGING, "1.0.0")
    return [(each.role, each.name, each.link) for each in found]


@pytest.mark.parametrize("squash", [False, True])
def test_a_review_of_the_head_approves(shop: Reviewed, squash: bool) -> None:
    """An approving review before the merge counts after it, however it was merged."""
    review = shop.review()
    shop.ship(squash=squash)

    assert outcomes(shop.promote()) == [("1.0.0", "applied")]
    assert shop.gate().reason == f"approved by {QUINN} (review {review.url})"
    assert kept(shop) == [("qa", "quinn-q", review.url)]


def test_a_review_counts_before_the_merge(shop: Reviewed) -> None:
    """Whoever looks at an open pull request sees who approved, and nothing is written down."""
    shop.review()

    assert shop.gate().state is GateState.PASSED
    assert kept(shop) == []


def test_a_missing_review_is_asked_for(shop: Reviewed) -> None:
    """The gate names both ways to give the approval, with the pull request and the logins."""
    gate = shop.gate()

    assert gate.state is GateState.WAITING
    assert gate.reason == (
        "the approval of qa is missing; give it with `reconciler release approve staging/1.0.0 "
        f"--role qa --push`, or by an approving review of {shop.pull.url} by quinn-q or zoe"
    )


def test_a_check_approves() -> None:
    """A check of the right name and app, on the head or the merged commit, approves."""
    for merged in (False, True):
        shop = Reviewed("tests")
        if merged:
            shop.check(shop.ship())
        else:
            shop.check()
            shop.ship()
        assert outcomes(shop.promote()) == [("1.0.0", "applied")]
        gate = shop.gate(GateName.TESTS_PASSED)
        assert gate.reason == (
            f"approved by {ACTIONS} (check integration tests https://forge.example/runs/0)"
        )


def test_a_check_that_is_missing_is_named() -> None:
    """Where only a check counts, no command is offered."""
    assert Reviewed("tests").gate(GateName.TESTS_PASSED).reason == (
        "the approval of tests is missing; give it by the check "
        f'"integration tests" of the app {ACTIONS}'
    )


def test_a_check_of_what_a_member_approved_counts() -> None:
    """The branch may move on: the commit that was reviewed keeps its checks."""
    shop = Reviewed("qa", "tests")
    shop.review()
    shop.check()
    shop.push({"environments/README.md": "One more"})

    assert shop.gate().state is GateState.PASSED
    assert shop.gate(GateName.TESTS_PASSED).state is GateState.PASSED


@pytest.mark.parametrize("later", [Verdict.CHANGES_REQUESTED, Verdict.DISMISSED])
def test_who_changed_their_mind_does_not_approve(shop: Reviewed, later: Verdict) -> None:
    """What a reviewer decided last is what counts; it says who that was."""
    shop.review()
    shop.review(verdict=later, minute=5)

    assert shop.gate().state is GateState.WAITING
    assert 'found and not counted: the review of "quinn-q"' in shop.gate().reason


def test_a_dismissed_review_is_forgotten(shop: Reviewed) -> None:
    """Once a review was dismissed, the next run takes it out of the store, and waits."""
    shop.review()
    shop.hold()
    shop.ship()
    shop.promote()
    assert len(kept(shop)) == 1
    shop.hosted.reviews_of[1] = []
    shop.review(verdict=Verdict.DISMISSED)

    (waits,) = shop.promote()
    assert "qa-approved" in [gate.name.value for gate in waits.gates]
    assert kept(shop) == []


def test_what_is_known_writes_nothing(shop: Reviewed) -> None:
    """A second run with the same review keeps when it was first seen."""
    shop.review()
    shop.hold()
    shop.ship()
    shop.promote()
    (before,) = shop.store.forge_evidence(STAGING, "1.0.0")
    shop.clock.advance(3600)
    shop.promote()

    assert list(shop.store.forge_evidence(STAGING, "1.0.0")) == [before]


def test_a_fork_has_a_say_only_once_it_is_merged(shop: Reviewed) -> None:
    """A merged pull request of a fork was reviewed like any; one that is open is an idea."""
    theirs = shop.open("patch-1", shop.head, fork="mallory/shop")
    shop.review(number=theirs.number)
    merged = shop.merge(BRANCH)
    shop.hosted.brought[merged] = [theirs.number]
    shop.tag(STAGING, "1.0.0", merged)
    assert shop.gate().state is GateState.WAITING

    shop.hosted.change(theirs.number, is_open=False, is_merged=True)
    assert shop.gate().state is GateState.PASSED


def test_another_base_has_no_say(shop: Reviewed) -> None:
    """A review for another branch is none for the protected one."""
    shop.review()
    shop.hosted.change(1, base="playground")

    assert shop.gate().state is GateState.WAITING


def test_without_the_forge_what_was_seen_counts(shop: Reviewed) -> None:
    """An outage takes no approval back: what was judged before counts, and that is told."""
    shop.review()
    shop.hold()
    shop.ship()
    shop.promote()
    shop.hosted.fail_with = ForgeUnreachable("It does not answer.")

    (held,) = shop.promote()
    assert [gate.name.value for gate in held.gates] == ["not-held"]
    assert "It does not answer" in held.told[-1]
    assert "what was seen there before counts" in held.told[-1]
    assert "It counted when it was seen at" in shop.gate().reason
    assert len(kept(shop)) == 1


@pytest.mark.parametrize("method", ["pull_requests_from", "pull_requests_with", "reviews"])
@pytest.mark.parametrize(
    "error", [ForgeRefused("The token may not read."), ForgeError("There is more than 50,000.")]
)
def test_what_the_forge_answers_and_cannot_be_judged_ends_what_was_seen(
    shop: Reviewed, error: ForgeError, method: str
) -> None:
    """Only an outage lets earlier evidence count: else a withdrawal could be kept from being read.

    It is forgotten, too, so that an outage afterwards does not bring it back.
    """
    shop.review()
    shop.hold()
    shop.ship()
    shop.promote()
    shop.hosted.fail_with = {method: error}

    (waits,) = shop.promote()
    assert {"qa-approved", "not-held"} <= {gate.name.value for gate in waits.gates}
    assert f"{error.text.rstrip('.')}, so what was seen there before" in shop.gate().reason
    assert kept(shop) == []
    shop.hosted.fail_with = ForgeUnreachable("It does not answer.")
    assert shop.gate().state is GateState.WAITING


@pytest.mark.parametrize("forge", [True, False])
def test_without_the_forge_and_its_evidence_the_gate_waits(shop: Reviewed, forge: bool) -> None:
    """Nothing was seen and nothing can be: the gate says so, and the tag still approves."""
    shop.ship()
    if forge:
        shop.hosted.fail_with = ForgeUnreachable("It does not answer.")
    else:
        shop.forge = None
    gate = shop.gate()

    assert gate.state is GateState.WAITING
    assert "reviews and checks cannot be read here: " in gate.reason
    shop.git.tag("approvals/staging/v1.0.0/qa", "main", "Approved", QUINN)
    assert shop.gate().state is GateState.PASSED


def test_a_review_of_a_commit_that_is_gone_approves_nothing(shop: Reviewed) -> None:
    """What was force-pushed away cannot be read, so nobody knows what was approved."""
    shop.review(commit="f" * 40)
    shop.review("zoe", commit="no commit")

    assert [text.partition("(")[0] for text in shop.witnessed().refused["qa"]] == [
        'the review of "quinn-q": its commit ffffffffffff cannot be read here ',
        'the review of "zoe": its commit no commit cannot be read here ',
    ]


MANIFEST = "environments/staging/releases/1.0.0.yaml"
OTHER = {
    "type": ("type: regular", "type: hotfix"),
    "where it comes from": ("environment: development", "environment: production"),
    "which version it comes from": ("version: null", 'version: "1.0.0"'),
    "base": ("base: null", f'base: {{version: "0.9.0", contentDigest: "sha256:{"0" * 64}"}}'),
}
ACKNOWLEDGED = (
    "{code: Odd, subject: {kind: Workflow, name: sync}, "
    f'fingerprint: "sha256:{"0" * 64}", reason: "So it is"}}'
)
STATED = {
    "description": ('description: ""', 'description: "What is new"'),
    "acknowledgements": (
        "acknowledgements: []",
        f"acknowledgements: [{ACKNOWLEDGED}]",
    ),
}


def approved_then(shop: Reviewed, way: str, change: tuple[str, str]) -> bool:
    """Approve the head, change the manifest in the next one, and say whether it is approved."""
    if way == "tag":
        shop.git.tag("approvals/staging/v1.0.0/qa", shop.head, "Approved", QUINN)
    else:
        shop.review()
    assert shop.witnessed().given["qa"] is not None
    held = shop.git.snapshot(BRANCH)
    ((_, data),) = held.read([f for f in held.files("environments") if f.path == MANIFEST])
    text = data.decode()
    assert text.count(change[0]) == 1
    shop.push({MANIFEST: text.replace(*change)})
    return shop.witnessed().given["qa"] is not None


@pytest.mark.parametrize("way", ["tag", "review"])
@pytest.mark.parametrize("change", OTHER)
def test_an_approval_is_of_this_very_release(shop: Reviewed, change: str, way: str) -> None:
    """The same content as a hotfix, from elsewhere or onto another base is another release."""
    assert not approved_then(shop, way, OTHER[change])


@pytest.mark.parametrize("way", ["tag", "review"])
@pytest.mark.parametrize("change", STATED)
def test_statements_may_follow_an_approval(shop: Reviewed, change: str, way: str) -> None:
    """A description or an acknowledgement is somebody's own word, and was not approved."""
    assert approved_then(shop, way, STATED[change])


def test_a_remote_that_fails_while_it_is_asked_is_told(shop: Reviewed) -> None:
    """Pull requests that cannot be fetched are no reason to go on without them."""
    grounds = shop.grounds
    shop.git.unreachable = "The remote is away."
    standing = shop.releases.judge.standing(grounds, grounds.environment(STAGING))
    release = shop.releases.finder.find(grounds, NAME, standing)[0]
    found = shop.releases.witness.approvals(grounds, standing, release)

    assert found.unread is not None
    assert found.unread.startswith("The remote is away, so ")
    assert found.evidence == ()


def test_the_forge_is_asked_only_where_it_can_help(shop: Reviewed) -> None:
    """A tag that counts, or a role that takes tags alone, needs no call."""
    shop.ship()
    shop.git.tag("approvals/staging/v1.0.0/qa", "main", "Approved", QUINN)
    shop.gate()
    assert shop.hosted.calls == []

    other = Reviewed(given=pipeline(qa=f"{{members: [{QUINN}]}}"))
    other.gate()
    assert other.hosted.calls == []


def test_a_rollback_asks_nobody(shop: Reviewed) -> None:
    """What waits for no role is not held up by a forge."""
    shop.review()
    shop.ship()
    shop.promote()
    shop.change("Next")
    shop.reconcile()
    shop.git.tag("approvals/staging/v1.1.0/qa", shop.merged(version="1.1.0"), "Good", QUINN)
    shop.tag(STAGING, "1.1.0", "main")
    assert outcomes(shop.promote()) == [("1.1.0", "applied")]
    preparer, ask = shop.releases.preparer, Ask(to=STAGING, type=ReleaseType.ROLLBACK)
    back = preparer.rollback(shop.grounds, NAME, "1.2.0", ask)
    shop.merge(preparer.commit(shop.grounds, [back], "Back").branch)
    shop.tag(STAGING, "1.2.0", "main")
    shop.hosted.calls.clear()

    assert outcomes(shop.promote()) == [("1.2.0", "applied")]
    assert shop.hosted.calls == []


def test_a_hundred_reviews_of_strangers_cost_no_look(shop: Reviewed) -> None:
    """Who is nobody here cannot have commits read, nor hide the way to go on."""
    for number in range(100):
        shop.review(f"stranger-{number}", commit=f"{number:040x}")
    reason = shop.gate().reason

    assert "and 97 more that do not count; give it with " in reason


def test_the_forge_is_asked_once_in_a_run(shop: Reviewed) -> None:
    """Every judgement of a run is by the same answers."""
    shop.review()
    shop.ship()
    shop.promote()

    assert shop.hosted.calls.count("reviews") == 1


def test_what_is_here_alone_asks_nobody(shop: Reviewed) -> None:
    """`release show` reads this checkout: it tells what was kept, and never asks the forge."""
    shop.review()
    shop.ship()
    shop.promote()
    shop.hosted.calls.clear()
    services = shop.releases
    lister = ReleaseLister(catalog=services.catalog, judge=services.judge, witness=services.witness)
    found = lister.show("staging/1.0.0").approvals["qa"]

    assert shop.hosted.calls == []
    assert found is not None
    assert (found.by, found.evidence, found.name) == (QUINN, "review", "quinn-q")
    assert found.link == "https://forge.example/pull/1#review-0"


def test_a_role_that_takes_no_tag_gets_none() -> None:
    """Where only reviews count a tag does not, and `release approve` says what does."""
    only = pipeline(qa=QA.replace("[tag, review]", "[review]"))
    shop = Reviewed(given=only)
    shop.ship()
    shop.git.tag("approvals/staging/v1.0.0/qa", "main", "Approved", QUINN)

    assert "no tag counts as the approval of qa" in shop.gate().reason
    with pytest.raises(UsageError, match="what counts is: review"):
        shop.releases.stater.approve(shop.grounds, NAME, "qa", "")


def test_reviews_count_beside_required_signatures() -> None:
    """A review is not signed: it counts since both commits name it, and says so."""
    shop = Reviewed(given=pipeline(signatures="required"))
    shop.review()

    approval = shop.witnessed().given["qa"]
    assert approval is not None
    assert not approval.signed
