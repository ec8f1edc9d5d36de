"""The parser, the exit codes and the one place that catches everything."""

from __future__ import annotations

import gc
from typing import Annotated, Any

import typer

from reconciler import __version__
from reconciler.cli import failures
from reconciler.cli.commands import (
    apply,
    backup,
    calendar,
    changelog,
    copy,
    doctor,
    drift,
    gates,
    history,
    import_,
    init,
    lock,
    plan,
    promote,
    reconcile,
    release,
    release_views,
    report,
    rollback,
    secret,
    store,
    trust,
    users,
    validate,
)
from reconciler.cli.session import GlobalOptions, Session
from reconciler.core.errors import EXIT_DONE, EXIT_ERROR, EXIT_USAGE

# The class of all wrong usage; the parser's own package is private to typer.
USAGE: Any = typer.BadParameter.__base__

app = typer.Typer(
    name="reconciler",
    help="Keep the release environments of an integration platform as git says they shall be.",
    epilog="Exit codes: 0 done, 1 error, 2 changes present (--detailed-exitcode), 3 held, "
    "4 conflict, 5 partly applied, 6 failed and restored, 7 failed and not restored, "
    "64 wrong usage.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for module in (init, validate, plan, apply, drift, promote, reconcile, gates, calendar):
    app.command(name=module.NAME, help=module.HELP, epilog=module.EPILOG)(module.run)
app.add_typer(release.app, name="release")
release_views.mount(release.app)
for module in (rollback, history, changelog, report, import_, copy, doctor):
    app.command(name=module.NAME, help=module.HELP, epilog=module.EPILOG)(module.run)
app.add_typer(backup.app, name="backup")
app.add_typer(lock.app, name="lock")
app.add_typer(secret.app, name="secret")
app.add_typer(store.app, name="store")
app.add_typer(trust.app, name="trust")
app.add_typer(users.app, name="users")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"reconciler {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    repo: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="The GitOps repository; default: the one around here."),
    ] = None,
    store_url: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="URL",
            help="sqlite:///FILE or postgresql://…; default: RECONCILER_STORE, "
            "else .reconciler/state.db in the repository.",
        ),
    ] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours.")] = False,
    log_format: Annotated[
        str, typer.Option(metavar="text|json", help="How logs are written to stderr.")
    ] = "text",
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="More logs; twice for all.")
    ] = 0,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the remote.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take what holds for every command."""
    given = GlobalOptions(
        repo=repo,
        store=store_url,
        no_color=no_color,
        log_format=log_format,
        verbose=verbose,
        offline=offline,
    )
    context.obj = Session(given)


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code; nothing escapes as a traceback."""
    # Thousands of manifests are made and kept: looking through them for garbage finds none.
    gc.set_threshold(100_000)
    try:
        code = app(args=arguments, standalone_mode=False, prog_name="reconciler")
        return code if isinstance(code, int) else EXIT_DONE
    except USAGE as error:
        failures.usage(error)
        return EXIT_USAGE
    except typer.Abort:
        typer.echo("Aborted.", err=True)
        return EXIT_ERROR
    except KeyboardInterrupt:
        typer.echo("Interrupted.", err=True)
        return 130
    except Exception as error:  # the one net of the command line: no traceback reaches a user
        return failures.show(error, arguments)
