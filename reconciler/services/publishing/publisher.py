"""Tells people on the forge what a pull request would do and what a run did.

Nothing here changes what happens or how it ends: what cannot be told there is noted, and stands
in the job summary and on the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from reconciler import telemetry
from reconciler.core.errors import ReconcilerError
from reconciler.core.forge import statuses
from reconciler.core.render import comment
from reconciler.core.render.comment import Report
from reconciler.ports import Forge, GitRepository, JobSummary
from reconciler.services.publishing.commenting import Commenter
from reconciler.services.publishing.marking import Marker
from reconciler.services.publishing.merges import brings_exactly

NO_TOKEN = (
    "No comment and no status was written: the forge's repository (GITHUB_REPOSITORY, or a remote "
    "there) or a token for it (GITHUB_TOKEN, RECONCILER_FORGE_TOKEN) is not known here."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Tells what stands in a report; `forge` is None without a token."""

    forge: Forge | None
    summary: JobSummary
    git: GitRepository
    link: str | None = None

    def publish(self, report: Report, number: int | None, head: str | None) -> Iterator[str]:
        """Tell reviewers of a pull request; yield a sentence for each thing that was, or was not.

        `head` is the newest commit of its branch, where that is known already; a merge queue has
        a commit without a pull request.
        """
        refused = None
        if self.forge is not None and number is not None:
            refused, head = self._head(self.forge, number, report)
        elif report.commit != head:
            head = None if number is None else head
        # What is checked out may be a merge that the forge made of it.
        report = report if head is None else replace(report, commit=head)
        report = telemetry.redactor().record(report)
        wanted = comment.wanted(report)
        yield from attempted("The job summary", lambda: self.summary.append(wanted.text))
        if self.forge is None:
            yield NO_TOKEN
        elif refused is not None:
            yield refused
        else:
            if number is not None:
                do = partial(Commenter(forge=self.forge).comment, number, wanted)
                yield from told(f"The comment of pull request {number}", do)
            if head is not None:
                marks = statuses.of_pull_request(report, self.link)
                mark = partial(Marker(forge=self.forge).mark, head, marks)
                yield from told(f"The status of {head[:12]}", mark)

    def _head(self, forge: Forge, number: int, report: Report) -> tuple[str | None, str | None]:
        """Return why nothing is written to a pull request, or its newest commit."""
        try:
            pull = forge.pull_request(number)
        except ReconcilerError as error:
            return f"The pull request was not found: {error}", None
        if pull is None:
            return f"There is no pull request {number} in {forge.name}.", None
        if not pull.is_open:
            return f"Pull request {number} is closed: nothing was written to it.", None
        head, commit, base = pull.head_commit, report.commit or "", report.against or ""
        if brings_exactly(self.git, base, head, commit):
            return None, head
        told = f"Pull request {number} is at {head[:12]} and not at what was planned here"
        return f"{told} ({commit[:12]}): nothing was written to it.", None


def attempted(
    what: str, do: Callable[[], object], *, but: type[ReconcilerError] | None = None
) -> Iterator[str]:
    """Do something; yield why it could not be done.

    Raises:
        ReconcilerError: it is one of those that the caller wants.
    """
    try:
        do()
    except ReconcilerError as error:
        if but is not None and isinstance(error, but):
            raise
        yield f"{what} was not written: {error}"


def told(what: str, do: Callable[[], int]) -> Iterator[str]:
    """Do something; yield whether anything was written, or why it could not be."""
    try:
        yield f"{what} was written." if do() else f"{what} says so already."
    except ReconcilerError as error:
        yield f"{what} was not written: {error}"
