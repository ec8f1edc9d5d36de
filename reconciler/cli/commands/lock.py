"""`reconciler lock`: who holds an environment, and taking a lock away."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.options import TextFormat
from reconciler.cli.session import Session
from reconciler.core import zoned
from reconciler.core.errors import EXIT_DONE
from reconciler.core.render import locks as render_locks

app = typer.Typer(
    help="Who holds an environment: show it, or take a lock away from somebody.",
    no_args_is_help=True,
)

SHOW_HELP = """Show the locks that are held, by whom and why, and what is in maintenance.

Every command that writes to an environment holds its lock and renews it. A lock whose process is
gone, or that was not renewed for a minute, is shown with a warning and stands in nobody's way.
"""
SHOW_EPILOG = """Examples:

  reconciler lock show

  reconciler lock show --environment production --format json
"""
RELEASE_HELP = """Take a lock away from whoever holds it, by its exact ID.

What the former holder writes from now on is refused, also when it was only paused. What it left
half done is finished or undone by the next `reconciler reconcile`. Written down with your name.
"""
RELEASE_EPILOG = "Example:\n\n  reconciler lock release 06f5t9rkq3w8y2m4n7p1xzv0bc"

Id = Annotated[str, typer.Argument(metavar="ID", help="As `reconciler lock show` prints it.")]


@app.command(help=SHOW_HELP, epilog=SHOW_EPILOG)
def show(
    context: typer.Context,
    environment: options.OnlyEnvironment = None,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Show locks."""
    session: Session = context.obj
    services = session.services
    if environment is not None:
        services.workspace.choose().repository.environment(environment)
    seen = services.deployments.locks.see(environment)
    zone = services.workspace.zone()
    locks = zoned.local(seen.locks, zone)
    if format is TextFormat.JSON:
        session.show_json(render_locks.answer(locks))
    else:
        session.show(
            render_locks.page(
                locks,
                zoned.local(seen.maintenance, zone),
                zoned.local(seen.activities, zone),
                style=session.style,
            )
        )
    for warning in render_locks.warnings(locks):
        session.note(f"Warning: {warning}")
    return EXIT_DONE


@app.command(help=RELEASE_HELP, epilog=RELEASE_EPILOG)
def release(context: typer.Context, id: Id) -> int:
    """Take a lock away."""
    session: Session = context.obj
    done = session.services.deployments.locks.release(id)
    unfinished = [f"deployment {each.id}" for each in done.unfinished]
    session.show(render_locks.released(done.lock, done.liveness, unfinished, opened=done.opened))
    return EXIT_DONE
