"""Shows what became of promotions, for `promote` and `reconcile`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from reconciler.cli import showing
from reconciler.cli.session import Session
from reconciler.core.canonical import Json
from reconciler.core.errors import ReconcilerError
from reconciler.core.plan import Plan
from reconciler.core.render import gates as render_gates
from reconciler.core.render import json as render_json
from reconciler.core.render import text as render_text
from reconciler.services.reconciling import Reconciled
from reconciler.services.releases.promoting.promotion import Promotion, outcome_of


def is_stopped(session: Session, environment: str) -> bool:
    """Say, also to the user, whether a signal ended the run before an environment was looked at."""
    if session.services.interruptions.noted is None:
        return False
    session.note(f"Stopped by a signal before {environment} was looked at; run this again.")
    return True


def silent(_plan: Plan) -> None:
    """Show no plan: the answer for machines has none."""


def shower(session: Session, *, as_text: bool) -> Callable[[Plan], None]:
    """Return what shows a plan before it is carried out."""
    return partial(showing.planned, session) if as_text else silent


def failed(environment: str, error: ReconcilerError) -> Promotion:
    """Return what is shown of an environment that was refused as a whole."""
    return Promotion(
        environment=environment,
        outcome=outcome_of(error),
        reason=error.text,
        exit_code=error.exit_code,
        error=error,
    )


def show(session: Session, promotions: Iterable[Promotion]) -> None:
    """Show promotions as text."""
    for promotion in promotions:
        for sentence in promotion.told:
            session.show(sentence)
        name = promotion.environment
        if promotion.version is not None and promotion.outcome != "nothing":
            name = f"{name}/{promotion.version}"
        session.show(f"{name}: {promotion.reason}.".replace("..", "."))
        if promotion.gates:
            session.show(
                render_gates.held_text(
                    session.masked(promotion.gates), promotion.earliest, session.style
                )
            )
        if promotion.error is not None:
            showing.failure(session, promotion.error)
        if promotion.applied is not None:
            session.show(render_text.applied(promotion.applied.summary))


def rows(promotions: Iterable[Promotion]) -> list[dict[str, Json]]:
    """Return promotions as the rows of the JSON answer."""
    return [
        {
            "environment": promotion.environment,
            "version": promotion.version,
            "tag": promotion.tag,
            "outcome": promotion.outcome,
            "reason": promotion.reason,
            "gates": render_gates.gate_rows(promotion.gates),
        }
        for promotion in promotions
    ]


def show_json(session: Session, promotions: Sequence[Promotion]) -> None:
    """Show promotions as JSON."""
    errors = [promotion.error for promotion in promotions if promotion.error is not None]
    session.show_json(render_json.promotions(rows(promotions), errors))


def reconciled(session: Session, result: Reconciled) -> None:
    """Show what happened to one environment."""
    for sentence in result.recovered:
        session.show(sentence)
    show(session, result.promotions)
    tail = result.beside if result.promotions else result.reason
    if tail:
        session.show(f"{result.environment}: {tail}.".replace("..", "."))
    if result.error is not None:
        showing.failure(session, result.error)
    if result.applied is not None and result.applied.deployment is not None:
        session.show(render_text.applied(result.applied.summary))


def reconciled_json(session: Session, results: Sequence[Reconciled]) -> None:
    """Show what happened to each environment, as JSON."""
    found = [row for result in results for row in _rows(result)]
    failures = [result.error for result in results if result.error is not None]
    failures += [p.error for result in results for p in result.promotions if p.error is not None]
    session.show_json(render_json.promotions(found, failures))


def _rows(result: Reconciled) -> list[dict[str, Json]]:
    if result.promotions:
        return rows(result.promotions)
    return [{"environment": result.environment, "outcome": result.outcome, "reason": result.reason}]
