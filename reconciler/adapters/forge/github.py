"""`ports.Forge` on GitHub: what is read there, and what is told to people there."""

from __future__ import annotations

from typing import Any

from reconciler.adapters.forge import reading, shipping
from reconciler.adapters.forge.answers import Asked, Garbled, Missing, NoAnswer, Unfit
from reconciler.adapters.forge.reader import GitHubReader, quoted
from reconciler.core.errors import NotFound
from reconciler.core.forge.model import Comment, PullRequest, Shipped, Status

_READ_PULLS = Asked("read pull requests", "pull-requests: read")
_COMMENT = Asked("write comments", "pull-requests: write")
_SET_STATUS = Asked("set a status", "statuses: write")
_PROPOSE = Asked("open a pull request", "pull-requests: write")


class GitHubForge(GitHubReader):
    """A `ports.Forge`."""

    def add_comment(self, number: int, body: str) -> Comment:
        """Add a comment, once: one whose answer was lost is looked for before it is added again.

        Raises:
            ForgeError: it was not added, or nobody can tell.
        """
        path, attempt = f"{self._path}/issues/{number}/comments", 0
        while True:
            try:
                return reading.comment(self._client.send_once(path, _COMMENT, {"body": body}))
            except (NoAnswer, Garbled):
                if not self._client.breathe(attempt):
                    raise
            if (found := self._mine(number, body)) is not None:
                return found
            attempt += 1

    def edit_comment(self, comment: Comment, body: str) -> None:
        """Replace a comment's text.

        Raises:
            NotFound: it was deleted meanwhile.
            ForgeError: it could not be replaced.
        """
        try:
            self._client.send("PATCH", self._comment(comment), _COMMENT, {"body": body})
        except Missing as error:
            raise NotFound("The comment is not there any more.") from error

    def remove_comment(self, comment: Comment) -> None:
        """Delete a comment; one that is gone already is all right.

        Raises:
            ForgeError: it could not be deleted.
        """
        try:
            self._client.send("DELETE", self._comment(comment), _COMMENT)
        except Missing:
            return

    def set_status(self, commit: str, status: Status) -> None:
        """Set the status of one context at a commit.

        Raises:
            ForgeError: it was not set.
        """
        told = {
            "context": status.context,
            "state": str(status.state),
            "description": shipping.described(status.description),
        }
        if status.url is not None:
            told["target_url"] = status.url
        self._client.send("POST", f"{self._path}/statuses/{quoted(commit)}", _SET_STATUS, told)

    def propose(self, head: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request from a branch, or bring title and text of the open one up to date.

        Raises:
            ForgeError: it could not be opened.
        """
        told = {"title": title, "body": body}
        if (there := self._open_from(head, base)) is None:
            opening = {**told, "head": head, "base": base}
            try:
                found = self._client.send_once(f"{self._path}/pulls", _PROPOSE, opening)
                return reading.pull_request(found)
            except (NoAnswer, Garbled, Unfit):
                # It may be there now: a lost answer, or another run was faster.
                if (there := self._open_from(head, base)) is None:
                    raise
        if all(reading.optional(there, name) == text for name, text in told.items()):
            return reading.pull_request(there)
        path = f"{self._path}/pulls/{reading.number(there, 'number')}"
        return reading.pull_request(self._client.send("PATCH", path, _PROPOSE, told))

    def tell(self, shipped: Shipped) -> str | None:
        """Record a deployment and its release; the same one again changes nothing.

        Raises:
            ForgeError: it could not be recorded.
        """
        ledger = shipping.Ledger(self._client, self._path, self._run)
        ledger.deployed(shipped)
        page = ledger.released(shipped)
        return page or f"{self._pages}/{self._name}/deployments"

    def _open_from(self, head: str, base: str) -> Any:
        """Return the open pull request from a branch of ours, as the API tells it."""
        query = {"state": "open", "head": self._of_ours(head), "base": base}
        found = self._client.pages(f"{self._path}/pulls", _READ_PULLS, **query)
        read = ((reading.pull_request(each), each) for each in found)
        fits = (
            raw
            for pull, raw in read
            if pull.is_open and pull.base == base and self._is_ours(pull, head)
        )
        return next(fits, None)

    def _mine(self, number: int, body: str) -> Comment | None:
        """Return the newest comment of ours with this text."""
        me, wanted = self.me(), _stored(body)
        found = (e for e in self.comments(number) if e.author == me and _stored(e.body) == wanted)
        return max(found, key=lambda each: each.id, default=None)

    def _comment(self, comment: Comment) -> str:
        return f"{self._path}/issues/comments/{comment.id}"


def _stored(body: str) -> str:
    """Return a text without what a forge may change of it."""
    return body.replace("\r\n", "\n").rstrip()
