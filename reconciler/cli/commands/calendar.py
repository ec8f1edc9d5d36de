"""`reconciler calendar`: when releases may happen in the next twelve months, and why not."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.options import TextFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, UsageError

NAME = "calendar"
HELP = """Show the release days of the next twelve months, moved and skipped ones with their reason,
who is release manager, and freezes.

Reads the protected branch. With --environment its windows decide on which release days something
can be promoted at all. --ics prints these days for a calendar program.
"""
EPILOG = """Examples:

  reconciler calendar --environment production

  reconciler calendar --environment production --ics > releases.ics
"""

Environment = Annotated[
    str | None,
    typer.Option(
        "--environment", "-e", metavar="E", help="Take this environment's windows into account."
    ),
]
Ics = Annotated[bool, typer.Option("--ics", help="Print an iCalendar file.")]


def run(
    context: typer.Context,
    environment: Environment = None,
    ics: Ics = False,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Show the calendar."""
    # Only here: what reads time zones and rules is needed by no other command's start.
    from reconciler.core.calendar import export
    from reconciler.core.render import calendar as rendering

    session: Session = context.obj
    if ics and format is TextFormat.JSON:
        raise UsageError("--ics is a format of its own.", hint="Leave --ics or --format out.")
    seen = session.services.calendars.see(environment)
    for notice in seen.notices:
        session.note(notice)
    if format is TextFormat.JSON:
        session.show_json(rendering.calendars(seen.overview))
    elif seen.overview is None:
        (session.note if ics else session.show)(rendering.NO_CALENDAR)
    elif ics:
        # The end of the last line is written by whoever shows the text.
        session.show_file(export.ics(seen.overview, seen.now))
    else:
        session.show(rendering.text(seen.overview, session.style))
    return EXIT_DONE
