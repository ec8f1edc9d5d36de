"""`reconciler plan`: what would change, and what follows from it for live users."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli import options, showing
from reconciler.cli.options import PlanFormat
from reconciler.cli.session import Session

NAME = "plan"
HELP = """Show what would change, and what follows from it for live users. Never writes.

Reads the protected branch unless --ref or --worktree says otherwise. A release-only environment
is planned at its newest accepted release tag. --against compares two commits from git alone, with
no platform: for pull requests.
"""
EPILOG = """Examples:

  reconciler plan --environment development

  reconciler plan --worktree --detailed-exitcode

  reconciler plan --against origin/main --format markdown
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
    format: options.PlanFormats = PlanFormat.TEXT,
) -> int:
    """Show what would change."""
    session: Session = context.obj
    asked = environment or []
    viewer, workspace = session.services.viewer, session.services.workspace
    chosen = workspace.choose(ref=ref, worktree=worktree, head=against is not None, isolated=asked)
    for notice in chosen.notices:
        session.note(notice)
    if against is None:
        plans = viewer.plans(chosen, asked, allow_empty=allow_empty)
    else:
        plans = viewer.plans_against(chosen, against, asked)
    showing.plans(session, plans, format)
    if out is not None:
        showing.write_plan(out, plans)
    return showing.exit_code(plans, detailed=detailed_exitcode)
