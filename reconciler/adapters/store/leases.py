"""Locks in the store: statements on an open connection.

It must not know when a transaction begins or ends, nor when a lock may be taken over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Update,
    and_,
    case,
    false,
    null,
    or_,
    select,
    update,
)

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.database import Guard
from reconciler.adapters.sql.schema import locks
from reconciler.core import canonical, lock_texts
from reconciler.core.canonical import Json
from reconciler.core.locks import LEASE, Lock, LockRequest

_LOCK = locks.c
_FREE = dict.fromkeys(
    column.name for column in locks.columns if column.name not in ("environment", "token")
)


def lease_end(connection: Connection, at: str | None) -> str:
    """Return when a lease runs out that begins now; `at` is the caller's time."""
    now = datetime.fromisoformat(dialect.lease_time(connection, at))
    return (now + timedelta(seconds=LEASE)).isoformat()


def has_ended(connection: Connection, at: str | None) -> Callable[[str | None], bool]:
    """Return what says whether a lease has run out by now."""
    now = datetime.fromisoformat(dialect.lease_time(connection, at))
    return lambda end: end is not None and _moment(end) <= now


def owner_of(text: str | None) -> Mapping[str, Json]:
    """Return what was written of a process; nothing where somebody damaged it."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def held(connection: Connection, at: str | None, *which: ColumnElement[bool]) -> Sequence[Lock]:
    """Return locks that are held, ordered by environment."""
    query = select(locks).where(_LOCK.id.is_not(None), *which).order_by(_LOCK.environment)
    found = connection.execute(query).mappings().all()
    ended = has_ended(connection, at) if found else bool
    return [_lock(row, expired=ended(row["expires_at"])) for row in found]


def take(connection: Connection, request: LockRequest, over: Lock | None) -> Lock:
    """Take a lock that is free, or still exactly `over`.

    Raises:
        Busy: somebody else holds it.
    """
    row = {"environment": request.environment, "token": 0}
    connection.execute(dialect.insert_new(locks), row)
    end = lease_end(connection, request.at)
    here = _LOCK.environment == request.environment
    free = or_(_LOCK.id.is_(None), false() if over is None else _still(over))
    taken = update(locks).where(here, free)
    values = {
        "token": _LOCK.token + 1,
        "id": request.id,
        "owner": canonical.dumps(dict(request.owner)),
        "holder": request.holder,
        "reason": request.reason,
        "since": request.at,
        "expires_at": end,
        "ticks": request.ticks,
    }
    was_free = connection.execute(taken.values(values)).rowcount > 0
    for lock in held(connection, request.at, here):
        if was_free or lock.id == request.id:  # taken before, by a try of unknown outcome
            return lock
        raise lock_texts.busy(lock)
    return take(connection, request, over)  # it was given back between the two statements


def renew(connection: Connection, lock: Lock, at: str | None, ticks: float | None) -> None:
    """Let a lock last for one more lease; one that is kept stays kept.

    One statement checks and renews, so that a take-over waits for whoever writes with it.

    Raises:
        LockLost: it was taken over or released.
    """
    end = lease_end(connection, at)
    until = case((_LOCK.expires_at.is_(None), null()), else_=end)
    values = {"expires_at": until} | ({} if ticks is None else {"ticks": ticks})
    _change(connection, lock, _mine(lock).values(values))


def keep(connection: Connection, lock: Lock, reason: str) -> None:
    """Keep a lock until somebody releases it.

    Raises:
        LockLost: it was taken over or released.
    """
    _change(connection, lock, _mine(lock).values(expires_at=None, reason=reason))


def release(connection: Connection, lock: Lock) -> None:
    """Give a lock back; one that was lost stays with whoever has it."""
    connection.execute(_mine(lock).values(_FREE))


def take_away(connection: Connection, id: str, at: str | None) -> Lock:
    """Free a lock and raise its fencing token; return it as it was.

    Raises:
        NotFound: no lock has exactly this id.
    """
    for lock in held(connection, at, _LOCK.id == id):
        freed = _mine(lock).values(_FREE | {"token": _LOCK.token + 1})
        if connection.execute(freed).rowcount:
            return lock
    raise lock_texts.unknown(id)


def fence(lock: Lock, now: Callable[[], str | None], ticks: Callable[[], float | None]) -> Guard:
    """Return what refuses every write transaction of whoever lost this lock, and renews it."""
    return lambda connection: renew(connection, lock, now(), ticks())


def _moment(text: str) -> datetime:
    """Return a moment; one that cannot be read is over, so that it blocks nobody for ever."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _mine(lock: Lock) -> Update:
    here = _LOCK.environment == lock.environment
    return update(locks).where(here, _LOCK.id == lock.id, _LOCK.token == lock.token)


def _still(over: Lock) -> ColumnElement[bool]:
    """Say whether a lock is as it was seen, also not renewed since."""
    return and_(
        _LOCK.id == over.id,
        _LOCK.token == over.token,
        _LOCK.expires_at.is_not_distinct_from(over.expires_at),
        _LOCK.ticks.is_not_distinct_from(over.ticks),
    )


def _change(connection: Connection, lock: Lock, statement: Update) -> None:
    if not connection.execute(statement).rowcount:
        now = held(connection, None, _LOCK.environment == lock.environment)
        raise lock_texts.lost(lock, next(iter(now), None))


def _lock(row: RowMapping, *, expired: bool) -> Lock:
    return Lock(**dict(row) | {"owner": owner_of(row["owner"])}, expired=expired)
