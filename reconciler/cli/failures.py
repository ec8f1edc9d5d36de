"""Shows an error as one clear sentence, or as JSON where JSON was asked for."""

from __future__ import annotations

import io
import os
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import typer

from reconciler import settings, telemetry
from reconciler.core import printable
from reconciler.core.canonical import Json
from reconciler.core.errors import EXIT_ERROR, Invalid, ReconcilerError, as_failure
from reconciler.core.render import json as render_json
from reconciler.core.render import text as render_text

if TYPE_CHECKING:
    from reconciler.core.redaction import Redactor

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
    """Show an error and return its exit code; what cannot be told safely is not told."""
    try:
        return _show(error, arguments)
    except Exception as broken:  # noqa: BLE001 - it may hold secrets, and the interpreter would tell
        names = f"{type(error).__name__}, then {type(broken).__name__}"
        typer.echo(
            f"Error: something unexpected happened, and could not be told ({names}).", err=True
        )
        return EXIT_ERROR


def _show(error: Exception, arguments: list[str]) -> int:
    if isinstance(error, MemoryError | OSError):
        error = as_failure(error)
    if not isinstance(error, ReconcilerError):
        return _unexpected(error)
    if _wants_json(arguments):
        answer = {"formatVersion": render_json.FORMAT_VERSION, **_rows(arguments)}
        answer["errors"] = render_json.errors([error])
        typer.echo(render_json.dumps(_redactor().value(answer)))
        return error.exit_code
    if isinstance(error, Invalid):
        _say(render_text.findings(_redactor().record(error.findings)))
    else:
        _say(f"Error: {error.text}")
    if error.hint:
        _say(f"Next: {error.hint}")
    return error.exit_code


def _unexpected(error: Exception) -> int:
    """Tell of a defect of ours; the details are in the log, redacted, with --verbose."""
    _redactor()
    telemetry.log().info("command_failed", error=type(error).__name__, exc_info=error)
    _say(
        f"Error: something unexpected happened ({type(error).__name__}); nothing more was done. "
        "Run again with --verbose for details."
    )
    return EXIT_ERROR


def usage(error: Any) -> None:
    """Show what the parser says of a wrong command line, which may hold anything."""
    text = io.StringIO()
    error.show(file=text)
    _say(text.getvalue().rstrip("\n"))


def _say(text: str) -> None:
    typer.echo(printable.plain(_redactor().text(text)), err=True)


def _redactor() -> Redactor:
    """Return the redaction; a command that failed early has not told it of the variables."""
    telemetry.redact(settings.secret_values(os.environ))
    return telemetry.redactor()


def _rows(arguments: list[str]) -> dict[str, Json]:
    """Return the list that an answer of this command always has, empty."""
    return next(({_ANSWERS[word]: []} for word in arguments if word in _ANSWERS), {})


def _wants_json(arguments: list[str]) -> bool:
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)
