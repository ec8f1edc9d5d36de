"""`reconciler store`: the reconciler's own records."""

from __future__ import annotations

import typer

from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE

app = typer.Typer(help="Look after the reconciler's own records.", no_args_is_help=True)


@app.callback()
def _store() -> None:
    """Keep `store` a group while it has one command."""


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
