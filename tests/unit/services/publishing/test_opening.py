"""Which pull request a release's branch gets, and when it gets none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from reconciler.core.errors import ForgeError, ForgeRefused
from reconciler.services.publishing.opening import Opener, Wanted, titled
from reconciler.services.releases.proposing.proposal import Outcome, Proposal
from reconciler.testing.forge import MemoryForge
from tests.unit.services.releases.delivery import Delivery

BRANCH = "release/staging/1.0.0"


class World(Delivery):
    """A shop on a forge, with one release that is made and not merged."""

    def __init__(self) -> None:
        super().__init__()
        self.git.share()
        self.reconcile()
        self.hub = MemoryForge()
        self.made = self.make()

    def opener(self, *, token: bool = True, known: bool = True) -> Opener:
        """Return what opens pull requests."""
        forge = self.hub if token else None
        return Opener(forge=forge, is_known=known, keeper=self.releases.keeper)

    def wanted(self, title: str = "Release staging/1.0.0") -> Wanted:
        """Return the pull request of the branch as it is made now."""
        draft = self.make().draft
        return self.opener().wanted(self.grounds, [draft], BRANCH, title)

    def close(self, commit: str | None = None, *, merged: bool = False, base: str = "main") -> str:
        """Let somebody open and close a pull request of the branch; return its page."""
        made = self.hub.open(head=BRANCH, head_commit=commit or self.made.commit, base=base)
        self.hub.change(made.number, is_open=False, is_merged=merged)
        return made.url

    def closed(self) -> str | None:
        """Return the page of the pull request that is not opened again."""
        found = self.opener().closed(self.grounds, self.wanted())
        return None if found is None else found.url


@pytest.fixture
def world() -> World:
    """Return such a shop."""
    return World()


def test_it_is_opened_once_and_brought_up_to_date(world: World) -> None:
    """From the release's branch into the protected one; the same again changes its title alone."""
    first = world.opener().open(world.grounds, world.wanted())
    again = world.opener().open(world.grounds, world.wanted("Release staging/1.0.0, renamed"))

    assert (first.head, first.base, first.title) == (BRANCH, "main", "Release staging/1.0.0")
    assert again.number == first.number
    assert [each.title for each in world.hub.pulls] == ["Release staging/1.0.0, renamed"]


def test_it_says_what_reviewers_of_a_proposal_read(world: World) -> None:
    """Its text is that which `release propose` makes."""
    at = datetime.fromisoformat(world.clock.now())
    [found] = world.releases.proposer.propose(world.grounds, at, environments=["staging"])
    proposed = world.opener().of_proposal(found)

    assert proposed is not None
    assert proposed.title == "Release staging/1.0.0"
    assert world.wanted().body.startswith("## Release staging/1.0.0\n")
    assert "### How to ship it" in world.wanted().body
    assert world.wanted().body.partition("**")[2] == proposed.body.partition("**")[2]


def test_several_releases_share_one_pull_request(world: World) -> None:
    """The text holds each of them, the title the first and how many more."""
    draft = world.make().draft
    found = world.opener().wanted(world.grounds, [draft, draft], BRANCH, "Release a/1.0.0")

    assert found.title == "Release a/1.0.0 and 1 more"
    assert found.body.count("## Release staging/1.0.0") == 2
    assert titled("Release a/1.0.0", 1) == "Release a/1.0.0"


def test_what_is_edited_beside_the_releases_has_a_step(world: World) -> None:
    """A hotfix that goes into the editable environment too says how it is deployed there."""
    files = dict.fromkeys((f"environments/development/workflows/{n}.yaml" for n in "ab"), b"")
    draft = replace(world.make().draft, more=files)
    found = world.opener().wanted(world.grounds, [draft], BRANCH, "Release a/1.0.0")

    assert found.body.count("reconciler reconcile --environment development") == 1


def test_what_a_person_closed_stays_closed(world: World) -> None:
    """The same content is not opened again, whichever commit brings it now."""
    page = world.close()
    assert world.closed() == page
    world.git.commit()

    assert world.make().commit != world.made.commit
    assert world.closed() == page


def test_other_content_is_opened(world: World) -> None:
    """Whoever closed another content said nothing of this one."""
    world.close()
    world.change("Changed")
    world.reconcile()

    assert world.closed() is None


def test_only_an_unmerged_one_into_the_protected_branch_counts(world: World) -> None:
    """Neither a merge nor another base says no, and an open one says yes."""
    world.close(merged=True)
    world.close(base="other")
    assert world.closed() is None
    world.close()
    assert world.closed() is not None
    world.hub.open(head=BRANCH, head_commit=world.made.commit)

    assert world.closed() is None


def test_a_commit_that_nobody_has_says_nothing(world: World) -> None:
    """What cannot be read is not taken for the content that is proposed now."""
    world.close("f" * 40)

    assert world.closed() is None


def test_a_declined_proposal_is_told_and_not_pushed(world: World) -> None:
    """The schedule says which page was closed, and has no branch left to push."""
    proposed = Proposal(
        environment="staging",
        outcome=Outcome.PROPOSED,
        reason="staging/1.0.0 from development",
        version="1.0.0",
        prepared=world.made,
        draft=world.made.draft,
        body="text",
    )
    assert world.opener().still(world.grounds, proposed) is proposed
    page = world.close()
    found = world.opener().still(world.grounds, proposed)

    assert (found.outcome, found.version, found.prepared) == (Outcome.DECLINED, "1.0.0", None)
    assert page in found.reason
    assert world.opener().of_proposal(found) is None


def test_without_a_token_a_person_is_told_what_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says what is missing; the next step holds where to open it by hand."""
    monkeypatch.setattr(world.git, "remote_url", lambda: "git@github.com:shop/flows.git")
    with pytest.raises(ForgeError, match="there is no token for the forge") as raised:
        world.opener(token=False).open(world.grounds, world.wanted())

    assert raised.value.hint is not None
    assert "RECONCILER_FORGE_TOKEN" in raised.value.hint
    assert f"https://github.com/shop/flows/compare/main...{BRANCH}?expand=1" in raised.value.hint


def test_without_a_forge_the_branches_are_named(world: World) -> None:
    """Where no page is known the next step says from where into what."""
    with pytest.raises(ForgeError, match="no forge is known") as raised:
        world.opener(token=False, known=False).open(world.grounds, world.wanted())

    assert raised.value.hint == f"Open it by hand, from {BRANCH} into main."


def test_what_the_forge_refuses_keeps_its_reason(world: World) -> None:
    """Class, reason and next step of the refusal stay; that it can be opened by hand is added."""
    world.hub.fail_with = {"propose": ForgeRefused("No.", hint="Ask for more.")}
    with pytest.raises(ForgeRefused, match=r"has no pull request yet: No\.") as raised:
        world.opener().open(world.grounds, world.wanted())

    assert raised.value.hint == f"Ask for more. Or open it by hand, from {BRANCH} into main."


def test_a_forge_that_does_not_tell_of_closed_ones_is_asked_to_open(world: World) -> None:
    """What it answers then is the reason that is told."""
    world.close()
    world.hub.fail_with = {"pull_requests_from": ForgeError()}

    assert world.closed() is None
