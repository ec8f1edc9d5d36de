"""The forge that hosts the repository: what is read there, and what is told to people there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reconciler.core.forge.model import (
    CheckRun,
    Comment,
    Protection,
    PullRequest,
    Review,
    Shipped,
    Status,
)


class ForgeReader(Protocol):
    """One repository on a forge, read-only. Every method may raise ForgeError.

    ForgeRefused says that the token may not do this, ForgeUnreachable that there was no answer for
    now: no connection, a fault of the forge's own (5xx), or its rate limit.
    """

    @property
    def name(self) -> str:
        """The repository as `owner/name`."""

    def me(self) -> str:
        """Return the login that this token writes as, as comments show it."""

    def pull_request(self, number: int) -> PullRequest | None:
        """Return a pull request, None when there is none of this number."""

    def open_pull_requests(self, base: str) -> Sequence[PullRequest]:
        """Return the open pull requests into a branch, newest first."""

    def pull_requests_with(self, commit: str) -> Sequence[PullRequest]:
        """Return the pull requests, open and merged, that brought or would bring a commit."""

    def pull_requests_from(self, head: str) -> Sequence[PullRequest]:
        """Return the pull requests from a branch of this repository, open and closed, newest first.

        A branch of a fork that has the same name is not among them.
        """

    def comments(self, number: int) -> Sequence[Comment]:
        """Return all comments of a pull request, oldest first."""

    def reviews(self, number: int) -> Sequence[Review]:
        """Return all reviews of a pull request, oldest first."""

    def checks(self, commit: str) -> Sequence[CheckRun]:
        """Return the ended checks of a commit, the newest of each name and app."""

    def statuses(self, commit: str) -> Sequence[Status]:
        """Return the newest status of each context at a commit."""

    def protections(
        self, branch: str, tags: Sequence[str], environments: Sequence[str]
    ) -> Sequence[Protection]:
        """Return which rules protect a branch, tags of these forms and forge environments."""


class Forge(ForgeReader, Protocol):
    """The same for those who write."""

    def add_comment(self, number: int, body: str) -> Comment:
        """Add a comment."""

    def edit_comment(self, comment: Comment, body: str) -> None:
        """Replace a comment's text.

        Raises:
            NotFound: it was deleted meanwhile.
        """

    def remove_comment(self, comment: Comment) -> None:
        """Delete a comment; one that is gone already is all right."""

    def set_status(self, commit: str, status: Status) -> None:
        """Set the status of one context at a commit."""

    def propose(self, head: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request from a branch, or bring title and text of the open one up to date."""

    def tell(self, shipped: Shipped) -> str | None:
        """Record a deployment and its release; the same one again changes nothing.

        Returns the page of it. A release is made only for a tag that is there.
        """


class JobSummary(Protocol):
    """The page of the build server's job, if one runs this."""

    def append(self, text: str) -> None:
        """Append a block of Markdown; without a page this does nothing.

        Raises:
            ForgeError: it cannot be written.
        """
