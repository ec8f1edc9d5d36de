"""`reconciler promote`: applies pending release tags."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from reconciler.cli import options, promoting, publishing, releasing, terminal
from reconciler.cli.options import TextFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, EXIT_ERROR, ReconcilerError, worst_exit
from reconciler.core.model import Environment
from reconciler.core.releases.model import ReleaseName
from reconciler.services.deploying.options import ApplyOptions
from reconciler.services.publishing import running
from reconciler.services.releases.promoting.promotion import Promotion, Request
from reconciler.services.releases.reading.grounds import Grounds

NAME = "promote"
HELP = """Promote release tags: the pending ones in version order, each when its gates are open.

Asks the remote for the protected branch and the tags first. With RELEASE (ENVIRONMENT/VERSION)
only that one. Exits with 3 while anything holds it, and says what, until when and who must act; the
tag is kept, and a later `promote` or `reconcile` goes on with it. The same tag again finds nothing
to do.
"""
EPILOG = """Examples:

  reconciler promote

  reconciler promote production/1.4.0

  reconciler promote staging/1.4.0 --retry
"""

Retry = Annotated[bool, typer.Option("--retry", help="Try a version again that failed before.")]


def run(
    context: typer.Context,
    release: Annotated[
        str | None,
        typer.Argument(metavar="RELEASE", help="ENVIRONMENT/VERSION; default: all pending."),
    ] = None,
    retry: Retry = False,
    lock_timeout: options.LockTimeout = 0,
    publish: publishing.Publish = False,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Promote releases."""
    session: Session = context.obj
    grounds = releasing.grounds(session)
    only = None if release is None else grounds.named(release)
    as_text = format is TextFormat.TEXT
    request = Request(
        options=ApplyOptions(patience=lock_timeout, actor=session.settings.actor),
        show=promoting.shower(session, as_text=as_text),
        only=only,
        retry=retry,
    )
    found: list[Promotion] = []
    stopped = False
    for environment in _environments(session, grounds, only):
        if stopped := promoting.is_stopped(session, environment.name):
            break
        results = _promoted(session, grounds, environment, request)
        found.extend(results)
        if as_text:
            promoting.show(session, results)
    if not as_text:
        promoting.show_json(session, found)
    if publish:
        served = [] if only is None else [only.environment]
        publishing.publish_run(session, grounds.chosen, running.of_promotions(found), served)
    code = worst_exit(promotion.exit_code for promotion in found)
    return code or (EXIT_ERROR if stopped else EXIT_DONE)


def _environments(
    session: Session, grounds: Grounds, only: ReleaseName | None
) -> tuple[Environment, ...]:
    if only is None:
        return grounds.release_only_environments()
    session.services.releases.finder.refuse_untagged(grounds, only)
    return (grounds.release_only(only.environment),)


def _promoted(
    session: Session, grounds: Grounds, environment: Environment, request: Request
) -> tuple[Promotion, ...]:
    """Promote one environment; what refuses it as a whole does not stop the others."""
    try:
        grounds.chosen.repository.refuse_broken(environment.name)
        with terminal.steps() as progress:
            options = replace(request.options, progress=progress)
            done = session.services.releases.converger.promote(
                grounds, environment, replace(request, options=options)
            )
    except ReconcilerError as error:
        return (promoting.failed(environment.name, error),)
    for sentence in done.recovered:
        session.note(sentence)
    return done.promotions
