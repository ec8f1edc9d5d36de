"""`reconciler init`: a ready repository to begin with, or one of what runs already."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.session import Session
from reconciler.core.ci import Ci
from reconciler.core.errors import EXIT_DONE

NAME = "init"
HELP = """Write a ready repository: pipeline, environments and example resources.

With it come the files that make the forge run it: for GitHub, unless --ci or the remote says
another one.

Outside a git repository it makes one and its first commit; inside one it only writes files, for
you to look at and commit. Files that exist are never overwritten.

--adopt makes a repository of what an environment's platform runs already: as its manifests, as
those of the environments before it, and as releases of type adoption. The platform is only read.
"""
EPILOG = """Examples:

  reconciler init shop && cd shop && reconciler reconcile

  reconciler init --ci gitlab

  reconciler --store sqlite:////srv/shop/state.db init shop --adopt production
"""

Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; default: here.")]
Adopt = Annotated[
    str | None,
    typer.Option(
        metavar="ENVIRONMENT",
        help="Begin with what this environment of the store runs, such as production.",
    ),
]
Forge = Annotated[
    Ci | None,
    typer.Option(
        "--ci", help="Whose CI files to write. Default: those of the remote's host, else github."
    ),
]
Store = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="The store of what runs, as before the command."),
]


def run(
    context: typer.Context,
    directory: Folder = Path(),
    adopt: Adopt = None,
    ci: Forge = None,
    store: Store = None,
) -> int:
    """Write a ready repository."""
    session: Session = context.obj
    if store is not None:
        session.options = replace(session.options, store=store)
    if adopt is not None:
        return _adopt(session, directory, adopt, ci or Ci.GITHUB)
    from reconciler.bootstrap import starting

    made = starting.initialise(directory, ci)
    for path in made.written:
        session.show(f"  + {path}")
    for path in made.kept:
        session.show(f"  = {path} is there already and stays as it is")
    _tell(session, made.needs)
    if made.commit is not None:
        session.show(f"Made a git repository with its first commit {made.commit[:12]}.")
        session.show(f"Next: {_there(directory, made.root)}reconciler reconcile")
    else:
        session.show("Next: look at the files, commit them, then run `reconciler reconcile`.")
    for notice in made.notices:
        session.note(notice)
    return EXIT_DONE


def _adopt(session: Session, directory: Path, name: str, ci: Ci) -> int:
    from reconciler.bootstrap import adopting, starting

    made = adopting.adopt(session.settings, directory, name, ci)
    for path in made.written:
        session.show(f"  + {path}")
    _tell(session, starting.needs(ci))
    noun = "resource" if made.adopted == 1 else "resources"
    session.show(
        f"Made a git repository of {made.adopted} {noun} that {name} runs ({made.commit[:12]})."
    )
    session.note("The platform was only read. Go on with the same store (--store or its variable).")
    there = _there(directory, made.root)
    for each in made.releases:
        session.show(f"Next: {there}reconciler release tag {each.name}")
        there = ""
    if not made.releases:
        session.show(f"Next: {there}reconciler plan")
    return EXIT_DONE


def _tell(session: Session, needs: Iterable[str]) -> None:
    """Show what a person has to set up on the forge."""
    for number, need in enumerate(needs):
        if number == 0:
            session.show("To be set up on the forge, once; the files say why:")
        session.show(f"  - {need}")


def _there(directory: Path, root: Path) -> str:
    return "" if root == Path.cwd() else f"cd {shlex.quote(str(directory))} && "
