"""`reconciler gates`: when a release could ship, and who must act."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.options import TextFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE
from reconciler.core.gates import moments
from reconciler.core.render import gates as render_gates

NAME = "gates"
HELP = """Explain every gate of a release, now or at another time, and find its earliest moment.

A gate is a condition on a promotion: passed, waiting, blocked, skipped or unknown, each with its
reason and who must act. RELEASE is written ENVIRONMENT/VERSION; one that is not tagged or not
merged yet is explained too. Nothing is promoted.

--at moves what depends on time (release day, window, holiday, freeze, soak, holds); all else is as
it is now.
"""
EPILOG = """Examples:

  reconciler gates staging/1.4.0

  reconciler gates production/1.4.0 --at 2026-12-01T10:00:00+01:00
"""


def moment(text: str | datetime) -> datetime:
    """Read a moment as RFC 3339."""
    if isinstance(text, datetime):
        return text
    wanted = f"{text!r} is no moment; write it as RFC 3339, like 2026-12-01T10:00:00+01:00"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(wanted) from None
    if found.tzinfo is None:
        raise typer.BadParameter(wanted)
    if not moments.reachable(found):
        raise typer.BadParameter(f"{text!r} is not between the years 1970 and 2199")
    return found


At = Annotated[
    datetime | None,
    typer.Option(parser=moment, metavar="TIME", help="Explain this moment (RFC 3339), not now."),
]


def run(
    context: typer.Context,
    release: Annotated[
        str,
        typer.Argument(metavar="RELEASE", help="ENVIRONMENT/VERSION, or the release's tag."),
    ],
    at: At = None,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Explain the gates of a release."""
    session: Session = context.obj
    services = session.services
    grounds = services.releases.remote_grounds()
    for notice in grounds.chosen.notices:
        session.note(notice)
    judged, standing = services.releases.finder.gates(grounds, grounds.named(release), at)
    for notice in judged.notices:
        session.note(notice)
    if format is TextFormat.JSON:
        session.show_json(render_gates.gates_json(judged.verdict, judged.facts))
    else:
        session.show(f"{judged.release.name} ({judged.release.type.value})\n")
        live, verdict = standing.live, session.masked(judged.verdict)
        is_live = live is not None and live.from_store and live.version == judged.release.version
        since = live.since if live is not None and is_live else None
        session.show(render_gates.gates_text(verdict, session.style, since))
    return EXIT_DONE
