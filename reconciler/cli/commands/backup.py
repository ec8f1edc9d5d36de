"""`reconciler backup`: what was kept before each deployment, and how to get it back."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli import options, terminal
from reconciler.cli.options import TextFormat
from reconciler.cli.session import Session
from reconciler.core import zoned
from reconciler.core.errors import EXIT_DONE, EXIT_ERROR
from reconciler.core.render import backups as render_backups

app = typer.Typer(
    help="Backups of what runs: list, take, verify, and put one back.", no_args_is_help=True
)

LIST_HELP = """List backups, newest first.

One is taken before each deployment, and kept by a rule: the newest ten of each environment, and
up to fifty that are younger than two weeks.
"""
CREATE_HELP = """Take a backup of an environment now.

Holds what runs, what was live, and connected users with all of their settings as they were
imported, passwords among them; never the value of a secret. It is read back and compared with what
runs before it counts.
"""
VERIFY_HELP = """Verify backups, every byte; all of them by default.

With --drill each is restored into a platform that is thrown away, and every resource and user
compared. Exit code 1 when any is damaged.
"""
VERIFY_EPILOG = """Examples:

  reconciler backup verify --environment production --drill

  reconciler backup verify 06f5t9rkq3w8y2m4n7p1xzv0bc
"""
RESTORE_HELP = """Put back what ran when a backup was taken.

Only what is ours is put back. Shows what would change, and asks. What runs now is backed up first.
Users get back what they had of what was purged since; connections, settings and enablement that
are newer are never overwritten. The environment is held afterwards, so that no job undoes it.
"""
RESTORE_EPILOG = "Example:\n\n  reconciler backup restore 06f5t9rkq3w8y2m4n7p1xzv0bc"

ID_HELP = "As `reconciler backup list` prints it."


@app.command(name="list", help=LIST_HELP)
def list_(
    context: typer.Context,
    environment: options.OnlyEnvironment = None,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """List backups."""
    session: Session = context.obj
    zone = session.services.workspace.zone()
    found = zoned.local(session.services.backups.listed(environment), zone)
    if format is TextFormat.JSON:
        session.show_json(render_backups.answer(found))
    else:
        now = session.services.clock.now()
        session.show(render_backups.text(found, now, session.style))
    return EXIT_DONE


@app.command(
    help=CREATE_HELP, epilog="Example:\n\n  reconciler backup create --environment production"
)
def create(
    context: typer.Context,
    environment: options.Environment,
    lock_timeout: options.LockTimeout = 0,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Take a backup."""
    session: Session = context.obj
    zone = session.services.workspace.zone()
    (made,) = zoned.local([session.services.backups.create(environment, lock_timeout)], zone)
    if format is TextFormat.JSON:
        session.show_json(render_backups.answer([made]))
    else:
        session.show(render_backups.made(made))
    return EXIT_DONE


@app.command(help=VERIFY_HELP, epilog=VERIFY_EPILOG)
def verify(
    context: typer.Context,
    id: Annotated[str | None, typer.Argument(metavar="ID", help=ID_HELP)] = None,
    environment: options.OnlyEnvironment = None,
    drill: Annotated[
        bool, typer.Option("--drill", help="Restore each into a scratch platform, and compare.")
    ] = False,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Verify backups."""
    session: Session = context.obj
    verdicts = []
    for verdict in session.services.backups.verify(id, environment, drill=drill):
        verdicts.append(verdict)
        if format is TextFormat.TEXT:
            session.show(render_backups.verdict(verdict, session.style))
    if format is TextFormat.JSON:
        session.show_json(render_backups.verified_answer(verdicts))
    else:
        session.show(render_backups.verified(verdicts))
    return EXIT_ERROR if any(verdict.problem for verdict in verdicts) else EXIT_DONE


@app.command(help=RESTORE_HELP, epilog=RESTORE_EPILOG)
def restore(
    context: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help=ID_HELP)],
    auto_approve: options.AutoApprove = False,
    lock_timeout: options.LockTimeout = 0,
) -> int:
    """Put a backup back."""
    session: Session = context.obj
    services = session.services
    environment = services.backups.environment_of(id)
    restorer = services.deployments.restorer
    prepared = restorer.prepare(environment, id)
    saved, changes = prepared.saved, prepared.way.changes
    now = services.clock.now()
    session.show(
        render_backups.preview(
            saved.backup, saved.live, session.masked(changes), now, session.style
        )
    )
    if not auto_approve and not terminal.agreed(f"Restore this in {environment.name}?"):
        return EXIT_ERROR
    with terminal.steps() as progress:
        done = restorer.restore(
            prepared, actor=services.actor, progress=progress, patience=lock_timeout
        )
    session.show(render_backups.restored(saved.backup, done.summary, done.users))
    return EXIT_DONE
