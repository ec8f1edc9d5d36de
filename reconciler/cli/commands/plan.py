"""`reconciler plan`: what would change, and what follows from it for live users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options, publishing, showing
from reconciler.cli.options import PlanFormat
from reconciler.cli.session import Session
from reconciler.core.errors import UsageError

if TYPE_CHECKING:
    from reconciler.core.plan import Plan
    from reconciler.core.render.comment import Report

NAME = "plan"
HELP = """Show what would change, and what follows from it for live users. Never writes.

Reads the protected branch unless --ref or --worktree says otherwise. A release-only environment
is planned at its newest accepted release tag. --against compares two commits from git alone, with
no platform: for pull requests. With --publish it also writes the comment, the statuses and the
job summary that reviewers read.
"""
EPILOG = """Examples:

  reconciler plan --environment development

  reconciler plan --worktree --detailed-exitcode

  reconciler plan --against origin/main --format markdown

  reconciler plan --against origin/main --publish --pull-request 12
"""

Against = Annotated[
    str | None,
    typer.Option(metavar="REF", help="Compare with this commit, from git alone."),
]


def run(
    context: typer.Context,
    environment: options.Environments = None,
    ref: options.Ref = None,
    worktree: options.Worktree = False,
    against: Against = None,
    out: options.Out = None,
    detailed_exitcode: options.Detailed = False,
    allow_empty: options.AllowEmpty = False,
    publish: publishing.Publish = False,
    pull_request: publishing.PullRequest = None,
    format: options.PlanFormats = PlanFormat.TEXT,
) -> int:
    """Show what would change."""
    session: Session = context.obj
    _refuse(against, pull_request, publish=publish)
    asked = environment or []
    services = session.services
    chosen = services.workspace.choose(
        ref=ref, worktree=worktree, head=against is not None, isolated=asked
    )
    for notice in chosen.notices:
        session.note(notice)
    report = None
    if against is None:
        plans = services.viewer.plans(chosen, asked, allow_empty=allow_empty)
    else:
        with publishing.failure(session, chosen, pull_request, wanted=publish):
            plans = services.viewer.plans_against(chosen, against, asked)
            if publish or format is PlanFormat.MARKDOWN:
                report = publishing.report(session, chosen, against, plans)
    _show(session, plans, report, format)
    if out is not None:
        showing.write_plan(out, plans)
    if publish and report is not None:
        publishing.publish(session, report, pull_request)
    return showing.exit_code(plans, detailed=detailed_exitcode)


def _show(
    session: Session, plans: Sequence[Plan], report: Report | None, format: PlanFormat
) -> None:
    """Show plans; as Markdown two commits are what the comment of a pull request says."""
    if report is not None and format is PlanFormat.MARKDOWN:
        publishing.show(session, report)
    else:
        showing.plans(session, plans, format)


def _refuse(against: str | None, pull_request: int | None, *, publish: bool) -> None:
    """Refuse options that would be ignored."""
    if against is None and (publish or pull_request is not None):
        raise UsageError("--publish goes with --against REF: it is for pull requests.")
    if pull_request is not None and not publish:
        raise UsageError("--pull-request goes with --publish: it says where the comment goes.")
