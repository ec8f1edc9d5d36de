"""`reconciler release propose`: what the schedule runs on a release day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import opening, options, releasing
from reconciler.cli.opening import NOT_ASKED, Open, Opened, Share
from reconciler.cli.releasing import PreviewFormat
from reconciler.cli.session import Session
from reconciler.core.errors import Invalid, worst_exit
from reconciler.core.render import proposals
from reconciler.core.render import text as render_text
from reconciler.core.render.escape import prose
from reconciler.core.render.foreign import shown
from reconciler.core.render.json import FORMAT_VERSION, Answer, errors
from reconciler.core.render.style import BOLD

if TYPE_CHECKING:
    from reconciler.services.publishing.opening import Opener
    from reconciler.services.releases.proposing.proposal import Proposal
    from reconciler.services.releases.reading.grounds import Grounds

    Row = tuple[Proposal, Opened]

NAME = "propose"
HELP = """Propose the releases of a release day, each on its branch: production first (what is live
in staging, when production differs), then staging (when something was merged since).

On other days it says when the next release day is. A hotfix or warmfix that went live in the same
week takes the planned release's place. The same command again changes nothing.
"""
EPILOG = """Examples:

  reconciler release propose --open

  reconciler release propose --environment staging --any-day --format markdown
"""

AnyDay = Annotated[
    bool, typer.Option("--any-day", help="Also on a day that is no release day; on no holiday.")
]
Push = Annotated[bool, typer.Option("--push", help="Send the branches to the remote.")]


def mount(app: typer.Typer) -> None:
    """Add it to the commands of `release`."""
    app.command(name=NAME, help=HELP, epilog=EPILOG)(run)


def run(
    context: typer.Context,
    environment: options.Environments = None,
    any_day: AnyDay = False,
    push: Push = False,
    open: Open = False,
    format: releasing.PreviewFormats = PreviewFormat.TEXT,
) -> int:
    """Propose releases."""
    session: Session = context.obj
    found = releasing.grounds(session)
    services = session.services
    at = datetime.fromisoformat(services.clock.now())
    share = Share.of(push=push, open=open)
    opener = opening.opener(session, share)
    many = services.releases.proposer.propose(
        found, at, environments=environment or None, any_day=any_day
    )
    if opener is not None:
        many = tuple(opener.still(found, each) for each in many)
    if share is not Share.STAYS:
        _push(session, many)
    rows = [(each, _opened(session, opener, found, each)) for each in many]
    if format is PreviewFormat.JSON:
        session.show_json(_answer(rows))
        return _worst(rows)
    if format is PreviewFormat.MARKDOWN:
        session.show("\n\n".join(_markdown(session.masked(each)) for each in many))
    else:
        _show(session, rows, is_shared=share is not Share.STAYS)
    _tell(session, rows)
    return _worst(rows)


def _worst(rows: Sequence[Row]) -> int:
    return worst_exit(code for row in rows for code in (row[0].exit_code, row[1].exit_code))


def _opened(session: Session, opener: Opener | None, found: Grounds, each: Proposal) -> Opened:
    """Open the pull request of what was just pushed."""
    wanted = None if opener is None else opener.of_proposal(each)
    if opener is None or wanted is None:
        return NOT_ASKED
    return opening.opened(session, opener, found, wanted)


def _tell(session: Session, rows: Sequence[Row]) -> None:
    """Say beside the answer which pull requests could not be opened."""
    for _, opened in rows:
        if opened.error is not None:
            session.note(f"Error: {opened.error.text}")
            session.note(f"Next: {opened.error.hint}")


def _push(session: Session, many: Sequence[Proposal]) -> None:
    """Send what the remote does not have yet."""
    refs = [
        f"refs/heads/{each.prepared.branch}"
        for each in many
        if each.prepared is not None and not each.shared
    ]
    if refs:
        session.services.releases.writer.push(refs, force=True)


def _show(session: Session, rows: Sequence[Row], *, is_shared: bool) -> None:
    style = session.style
    for each, opened in rows:
        head = style.paint(f"{each.environment}: {each.outcome.value}", BOLD)
        session.show(f"{head}: {shown(each.reason)}")
        if isinstance(each.error, Invalid):
            session.show(render_text.findings(each.error.findings))
        if each.page is None or each.prepared is None:
            continue
        session.show(proposals.text(session.masked(each.page), style))
        branch, commit = each.prepared.branch, each.prepared.commit
        session.show(f"  Branch: {branch} ({commit[:12]})")
        for notice in () if each.draft is None else each.draft.notices:
            session.note(notice)
        shared = is_shared or each.shared
        steps = [] if shared else [f"git push --force-with-lease origin refs/heads/{branch}"]
        name = each.page.release.name
        steps += [opening.merging(opened), f"reconciler release tag {name} --push"]
        session.show(f"  Next: {'; then '.join(steps)}.")


def _markdown(each: Proposal) -> str:
    if each.body is not None:
        return each.body
    return f"**{prose(each.environment)}**: {each.outcome.value}: {prose(each.reason)}"


def _answer(rows: Sequence[Row]) -> Answer:
    answer: Answer = {"formatVersion": FORMAT_VERSION, "proposals": [_row(*row) for row in rows]}
    if failed := errors(each.error for row in rows for each in row if each.error is not None):
        answer["errors"] = failed
    return answer


def _row(each: Proposal, opened: Opened) -> Answer:
    page, prepared = each.page, each.prepared
    verdict = None if page is None else page.preview.verdict
    earliest = None if verdict is None else verdict.earliest
    return {
        "environment": each.environment,
        "version": each.version,
        "outcome": each.outcome.value,
        "reason": each.reason,
        "branch": None if prepared is None else prepared.branch,
        "commit": None if prepared is None else prepared.commit,
        "pullRequest": opened.url,
        "releaseManager": None if page is None else page.manager,
        "earliest": None if earliest is None else earliest.isoformat(),
        "summary": None if page is None else page.plan.summary,
        "body": each.body,
    }
