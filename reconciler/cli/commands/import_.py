"""`reconciler import`: what a platform runs and we do not own becomes manifests on a branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_CONFLICT, EXIT_DONE, EXIT_ERROR, UsageError

if TYPE_CHECKING:
    from reconciler.services.adopting.importing import Imported

NAME = "import"
HELP = """Write what the platform runs and reconciler does not manage into manifests, on a branch.

The platform and what you have checked out stay as they are. The resources are managed once the
branch import/ENVIRONMENT is merged. For a release-only environment the branch holds a release of
type adoption too; tag it after the merge.

KIND/NAME picks resources; all by default. One that stands in git with other content is adopted
only when it is named: git's content stays, and the next apply brings it to the platform.
"""
EPILOG = """Examples:

  reconciler import --environment development

  reconciler import --environment production Workflow/sync-contacts
"""

Names = Annotated[
    list[str] | None, typer.Argument(metavar="KIND/NAME", help="Only these resources.")
]
All = Annotated[bool, typer.Option("--all", help="All resources; the default.")]
Version = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION",
        help="Of the adoption release; default: 1.0.0, or the next patch of what is live.",
    ),
]


def run(
    context: typer.Context,
    environment: options.Environment,
    names: Names = None,
    everything: All = False,
    version: Version = None,
) -> int:
    """Take over what runs."""
    session: Session = context.obj
    if everything and names:
        raise UsageError("--all and names exclude each other.", hint="Give one of them.")
    from reconciler.bootstrap import adopting

    importer = adopting.importer(session.services)
    done = importer.import_from(environment, names or [], version)
    _show(session, done)
    for key, reason in done.refused.items():
        session.note(f"{key} was left out: {reason}.")
    left = [key for key in done.differing if key not in done.kept]
    for key in left:
        session.note(
            f"{key} was left out: it stands in git with other content. To adopt it with git's "
            f"content, run `reconciler import --environment {environment} {key}`."
        )
    return EXIT_ERROR if done.refused else EXIT_CONFLICT if left else EXIT_DONE


def _show(session: Session, done: Imported) -> None:
    for path in done.files:
        session.show(f"  + {path}")
    for key in done.kept:
        differs = (
            " with other content, which the next apply brings" if key in done.differing else ""
        )
        session.show(f"  = {key} stands in git{differs}")
    if not done.adopted:
        nothing = "Nothing was imported." if done.refused or done.differing else _NOTHING
        session.show(nothing.format(environment=done.environment))
        return
    noun = "resource" if len(done.adopted) == 1 else "resources"
    session.show(f"Imported {len(done.adopted)} {noun} of {done.environment}.")
    if done.branch is not None:
        session.show(f"Next: look at the branch {done.branch} ({str(done.commit)[:12]}), merge it.")
    if done.release is not None:
        session.show(f"Then: reconciler release tag {done.release}")


_NOTHING = "Nothing to import: all that {environment} runs is managed."
