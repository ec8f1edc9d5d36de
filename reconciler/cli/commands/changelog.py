"""`reconciler changelog`: commits and authors since the last release."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE

NAME = "changelog"
HELP = """List the commits that the next release would bring, by author.

That is what people committed since the origin of the live release: up to the protected branch, or
up to what is live in the environment before where that one is release-only as well. --release
lists what an existing release brought.
"""
EPILOG = """Examples:

  reconciler changelog --environment staging

  reconciler changelog --environment production --release 1.4.0 --format markdown
"""


class LogFormat(StrEnum):
    """How a changelog and a report can be shown."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


Release = Annotated[
    str | None,
    typer.Option("--release", metavar="VERSION", help="What this release brought."),
]
Format = Annotated[LogFormat, typer.Option("--format", help=options.FORMAT_HELP)]


def run(
    context: typer.Context,
    environment: options.Environment,
    release: Release = None,
    format: Format = LogFormat.TEXT,
) -> int:
    """Show commits by author."""
    from reconciler.core.render import changelog as rendering

    session: Session = context.obj
    log = session.services.views.changelogs.see(environment, release)
    for notice in log.notices:
        session.note(notice)
    log = session.masked(log)
    if format is LogFormat.JSON:
        session.show_json(rendering.answer(log))
    elif format is LogFormat.MARKDOWN:
        session.show(rendering.markdown(log))
    else:
        session.show(rendering.text(log, session.style))
    return EXIT_DONE
