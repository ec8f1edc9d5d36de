"""The store on an SQL database: deployments, journal, what was applied, sealed secrets.

It must not know what runs on a platform, nor open a secret.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.chunks import by_kind, chunks
from reconciler.adapters.sql.database import Database, SqlUnit, joined
from reconciler.adapters.sql.schema import (
    applied_state,
    deployments,
    journal,
    last_applied,
    secrets,
)
from reconciler.adapters.store import rows
from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.errors import Busy, NotFound
from reconciler.core.model import Applied, Deployment, Phase, ResourceKey, Step
from reconciler.ports import Operation, SealedSecret, Unit

_DIGESTS = select(last_applied.c.kind, last_applied.c.name, last_applied.c.digest).where(
    last_applied.c.environment == bindparam("environment")
)
_COLUMNS = tuple(column.name for column in last_applied.columns)
_FORGET = delete(last_applied).where(
    last_applied.c.environment == bindparam("at"),
    last_applied.c.kind == bindparam("of_kind"),
    last_applied.c.name == bindparam("named"),
)


class SqlStoreReader:
    """A `ports.StoreReader`; it cannot write."""

    def __init__(self, database: Database) -> None:
        """Read from this database."""
        self._database = database

    def applied(self, environment: str) -> Applied:
        """Return digests of what was last written.

        A transaction writes all or nothing, so none is unfinished.
        """
        with self._database.reading() as connection:
            found = dialect.fetch_plain(connection, _DIGESTS, {"environment": environment})
            state = select(applied_state.c.content_digest).where(
                applied_state.c.environment == environment
            )
            content_digest = connection.execute(state).scalar()
        digests = {ResourceKey(kind, name): digest for kind, name, digest in found}
        return Applied(digests=digests, content_digest=content_digest)

    def applied_contents(
        self, environment: str, keys: Iterable[ResourceKey]
    ) -> Mapping[ResourceKey, Json]:
        """Return contents of what was last written."""
        table = last_applied.c
        found: dict[ResourceKey, Json] = {}
        with self._database.reading() as connection:
            for kind, names in by_kind(keys):
                query = select(table.name, table.content).where(
                    table.environment == environment, table.kind == kind, table.name.in_(names)
                )
                for name, content in connection.execute(query):
                    found[ResourceKey(kind, name)] = json.loads(content)
        return found

    def deployments(
        self, environment: str | None = None, limit: int | None = None
    ) -> Sequence[Deployment]:
        """Return deployments with their steps, newest first."""
        query = select(deployments).order_by(deployments.c.sequence.desc()).limit(limit)
        if environment is not None:
            query = query.where(deployments.c.environment == environment)
        return self._read(query)

    def running(self, environment: str) -> Sequence[Deployment]:
        """Return deployments that did not finish."""
        return self._read(_running(environment))

    def secret(self, environment: str, name: str) -> SealedSecret | None:
        """Return a stored secret, still sealed."""
        query = select(secrets.c.sealed, secrets.c.fingerprint).where(
            secrets.c.environment == environment, secrets.c.name == name
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else SealedSecret(row.sealed, row.fingerprint)

    def secret_names(self, environment: str) -> Sequence[str]:
        """Return the names of stored secrets, sorted."""
        query = select(secrets.c.name).where(secrets.c.environment == environment)
        with self._database.reading() as connection:
            return sorted(connection.execute(query).scalars())

    def _read(self, query: Select[Any]) -> list[Deployment]:
        with self._database.reading() as connection:
            found = connection.execute(query).mappings().all()
            steps = _steps(connection, [row["id"] for row in found])
        return [rows.read_deployment(row, steps[row["id"]]) for row in found]


class SqlStore(SqlStoreReader):
    """A `ports.Store`."""

    def begin(self, deployment: Deployment) -> None:
        """Record a deployment as Running.

        Raises:
            Busy: another deployment of the environment is Running.
        """
        with self._database.writing() as unit:
            other = unit.connection.execute(_running(deployment.environment)).mappings().first()
            if other is not None:
                raise _busy(rows.read_deployment(other, ()))
            unit.connection.execute(insert(deployments), rows.deployment_row(deployment))
            for step in deployment.steps:
                _journal(unit.connection, deployment.id, step)

    def journal(self, deployment: str, step: Step) -> None:
        """Record a step, inserted or updated by name.

        Raises:
            NotFound: no such deployment.
        """
        with self._database.writing() as unit:
            _environment_of(unit.connection, deployment)
            _journal(unit.connection, deployment, step)

    @contextmanager
    def transaction(self) -> Iterator[SqlUnit]:
        """Open a write transaction; leaving without an exception commits it.

        Raises:
            StoreError: the database is locked too long, or cannot be written or committed.
        """
        with self._database.writing() as unit:
            yield unit

    def record_applied(
        self,
        unit: Unit,
        environment: str,
        operations: Sequence[Operation],
        forget: Iterable[ResourceKey],
        content_digest: str,
        deployment: str,
    ) -> None:
        """Write down what was applied, and step `apply` of the deployment as done.

        Raises:
            NotFound: no such deployment.
        """
        open_unit = joined(unit)
        connection = open_unit.connection
        _environment_of(connection, deployment)
        written = [
            _applied_row(open_unit, environment, each, deployment)
            for each in operations
            if each.content is not None
        ]
        gone = [each.key for each in operations if each.content is None]
        dialect.execute_many(connection, dialect.upsert(last_applied), _COLUMNS, written)
        keys = [(environment, *key) for key in (*gone, *forget)]
        dialect.execute_many(connection, _FORGET, ("at", "of_kind", "named"), keys)
        state = {"environment": environment, "content_digest": content_digest}
        connection.execute(dialect.upsert(applied_state), state | {"deployment": deployment})
        _mark_applied(connection, deployment)

    def finish(
        self,
        deployment: str,
        phase: Phase,
        finished_at: str,
        *,
        live: bool,
        unit: Unit | None = None,
    ) -> None:
        """End a deployment; `live` takes the mark from the one that had it.

        Raises:
            NotFound: no such deployment.
        """
        if unit is None:
            with self._database.writing() as own:
                self.finish(deployment, phase, finished_at, live=live, unit=own)
            return
        connection = joined(unit).connection
        environment = _environment_of(connection, deployment)
        table = deployments.c
        if live:
            had_it = update(deployments).where(table.environment == environment, table.live)
            connection.execute(had_it.values(live=False))
        ended = update(deployments).where(table.id == deployment)
        connection.execute(ended.values(phase=phase.value, finished_at=finished_at, live=live))

    def put_secret(self, environment: str, name: str, sealed: SealedSecret, at: str) -> None:
        """Store a sealed secret."""
        row = {
            "environment": environment,
            "name": name,
            "sealed": sealed.sealed,
            "fingerprint": sealed.fingerprint,
            "updated_at": at,
        }
        with self._database.writing() as unit:
            unit.connection.execute(dialect.upsert(secrets), row)

    def delete_secret(self, environment: str, name: str) -> bool:
        """Delete a stored secret; False when there was none."""
        if self.secret(environment, name) is None:
            return False
        gone = delete(secrets).where(secrets.c.environment == environment, secrets.c.name == name)
        with self._database.writing() as unit:
            return unit.connection.execute(gone).rowcount > 0


def _running(environment: str) -> Select[Any]:
    return select(deployments).where(
        deployments.c.environment == environment, deployments.c.phase == Phase.RUNNING.value
    )


def _busy(other: Deployment) -> Busy:
    owner = ", ".join(f"{name} {value}" for name, value in other.owner.items())
    return Busy(
        f"Deployment {other.id} works on {other.environment} since {other.started_at}"
        f" ({other.actor}{'; ' if owner else ''}{owner}).",
        hint="Wait for it to end, or run `reconciler reconcile` when its process is gone.",
    )


def _environment_of(connection: Connection, deployment: str) -> str:
    query = select(deployments.c.environment).where(deployments.c.id == deployment)
    environment: str | None = connection.execute(query).scalar()
    if environment is None:
        raise NotFound(
            f"There is no deployment {deployment}.",
            hint="`reconciler history` lists those there are.",
        )
    return environment


def _journal(connection: Connection, deployment: str, step: Step) -> None:
    last = select(func.coalesce(func.max(journal.c.position), 0))
    position = connection.execute(last.where(journal.c.deployment == deployment)).scalar_one()
    row = rows.step_row(deployment, step) | {"position": position + 1}
    connection.execute(dialect.upsert(journal, keep=("position",)), row)


def _mark_applied(connection: Connection, deployment: str) -> None:
    apply = update(journal).where(journal.c.deployment == deployment, journal.c.name == "apply")
    if not connection.execute(apply.values(state="done")).rowcount:
        _journal(connection, deployment, Step(name="apply", state="done"))


def _steps(connection: Connection, ids: Sequence[str]) -> Mapping[str, list[Step]]:
    found: defaultdict[str, list[Step]] = defaultdict(list)
    for chunk in chunks(ids):
        query = select(journal).where(journal.c.deployment.in_(chunk)).order_by(journal.c.position)
        for row in connection.execute(query):
            found[row.deployment].append(rows.read_step(row))
    return found


def _applied_row(
    unit: SqlUnit, environment: str, operation: Operation, deployment: str
) -> tuple[str, ...]:
    content = operation.content or {}
    digest = operation.digest or canonical.digest(content)
    return (environment, *operation.key, digest, unit.text(content), deployment)
