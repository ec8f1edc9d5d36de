"""`reconciler validate`: every manifest at once, with file and line."""

from __future__ import annotations

from typing import Annotated

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

  reconciler validate --against origin/main
"""


Against = Annotated[
    str | None,
    typer.Option(
        metavar="BASE",
        help="Check also that no release which this commit, branch or tag holds was touched.",
    ),
]


def run(
    context: typer.Context,
    ref: options.Ref = None,
    worktree: options.Worktree = False,
    against: Against = None,
    format: options.PlanFormats = PlanFormat.TEXT,
) -> int:
    """Show every finding."""
    session: Session = context.obj
    report = session.services.viewer.examine(ref=ref, worktree=worktree, against=against)
    showing.findings(session, report, format)
    return EXIT_ERROR if report.findings else EXIT_DONE
