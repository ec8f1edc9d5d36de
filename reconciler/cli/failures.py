"""Shows an error as one clear sentence, or as JSON where JSON was asked for."""

from __future__ import annotations

from itertools import pairwise

import typer

from reconciler import telemetry
from reconciler.core import printable
from reconciler.core.canonical import Json
from reconciler.core.errors import EXIT_ERROR, Invalid, ReconcilerError, as_failure
from reconciler.core.render import json as render_json
from reconciler.core.render import text as render_text

# What the answer of each command lists.
_ANSWERS = {
    **dict.fromkeys(("plan", "drift", "apply"), "plans"),
    "validate": "findings",
    **dict.fromkeys(("reconcile", "promote"), "promotions"),
    "history": "deployments",
    "secret": "secrets",
    "doctor": "checks",
    "backup": "backups",
    "lock": "locks",
}


def show(error: Exception, arguments: list[str]) -> int:
    """Show an error and return its exit code."""
    if isinstance(error, MemoryError | OSError):
        error = as_failure(error)
    if not isinstance(error, ReconcilerError):
        return _unexpected(error)
    if _wants_json(arguments):
        answer = {"formatVersion": render_json.FORMAT_VERSION, **_rows(arguments)}
        answer["errors"] = render_json.errors([error])
        typer.echo(render_json.dumps(telemetry.redactor().value(answer)))
        return error.exit_code
    if isinstance(error, Invalid):
        _say(render_text.findings(error.findings))
    else:
        _say("Error: " + "\n".join(printable.visible(line) for line in error.text.splitlines()))
    if error.hint:
        _say(f"Next: {printable.visible(error.hint)}")
    return error.exit_code


def _unexpected(error: Exception) -> int:
    """Tell of a defect of ours; the details are in the log, redacted, with --verbose."""
    telemetry.log().info("command_failed", error=type(error).__name__, exc_info=error)
    _say(
        f"Error: something unexpected happened ({type(error).__name__}); nothing more was done. "
        "Run again with --verbose for details."
    )
    return EXIT_ERROR


def _say(text: str) -> None:
    typer.echo(telemetry.redactor().text(text), err=True)


def _rows(arguments: list[str]) -> dict[str, Json]:
    """Return the list that an answer of this command always has, empty."""
    return next(({_ANSWERS[word]: []} for word in arguments if word in _ANSWERS), {})


def _wants_json(arguments: list[str]) -> bool:
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)
