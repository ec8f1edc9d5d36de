"""`reconciler reconcile`: the scheduled job."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from reconciler.cli import failures, options, promoting, publishing, terminal
from reconciler.cli.options import TextFormat
from reconciler.cli.process import Stop
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, EXIT_ERROR, ReconcilerError, worst_exit
from reconciler.services.deploying.options import ApplyOptions
from reconciler.services.publishing import running
from reconciler.services.workspace import names

NAME = "reconcile"
HELP = """Converge every environment: finish what was interrupted, apply, heal or report drift.

This is the job to schedule. It asks the remote for the protected branch first. Editable
environments get what is merged there; release-only ones what their newest accepted release tag
says. Drift is healed where environment.yaml says `selfHeal: true`, and reported otherwise.
"""
EPILOG = """Examples:

  reconciler reconcile

  reconciler reconcile --environment development --every 60

  reconciler reconcile --environment production --publish
"""

_YEAR = 31_536_000

Every = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        min=1,
        max=_YEAR,
        help="Run again and again, this long apart, until SIGINT or SIGTERM: the agent.",
    ),
]


def run(
    context: typer.Context,
    environment: options.Environments = None,
    every: Every = None,
    allow_removals: options.AllowRemovals = False,
    lock_timeout: options.LockTimeout = 0,
    publish: publishing.Publish = False,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Converge environments, once or for ever."""
    session: Session = context.obj
    allowed = ApplyOptions(
        allow_removals=allow_removals, patience=lock_timeout, actor=session.settings.actor
    )
    if every is None:
        return _once(session, environment or [], allowed, format, publish=publish)
    stop = Stop()
    while True:
        try:
            _once(session, environment or [], allowed, format, publish=publish)
        except ReconcilerError as error:
            # The agent outlives what may be over at the next turn: a remote, a lock, a commit.
            failures.show(error, [])
        if session.services.interruptions.noted is not None or stop.wait(every):
            return EXIT_DONE
        session.renew()


def _once(
    session: Session,
    environments: list[str],
    allowed: ApplyOptions,
    format: TextFormat,
    *,
    publish: bool,
) -> int:
    services = session.services
    chosen = services.workspace.choose_from_remote(isolated=environments)
    for notice in chosen.notices:
        session.note(notice)
    as_text = format is TextFormat.TEXT
    show = promoting.shower(session, as_text=as_text)
    results, stopped = [], False
    for environment in names(chosen, environments):
        if stopped := promoting.is_stopped(session, environment.name):
            break
        with terminal.steps() as progress:
            result = services.job.reconcile(
                chosen, environment, replace(allowed, progress=progress), show
            )
        results.append(result)
        if as_text:
            promoting.reconciled(session, result)
    if not as_text:
        promoting.reconciled_json(session, results)
    if publish:
        publishing.publish_run(session, chosen, running.of_run(results), environments)
    code = worst_exit(result.exit_code for result in results)
    return code or (EXIT_ERROR if stopped else EXIT_DONE)
