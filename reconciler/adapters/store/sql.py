"""The store on an SQL database: one class that reads and one that writes, put together by subject.

It must not know what runs on a platform, nor open a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Select, delete, select

from reconciler.adapters.sql import dialect, schema
from reconciler.adapters.sql.database import Database, SqlUnit, joined
from reconciler.adapters.sql.schema import secrets
from reconciler.adapters.store import affected, applied, deployments, leases
from reconciler.adapters.store.adoptions import SqlAdoptionReader, SqlAdoptionWriter
from reconciler.adapters.store.backups import SqlBackupReader, SqlBackupWriter
from reconciler.adapters.store.coordination import SqlCoordination, SqlCoordinationReader
from reconciler.adapters.store.forge import SqlForgeReader, SqlForgeWriter
from reconciler.adapters.store.notices import SqlNoticeReader, SqlNoticeWriter
from reconciler.adapters.store.releases import SqlReleaseReader, SqlReleaseWriter
from reconciler.core.canonical import Json
from reconciler.core.locks import Lock
from reconciler.core.model import Applied, Deployment, Phase, ResourceKey, Step
from reconciler.ports import AffectedUser, Concerned, Operation, SealedSecret, Unit

_DEPLOYMENTS = schema.deployments.c


class SqlStoreReader(
    SqlReleaseReader,
    SqlAdoptionReader,
    SqlNoticeReader,
    SqlForgeReader,
    SqlCoordinationReader,
    SqlBackupReader,
):
    """A `ports.StoreReader`; it cannot write."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], str | None] = lambda: None,
        ticks: Callable[[], float | None] = lambda: None,
    ) -> None:
        """Read from this database.

        By `now` leases run out where the database has no time of its own, and `ticks` are written
        beside a lease that is renewed; left out, it is the machine's time, and no ticks.
        """
        super().__init__(database)
        self._now = now
        self._ticks = ticks

    def applied(self, environment: str) -> Applied:
        """Return digests of what was last written, and what was not finished."""
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

    def room(self) -> int | None:
        """Return the bytes that are free where the store lies; None for one on a server."""
        return self._database.room()

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


class SqlStore(
    SqlStoreReader,
    SqlReleaseWriter,
    SqlAdoptionWriter,
    SqlNoticeWriter,
    SqlForgeWriter,
    SqlCoordination,
    SqlBackupWriter,
):
    """A `ports.Store`."""

    def fenced(self, lock: Lock) -> SqlStore:
        """Return the same store for the holder of a lock; it writes nothing once that is lost."""
        guard = leases.fence(lock, self._now, self._ticks)
        return SqlStore(self._database.guarded(guard), now=self._now, ticks=self._ticks)

    def begin(self, deployment: Deployment) -> None:
        """Record a deployment as Running, and its environment as being in maintenance.

        Raises:
            Busy: another deployment of the environment is Running.
        """

        def write(unit: SqlUnit) -> None:
            deployments.write(unit.connection, deployment)
            for step in deployment.steps:
                deployments.write_step(unit.connection, deployment.id, step)
            deployments.begin_maintenance(unit.connection, deployment)

        self._database.write(write)

    def journal(self, deployment: str, step: Step, unit: Unit | None = None) -> None:
        """Record a step, inserted or updated by name.

        Raises:
            NotFound: no such deployment.
        """
        if unit is not None:
            deployments.write_step(joined(unit).connection, deployment, step)
            return

        def write(own: SqlUnit) -> None:
            deployments.environment_of(own.connection, deployment)
            deployments.write_step(own.connection, deployment, step)

        self._database.write(write, repeatable=True)

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
        content_digest: str | None,
        deployment: str,
    ) -> None:
        """Write down what was applied.

        Raises:
            NotFound: no such deployment.
        """
        open_unit = joined(unit)
        connection = open_unit.connection
        deployments.environment_of(connection, deployment)
        applied.write(open_unit, environment, operations, deployment)
        applied.forget(connection, environment, forget)
        applied.write_state(connection, environment, content_digest, deployment)

    def note_backup(self, deployment: str, backup: str) -> None:
        """Record which backup a deployment took."""
        self._database.write(
            lambda unit: deployments.change(unit.connection, deployment, backup=backup),
            repeatable=True,
        )

    def mark_live(self, deployment: str) -> None:
        """Give a deployment the Live mark, taken from the one that had it."""
        self._database.write(
            lambda unit: deployments.mark_live(unit.connection, deployment), repeatable=True
        )

    def finish(
        self,
        deployment: str,
        phase: Phase,
        finished_at: str,
        messages: Sequence[Mapping[str, Json]] = (),
    ) -> None:
        """End a deployment; messages are added to those that it has.

        Raises:
            NotFound: no such deployment.
        """
        self._database.write(
            lambda unit: deployments.end(unit.connection, deployment, phase, finished_at, messages),
            repeatable=not messages,  # they would be added twice
        )

    def record_live(
        self, deployment: Deployment, operations: Sequence[Operation], content_digest: str
    ) -> None:
        """Record that a release runs which this store did not deploy, in one transaction.

        Raises:
            Busy: a deployment of the environment is Running.
        """
        environment = deployment.environment
        at = deployment.finished_at or deployment.started_at

        def write(unit: SqlUnit) -> None:
            connection = unit.connection
            deployments.write(connection, deployment)
            applied.forget_all(connection, environment)
            applied.write(unit, environment, operations, deployment.id)
            applied.write_state(connection, environment, content_digest, deployment.id)
            deployments.mark_live(connection, deployment.id)
            deployments.end(connection, deployment.id, Phase.SUCCEEDED, at)

        self._database.write(write)

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
        self._database.write(
            lambda unit: unit.connection.execute(dialect.upsert(secrets), row), repeatable=True
        )

    def delete_secret(self, environment: str, name: str) -> bool:
        """Delete a stored secret; False when there was none."""
        if self.secret(environment, name) is None:
            return False
        gone = delete(secrets).where(secrets.c.environment == environment, secrets.c.name == name)
        return self._database.write(lambda unit: unit.connection.execute(gone).rowcount > 0)
