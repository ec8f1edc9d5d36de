"""One repository on a forge, in memory and on a server, with people who do things there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from reconciler.adapters.forge import Client, GitHubForge
from reconciler.core.forge.model import CheckRun, Review, Verdict
from reconciler.ports.forge import Forge
from reconciler.testing.forge import MemoryForge
from reconciler.testing.github import GitHubServer, GitHubState

NAME = "owner/repository"
TOKEN = "t0ken-that-nobody-may-see"
AT = "2026-05-04T10:00:00Z"
HEAD, OTHER = "a" * 40, "b" * 40


class ForgeWorld(Protocol):
    """What a test does as other people."""

    forge: Forge

    def open(
        self, head: str, *, commit: str = HEAD, base: str = "main", fork: str | None = None
    ) -> int:
        """Open a pull request."""

    def close(self, number: int, *, merged: bool = False) -> None:
        """Close or merge one."""

    def say(self, number: int, body: str, author: str = "somebody") -> int:
        """Comment; return its id."""

    def delete(self, comment: int) -> None:
        """Delete a comment."""

    def review(self, number: int, verdict: Verdict, commit: str = HEAD) -> None:
        """Review."""

    def check(self, name: str, *, app: str = "github-actions", passed: bool = True) -> None:
        """Run a check of HEAD."""

    def tag(self, name: str) -> None:
        """Push a tag."""

    def releases(self) -> list[str]:
        """Return the tags that have a release."""

    def deployments(self) -> list[str]:
        """Return our ids of the deployments there."""


class MemoryWorld:
    """In memory."""

    def __init__(self) -> None:
        self.forge = self.memory = MemoryForge(NAME)

    def open(
        self, head: str, *, commit: str = HEAD, base: str = "main", fork: str | None = None
    ) -> int:
        """Open a pull request."""
        return self.memory.open(head=head, head_commit=commit, base=base, fork=fork).number

    def close(self, number: int, *, merged: bool = False) -> None:
        """Close or merge one."""
        self.memory.change(number, is_open=False, is_merged=merged)

    def say(self, number: int, body: str, author: str = "somebody") -> int:
        """Comment; return its id."""
        return self.memory.comment_by(author, number, body).id

    def delete(self, comment: int) -> None:
        """Delete a comment."""
        self.memory.delete_by_hand(comment)

    def review(self, number: int, verdict: Verdict, commit: str = HEAD) -> None:
        """Review."""
        told = self.memory.reviews_of.setdefault(number, [])
        given = Review(
            id=len(told) + 1, author="somebody", verdict=verdict, commit=commit, at=AT, url="u"
        )
        told.append(given)

    def check(self, name: str, *, app: str = "github-actions", passed: bool = True) -> None:
        """Run a check of HEAD."""
        number = len(self.memory.check_runs) + 1
        self.memory.check_runs.append(
            CheckRun(id=number, name=name, app=app, commit=HEAD, passed=passed, at=AT, url="u")
        )

    def tag(self, name: str) -> None:
        """Push a tag."""
        self.memory.tags.add(name)

    def releases(self) -> list[str]:
        """Return the tags that have a release."""
        return list(self.memory.releases)

    def deployments(self) -> list[str]:
        """Return our ids of the deployments there."""
        return [each.deployment for each in self.memory.shipped]


class ServerWorld:
    """On a server; `slept` is how long the adapter waited."""

    def __init__(self, server: GitHubServer) -> None:
        self.server = server
        self.state = server.state
        self.slept: list[float] = []
        self.forge: Forge = self.adapter()

    def adapter(self, token: str = TOKEN, login: str | None = None) -> GitHubForge:
        """Return one more adapter, as another run would have."""
        client = Client(self.server.url, token, timeout=1, sleep=self.slept.append)
        pages, run = "https://forge.example", "https://forge.example/run/1"
        return GitHubForge(client, NAME, pages=pages, run=run, login=login)

    def open(
        self, head: str, *, commit: str = HEAD, base: str = "main", fork: str | None = None
    ) -> int:
        """Open a pull request."""
        given = {"head": head, "head_commit": commit, "base": base, "head_repository": fork or NAME}
        return int(self.state.open_pull(given, "somebody")["number"])

    def close(self, number: int, *, merged: bool = False) -> None:
        """Close or merge one."""
        found = self.state.entries("pulls", number=number)[0]
        self.state.edit("pulls", found, state="closed", merged_at=AT if merged else None)

    def say(self, number: int, body: str, author: str = "somebody") -> int:
        """Comment; return its id."""
        return int(self.state.comment(number, author, body)["id"])

    def delete(self, comment: int) -> None:
        """Delete a comment."""
        self.state.remove("comments", {"id": comment})

    def review(self, number: int, verdict: Verdict, commit: str = HEAD) -> None:
        """Review."""
        state = verdict.value.upper().replace("-", "_")
        told = {"author": "somebody", "body": "", "commit": commit, "submitted_at": AT}
        self.state.add("reviews", pull=number, state=state, **told)

    def check(self, name: str, *, app: str = "github-actions", passed: bool = True) -> None:
        """Run a check of HEAD."""
        conclusion = "success" if passed else "failure"
        told = {"status": "completed", "started_at": AT, "completed_at": AT, "commit": HEAD}
        self.state.add("checks", name=name, app=app, conclusion=conclusion, **told)

    def tag(self, name: str) -> None:
        """Push a tag."""
        self.state.all["tags"][name] = OTHER

    def releases(self) -> list[str]:
        """Return the tags that have a release."""
        return [each["tag_name"] for each in self.state.entries("releases")]

    def deployments(self) -> list[str]:
        """Return our ids of the deployments there."""
        return [each["payload"]["reconciler"] for each in self.state.entries("deployments")]


@contextmanager
def server_world() -> Iterator[ServerWorld]:
    """Return an empty repository on a server."""
    with GitHubServer(GitHubState(NAME)) as server:
        yield ServerWorld(server)
