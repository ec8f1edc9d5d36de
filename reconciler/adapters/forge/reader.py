"""`ports.ForgeReader` on GitHub: one repository, as the holder of one token."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from reconciler.adapters.forge import protections, reading
from reconciler.adapters.forge.answers import Asked, Missing, NotAccepted, Unfit
from reconciler.adapters.forge.client import LONG, Client
from reconciler.core.errors import ForgeError, ForgeRefused
from reconciler.core.forge.model import (
    CheckRun,
    Comment,
    Protection,
    PullRequest,
    Review,
    Status,
)

_READ_PULLS = Asked("read pull requests", "pull-requests: read")
_READ_COMMENTS = Asked("read comments", "pull-requests: read")
_READ_CHECKS = Asked("read checks", "checks: read")
_READ_STATUSES = Asked("read statuses", "statuses: read")
# What decides about releases is read to its end: strangers may lengthen these lists.
_LONG = 5_000
_BOT = "[bot]"
_WHO = Asked("say whose token it is", "metadata: read")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\[bot\])?")
# A commit that is not on the forge is refused as "No commit found for SHA".
_NO_COMMIT = "no commit found"


class GitHubReader:
    """A `ports.ForgeReader`.

    `pages` is where people see repositories, `run` the page of this run.
    """

    def __init__(
        self,
        client: Client,
        name: str,
        *,
        pages: str,
        run: str | None = None,
        login: str | None = None,
        assumed_login: str | None = None,
    ) -> None:
        """Take a client, the repository as `owner/name`, and who the token is if that is known."""
        self._client = client
        self._name = name
        self._path = f"/repos/{'/'.join(map(quoted, name.split('/')))}"
        self._pages = pages
        self._run = run
        self._login = login
        self._assumed = assumed_login

    @property
    def name(self) -> str:
        """The repository as `owner/name`."""
        return self._name

    def me(self) -> str:
        """Return the login that this token writes as, as comments show it.

        Raises:
            ForgeError: the forge does not say.
        """
        if self._login is None:
            self._login = self._asked_login()
        return self._login

    def pull_request(self, number: int) -> PullRequest | None:
        """Return a pull request, None when there is none of this number.

        Raises:
            ForgeError: it cannot be read.
        """
        try:
            found = self._client.get(f"{self._path}/pulls/{number}", _READ_PULLS)
        except Missing:
            return None
        return reading.pull_request(found)

    def open_pull_requests(self, base: str) -> Sequence[PullRequest]:
        """Return the open pull requests into a branch, newest first.

        Raises:
            ForgeError: they cannot be read.
        """
        found = self._pulls(state="open", base=base)
        return [each for each in found if each.base == base and each.is_open]

    def pull_requests_with(self, commit: str) -> Sequence[PullRequest]:
        """Return the pull requests, open and merged, that brought or would bring a commit.

        Raises:
            ForgeError: they cannot be read.
        """
        path = f"{self._path}/commits/{quoted(commit)}/pulls"
        try:
            found = _newest(self._client.pages(path, _READ_PULLS, _LONG))
        except Unfit as error:
            if _NO_COMMIT not in error.text.lower():
                raise
            return ()
        return [each for each in found if each.is_open or each.is_merged]

    def pull_requests_from(self, head: str) -> Sequence[PullRequest]:
        """Return the pull requests from a branch of this repository, newest first.

        Raises:
            ForgeError: they cannot be read.
        """
        found = self._pulls(_LONG, state="all", head=self._of_ours(head))
        return [each for each in found if self._is_ours(each, head)]

    def comments(self, number: int) -> Sequence[Comment]:
        """Return all comments of a pull request, oldest first.

        Raises:
            ForgeError: they cannot be read, or there are too many.
        """
        path = f"{self._path}/issues/{number}/comments"
        read = map(reading.comment, self._client.pages(path, _READ_COMMENTS))
        found = {each.id: each for each in read}
        return [found[number] for number in sorted(found)]

    def reviews(self, number: int) -> Sequence[Review]:
        """Return all reviews of a pull request, oldest first.

        Raises:
            ForgeError: they cannot be read.
        """
        path = f"{self._path}/pulls/{number}/reviews"
        pages = self._client.pages(path, _READ_PULLS, _LONG)
        found = filter(None, map(reading.review, pages))
        return sorted(found, key=lambda each: (each.at, each.id))

    def checks(self, commit: str) -> Sequence[CheckRun]:
        """Return the ended checks of a commit, the newest of each name and app.

        Raises:
            ForgeError: they cannot be read.
        """
        path = f"{self._path}/commits/{quoted(commit)}/check-runs"
        pages = self._client.pages(path, _READ_CHECKS, _LONG, inside="check_runs", filter="latest")
        return reading.checks(pages)

    def statuses(self, commit: str) -> Sequence[Status]:
        """Return the newest status of each context at a commit.

        Raises:
            ForgeError: they cannot be read.
        """
        path = f"{self._path}/commits/{quoted(commit)}/status"
        pages = self._client.pages(path, _READ_STATUSES, inside="statuses")
        return tuple(map(reading.status, pages))

    def protections(
        self, branch: str, tags: Sequence[str], environments: Sequence[str]
    ) -> Sequence[Protection]:
        """Return which rules protect a branch, tags of these forms and forge environments.

        Raises:
            ForgeError: the forge cannot be asked at all; what a token may not read is no error.
        """
        reader = protections.Reader(self._client, self._path)
        return (
            *reader.branch(branch),
            *reader.tags(tags),
            *reader.environments(environments, branch),
        )

    def _asked_login(self) -> str:
        """Ask whose token it is; that of an app is told by GraphQL alone."""
        try:
            return _login(reading.text(self._client.get("/user", _WHO), "login"))
        except NotAccepted:
            raise
        except (ForgeRefused, Missing):
            pass
        try:
            found = self._client.query("query { viewer { login } }", _WHO)
            login = _login(reading.text(found, "data", "viewer", "login"))
            # Only tokens of apps are refused above, and what an app writes bears this name.
            return login if login.endswith(_BOT) else f"{login}{_BOT}"
        except ForgeError as error:
            if self._assumed is not None:
                return self._assumed
            hint = "Name it in RECONCILER_FORGE_LOGIN, as comments show it."
            raise type(error)(error.text, hint=hint) from error

    def _pulls(self, most: int = LONG, /, **query: str) -> Sequence[PullRequest]:
        told = {**query, "sort": "created", "direction": "desc"}
        found = self._client.pages(f"{self._path}/pulls", _READ_PULLS, most, **told)
        return _newest(found)

    def _of_ours(self, head: str) -> str:
        return f"{self._name.partition('/')[0]}:{head}"

    def _is_ours(self, pull: PullRequest, head: str) -> bool:
        """Say whether a pull request is from a branch of this repository."""
        return pull.head == head and (pull.head_repository or "").lower() == self._name.lower()


def _newest(found: Any) -> Sequence[PullRequest]:
    """Return pull requests newest first; a list that grew while it was read names one twice."""
    pulls = {each.number: each for each in map(reading.pull_request, found)}
    return [pulls[number] for number in sorted(pulls, reverse=True)]


def _login(found: str) -> str:
    if not _LOGIN.fullmatch(found):
        raise ForgeError("The forge does not say whose token it is.")
    return found


def quoted(part: str) -> str:
    """Return a text as one part of a path."""
    return quote(part, safe="")
