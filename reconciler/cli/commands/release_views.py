"""`reconciler release list` and `release show`: the releases in git, and one of them whole."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli import options, showing
from reconciler.cli.options import TextFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, EXIT_ERROR, Invalid

LIST = "list"
LIST_HELP = """List the releases on the protected branch, newest first, the live ones marked.

Git is enough: without a store it is not known which one is live, and a dash stands there.
"""
LIST_EPILOG = """Examples:

  reconciler release list --environment staging

  reconciler release list --format json
"""
SHOW = "show"
SHOW_HELP = """Show one release: what it changes, its messages and who acknowledged them, its
approvals and its tag.

A release that is not merged yet is read from its branch.
"""
SHOW_EPILOG = """Example:

  reconciler release show staging/1.4.0
"""

Limit = Annotated[int, typer.Option(metavar="N", min=1, max=100_000, help="At most so many.")]
Release = Annotated[
    str, typer.Argument(metavar="RELEASE", help="Such as staging/1.4.0, or the name of its tag.")
]


def list_(
    context: typer.Context,
    environment: options.Environments = None,
    limit: Limit = 50,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """List releases."""
    from reconciler.core.render import releases

    session: Session = context.obj
    as_json = format is TextFormat.JSON
    found = session.services.views.lister.see(environment or (), limit, whole=as_json)
    named = environment or [row.release.environment for row in found.rows]
    for notice in (*found.notices, *session.services.holds.told(named)):
        session.note(notice)
    errors = [Invalid(found.findings)] if found.findings else []
    if as_json:
        session.show_json(releases.answer(found.rows, errors))
    else:
        session.show(releases.table(session.masked(found.rows), session.style))
        for error in errors:
            showing.failure(session, error)
    return EXIT_ERROR if errors else EXIT_DONE


def show(
    context: typer.Context,
    release: Release,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Show one release."""
    from reconciler.core.render import release_page, releases

    session: Session = context.obj
    found = session.services.views.lister.show(release)
    for notice in session.services.holds.told([found.release.environment]):
        session.note(notice)
    if format is TextFormat.JSON:
        session.show_json(releases.answer([found]))
    else:
        session.show(release_page.page(session.masked(found), session.style))
    return EXIT_DONE


def mount(app: typer.Typer) -> None:
    """Add both to the commands of `release`."""
    app.command(name=LIST, help=LIST_HELP, epilog=LIST_EPILOG)(list_)
    app.command(name=SHOW, help=SHOW_HELP, epilog=SHOW_EPILOG)(show)
