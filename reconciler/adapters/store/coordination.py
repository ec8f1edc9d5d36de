"""Who may write and what stands in the way: locks, maintenance, activities, holds, effects.

It must not know what a deployment does, nor who may do it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, Executable, RowMapping, delete, select

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.database import Database, SqlUnit
from reconciler.adapters.sql.schema import activities, effects, holds, locks, maintenance
from reconciler.adapters.store import leases
from reconciler.core import canonical
from reconciler.core.coordination import Activity, Effect, EffectState, Hold, Maintenance
from reconciler.core.errors import LockLost
from reconciler.core.locks import Lock, LockRequest
from reconciler.core.model import ResourceKey

_EFFECT = effects.c
_EFFECT_COLUMNS = tuple(column.name for column in effects.columns)


class SqlCoordinationReader:
    """The part of `SqlStoreReader` about what stands in the way."""

    _database: Database
    _now: Callable[[], str | None]

    def locks(self, environment: str | None = None) -> Sequence[Lock]:
        """Return the locks that are held, expired ones too, ordered by environment."""
        which = () if environment is None else (locks.c.environment == environment,)
        with self._database.reading() as connection:
            return leases.held(connection, self._now(), *which)

    def maintenance(self, environment: str) -> Maintenance | None:
        """Return since when and why an environment is in maintenance."""
        query = select(maintenance).where(maintenance.c.environment == environment)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else Maintenance(**row)

    def in_maintenance(self) -> Sequence[Maintenance]:
        """Return every environment that is in maintenance, by name."""
        query = select(maintenance).order_by(maintenance.c.environment)
        with self._database.reading() as connection:
            return [Maintenance(**row) for row in connection.execute(query).mappings()]

    def activities(self, environment: str | None = None) -> Sequence[Activity]:
        """Return what runs in an environment or in any, expired ones too, oldest first."""
        table = activities.c
        query = select(activities)
        if environment is not None:
            query = query.where(table.environment == environment)
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(table.since, table.id)).mappings().all()
            ended = leases.has_ended(connection, self._now()) if found else bool
        return [_activity(row, expired=ended(row["expires_at"])) for row in found]

    def hold(self, environment: str) -> Hold | None:
        """Return the hold that restoring a backup placed."""
        query = select(holds).where(holds.c.environment == environment)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else Hold(**row)

    def effects(self, deployment: str) -> Sequence[Effect]:
        """Return what a deployment wrote to a platform without transactions, in order."""
        query = select(effects).where(_EFFECT.deployment == deployment)
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(_EFFECT.position)).mappings()
            return [_effect(row) for row in found]


class SqlCoordination(SqlCoordinationReader):
    """The part of `SqlStore` about who may write and what stands in the way."""

    def take_lock(self, request: LockRequest, over: Lock | None = None) -> Lock:
        """Take a free lock, or the one that is still exactly `over`; the fencing token rises.

        Raises:
            Busy: somebody else holds it; names who, why and since when.
        """
        return self._database.write(
            lambda unit: leases.take(unit.connection, request, over), repeatable=True
        )

    def renew_lock(self, lock: Lock, at: str, ticks: float) -> None:
        """Let a lock last for one more lease; one that is kept stays kept.

        Raises:
            LockLost: it was taken over or released.
        """
        self._database.write(
            lambda unit: leases.renew(unit.connection, lock, at, ticks), repeatable=True
        )

    def keep_lock(self, lock: Lock, reason: str) -> None:
        """Keep a lock until somebody releases it: it does not expire any more.

        Raises:
            LockLost: it was taken over or released.
        """
        self._database.write(
            lambda unit: leases.keep(unit.connection, lock, reason), repeatable=True
        )

    def release_lock(self, lock: Lock) -> None:
        """Give a lock back; one that was lost is somebody else's and stays."""
        with contextlib.suppress(LockLost):
            self._database.write(
                lambda unit: leases.release(unit.connection, lock), repeatable=True
            )

    def break_lock(self, id: str) -> Lock:
        """Take a lock away from whoever holds it, and return it; the fencing token rises.

        Raises:
            NotFound: no lock has exactly this id.
        """
        return self._database.write(lambda unit: leases.take_away(unit.connection, id, self._now()))

    def end_maintenance(self, environment: str) -> None:
        """Open an environment again; where it is open nothing is written."""
        if self.maintenance(environment) is not None:
            self._database.write(
                lambda unit: end_maintenance(unit.connection, environment), repeatable=True
            )

    def begin_activity(self, activity: Activity) -> None:
        """Register what runs, or renew its lease."""
        row = asdict(activity)
        del row["expired"]
        row["owner"] = canonical.dumps(dict(activity.owner))

        def write(unit: SqlUnit) -> None:
            until = {"expires_at": leases.lease_end(unit.connection, self._now())}
            unit.connection.execute(dialect.upsert(activities), row | until)

        self._database.write(write, repeatable=True)

    def end_activity(self, id: str) -> None:
        """Take an activity off; one that is not there is none."""
        self._execute(delete(activities).where(activities.c.id == id))

    def place_hold(self, hold: Hold) -> None:
        """Hold an environment; a later hold replaces an earlier one."""
        self._execute(dialect.upsert(holds).values(asdict(hold)))

    def lift_hold(self, environment: str) -> bool:
        """End the hold of an environment; False, and nothing written, when there was none."""
        if self.hold(environment) is None:
            return False
        gone = delete(holds).where(holds.c.environment == environment)
        return self._database.write(lambda unit: unit.connection.execute(gone).rowcount > 0)

    def record_effects(self, deployment: str, environment: str, effects: Sequence[Effect]) -> None:
        """Record effects, inserted or updated by position, committed at once."""
        self._database.write(
            lambda unit: write_effects(unit.connection, deployment, environment, effects),
            repeatable=True,
        )

    def forget_effects(self, environment: str) -> None:
        """Forget the effects of an environment; where there are none nothing is written."""
        here = _EFFECT.environment == environment
        with self._database.reading() as connection:
            if connection.execute(select(_EFFECT.position).where(here).limit(1)).first() is None:
                return
        self._execute(delete(effects).where(here))

    def _execute(self, statement: Executable) -> None:
        """Execute what may be executed twice."""
        self._database.write(lambda unit: unit.connection.execute(statement), repeatable=True)


