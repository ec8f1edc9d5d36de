"""A delivery with a forge: pull requests, and what tells reviewers of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.core.forge.model import PullRequest
from reconciler.ports.git import PullRefs
from reconciler.services.publishing.concluding import Concluder
from reconciler.services.publishing.following import Follower
from reconciler.services.publishing.reviewing import Reviewer
from reconciler.services.publishing.running import RunPublisher, Telling
from reconciler.services.publishing.served import Served
from reconciler.services.publishing.shipping import Shipper
from reconciler.services.releases.making.drafting import Drafter
from reconciler.testing.forge import MemoryForge
from tests.unit.services.releases.delivery import Delivery

LINK = "https://forge.example/run/1"


class Page:
    """The page of a job, in memory."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def append(self, text: str) -> None:
        """Remember a text."""
        self.texts.append(text)


class Desk(Delivery):
    """The delivery, with a forge beside it."""

    def __init__(self, given: dict[str, str] | None = None) -> None:
        super().__init__(given)
        self.forge = MemoryForge()
        self.page = Page()
        self.git.share()

    def pull(self, branch: str, *, stale: bool = False, fork: str | None = None) -> PullRequest:
        """Open a pull request of a branch; the forge has merged it, unless something came since."""
        head = self.git.branches[branch]
        merge = None if stale else head
        opened = self.forge.open(head=branch, head_commit=head, fork=fork)
        self.git.pulls[opened.number] = PullRefs(head, merge)
        return opened

    def edit(self, branch: str, path: str, text: str) -> None:
        """Change a file on a branch, and leave main as it is."""
        before = dict(self.git.files)
        self.git.files[path] = text
        self.git.commit(branch)
        self.git.files = before

    def reviewer(self, served: Sequence[str] = ()) -> Reviewer:
        """Return what says what commits would do."""
        releases, planner = self.releases, self.planner
        if served:
            planner = replace(planner, secrets=Served(planner.secrets, served))
        drafter = Drafter(catalog=releases.catalog, planner=planner)
        return Reviewer(
            catalog=releases.catalog,
            drafter=drafter,
            keeper=replace(releases.keeper, drafter=drafter),
            viewer=self.viewer,
            debts=releases.debts,
            clock=self.clock,
            link=LINK,
        )

    def follow(self, *served: str) -> list[str]:
        """Bring the comments of open pull requests up to date, as `reconcile --publish` does."""
        follower = Follower(forge=self.forge, reviewer=self.reviewer(served), link=LINK)
        return list(follower.follow(self.grounds, served))

    @property
    def shipper(self) -> Shipper:
        """What tells of deployments."""
        return Shipper(
            forge=self.forge, store=self.store, catalog=self.releases.catalog, clock=self.clock
        )

    @property
    def run_publisher(self) -> RunPublisher:
        """What tells what a run did."""
        follower = Follower(forge=self.forge, reviewer=self.reviewer(), link=LINK)
        telling = Telling(
            forge=self.forge,
            shipper=self.shipper,
            follower=follower,
            concluder=Concluder(forge=self.forge, catalog=self.releases.catalog),
            link=LINK,
        )
        return RunPublisher(summary=self.page, telling=telling)

    def comment(self, number: int) -> str:
        """Return the one comment of a pull request."""
        (found,) = self.forge.comments_of[number]
        return found.body
