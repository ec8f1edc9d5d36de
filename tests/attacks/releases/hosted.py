"""The world that attacks are tried on, hosted on a forge where pull requests are reviewed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.testing.github import GitHubServer
from tests.attacks.releases.judging import NEXT, TAG
from tests.attacks.releases.world import (
    ENVIRONMENTS,
    PIPELINE,
    SIGNERS,
    World,
    environment,
    pipeline,
)
from tests.repositories import Signer

REPOSITORY = "acme/shop"
BRANCH = f"release/{NEXT}"
STAGING = "environments/staging/environment.yaml"
MANIFEST = "environments/staging/releases/1.1.0.yaml"
TESTS, ACTIONS = "integration tests", "github-actions"
ACCOUNTS = {"quinn@example.com": "Quinn-Q"}
VIA = ("tag", "review", "check")


def roles(
    via: tuple[str, ...] = VIA,
    accounts: Mapping[str, str] = ACCOUNTS,
    checks: tuple[tuple[str, str], ...] = ((TESTS, ACTIONS),),
    members: str = "quinn@example.com",
) -> str:
    """Return the pipeline, in which this is the role of qa."""
    logins = ", ".join(f"{who}: {login}" for who, login in accounts.items())
    listed = ", ".join(f"{{name: {name}, app: {app}}}" for name, app in checks)
    qa = f"qa: {{members: [{members}], via: [{', '.join(via)}], accounts: {{{logins}}}"
    more = f", checks: [{listed}]" if listed else ""
    return re.sub(r"qa: \{[^}]*", qa.replace("\\", "") + more, pipeline(), count=1)


class Hosted(World):
    """The world with a forge: staging/1.1.0 is in an open pull request and waits for qa."""

    def __init__(self, root: Path, people: Mapping[str, Signer], server: GitHubServer) -> None:
        """Take a world that stands in a folder, and where it is hosted."""
        super().__init__(root, people)
        self.server = server

    def begin(self) -> None:
        """Have qa approve by reviews and checks too, by a trusted commit; open the release."""
        self.desk.git("reset", "--quiet", "--hard", "HEAD~1")
        files = {PIPELINE: roles(), STAGING: environment("staging", "promotion: {approvals: [qa]}")}
        self.trust(self.merge(files))
        self.job("reconcile", "-e", "development")
        self.create()
        self.pull(BRANCH, self.head)

    def trust(self, commit: str) -> None:
        """Accept what a commit says of who may release."""
        for name in ENVIRONMENTS[1:]:
            self.job("trust", "accept", commit, "--environment", name, "--auto-approve")

    def create(self) -> None:
        """Make the release's branch from what is edited now, and push it."""
        wanted = ("--to", "staging", "--version", "1.1.0", "--description", "What is new")
        self.at_desk("release", "create", *wanted, "--push")

    @property
    def head(self) -> str:
        """The newest commit of the release's branch at the desk."""
        return self.desk.git("rev-parse", BRANCH)

    def pull(self, branch: str, commit: str, repository: str = REPOSITORY, **more: Any) -> int:
        """Open a pull request whose head the remote knows; return its number."""
        given = {"head": branch, "head_commit": commit, "head_repository": repository, **more}
        number = int(self.server.state.open_pull(given, "somebody")["number"])
        self.desk.git("push", "--quiet", "--force", "origin", f"{commit}:refs/pull/{number}/head")
        return number

    def review(self, author: str = "quinn-q", state: str = "APPROVED", **more: Any) -> None:
        """Review the pull request, its head unless another commit is named."""
        minute = len(self.server.state.entries("reviews"))
        told = {
            "pull": 1,
            "author": author,
            "state": state,
            "body": "",
            "commit": self.head,
            "submitted_at": f"2026-01-06T10:{minute:02}:00Z",
        }
        self.server.state.add("reviews", **{**told, **more})

    def check(self, commit: str | None = None, **more: Any) -> None:
        """Have a check pass at the head, or as it says."""
        told = {
            "name": TESTS,
            "app": ACTIONS,
            "status": "completed",
            "conclusion": "success",
            "commit": commit or self.head,
            "started_at": "2026-01-06T10:00:00Z",
            "completed_at": "2026-01-06T10:00:00Z",
        }
        self.server.state.add("checks", **{**told, **more})

    def ship(self, files: Mapping[str, str] | None = None) -> str:
        """Squash the branch, with more files in the same commit; push and tag it."""
        self.desk.git("merge", "--quiet", "--squash", BRANCH)
        merged = self.merge(files or {})
        (pull,) = self.server.state.entries("pulls", number=1)
        self.server.state.edit("pulls", pull, state="closed", merged_at="2026-01-06T12:00:00Z")
        self.server.state.all["brought"][merged] = [1]
        self.tag(TAG)
        return merged

    def on_branch(self, files: Mapping[str, str], branch: str = "elsewhere") -> str:
        """Commit files on a new branch from the release's head, and return the commit."""
        self.desk.git("switch", "--quiet", "--create", branch, BRANCH)
        commit = self.desk.commit(files, "Another head")
        self.desk.git("switch", "--quiet", "main")
        return commit

    def _variables(self) -> dict[str, str]:
        more = {
            "GITHUB_API_URL": self.server.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": "a-token-of-a-test",
        }
        return {**super()._variables(), **more}


__all__ = ["SIGNERS", "Hosted", "roles"]
