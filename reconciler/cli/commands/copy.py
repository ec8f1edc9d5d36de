"""`reconciler copy`: resources of one environment's folder into another's."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE

NAME = "copy"
HELP = """Copy manifests, and the definition files with them, between environments' folders.

Works on the files of the working tree, byte for byte, and writes all of them or none. A folder
below environments/ that is not in the pipeline is a development project of its own: copy from it
to bring its work into the pipeline.
"""
EPILOG = """Examples:

  reconciler copy Workflow/sync-contacts --from prototype --to development

  reconciler copy Workflow/sync-contacts --from prototype --to development --with-dependencies
"""

Names = Annotated[list[str], typer.Argument(metavar="KIND/NAME", help="What to copy.")]
From = Annotated[str, typer.Option("--from", metavar="A", help="The environment to copy from.")]
To = Annotated[str, typer.Option("--to", metavar="B", help="The editable environment to copy to.")]
Dependencies = Annotated[
    bool, typer.Option("--with-dependencies", help="Copy what they need too, where B lacks it.")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that are there with other content.")
]


def run(
    context: typer.Context,
    names: Names,
    source: From,
    target: To,
    with_dependencies: Dependencies = False,
    overwrite: Overwrite = False,
) -> int:
    """Copy resources."""
    session: Session = context.obj
    from reconciler.bootstrap import adopting

    done = adopting.copier(session.services).copy(
        names, source, target, with_dependencies=with_dependencies, overwrite=overwrite
    )
    for path in done.written:
        session.show(f"  + {path}")
    noun = "resource" if len(done.keys) == 1 else "resources"
    if done.written:
        session.show(f"Copied {len(done.keys)} {noun} from {source} to {target}.")
        session.show("Next: reconciler validate --worktree")
    else:
        session.show(f"Nothing to copy: {target} has the same files.")
    return EXIT_DONE
