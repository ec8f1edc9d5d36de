"""Keeps the comments of open pull requests up to date with what runs.

The heads of pull requests are fetched as data. One job serves each pull request: that of the last
environment that it concerns, which has the secrets of that environment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from reconciler import telemetry
from reconciler.core.errors import ForgeRefused, ForgeUnreachable, ReconcilerError
from reconciler.core.forge import statuses
from reconciler.core.forge.model import PullRequest
from reconciler.core.render import comment
from reconciler.core.render.comment import Report
from reconciler.ports import Forge, Snapshot
from reconciler.ports.git import PullRefs
from reconciler.services.publishing.commenting import Commenter
from reconciler.services.publishing.marking import Marker
from reconciler.services.publishing.merges import brings_exactly
from reconciler.services.publishing.reviewing import Reviewer
from reconciler.services.releases.reading.grounds import Grounds

# A run shall end; those of this repository come first, then the newest.
MOST = 50
# One may be locked, or odd; so many are no chance.
_IN_A_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """Goes through the open pull requests into the protected branch."""

    forge: Forge
    reviewer: Reviewer
    link: str | None = None

    def follow(self, grounds: Grounds, served: Collection[str] = ()) -> Iterator[str]:
        """Bring each comment up to date; yield a sentence for each that could not be.

        `served` are the environments of this job, all of them when it is empty.
        """
        branch = grounds.pipeline.protected_branch
        try:
            pulls = self._ordered(self.forge.open_pull_requests(branch))
            refs = grounds.workspace.git.fetch_pulls([each.number for each in pulls[:MOST]])
        except ReconcilerError as error:
            yield f"The open pull requests were not looked at: {error}"
            return
        if len(pulls) > MOST:
            yield f"Of {len(pulls)} open pull requests {MOST} were looked at."
        failed = 0
        for pull in pulls[:MOST]:
            try:
                self._follow(grounds, pull, refs.get(pull.number), served)
                failed = 0
            except ReconcilerError as error:
                yield f"The comment of pull request {pull.number} was not written: {error}"
                failed += isinstance(error, ForgeRefused | ForgeUnreachable)
                if failed == _IN_A_ROW:
                    yield "No more pull requests were looked at: the others would meet the same."
                    return

    def _ordered(self, pulls: Sequence[PullRequest]) -> list[PullRequest]:
        """Return pull requests of this repository before those of forks, which anybody opens."""
        return sorted(pulls, key=lambda each: each.head_repository != self.forge.name)

    def _follow(
        self, grounds: Grounds, pull: PullRequest, refs: PullRefs | None, served: Collection[str]
    ) -> None:
        if refs is None or refs.head != pull.head_commit:
            return  # it was pushed to meanwhile: the next run looks at it
        found = self._report(grounds, refs, served)
        if found is None:
            return
        report = telemetry.redactor().record(replace(found, commit=pull.head_commit))
        Commenter(forge=self.forge).comment(pull.number, comment.wanted(report))
        marks = statuses.of_pull_request(report, self.link)
        Marker(forge=self.forge).mark(pull.head_commit, marks)

    def _report(self, grounds: Grounds, refs: PullRefs, served: Collection[str]) -> Report | None:
        """Return what to say, None when another job says it or nothing can be said now."""
        head, is_fresh = self._newer(grounds, refs)
        concerned = self.reviewer.concerned(grounds, head, grounds.snapshot)
        if not concerned or (served and concerned[-1] not in served):
            return None
        report = self.reviewer.live(grounds, head, grounds.snapshot, is_fresh=is_fresh)
        return report if is_fresh or report.releases else None

    def _newer(self, grounds: Grounds, refs: PullRefs) -> tuple[Snapshot, bool]:
        """Return what would be merged, and whether it stands on the protected branch's tip.

        Where it does not, what was merged since would look as if it were taken back. A forge makes
        the merge when it finds the time, and none of a conflict: it may be that of an older head.
        """
        workspace, git, merge = grounds.workspace, grounds.workspace.git, refs.merge
        is_fresh = merge is not None and bool(git.is_ancestor(grounds.tip, merge))
        if merge is None or not is_fresh:
            return workspace.commit(refs.head), False
        if not brings_exactly(git, grounds.tip, refs.head, merge):
            return workspace.commit(refs.head), False
        return workspace.commit(merge), True
