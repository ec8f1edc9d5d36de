"""What `--publish` does, for `plan`, `promote` and `reconcile`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.core import layout
from reconciler.core.errors import NotFound, ReconcilerError, UsageError
from reconciler.core.model import Finding
from reconciler.core.render import comment, github
from reconciler.core.render.comment import Report
from reconciler.services.deploying.failing import as_failures

if TYPE_CHECKING:
    from reconciler.cli.session import Session
    from reconciler.core.plan import Plan
    from reconciler.core.render.summary import Done
    from reconciler.services.releases.reading.grounds import Grounds
    from reconciler.services.workspace import Chosen

Publish = Annotated[
    bool,
    typer.Option(
        "--publish",
        help="Tell it on the forge too: comment, statuses, job summary. Needs GITHUB_TOKEN, or "
        "RECONCILER_FORGE_TOKEN; without one the job summary is written. Never changes the exit "
        "code.",
    ),
]
PullRequest = Annotated[
    int | None,
    typer.Option(
        "--pull-request",
        metavar="N",
        min=1,
        help="With --publish: the pull request to comment on. Default: that of the job.",
    ),
]


def report(session: Session, chosen: Chosen, against: str, plans: Sequence[Plan]) -> Report:
    """Return what reviewers want to know of a commit, from git alone."""
    services = session.services
    grounds: Grounds | None = None
    try:
        grounds = services.releases.local_grounds()
    except ReconcilerError as error:
        session.note(f"Releases are shown without their gates: {error}")
    return services.publishing.reviewer().from_git(grounds, chosen, against, plans)


@contextmanager
def failure(
    session: Session, chosen: Chosen, number: int | None, *, wanted: bool
) -> Iterator[None]:
    """Tell reviewers too what prevented a plan: otherwise an older one would be believed."""
    try:
        yield
    except ReconcilerError as error:
        if wanted and not isinstance(error, UsageError | NotFound):
            found = getattr(error, "findings", ()) or (Finding(layout.PIPELINE, 1, 1, error.text),)
            publish(session, Report(findings=found, commit=chosen.snapshot.commit), number)
        raise


def show(session: Session, found: Report) -> None:
    """Show the comment of a pull request, for forges that are not written to."""
    session.show(comment.body(session.masked(found)))


def publish(session: Session, found: Report, number: int | None) -> None:
    """Tell reviewers of a pull request, and annotate its lines."""
    publishing = session.services.publishing
    settings = publishing.settings
    pull, head = number, None
    if settings is not None and number in {None, settings.pull_request}:
        pull, head = settings.pull_request, settings.commit
    with _harmless(session):
        for note in publishing.publisher.publish(found, pull, head):
            session.note(note)
        _annotate(session, found)


def _annotate(session: Session, found: Report) -> None:
    """Put findings and messages beside their lines, where a runner reads its output."""
    if not session.services.publishing.annotates:
        return
    plans = [*found.plans, *(page.plan for page in found.releases)]
    findings = [each for plan in plans for each in plan.findings]
    messages = [each for plan in plans for each in plan.messages]
    session.command(github.annotate(findings, messages))


def publish_run(
    session: Session, chosen: Chosen, done: Sequence[Done], served: Sequence[str]
) -> None:
    """Tell what a run did; `served` are the environments that were asked for by name."""
    with _harmless(session):
        # Read again, for the run has changed what is live.
        grounds = session.services.releases.grounds_of(chosen)
        publisher = session.services.publishing.run_publisher(served)
        for note in publisher.publish(grounds, done, served):
            session.note(note)


@contextmanager
def _harmless(session: Session) -> Iterator[None]:
    """Note what goes wrong in telling people: what was done and how it ended stays as it is."""
    try:
        with as_failures():
            yield
    except ReconcilerError as error:
        session.note(f"Not everything was published: {error}")
