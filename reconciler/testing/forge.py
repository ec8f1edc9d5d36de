"""A forge in memory, which keeps the promises of `reconciler.ports.forge`.

What stands there is in lists that a test fills and looks at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.core.errors import ForgeError, ForgeRefused, NotFound
from reconciler.core.forge.model import (
    CheckRun,
    Comment,
    Protection,
    PullRequest,
    Review,
    Shipped,
    Status,
)

_SERVER = "https://forge.example"
_LONGEST_BODY = 65_536


class MemoryForge:
    """One repository on a forge.

    `fail_with` is raised by every call, or, given as a mapping, by the methods that it names.
    `calls` are the names of the methods that were asked. `status_log` is every status that was
    ever written, `bodies` are the texts of the pull requests that were proposed, `tags` are those
    that a release may be made for. `brought` says which pull requests brought a commit, beside
    those whose head it is.
    """

    def __init__(self, name: str = "owner/repository", me: str = "github-actions[bot]") -> None:
        """Begin with an empty repository."""
        self._name = name
        self._me = me
        self._ids = 0
        self.pulls: list[PullRequest] = []
        self.bodies: dict[int, str] = {}
        self.comments_of: dict[int, list[Comment]] = {}
        self.reviews_of: dict[int, list[Review]] = {}
        self.check_runs: list[CheckRun] = []
        self.status_log: list[tuple[str, Status]] = []
        self.shipped: list[Shipped] = []
        self.releases: dict[str, Shipped] = {}
        self.tags: set[str] = set()
        self.rules: list[Protection] = []
        self.brought: dict[str, list[int]] = {}
        self.calls: list[str] = []
        self.locked: set[int] = set()
        self.fail_with: ForgeError | Mapping[str, ForgeError] | None = None

    @property
    def name(self) -> str:
        """The repository as `owner/name`."""
        return self._name

    def me(self) -> str:
        """Return the login that is written as."""
        self._asked("me")
        return self._me

    def pull_request(self, number: int) -> PullRequest | None:
        """Return a pull request, None when there is none of this number."""
        self._asked("pull_request")
        return self._found(number)

    def open_pull_requests(self, base: str) -> Sequence[PullRequest]:
        """Return the open pull requests into a branch, newest first."""
        self._asked("open_pull_requests")
        return self._newest(each for each in self.pulls if each.is_open and each.base == base)

    def pull_requests_with(self, commit: str) -> Sequence[PullRequest]:
        """Return the pull requests, open and merged, that brought or would bring a commit."""
        self._asked("pull_requests_with")
        named = self.brought.get(commit, ())
        return self._newest(
            each
            for each in self.pulls
            if (each.is_open or each.is_merged)
            and (each.head_commit == commit or each.number in named)
        )

    def pull_requests_from(self, head: str) -> Sequence[PullRequest]:
        """Return the pull requests from a branch of this repository, newest first."""
        self._asked("pull_requests_from")
        return self._newest(
            each for each in self.pulls if each.head == head and each.head_repository == self._name
        )

    def comments(self, number: int) -> Sequence[Comment]:
        """Return all comments of a pull request, oldest first."""
        self._asked("comments")
        return tuple(self.comments_of.get(number, ()))

    def reviews(self, number: int) -> Sequence[Review]:
        """Return all reviews of a pull request, oldest first."""
        self._asked("reviews")
        return tuple(self.reviews_of.get(number, ()))

    def checks(self, commit: str) -> Sequence[CheckRun]:
        """Return the ended checks of a commit, the newest of each name and app."""
        self._asked("checks")
        newest = {(e.name, e.app): e for e in self.check_runs if e.commit == commit}
        return tuple(newest.values())

    def statuses(self, commit: str) -> Sequence[Status]:
        """Return the newest status of each context at a commit."""
        self._asked("statuses")
        return tuple({s.context: s for at, s in self.status_log if at == commit}.values())

    def protections(
        self, branch: str, tags: Sequence[str], environments: Sequence[str]
    ) -> Sequence[Protection]:
        """Return the rules that a test named."""
        self._asked("protections")
        return tuple(self.rules)

    def add_comment(self, number: int, body: str) -> Comment:
        """Add a comment."""
        self._asked("add_comment")
        if number in self.locked:
            raise ForgeRefused("The conversation is locked.")
        return self.comment_by(self._me, number, body)

    def edit_comment(self, comment: Comment, body: str) -> None:
        """Replace a comment's text.

        Raises:
            NotFound: it was deleted meanwhile.
        """
        self._asked("edit_comment")
        self.edit_by_hand(comment.id, _fitting(body))

    def remove_comment(self, comment: Comment) -> None:
        """Delete a comment; one that is gone already is all right."""
        self._asked("remove_comment")
        self.delete_by_hand(comment.id)

    def set_status(self, commit: str, status: Status) -> None:
        """Set the status of one context at a commit."""
        self._asked("set_status")
        self.status_log.append((commit, status))

    def propose(self, head: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request from a branch, or bring title and text of the open one up to date."""
        self._asked("propose")
        there = next(
            (
                each
                for each in self.pulls
                if each.is_open
                and (each.head, each.base) == (head, base)
                and each.head_repository == self._name
            ),
            None,
        )
        if there is None:
            there = self.open(head=head, base=base, title=title, author=self._me)
        self.bodies[there.number] = _fitting(body)
        self.change(there.number, title=title)
        return replace(there, title=title)

    def tell(self, shipped: Shipped) -> str | None:
        """Record a deployment and its release; the same one again changes nothing."""
        self._asked("tell")
        if all(each.deployment != shipped.deployment for each in self.shipped):
            self.shipped.append(shipped)
        if shipped.succeeded and shipped.tag in self.tags:
            self.releases.setdefault(shipped.tag, shipped)
            return f"{_SERVER}/{self._name}/releases/tag/{shipped.tag}"
        return f"{_SERVER}/{self._name}/deployments/{shipped.environment}"

    def open(
        self,
        *,
        head: str,
        head_commit: str = "0" * 40,
        base: str = "main",
        title: str = "A change",
        author: str = "somebody",
        fork: str | None = None,
    ) -> PullRequest:
        """Open a pull request as somebody, from a branch here or (`fork`) elsewhere."""
        number = len(self.pulls) + 1
        opened = PullRequest(
            number=number,
            url=f"{_SERVER}/{self._name}/pull/{number}",
            title=title,
            author=author,
            head=head,
            head_commit=head_commit,
            head_repository=fork or self._name,
            base=base,
        )
        self.pulls.append(opened)
        return opened

    def change(self, number: int, **fields: Any) -> None:
        """Change fields of a pull request: push to it, close it, merge it."""
        self.pulls = [
            replace(each, **fields) if each.number == number else each for each in self.pulls
        ]

    def comment_by(self, author: str, number: int, body: str) -> Comment:
        """Add a comment as somebody."""
        if self._found(number) is None:
            raise ForgeError(f"There is no pull request {number}.")
        self._ids += 1
        url = f"{_SERVER}/{self._name}/pull/{number}#issuecomment-{self._ids}"
        comment = Comment(self._ids, author, _fitting(body), url)
        self.comments_of.setdefault(number, []).append(comment)
        return comment

    def edit_by_hand(self, id: int, body: str) -> None:
        """Replace the text of a comment, as whoever may.

        Raises:
            NotFound: there is none.
        """
        for found in self.comments_of.values():
            for place, each in enumerate(found):
                if each.id == id:
                    found[place] = each._replace(body=body)
                    return
        raise NotFound("The comment is not there any more.")

    def delete_by_hand(self, id: int) -> None:
        """Delete a comment, as whoever may."""
        for found in self.comments_of.values():
            found[:] = [each for each in found if each.id != id]

    def _found(self, number: int) -> PullRequest | None:
        return next((each for each in self.pulls if each.number == number), None)

    def _newest(self, found: Iterable[PullRequest]) -> Sequence[PullRequest]:
        return sorted(found, key=lambda each: -each.number)

    def _asked(self, method: str) -> None:
        self.calls.append(method)
        told = self.fail_with
        error = told.get(method) if isinstance(told, Mapping) else told
        if error is not None:
            raise error


def _fitting(body: str) -> str:
    """Refuse a text that a forge would not take."""
    if len(body) > _LONGEST_BODY:
        raise ForgeError(f"The forge takes at most {_LONGEST_BODY:,} characters.")
    return body
