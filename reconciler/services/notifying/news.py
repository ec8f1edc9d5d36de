"""What a notice tells of a deployment."""

from __future__ import annotations

from reconciler.core.errors import ReconcilerError
from reconciler.core.model import Deployment
from reconciler.core.notices import News, Said


def of_deployment(
    deployment: Deployment, error: ReconcilerError | None = None, *, at: str | None = None
) -> News:
    """Return what is told of a deployment; `error` is how it failed, `at` when it ended."""
    failed = next((step.name for step in deployment.steps if step.state == "failed"), None)
    return News(
        environment=deployment.environment,
        version=deployment.version,
        commit=deployment.commit,
        description=deployment.description,
        actor=deployment.actor,
        deployment=deployment.id,
        started_at=deployment.started_at,
        finished_at=deployment.finished_at or at,
        changed=deployment.summary,
        messages=tuple(
            Said(str(each.get("severity")), str(each.get("text")), each.get("affectedUsers"))
            for each in deployment.messages
        ),
        step=failed,
        reason=None if error is None else error.text,
        next_step=None if error is None else error.hint,
    )
