"""`reconciler validate`: every manifest at once, with file and line."""

from __future__ import annotations

import typer

from reconciler.cli import options, showing
from reconciler.cli.options import PlanFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, EXIT_ERROR

NAME = "validate"
HELP = """Check every manifest of every environment and show all findings at once.

Reads HEAD unless --ref or --worktree says otherwise. Needs no platform, store or network.
"""
EPILOG = """Examples:

  reconciler validate --worktree

  reconciler validate --ref origin/main --format github
"""


def run(
    context: typer.Context,
    ref: options.Ref = None,
    worktree: options.Worktree = False,
    format: options.PlanFormats = PlanFormat.TEXT,
) -> int:
    """Show every finding."""
    session: Session = context.obj
    chosen = session.services.workspace.choose(ref=ref, worktree=worktree, head=True)
    report = session.services.viewer.validate(chosen)
    showing.findings(session, report, format)
    return EXIT_ERROR if report.findings else EXIT_DONE
