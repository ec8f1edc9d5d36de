"""`reconciler history`: what was deployed, when, by whom."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli import options, showing
from reconciler.cli.options import TextFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, EXIT_ERROR, Invalid
from reconciler.core.render import json as render_json
from reconciler.core.render import text as render_text

NAME = "history"
HELP = """Show deployments, newest first, the live one of each environment marked.

Where the store has no record of a release-only environment, its releases are listed from git,
which does not know what became of them.
"""
EPILOG = """Examples:

  reconciler history --environment development

  reconciler history --details --limit 1
"""

Limit = Annotated[int, typer.Option(metavar="N", min=1, max=1_000_000, help="At most so many.")]
Details = Annotated[bool, typer.Option("--details", help="With steps, messages and log.")]


def run(
    context: typer.Context,
    environment: options.Environments = None,
    limit: Limit = 50,
    details: Details = False,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Show deployments."""
    session: Session = context.obj
    found = session.services.views.histories.see(environment or (), limit)
    for notice in found.notices:
        session.note(notice)
    errors = [Invalid(found.findings)] if found.findings else []
    if format is TextFormat.JSON:
        session.show_json(render_json.history(found.rows, errors))
    else:
        session.show(
            render_text.history(session.masked(found.rows), session.style, details=details)
        )
        for error in errors:
            showing.failure(session, error)
    return EXIT_ERROR if errors else EXIT_DONE
