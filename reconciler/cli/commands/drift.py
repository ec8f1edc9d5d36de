"""`reconciler drift`: what was changed on the platform by others. Read-only by construction."""

from __future__ import annotations

from dataclasses import replace

import typer

from reconciler.cli import options, showing
from reconciler.cli.options import PlanFormat
from reconciler.cli.session import Session

NAME = "drift"
HELP = """Show what was changed on the platform since it was last applied. Cannot write.

Tells apart: changed outside (only the platform moved), conflict (git moved too) and unfinished (a
deployment did not complete). What git alone changed is not drift; `plan` shows it.
"""
EPILOG = """Examples:

  reconciler drift

  reconciler drift --environment production --detailed-exitcode --format json
"""


def run(
    context: typer.Context,
    environment: options.Environments = None,
    ref: options.Ref = None,
    detailed_exitcode: options.Detailed = False,
    format: options.PlanFormats = PlanFormat.TEXT,
) -> int:
    """Show drift alone."""
    session: Session = context.obj
    asked = environment or []
    chosen = session.services.workspace.choose(ref=ref, isolated=asked)
    found = session.services.viewer.plans(chosen, asked)
    plans = [replace(plan, changes=(), messages=()) for plan in found]
    showing.drift(session, plans, format)
    return showing.exit_code(plans, detailed=detailed_exitcode)
