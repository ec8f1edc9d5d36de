"""`reconciler users`: connected users, and which of them a message concerns."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import completing, options, progress, user_input
from reconciler.cli.session import Session
from reconciler.core import user_tables
from reconciler.core.canonical import Json
from reconciler.core.errors import EXIT_DONE, EXIT_ERROR, UsageError
from reconciler.core.render import json as render_json
from reconciler.core.render import text as render_text
from reconciler.core.render.foreign import shown
from reconciler.ports import AffectedUser
from reconciler.services.user_files import Format, Imported

if TYPE_CHECKING:
    from reconciler.services.users import UserKeeper

app = typer.Typer(
    help="Import and list connected users, and say whom a change affects.", no_args_is_help=True
)


class ListFormat(StrEnum):
    """How users can be shown."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


IMPORT_HELP = """Write the users of a FILE, all of them or, where anything is wrong, none.

What was known of a user who stands in the file is replaced; other users stay as they are.
`-` reads standard input.

JSON lines: one object a line. Only id must be given; status is connected and enabled true when
left out. disabledBy says who switched a workflow off: user is a choice that no deployment undoes.

\b
  {"id": "u-1", "metadata": {},
   "connections": [{"integration": "hubspot", "status": "connected",
                    "scopes": ["oauth"], "settings": {"region": "eu1"}}],
   "workflows": [{"name": "hubspot-sync-contacts", "enabled": false,
                  "disabledBy": "user", "settings": {}}]}

CSV: the first line names the columns, in any order; only user must be there. Rows of one user stand
together, one for each connection and for each workflow of it.

\b
  user, integration, workflow
  status, scopes, settings               of the connection
  enabled, disabledBy, workflowSettings  of the workflow
  metadata                               of the user

Scopes are separated by spaces; settings and metadata are JSON objects.
"""
IMPORT_EPILOG = """Examples:

  reconciler users import --environment staging users.jsonl

  reconciler users import --environment staging --format csv - < users.csv
"""
LIST_HELP = """List the connected users of an environment, ordered by id.

What belongs to a removed integration or workflow is not shown; it is back when the integration is.
JSON is one line for each user and CSV one row for each connection and workflow, both as import
reads them: with every setting as it was imported, passwords too. Keep such a file as you keep them.
"""
AFFECTED_HELP = """List whom a message of a RELEASE concerns.

Once the release was deployed this is whom it concerned then, as it was stored; before that it is
asked of the platform. With --environment it is about the environment's current plan, made as
`reconciler plan` would, or with --deployment about one of its deployments.
JSON is one line for each row, CSV is safe to open in a spreadsheet.
"""
AFFECTED_EPILOG = """Examples:

  reconciler users affected staging/1.4.0 --code OAuthScopesChanged --format csv

  reconciler users affected --environment development --worktree --code WorkflowRemoved \\
    --subject workflow/hubspot-sync-contacts
"""

File = Annotated[str, typer.Argument(metavar="FILE", help="JSON lines or CSV.")]
FileFormat = Annotated[
    Format | None,
    typer.Option("--format", help="What FILE holds; by default its name tells."),
]
ListFormats = Annotated[ListFormat, typer.Option("--format", help=options.FORMAT_HELP)]
AffectedFormats = Annotated[Format, typer.Option("--format", help=options.FORMAT_HELP)]
OfIntegration = Annotated[
    str | None,
    typer.Option("--integration", metavar="I", help="Only users with a connection to it."),
]
Release = Annotated[
    str | None,
    typer.Argument(metavar="RELEASE", help="Such as staging/1.4.0, or the name of its tag."),
]
OfEnvironment = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="E",
        help="An environment instead: its current plan.",
        autocompletion=completing.environments,
    ),
]
OfDeployment = Annotated[
    str | None,
    typer.Option("--deployment", metavar="ID", help="A deployment instead, as history shows it."),
]
Code = Annotated[str, typer.Option("--code", metavar="CODE", help="The code of a message.")]
Subject = Annotated[
    str | None, typer.Option("--subject", metavar="KIND/NAME", help="Only the message about it.")
]


