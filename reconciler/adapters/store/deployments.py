"""Deployments and their journal: statements on an open connection.

It must not know when a transaction begins or ends.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.chunks import chunks
from reconciler.adapters.sql.schema import deployments, journal, maintenance
from reconciler.adapters.store import rows
from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.errors import Busy, NotFound
from reconciler.core.model import Deployment, Phase, Step


def running(environment: str) -> Select[Any]:
    """Return the select of deployments that did not finish."""
    return select(deployments).where(
        deployments.c.environment == environment, deployments.c.phase == Phase.RUNNING.value
    )


def read(connection: Connection, query: Select[Any]) -> list[Deployment]:
    """Return the deployments that a query finds, with their steps."""
    found = connection.execute(query).mappings().all()
    steps = _steps(connection, [row["id"] for row in found])
    return [rows.read_deployment(row, steps[row["id"]]) for row in found]


def write(connection: Connection, deployment: Deployment) -> None:
    """Insert a deployment as Running, without its steps.

    Raises:
        Busy: another deployment of the environment is Running.
    """
    other = connection.execute(running(deployment.environment)).mappings().first()
    if other is not None:
        raise _busy(rows.read_deployment(other, ()))
    connection.execute(insert(deployments), rows.deployment_row(deployment))


def begin_maintenance(connection: Connection, deployment: Deployment) -> None:
    """Record that an environment is in maintenance while a deployment runs."""
    row = {
        "environment": deployment.environment,
        "deployment": deployment.id,
        "since": deployment.started_at,
        "reason": " ".join(filter(None, (deployment.type, deployment.version))),
    }
    connection.execute(dialect.upsert(maintenance), row)


def mark_live(connection: Connection, deployment: str) -> None:
    """Give a deployment the Live mark, taken from the one that had it.

    Raises:
        NotFound: no such deployment.
    """
    environment, table = environment_of(connection, deployment), deployments.c
    had_it = update(deployments).where(table.environment == environment, table.live)
    connection.execute(had_it.values(live=False))
    change(connection, deployment, live=True)


def end(
    connection: Connection,
    deployment: str,
    phase: Phase,
    finished_at: str,
    messages: Sequence[Mapping[str, Json]] = (),
) -> None:
    """End a deployment; messages are added to those that it has.

    Raises:
        NotFound: no such deployment.
    """
    if messages:
        query = select(deployments.c.messages).where(deployments.c.id == deployment)
        had = json.loads(connection.execute(query).scalar() or "[]")
        change(connection, deployment, messages=canonical.dumps([*had, *map(dict, messages)]))
    change(connection, deployment, phase=phase.value, finished_at=finished_at)


def change(connection: Connection, deployment: str, **values: object) -> None:
    """Change columns of a deployment.

    Raises:
        NotFound: no such deployment.
    """
    changed = update(deployments).where(deployments.c.id == deployment).values(**values)
    if not connection.execute(changed).rowcount:
        environment_of(connection, deployment)


def environment_of(connection: Connection, deployment: str) -> str:
    """Return the environment of a deployment.

    Raises:
        NotFound: no such deployment.
    """
    query = select(deployments.c.environment).where(deployments.c.id == deployment)
    environment: str | None = connection.execute(query).scalar()
    if environment is None:
        raise NotFound(
            f"There is no deployment {deployment}.",
            hint="`reconciler history` lists those there are.",
        )
    return environment


def write_step(connection: Connection, deployment: str, step: Step) -> None:
    """Insert a step behind the others, or update it by name."""
    last = select(func.coalesce(func.max(journal.c.position), 0))
    position = connection.execute(last.where(journal.c.deployment == deployment)).scalar_one()
    row = rows.step_row(deployment, step) | {"position": position + 1}
    connection.execute(dialect.upsert(journal, keep=("position",)), row)


def _busy(other: Deployment) -> Busy:
    owner = ", ".join(f"{name} {value}" for name, value in other.owner.items())
    return Busy(
        f"Deployment {other.id} works on {other.environment} since {other.started_at}"
        f" ({other.actor}{'; ' if owner else ''}{owner}).",
        hint="Wait for it to end, or run `reconciler reconcile` when its process is gone.",
    )


def _steps(connection: Connection, ids: Sequence[str]) -> Mapping[str, list[Step]]:
    found: defaultdict[str, list[Step]] = defaultdict(list)
    for chunk in chunks(ids):
        query = select(journal).where(journal.c.deployment.in_(chunk)).order_by(journal.c.position)
        for row in connection.execute(query):
            found[row.deployment].append(rows.read_step(row))
    return found
