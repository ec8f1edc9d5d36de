"""`reconciler secret`: values that never stand in git, on a command line or on a screen."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from reconciler.cli import options, terminal
from reconciler.cli.options import TextFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, EXIT_HELD, UsageError

app = typer.Typer(help="Give, list and check the secrets of an environment.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As environment.yaml names it.")]
LONGEST = 65_536


@app.command(
    name="set",
    help="Store a secret, encrypted, for an environment whose source is `from: store`. The value "
    "is asked for without echo, or read from standard input; never taken from the command line.",
    # What must not stand there is taken all the same, so that the refusal does not repeat it.
    context_settings={"allow_extra_args": True},
)
def set_(context: typer.Context, name: Name, environment: options.Environment) -> int:
    """Store a secret."""
    if context.args:
        raise UsageError(
            "A value is never taken from the command line; nothing was stored.",
            hint="Give it on standard input, and another one: this one may stand in a history.",
        )
    session: Session = context.obj
    keeper = session.services.secrets
    keeper.refuse_unknown(environment, name)
    keeper.set(environment, name, _value(name))
    session.show(f"Stored {name} for {environment}. The next apply or reconcile gives it out.")
    return EXIT_DONE


@app.command(help="Take a stored secret away.")
def delete(context: typer.Context, name: Name, environment: options.Environment) -> int:
    """Delete a stored secret."""
    session: Session = context.obj
    session.services.secrets.delete(environment, name)
    session.show(f"Deleted {name} of {environment}.")
    return EXIT_DONE


@app.command(
    name="list", help="List the secrets of an environment: source, whether there is a value, users."
)
def list_(
    context: typer.Context,
    environment: options.Environment,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """List secrets without their values."""
    _show(context.obj, environment, format)
    return EXIT_DONE


@app.command(help="Like list, and exit with 3 when one that is needed has no value.")
def check(
    context: typer.Context,
    environment: options.Environment,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Check that every secret has a value."""
    missing = _show(context.obj, environment, format)
    return EXIT_HELD if missing else EXIT_DONE


def _show(session: Session, environment: str, format: TextFormat) -> bool:
    rows = session.services.secrets.rows(environment)
    if format is TextFormat.JSON:
        answer = [
            {
                "name": row.name,
                "source": row.source,
                "present": row.present,
                "neededBy": [str(key) for key in row.needed_by],
            }
            for row in rows
        ]
        session.show_json({"formatVersion": "1.0", "secrets": answer})
    elif not rows:
        session.show(f"{environment} has no secrets and needs none.")
    else:
        width = max(len(row.name) for row in rows)
        for row in rows:
            session.show(f"{row.name:<{width}}  {row.source or 'undeclared':<10}  {row.told}")
    return any(row.missing for row in rows)


def _value(name: str) -> str:
    """Ask for a value without echo, or read it from standard input."""
    if terminal.is_interactive():
        import getpass

        value = getpass.getpass(f"Value of {name} (not shown): ")
    else:
        value = sys.stdin.read(LONGEST + 1).removesuffix("\n")
    if not value:
        raise UsageError(f"No value was given for {name}; nothing was stored.")
    if len(value) > LONGEST:
        raise UsageError(f"The value of {name} is longer than 64 KiB; nothing was stored.")
    return value