@app.command(name="import", help=IMPORT_HELP, epilog=IMPORT_EPILOG)
def import_(
    context: typer.Context,
    environment: options.Environment,
    file: File,
    format: FileFormat = None,
    lock_timeout: options.LockTimeout = 0,
) -> int:
    """Import users."""
    session: Session = context.obj
    keeper = session.services.users
    colour = not session.options.no_color
    with user_input.opened(file, format) as source, progress.bars(colour=colour) as shown:
        outcome = keeper.import_file(environment, source, shown, lock_timeout)
    if outcome.findings:
        _refused(session, outcome)
        return EXIT_ERROR
    session.show(f"Imported {_users(outcome.users)} into {environment}.")
    return EXIT_DONE


@app.command(name="list", help=LIST_HELP)
def list_(
    context: typer.Context,
    environment: options.Environment,
    integration: OfIntegration = None,
    format: ListFormats = ListFormat.TEXT,
) -> int:
    """List users."""
    session: Session = context.obj
    keeper = session.services.users
    records = keeper.records(environment, integration)
    if format is ListFormat.JSON:
        _stream(map(_json, records))
    elif format is ListFormat.CSV:
        _stream(_table(keeper, environment, records))
    else:
        _stream(_told(records))
    return EXIT_DONE


@app.command(help=AFFECTED_HELP, epilog=AFFECTED_EPILOG)
def affected(
    context: typer.Context,
    code: Code,
    release: Release = None,
    environment: OfEnvironment = None,
    deployment: OfDeployment = None,
    subject: Subject = None,
    ref: options.Ref = None,
    worktree: options.Worktree = False,
    format: AffectedFormats = Format.CSV,
) -> int:
    """List affected users."""
    session: Session = context.obj
    keeper = session.services.users
    _refuse_unclear(release, environment, deployment, compared=ref is not None or worktree)
    if deployment is not None:
        rows = keeper.affected_by_deployment(environment, deployment, code, subject)
    elif release is not None:
        rows = keeper.affected_by_release(keeper.release(release), code, subject)
    else:
        named = environment or ""
        chosen = session.services.workspace.choose(ref=ref, worktree=worktree, isolated=[named])
        for notice in chosen.notices:
            session.note(notice)
        rows = keeper.affected(chosen, named, code, subject)
    if format is Format.CSV:
        _stream(_affected_table(rows))
    else:
        _stream(map(_affected_json, rows))
    return EXIT_DONE


def _refuse_unclear(
    release: str | None, environment: str | None, deployment: str | None, *, compared: bool
) -> None:
    """Refuse what does not name one thing to answer for.

    Raises:
        UsageError: none or several are named, or a folder is compared that is not meant.
    """
    if release is not None and (environment is not None or deployment is not None):
        raise UsageError("Name either a RELEASE, or --environment or --deployment.")
    if release is None and environment is None and deployment is None:
        raise UsageError(
            "Name a RELEASE such as staging/1.4.0, or an environment.",
            hint="`reconciler users affected --environment development --code …`.",
        )
    if compared and (release is not None or deployment is not None):
        raise UsageError("--ref and --worktree compare an environment: name it by --environment.")


def _refused(session: Session, outcome: Imported) -> None:
    """Show what is wrong with a file."""
    session.note(render_text.findings(outcome.findings))
    if outcome.more:
        session.note(f"… and {outcome.more:,} more")
    session.note("Nothing was imported.")


# --- showing users --------------------------------------------------------------------------------


def _stream(lines: Iterable[str]) -> None:
    """Write lines as they come, some hundreds at a time."""
    remaining = iter(lines)
    while chunk := list(islice(remaining, 500)):
        sys.stdout.write("\n".join(chunk) + "\n")
    sys.stdout.flush()


def _users(count: int) -> str:
    return f"{count:,} user{'' if count == 1 else 's'}"


def _json(value: Json) -> str:
    return render_json.one_line(value)


def _table(
    keeper: UserKeeper, environment: str, records: Iterable[Mapping[str, Json]]
) -> Iterator[str]:
    known = keeper.known(environment)
    yield user_tables.row(user_tables.COLUMNS)
    for record in records:
        yield from map(user_tables.row, user_tables.rows(record, known))


def _told(records: Iterable[Mapping[str, Json]]) -> Iterator[str]:
    count = 0
    for record in records:
        count += 1
        yield shown(user_tables.told(record))
    yield f"{_users(count)}."


def _affected_table(rows: Iterable[AffectedUser]) -> Iterator[str]:
    yield user_tables.row(user_tables.COLUMNS[:3])
    for row in rows:
        yield user_tables.row((row.user, row.integration, row.workflow))


def _affected_json(row: AffectedUser) -> str:
    return _json({"user": row.user, "integration": row.integration, "workflow": row.workflow})
