"""The store on an SQL database: one class that reads and one that writes, put together by subject.

It must not know what runs on a platform, nor open a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Select, delete, select

from reconciler.adapters.sql import dialect, schema
from reconciler.adapters.sql.database import SqlUnit, joined
from reconciler.adapters.sql.schema import secrets
from reconciler.adapters.store import affected, applied, deployments
from reconciler.adapters.store.adoptions import SqlAdoptionReader, SqlAdoptionWriter
from reconciler.adapters.store.releases import SqlReleaseReader, SqlReleaseWriter
from reconciler.core.canonical import Json
from reconciler.core.model import Applied, Deployment, Phase, ResourceKey, Step
from reconciler.ports import AffectedUser, Concerned, Operation, SealedSecret, Unit

_DEPLOYMENTS = schema.deployments.c


class SqlStoreReader(SqlReleaseReader, SqlAdoptionReader):
    """A `ports.StoreReader`; it cannot write."""

    def applied(self, environment: str) -> Applied:
        """Return digests of what was last written; none is unfinished."""
        with self._database.reading() as connection:
            return applied.read(connection, environment)

    def applied_contents(
        self, environment: str, keys: Iterable[ResourceKey]
    ) -> Mapping[ResourceKey, Json]:
        """Return contents of what was last written."""
        with self._database.reading() as connection:
            return applied.read_contents(connection, environment, keys)

    def deployments(
        self, environment: str | None = None, limit: int | None = None
    ) -> Sequence[Deployment]:
        """Return deployments with their steps, newest first."""
        query = select(schema.deployments).order_by(_DEPLOYMENTS.sequence.desc()).limit(limit)
        if environment is not None:
            query = query.where(_DEPLOYMENTS.environment == environment)
        return self._read(query)

    def running(self, environment: str) -> Sequence[Deployment]:
        """Return deployments that did not finish."""
        return self._read(deployments.running(environment))

    def live(self, environment: str) -> Deployment | None:
        """Return the deployment that bears the Live mark."""
        marked = (_DEPLOYMENTS.environment == environment, _DEPLOYMENTS.live)
        return next(iter(self._read(select(schema.deployments).where(*marked))), None)

    def affected(
        self, deployment: str, code: str | None = None, subject: ResourceKey | None = None
    ) -> Iterator[Concerned]:
        """Stream the affected users stored for a deployment, ordered by user, with flat memory.

        Each page is a transaction of its own, so a slow reader holds up no writer.
        """
        return affected.read(self._database, deployment, code, subject)

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
            return deployments.read(connection, query)


class SqlStore(SqlStoreReader, SqlReleaseWriter, SqlAdoptionWriter):
    """A `ports.Store`."""

    def begin(self, deployment: Deployment) -> None:
        """Record a deployment as Running.

        Raises:
            Busy: another deployment of the environment is Running.
        """
        with self._database.writing() as unit:
            deployments.write(unit.connection, deployment)
            for step in deployment.steps:
                deployments.write_step(unit.connection, deployment.id, step)

    def journal(self, deployment: str, step: Step) -> None:
        """Record a step, inserted or updated by name.

        Raises:
            NotFound: no such deployment.
        """
        with self._database.writing() as unit:
            deployments.environment_of(unit.connection, deployment)
            deployments.write_step(unit.connection, deployment, step)

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
        deployments.environment_of(connection, deployment)
        applied.write(open_unit, environment, operations, deployment)
        applied.forget(connection, environment, forget)
        applied.write_state(connection, environment, content_digest, deployment)
        deployments.mark_applied(connection, deployment)

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
        deployments.end(joined(unit).connection, deployment, phase, finished_at, live=live)

    def record_live(
        self, deployment: Deployment, operations: Sequence[Operation], content_digest: str
    ) -> None:
        """Record that a release runs which this store did not deploy, in one transaction.

        Raises:
            Busy: a deployment of the environment is Running.
        """
        environment = deployment.environment
        at = deployment.finished_at or deployment.started_at
        with self._database.writing() as unit:
            connection = unit.connection
            deployments.write(connection, deployment)
            applied.forget_all(connection, environment)
            applied.write(unit, environment, operations, deployment.id)
            applied.write_state(connection, environment, content_digest, deployment.id)
            deployments.end(connection, deployment.id, Phase.SUCCEEDED, at, live=True)

    def record_affected(
        self, deployment: str, code: str, subject: ResourceKey, rows: Iterable[AffectedUser]
    ) -> int:
        """Store whom a message concerns, some thousand in a transaction; return how many.

        Raises:
            NotFound: no such deployment.
        """
        return affected.write(self._database, deployment, code, subject, rows)

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
