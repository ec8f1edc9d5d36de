"""`reconciler init`: a ready repository to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE

NAME = "init"
HELP = """Write a ready repository: pipeline, environments and example resources.

Outside a git repository it makes one and its first commit; inside one it only writes files, for
you to look at and commit. Files that exist are never overwritten.
"""
EPILOG = "Example:\n\n  reconciler init shop && cd shop && reconciler reconcile\n"

Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; default: here.")]


def run(context: typer.Context, directory: Folder = Path()) -> int:
    """Write a ready repository."""
    session: Session = context.obj
    from reconciler import bootstrap

    made = bootstrap.initialise(directory)
    for path in made.written:
        session.show(f"  + {path}")
    if made.commit is not None:
        session.show(f"Made a git repository with its first commit {made.commit[:12]}.")
        there = "" if made.root == Path.cwd() else f"cd {shlex.quote(str(directory))} && "
        session.show(f"Next: {there}reconciler reconcile")
    else:
        session.show("Next: look at the files, commit them, then run `reconciler reconcile`.")
    for notice in made.notices:
        session.note(notice)
    return EXIT_DONE
