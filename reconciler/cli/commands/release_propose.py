"""`reconciler release propose`: what the schedule runs on a release day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options, releasing
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
    from reconciler.services.releases.proposing.proposal import Proposal

NAME = "propose"
HELP = """Propose the releases of a release day, each on its branch: production first (what is live
in staging, when production differs), then staging (when something was merged since).

On other days it says when the next release day is. A hotfix or warmfix that went live in the same
week takes the planned release's place. The same command again changes nothing.
"""
EPILOG = """Examples:

  reconciler release propose --push

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
    format: releasing.PreviewFormats = PreviewFormat.TEXT,
) -> int:
    """Propose releases."""
    session: Session = context.obj
    found = releasing.grounds(session)
    services = session.services
    at = datetime.fromisoformat(services.clock.now())
    many = services.releases.proposer.propose(
        found, at, environments=environment or None, any_day=any_day
    )
    if push:
        _push(session, many)
    if format is PreviewFormat.JSON:
        session.show_json(_answer(many))
    elif format is PreviewFormat.MARKDOWN:
        session.show("\n\n".join(_markdown(each) for each in many))
    else:
        _show(session, many, push=push)
    return worst_exit(each.exit_code for each in many)


def _push(session: Session, many: Sequence[Proposal]) -> None:
    """Send what the remote does not have yet."""
    refs = [
        f"refs/heads/{each.prepared.branch}"
        for each in many
        if each.prepared is not None and not each.shared
    ]
    if refs:
        session.services.releases.writer.push(refs, force=True)


def _show(session: Session, many: Sequence[Proposal], *, push: bool) -> None:
    style = session.style
    for each in many:
        head = style.paint(f"{each.environment}: {each.outcome.value}", BOLD)
        session.show(f"{head}: {shown(each.reason)}")
        if isinstance(each.error, Invalid):
            session.show(render_text.findings(each.error.findings))
        if each.page is None or each.prepared is None:
            continue
        session.show(proposals.text(each.page, style))
        branch, commit = each.prepared.branch, each.prepared.commit
        session.show(f"  Branch: {branch} ({commit[:12]})")
        for notice in () if each.draft is None else each.draft.notices:
            session.note(notice)
        shared = push or each.shared
        steps = [] if shared else [f"git push --force-with-lease origin refs/heads/{branch}"]
        name = each.page.release.name
        steps += ["merge its pull request", f"reconciler release tag {name} --push"]
        session.show(f"  Next: {'; then '.join(steps)}.")


def _markdown(each: Proposal) -> str:
    if each.body is not None:
        return each.body
    return f"**{prose(each.environment)}**: {each.outcome.value}: {prose(each.reason)}"


def _answer(many: Sequence[Proposal]) -> Answer:
    answer: Answer = {"formatVersion": FORMAT_VERSION, "proposals": [_row(each) for each in many]}
    if failed := errors(each.error for each in many if each.error is not None):
        answer["errors"] = failed
    return answer


def _row(each: Proposal) -> Answer:
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
        "releaseManager": None if page is None else page.manager,
        "earliest": None if earliest is None else earliest.isoformat(),
        "summary": None if page is None else page.plan.summary,
        "body": each.body,
    }
