"""`reconciler apply`: deploys an editable environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import options, showing, terminal
from reconciler.cli.options import PlanFormat, TextFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, EXIT_ERROR, ReconcilerError

NAME = "apply"
HELP = """Deploy an editable environment: make its platform run what git says.

Shows the plan and asks; only the full word `yes` applies. What was changed on the platform by
others is overwritten, what was not made by reconciler is never touched. Release-only environments
change through releases alone.
"""
EPILOG = """Examples:

  reconciler apply --environment development

  reconciler apply -e development --worktree --auto-approve

  reconciler plan -e development --out plan.json && reconciler apply -e development --plan plan.json
"""

PlanFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Apply only if the plan is still this one."),
]


def run(
    context: typer.Context,
    environment: options.Environment,
    worktree: options.Worktree = False,
    plan: PlanFile = None,
    auto_approve: options.AutoApprove = False,
    allow_removals: options.AllowRemovals = False,
    allow_empty: options.AllowEmpty = False,
    lock_timeout: options.LockTimeout = 0,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Deploy an editable environment."""
    session: Session = context.obj
    reviewed = None if plan is None else showing.read_plan(plan, environment)
    deployer = session.services.deployer
    attempt = deployer.prepare(
        environment, worktree=worktree, allow_empty=allow_empty, patience=lock_timeout
    )
    as_text = format is TextFormat.TEXT
    for sentence in (*attempt.chosen.notices, *attempt.recovered):
        session.note(sentence)
    if as_text:
        showing.plans(session, [attempt.plan], PlanFormat.TEXT)
    try:
        if attempt.needs_a_word and not auto_approve and not terminal.confirmed(environment):
            return EXIT_ERROR
        with terminal.steps() as progress:
            applied = deployer.apply(
                attempt, reviewed=reviewed, allow_removals=allow_removals, progress=progress
            )
    except ReconcilerError as error:
        if as_text:
            raise
        return showing.refused(session, attempt, error)
    showing.applied(session, attempt, applied, as_json=not as_text)
    return EXIT_DONE
