"""`reconciler report`: delivery figures and how much was released out of cycle."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.commands.changelog import Format, LogFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, UsageError

NAME = "report"
HELP = """Show delivery figures of each release-only environment, and open hotfix debt.

Releases count when they first went live. Out of cycle are hotfixes, warmfixes and rollbacks, as a
share of all releases but adoptions.

Lead time is from the author date of each commit that a release brought to the end of the deployment
that first made it live: the median, and what 90% of them do not exceed.

Failed is each deployment of a release that ended Failed, Errored or Restored, as a share of all
that ended.

Time to restore is how long outages lasted. An outage begins when a deployment fails, and where a
hotfix or rollback follows a good deployment, when that one had ended; it ends with the next
deployment that succeeds.

Where the store has no record of an environment, releases are counted from git, when each was
written, and there are no times.
"""
EPILOG = """Examples:

  reconciler report --since 2026-01-01 --until 2026-03-31

  reconciler report --environment production --format json
"""

Since = Annotated[
    str | None, typer.Option(metavar="DATE", help="The first day that counts, YYYY-MM-DD.")
]
Until = Annotated[
    str | None, typer.Option(metavar="DATE", help="The last day that counts, YYYY-MM-DD.")
]


def run(
    context: typer.Context,
    environment: options.Environments = None,
    since: Since = None,
    until: Until = None,
    format: Format = LogFormat.TEXT,
) -> int:
    """Show delivery figures."""
    from reconciler.core.render import report as rendering

    session: Session = context.obj
    found = session.services.views.reports.see(
        environment or (), _day("--since", since), _day("--until", until)
    )
    for notice in found.notices:
        session.note(notice)
    if format is LogFormat.JSON:
        session.show_json(rendering.answer(found.report))
    elif format is LogFormat.MARKDOWN:
        session.show(rendering.markdown(session.masked(found.report)))
    else:
        session.show(rendering.text(session.masked(found.report), session.style))
    return EXIT_DONE


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        # Not `fromisoformat`, which also takes weeks and days without dashes.
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise UsageError(
            f"{option} {text[:40]!r} is no day.", hint="Write it as YYYY-MM-DD, like 2026-01-31."
        ) from error
