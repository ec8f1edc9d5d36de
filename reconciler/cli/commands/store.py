"""`reconciler store`: the reconciler's own records."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli import options, releasing
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE

app = typer.Typer(help="Look after the reconciler's own records.", no_args_is_help=True)


@app.command(
    help="Bring the store to this program's schema. An empty store is set up by the first "
    "command that writes; an older one waits for this command."
)
def migrate(context: typer.Context) -> int:
    """Run the migrations that are missing."""
    session: Session = context.obj
    before = session.services.migrate()
    session.show("The store was up to date." if before == "ok" else "The store is up to date now.")
    return EXIT_DONE


@app.command(
    epilog="Example:\n\n  reconciler store rebuild --environment production --live 1.4.0",
    help="After a store was lost: say which release is live in an environment, where what runs "
    "there does not tell. It must have an accepted tag. Nothing is written to the platform; what "
    "differs shows as drift afterwards.",
)
def rebuild(
    context: typer.Context,
    environment: options.Environment,
    live: Annotated[str, typer.Option(metavar="VERSION", help="The version that is live.")],
) -> int:
    """Record a release as live."""
    session: Session = context.obj
    releases = session.services.releases
    grounds = releasing.grounds(session)
    target = grounds.release_only(environment)
    for sentence in releases.observer.begin(grounds, target):
        session.show(sentence)
    standing = releases.judge.standing(grounds, target)
    releases.observer.accept(standing)
    session.show(releases.restarter.rebuild(grounds, standing, live))
    return EXIT_DONE
