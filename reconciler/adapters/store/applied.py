"""What was last applied: statements on an open connection.

It must not know what runs on a platform.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, select

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.chunks import by_kind
from reconciler.adapters.sql.database import SqlUnit
from reconciler.adapters.sql.schema import applied_state, last_applied
from reconciler.adapters.store import adoptions, coordination
from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.model import Applied, ResourceKey
from reconciler.ports import Operation

_DIGESTS = select(last_applied.c.kind, last_applied.c.name, last_applied.c.digest).where(
    last_applied.c.environment == bindparam("environment")
)
_COLUMNS = tuple(column.name for column in last_applied.columns)
_FORGET = delete(last_applied).where(
    last_applied.c.environment == bindparam("at"),
    last_applied.c.kind == bindparam("of_kind"),
    last_applied.c.name == bindparam("named"),
)


def read(connection: Connection, environment: str) -> Applied:
    """Return digests of what was last written.

    A transaction writes all or nothing; only what is written one by one can be unfinished.
    """
    found = dialect.fetch_plain(connection, _DIGESTS, {"environment": environment})
    state = select(applied_state.c.content_digest).where(applied_state.c.environment == environment)
    content_digest = connection.execute(state).scalar()
    digests = {ResourceKey(kind, name): digest for kind, name, digest in found}
    unfinished = coordination.unfinished(connection, environment)
    return Applied(digests=digests, content_digest=content_digest, unfinished=unfinished)


def read_contents(
    connection: Connection, environment: str, keys: Iterable[ResourceKey]
) -> dict[ResourceKey, Json]:
    """Return contents of what was last written."""
    table = last_applied.c
    found: dict[ResourceKey, Json] = {}
    for kind, names in by_kind(keys):
        query = select(table.name, table.content).where(
            table.environment == environment, table.kind == kind, table.name.in_(names)
        )
        for name, content in connection.execute(query):
            found[ResourceKey(kind, name)] = json.loads(content)
    return found


def write(
    unit: SqlUnit, environment: str, operations: Sequence[Operation], deployment: str
) -> None:
    """Write down what operations wrote, and forget what they removed."""
    written = [
        _row(unit, environment, each, deployment) for each in operations if each.content is not None
    ]
    dialect.execute_many(unit.connection, dialect.upsert(last_applied), _COLUMNS, written)
    gone = [each.key for each in operations if each.content is None]
    forget(unit.connection, environment, gone)
    adoptions.forget(unit.connection, environment, [each.key for each in operations])


def forget(connection: Connection, environment: str, keys: Iterable[ResourceKey]) -> None:
    """Forget what was last written of these."""
    found = [(environment, *key) for key in keys]
    dialect.execute_many(connection, _FORGET, ("at", "of_kind", "named"), found)


def forget_all(connection: Connection, environment: str) -> None:
    """Forget all that was last written to an environment."""
    connection.execute(delete(last_applied).where(last_applied.c.environment == environment))


def write_state(
    connection: Connection, environment: str, content_digest: str | None, deployment: str
) -> None:
    """Write down which content it was that was applied; None: nothing ever was."""
    if content_digest is None:
        gone = delete(applied_state).where(applied_state.c.environment == environment)
        connection.execute(gone)
        return
    state = {"environment": environment, "content_digest": content_digest}
    connection.execute(dialect.upsert(applied_state), state | {"deployment": deployment})


def _row(unit: SqlUnit, environment: str, operation: Operation, deployment: str) -> tuple[str, ...]:
    content = operation.content or {}
    digest = operation.digest or canonical.digest(content)
    return (environment, *operation.key, digest, unit.text(content), deployment)
