"""The forge's own side: tokens that may do what their job's file says, and what its pages show.

The server is the one that the forge's adapter is tested with. Here each token is of one job: what
it has no permission for is refused, reading too, as in a private repository.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.testing.github import BOT, GitHubServer, GitHubState
from reconciler.testing.github.answers import Refused

REPOSITORY = "acme/shop"
# Which permission a request needs, by the path behind the repository's name.
_NEEDED = (
    (r"pulls|issues/(\d+/)?comments|commits/\w+/pulls", "pull-requests"),
    (r"commits/\w+/check-runs", "checks"),
    (r"statuses/|commits/\w+/status", "statuses"),
    (r"deployments", "deployments"),
    (r"releases|git/", "contents"),
    (r"actions/", "actions"),
)
_REFUSED = "Resource not accessible by integration"


class Forge(GitHubServer):
    """A running forge with one repository; it ends with its block."""

    def __init__(self, git: Path) -> None:
        """Take its bare repository."""
        super().__init__(GitHubState(REPOSITORY, git=git), login=None)
        self._tokens: dict[str, tuple[str, Mapping[str, str]]] = {}
        self._numbers = itertools.count(1)
        self._dispatched = 0

    @property
    def api(self) -> str:
        """The address that jobs are told."""
        return self.url

    def token(self, login: str, permissions: Mapping[str, str]) -> str:
        """Return a new token of somebody, with these permissions."""
        token = f"ghs_OnlyForThisJob{next(self._numbers):018}"
        self._tokens[token] = (login, permissions)
        return token

    def whose(self, token: str | None) -> str:
        """Return who writes with a token, if it may do what was asked last.

        Raises:
            Refused: it may not, or nobody has this token.
        """
        if token not in self._tokens:
            return super().whose(token)
        login, permissions = self._tokens[token]
        asked = self.requests[-1]
        asked["login"] = login
        needed = _needed(asked["path"])
        level = "write" if needed == "metadata" else permissions.get(needed, "none")
        if level == "none" or (asked["method"] != "GET" and level != "write"):
            raise Refused(403, _REFUSED)
        return login

    # --- what people do on its pages --------------------------------------------------------

    def open(
        self, *, branch: str, head: str, author: str, title: str, body: str = "", fork: bool = False
    ) -> int:
        """Open a pull request and return its number."""
        repository = f"{author}/shop" if fork else REPOSITORY
        given = {"head": branch, "head_commit": head, "head_repository": repository}
        made = self.state.open_pull({**given, "title": title, "body": body, "base": "main"}, author)
        return int(made["number"])

    def moved(self, number: int, head: str) -> None:
        """Note that a pull request's branch was pushed to."""
        self.state.edit("pulls", self._pull(number), head_commit=head)

    def merged(self, number: int, commit: str) -> None:
        """Note that a pull request was merged."""
        now = self.state.now()
        done = {"state": "closed", "merge_commit": commit, "merged_at": now, "closed_at": now}
        self.state.edit("pulls", self._pull(number), **done)
        self.state.all["brought"].setdefault(commit, []).append(number)

    def said(self, number: int, author: str, body: str) -> dict[str, Any]:
        """Have somebody comment."""
        return self.state.comment(number, author, body)

    # --- what its pages show ----------------------------------------------------------------

    def comments(self, number: int, author: str = BOT) -> list[dict[str, Any]]:
        """Return the comments of somebody on a pull request."""
        return self.state.entries("comments", pull=number, author=author)

    def comment(self, number: int) -> str:
        """Return the one comment that was made for us on a pull request."""
        (found,) = self.comments(number)
        return str(found["body"])

    def statuses(self, commit: str) -> dict[str, tuple[str, str]]:
        """Return state and description of the newest status of each context."""
        latest = self.state.latest(commit)
        return {each["context"]: (each["state"], each["description"]) for each in latest}

    def deployments(self) -> list[tuple[str, str, str]]:
        """Return environment, commit and newest state of each deployment, oldest first."""
        found = []
        for each in self.state.entries("deployments"):
            ended = self.state.one("deployment_statuses", deployment=each["id"])
            found.append((each["environment"], each["sha"], ended["state"] if ended else "none"))
        return found

    def dispatched(self) -> list[dict[str, Any]]:
        """Return the workflows that were asked for since this was asked last."""
        everything = self.state.entries("dispatches")
        new, self._dispatched = everything[self._dispatched :], len(everything)
        return new

    def writes(self) -> list[tuple[str, str, int]]:
        """Return every request that changed something or wanted to, with its answer."""
        return [
            (each["method"], each["path"].removeprefix(f"/repos/{REPOSITORY}"), each["status"])
            for each in self.requests
            if each["method"] != "GET" and "graphql" not in each["path"]
        ]

    def _pull(self, number: int) -> dict[str, Any]:
        found = self.state.one("pulls", number=number)
        assert found is not None
        return found


def _needed(path: str) -> str:
    """Return the permission that a request needs; `metadata`, which every token has, for others."""
    within = path.partition("?")[0].removeprefix(f"/repos/{REPOSITORY}/")
    found = (name for form, name in _NEEDED if re.match(form, within))
    return next(found, "metadata")
