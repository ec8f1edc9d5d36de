"""Shows answers in the format that was asked for; the rendering itself is pure, in the core."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler import __version__, telemetry
from reconciler.cli.options import PlanFormat
from reconciler.cli.session import Session
from reconciler.core.errors import (
    EXIT_CHANGES,
    EXIT_DONE,
    EXIT_ERROR,
    NotFound,
    ReconcilerError,
    UsageError,
)
from reconciler.core.messages import registry
from reconciler.core.plan import Plan
from reconciler.core.render import github, markdown, sarif
from reconciler.core.render import json as render_json
from reconciler.core.render import text as render_text
from reconciler.services.deploying.manual import Attempt
from reconciler.services.deploying.options import Applied
from reconciler.services.viewing import Report


def plans(session: Session, many: Sequence[Plan], format: PlanFormat) -> None:
    """Show plans."""
    many = session.masked(tuple(many))
    if format is PlanFormat.TEXT:
        session.show(render_text.plans(many, session.style))
    elif format is PlanFormat.MARKDOWN:
        session.show(markdown.plans(many))
    else:
        _for_machines(session, many, format)


def _for_machines(session: Session, many: Sequence[Plan], format: PlanFormat) -> None:
    findings = [finding for plan in many for finding in plan.findings]
    messages = [message for plan in many for message in plan.messages]
    if format is PlanFormat.GITHUB:
        session.show_commands(github.annotate(findings, messages))
    elif format is PlanFormat.SARIF:
        session.show_json(sarif.report(findings, messages, version=__version__, rules=_rules()))
    else:
        session.show_json(render_json.plans(many))


def _rules() -> dict[str, str]:
    return {entry.code: entry.summary for entry in registry.CATALOGUE}


def drift(session: Session, many: Sequence[Plan], format: PlanFormat) -> None:
    """Show what was changed outside."""
    if format is PlanFormat.TEXT:
        session.show(render_text.drift(session.masked(tuple(many)), session.style))
    else:
        plans(session, many, format)


def findings(session: Session, report: Report, format: PlanFormat) -> None:
    """Show findings, or how much was found in order."""
    found = session.masked(report.findings)
    if format is PlanFormat.JSON:
        session.show_json(render_json.findings(found))
    elif format is PlanFormat.GITHUB:
        session.show_commands(github.annotate(found))
    elif format is PlanFormat.SARIF:
        session.show_json(sarif.report(found, (), version=__version__, rules=_rules()))
    elif found:
        session.show(render_text.findings(found))
    else:
        session.show(f"Valid: {report.resources} resources in {report.environments} environments.")


def exit_code(many: Sequence[Plan], *, detailed: bool) -> int:
    """Return the exit code of planning."""
    if any(plan.errored for plan in many):
        return EXIT_ERROR
    if detailed and any(plan.has_differences for plan in many):
        return EXIT_CHANGES
    return EXIT_DONE


def write_plan(path: Path, many: Sequence[Plan]) -> None:
    """Write plans to a file for `apply --plan`."""
    try:
        answer = telemetry.redactor().value(render_json.plans(many))
        path.write_text(render_json.dumps(answer) + "\n", encoding="utf-8")
    except OSError as error:
        raise ReconcilerError(f"The plan cannot be written to {path}: {error.strerror}.") from error


def read_plan(path: Path, environment: str) -> Mapping[str, Any]:
    """Return the plan of one environment from a file that `plan --out` wrote."""
    from reconciler.bootstrap import starting

    foreign = f"{path} is not a plan; it was not written by `reconciler plan --out`."
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if not starting.is_plan(data):
            raise UsageError(foreign)
    except FileNotFoundError as error:
        raise NotFound(f"There is no plan file {path}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(foreign) from error
    found = [plan for plan in data["plans"] if plan["environment"] == environment]
    if not found:
        raise UsageError(f"{path} holds no plan of {environment}.")
    plan: Mapping[str, Any] = found[0]
    return plan


def refused(session: Session, attempt: Attempt, error: ReconcilerError) -> int:
    """Show, as JSON, a plan that was not applied and why; return the exit code."""
    session.show_json(render_json.plans([attempt.plan], [error]))
    return error.exit_code


def applied(session: Session, attempt: Attempt, result: Applied, *, as_json: bool) -> None:
    """Show what an apply wrote."""
    if as_json:
        answer = dict(render_json.plans([attempt.plan]))
        answer["applied"] = dict(result.summary)
        answer["deployment"] = result.deployment
        session.show_json(answer)
        return
    if result.lifted:
        session.show("The hold that restoring a backup had placed is over.")
    if result.healed:
        session.show(f"Healed: {result.healed} changed outside.")
    for name in result.secrets:
        session.show(f"Secret {name} changed.")
    session.show(render_text.applied(result.summary))


def planned(session: Session, plan: Plan) -> None:
    """Show a plan before it is carried out, when there is something to say."""
    if plan.has_differences or plan.messages:
        session.show(render_text.plan(session.masked(plan), session.style) + "\n")


def failure(session: Session, error: ReconcilerError) -> None:
    """Show why an environment was left alone."""
    found = session.masked(tuple(getattr(error, "findings", ())))
    if found:
        session.show(render_text.findings(found))
    if error.hint:
        session.show(f"Next: {error.hint}")
