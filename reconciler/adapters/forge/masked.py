"""The last net before the forge: every text that is sent passes the redaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from reconciler import telemetry
from reconciler.core.forge.model import (
    CheckRun,
    Comment,
    Protection,
    PullRequest,
    Review,
    Shipped,
    Status,
)
from reconciler.ports.forge import Forge

T = TypeVar("T")


class MaskedForge:
    """A forge that is told nothing secret; reading passes through."""

    def __init__(self, forge: Forge) -> None:
        """Take the forge."""
        self._forge = forge

    @property
    def name(self) -> str:
        """The repository as `owner/name`."""
        return self._forge.name

    def me(self) -> str:
        """Return the login that is written as."""
        return self._forge.me()

    def pull_request(self, number: int) -> PullRequest | None:
        """Return a pull request."""
        return self._forge.pull_request(number)

    def open_pull_requests(self, base: str) -> Sequence[PullRequest]:
        """Return the open pull requests into a branch."""
        return self._forge.open_pull_requests(base)

    def pull_requests_with(self, commit: str) -> Sequence[PullRequest]:
        """Return the pull requests that brought a commit."""
        return self._forge.pull_requests_with(commit)

    def pull_requests_from(self, head: str) -> Sequence[PullRequest]:
        """Return the pull requests from a branch."""
        return self._forge.pull_requests_from(head)

    def comments(self, number: int) -> Sequence[Comment]:
        """Return all comments of a pull request."""
        return self._forge.comments(number)

    def reviews(self, number: int) -> Sequence[Review]:
        """Return all reviews of a pull request."""
        return self._forge.reviews(number)

    def checks(self, commit: str) -> Sequence[CheckRun]:
        """Return the ended checks of a commit."""
        return self._forge.checks(commit)

    def statuses(self, commit: str) -> Sequence[Status]:
        """Return the newest status of each context."""
        return self._forge.statuses(commit)

    def protections(
        self, branch: str, tags: Sequence[str], environments: Sequence[str]
    ) -> Sequence[Protection]:
        """Return which rules hold."""
        return self._forge.protections(branch, tags, environments)

    def add_comment(self, number: int, body: str) -> Comment:
        """Add a comment."""
        return self._forge.add_comment(number, _masked(body))

    def edit_comment(self, comment: Comment, body: str) -> None:
        """Replace a comment's text.

        Raises:
            NotFound: it was deleted meanwhile.
        """
        self._forge.edit_comment(comment, _masked(body))

    def remove_comment(self, comment: Comment) -> None:
        """Delete a comment."""
        self._forge.remove_comment(comment)

    def set_status(self, commit: str, status: Status) -> None:
        """Set a status."""
        self._forge.set_status(commit, _masked(status))

    def propose(self, head: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request, or bring the open one up to date."""
        return self._forge.propose(head, base, _masked(title), _masked(body))

    def tell(self, shipped: Shipped) -> str | None:
        """Record a deployment and its release."""
        return self._forge.tell(_masked(shipped))


def _masked(value: T) -> T:
    """Return a text or record as it may be sent."""
    found: T = telemetry.redactor().record(value)
    return found
