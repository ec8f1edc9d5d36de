"""Deployments and steps as rows and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, RowMapping

from reconciler.core import canonical
from reconciler.core.model import Deployment, Phase, Step

_AS_THEY_ARE = (
    "id",
    "environment",
    "type",
    "actor",
    "started_at",
    "finished_at",
    "version",
    "tag",
    "description",
    "plan_digest",
    "content_digest",
    "backup",
    "attempt",
)


def deployment_row(deployment: Deployment) -> dict[str, Any]:
    """Return the row of a deployment that begins: Running, not live."""
    row = {name: getattr(deployment, name) for name in _AS_THEY_ARE}
    return row | {
        "phase": Phase.RUNNING.value,
        "commit_id": deployment.commit,
        "live": False,
        "summary": canonical.dumps(dict(deployment.summary)),
        "messages": canonical.dumps([dict(message) for message in deployment.messages]),
        "owner": canonical.dumps(dict(deployment.owner)),
    }


def read_deployment(found: RowMapping, steps: Iterable[Step]) -> Deployment:
    """Return the deployment of a row."""
    return Deployment(
        **{name: found[name] for name in _AS_THEY_ARE},
        phase=Phase(found["phase"]),
        commit=found["commit_id"],
        live=found["live"],
        summary=json.loads(found["summary"]),
        messages=tuple(json.loads(found["messages"])),
        owner=json.loads(found["owner"]),
        steps=tuple(steps),
    )


def step_row(deployment: str, step: Step) -> dict[str, Any]:
    """Return the row of a step, without its position."""
    return {
        "deployment": deployment,
        "name": step.name,
        "state": step.state,
        "started_at": step.started_at,
        "finished_at": step.finished_at,
        "reason": step.reason,
        "log": canonical.dumps(list(step.log)),
    }


def read_step(row: Row[Any]) -> Step:
    """Return the step of a row."""
    return Step(
        name=row.name,
        state=row.state,
        started_at=row.started_at,
        finished_at=row.finished_at,
        reason=row.reason,
        log=tuple(json.loads(row.log)),
    )