def begin_maintenance(connection: Connection, begun: Maintenance) -> None:
    """Close an environment for whoever else would write to it."""
    connection.execute(dialect.upsert(maintenance), asdict(begun))


def end_maintenance(connection: Connection, environment: str) -> None:
    """Open an environment again."""
    connection.execute(delete(maintenance).where(maintenance.c.environment == environment))


def write_effects(
    connection: Connection, deployment: str, environment: str, found: Sequence[Effect]
) -> None:
    """Insert or update effects by position."""
    rows = [
        (deployment, e.position, environment, *e.key, e.before, e.after, e.state.value)
        for e in found
    ]
    dialect.execute_many(connection, dialect.upsert(effects), _EFFECT_COLUMNS, rows)


def unfinished(connection: Connection, environment: str) -> frozenset[ResourceKey]:
    """Return the resources of which it is not known that a write of them was undone."""
    here = (_EFFECT.environment == environment, _EFFECT.state != EffectState.UNDONE.value)
    query = select(_EFFECT.kind, _EFFECT.name).where(*here).distinct()
    return frozenset(ResourceKey(row.kind, row.name) for row in connection.execute(query))


def _activity(row: RowMapping, *, expired: bool) -> Activity:
    return Activity(**dict(row) | {"owner": leases.owner_of(row["owner"])}, expired=expired)


def _effect(row: RowMapping) -> Effect:
    return Effect(
        position=row["position"],
        key=ResourceKey(row["kind"], row["name"]),
        before=row["before"],
        after=row["after"],
        state=EffectState(row["state"]),
    )
