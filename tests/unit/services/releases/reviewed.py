"""A shop in memory whose releases are reviewed on a forge: staging asks qa and tests to approve."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.forge.model import CheckRun, PullRequest, Review, Verdict
from reconciler.core.gates.model import Gate, GateName
from reconciler.core.releases.model import ReleaseName
from reconciler.ports import PullRefs
from reconciler.services.releases.judging.witnessing import Witnessed
from reconciler.services.releases.reading.grounds import Grounds, remote_grounds
from reconciler.testing.forge import MemoryForge
from tests.unit.services.releases.delivery import (
    ANA,
    PIPELINE_FILE,
    QUINN,
    STAGING,
    Delivery,
    files,
)
from tests.unit.services.shop import HEAD

CI, ZOE = "ci@example.com", "zoe@example.com"
BRANCH = "release/staging/1.0.0"
NAME = ReleaseName(STAGING, "1.0.0")
TESTS, ACTIONS = "integration tests", "github-actions"
ACCOUNTS = f"{{{QUINN}: quinn-q, {ZOE}: zoe}}"
QA = f"{{members: [{QUINN}, {ZOE}], via: [tag, review], accounts: {ACCOUNTS}}}"
CHECKS = f"[{{name: {TESTS}, app: {ACTIONS}}}]"
MACHINE = f"{{members: [{CI}], via: [check], checks: {CHECKS}}}"


def pipeline(qa: str = QA, tests: str = MACHINE, *, signatures: str = "optional") -> str:
    """Return the pipeline with these roles."""
    return HEAD.format("Pipeline", "shop") + (
        "spec:\n  environments: [development, staging, production]\n"
        f"  signatures: {signatures}\n"
        f"  roles:\n    release-manager: {{members: [{ANA}]}}\n    qa: {qa}\n    tests: {tests}\n"
    )


def asking(*roles: str, given: str | None = None) -> Mapping[str, str]:
    """Return the first files, where staging asks these roles to approve."""
    policy = f"  promotion: {{approvals: [{', '.join(roles)}]}}\n"
    return {**files(staging=policy), PIPELINE_FILE: pipeline() if given is None else given}


class Reviewed(Delivery):
    """The shop, its forge, and staging/1.0.0 in an open pull request."""

    def __init__(self, *roles: str, given: str | None = None) -> None:
        super().__init__(asking(*(roles or ("qa",)), given=given))
        self.hosted = MemoryForge()
        self.forge = self.hosted
        self.reconcile()
        self.make()
        self.pull = self.open(BRANCH, self.git.branches[BRANCH])

    @property
    def grounds(self) -> Grounds:
        """What the remote names now."""
        self.git.share()
        return remote_grounds(self.workspace)

    @property
    def head(self) -> str:
        """The newest commit of the release's branch."""
        return self.git.branches[BRANCH]

    def open(self, branch: str, commit: str, fork: str | None = None) -> PullRequest:
        """Open a pull request, whose head can be fetched."""
        opened = self.hosted.open(head=branch, head_commit=commit, fork=fork)
        self.git.pulls[opened.number] = PullRefs(commit)
        return opened

    def push(self, files: Mapping[str, str | bytes], number: int = 1) -> str:
        """Commit files to the release's branch as the next head; return the commit."""
        held, own = self.git.snapshot(BRANCH), self.git.files
        self.git.files = {f.path: data for f, data in held.read(held.files("environments"))}
        self.git.files |= files
        commit = self.git.commit(BRANCH)
        self.git.files = own
        self.git.pulls[number] = PullRefs(commit)
        self.hosted.change(number, head_commit=commit)
        return commit

    def review(
        self,
        author: str = "quinn-q",
        verdict: Verdict = Verdict.APPROVED,
        commit: str | None = None,
        *,
        number: int = 1,
        minute: int = 0,
    ) -> Review:
        """Review a pull request, its head unless another commit is named."""
        found = self.hosted.reviews_of.setdefault(number, [])
        made = Review(
            id=len(found) + 100 * number,
            author=author,
            verdict=verdict,
            commit=commit or self.head,
            at=f"2026-01-06T10:{minute:02}:00Z",
            url=f"https://forge.example/pull/{number}#review-{len(found)}",
        )
        found.append(made)
        return made

    def check(
        self, commit: str | None = None, *, name: str = TESTS, app: str = ACTIONS, ok: bool = True
    ) -> CheckRun:
        """Have a check end, at the head unless another commit is named."""
        commit = commit or self.head
        number = len(self.hosted.check_runs)
        url = f"https://forge.example/runs/{number}"
        at = f"2026-01-06T11:{number:02}:00Z"
        made = CheckRun(id=number, name=name, app=app, commit=commit, passed=ok, at=at, url=url)
        self.hosted.check_runs.append(made)
        return made

    def ship(self, *, squash: bool = False) -> str:
        """Merge and tag the release; return its commit."""
        commit = self.merge(BRANCH, squash=squash)
        self.hosted.change(self.pull.number, is_open=False, is_merged=True)
        self.hosted.brought[commit] = [self.pull.number]
        self.tag(STAGING, "1.0.0", commit)
        return commit

    def gate(self, name: GateName = GateName.QA_APPROVED) -> Gate:
        """Return how a gate of the release answers."""
        return self.gates(STAGING, "1.0.0")[name]

    def witnessed(self) -> Witnessed:
        """Return who approved the release."""
        grounds = self.grounds
        standing = self.releases.judge.standing(grounds, grounds.environment(STAGING))
        release = self.releases.finder.find(grounds, NAME, standing)[0]
        return self.releases.witness.approvals(grounds, standing, release)
