"""What only a terminal gets: questions, steps as they run, waiting."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from reconciler.core.errors import ReconcilerError
from reconciler.core.steps import RESTORE, STEPS
from reconciler.services.deploying.journal import Progress

_MARKS = {"running": "…", "done": "✓", "failed": "✗", "stopped": "✗"}


def is_interactive() -> bool:
    """Say whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirmed(environment: str) -> bool:
    """Ask whether to apply; only the full word `yes` does."""
    if not is_interactive():
        raise ReconcilerError(
            "Nothing was applied: there is no terminal to ask for a confirmation.",
            hint="Pass --auto-approve to apply without asking.",
        )
    typer.echo(f"\nApply this to {environment}? Only the word yes applies.", err=True)
    typer.echo("Answer: ", err=True, nl=False)
    if sys.stdin.readline().strip() == "yes":
        return True
    typer.echo("Nothing was applied.", err=True)
    return False


def agreed(question: str) -> bool:
    """Ask something that only the full word `yes` agrees to."""
    if not is_interactive():
        raise ReconcilerError(
            "Nothing was done: there is no terminal to ask for a confirmation.",
            hint="Pass --auto-approve to go on without asking.",
        )
    typer.echo(f"{question} Only the word yes agrees: ", err=True, nl=False)
    if sys.stdin.readline().strip() == "yes":
        return True
    typer.echo("Nothing was done.", err=True)
    return False


def secret(name: str, environment: str) -> str:
    """Ask for a secret without echo; an empty answer leaves it for later."""
    import getpass

    return getpass.getpass(
        f"{environment} has no value for the secret {name}. Value (not shown; Enter: later): ",
        stream=sys.stderr,
    )


@contextmanager
def steps() -> Iterator[Progress]:
    """Show the steps of a deployment on stderr as they run."""
    does = {step.name: step.does for step in (*STEPS, RESTORE)}
    live = sys.stderr.isatty()

    def progress(name: str, state: str) -> None:
        if state == "running" and not live:
            return
        line = f"  {_MARKS[state]} {name:<8} {does.get(name, '')}"
        end = "\r" if state == "running" else "\n"
        sys.stderr.write(("\x1b[2K" if live else "") + line + end)
        sys.stderr.flush()

    yield progress
