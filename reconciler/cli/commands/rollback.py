"""`reconciler rollback`: prepares a release of older content under a higher version."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli import options, releasing
from reconciler.cli.opening import Open, Share
from reconciler.cli.options import TextFormat
from reconciler.core.releases.model import ReleaseType
from reconciler.services.releases.making.asking import Ask

NAME = "rollback"
HELP = """Prepare, on its branch, a release that brings back the content of an older one.

RELEASE is the older one, written ENVIRONMENT/VERSION. Its content gets a higher version, the next
patch of what is live by default. Merge the branch, then `reconciler release tag` it. It waits for
no release day, window, soak, tests or qa, but it needs a release manager and heeds holds.
"""
EPILOG = """Examples:

  reconciler rollback production/1.3.0

  reconciler rollback production/1.3.0 --version 1.4.2 --description "Deals were lost" --open
"""


def run(
    context: typer.Context,
    release: Annotated[
        str, typer.Argument(metavar="RELEASE", help="The release whose content comes back.")
    ],
    version: Annotated[
        str | None, typer.Option(metavar="V", help="The new version; default: the next patch.")
    ] = None,
    description: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "",
    acknowledge: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE[@KIND/NAME]=REASON",
            help="Go on in spite of a warning, and say why; repeatable.",
        ),
    ] = None,
    push: Annotated[bool, typer.Option("--push", help="Send the branch to the remote.")] = False,
    open: Open = False,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Prepare a rollback."""
    ask = Ask(
        to="",
        version=version,
        type=ReleaseType.ROLLBACK,
        description=description or f"Back to {release}",
        acknowledged=releasing.acknowledged(acknowledge or []),
    )
    share = Share.of(push=push, open=open)
    return releasing.rollback(context.obj, release, ask, share=share, format=format)
