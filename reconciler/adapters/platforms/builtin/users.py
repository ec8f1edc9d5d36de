"""Writing connected users: one record each, in the shape of `users import`.

What belongs to a removed resource is hidden: it is not replaced, unless a record names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    Table,
    bindparam,
    delete,
    insert,
    select,
)

from reconciler.adapters.platforms.builtin.affected import not_removed
from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.schema import (
    platform_connections,
    platform_resources,
    platform_scopes,
    platform_settings,
    platform_user_workflows,
    platform_users,
)
from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.errors import PlatformError
from reconciler.core.model import Kind, ResourceKey

_Record = Mapping[str, Json]
_Row = tuple[object, ...]
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_SIZE = 500

_AT: ColumnElement[str] = bindparam("at")
_UPSERT_USER = dialect.upsert(platform_users)
COLUMNS = {
    table: tuple(column.name for column in table.columns)
    for table in (
        platform_connections,
        platform_scopes,
        platform_settings,
        platform_user_workflows,
    )
}


def _delete(table: Table, *conditions: ColumnElement[bool]) -> Delete:
    at, user = table.c.environment, table.c.user_id
    return delete(table).where(at == _AT, user == bindparam("user"), *conditions)


def _shown(kind: Kind, column: Column[str]) -> ColumnElement[bool]:
    return not_removed(kind, column, _AT)


# What is forgotten of a user before it is written again.
_FORGET = (
    *(
        _delete(table, _shown(Kind.INTEGRATION, table.c.integration))
        for table in (platform_connections, platform_scopes)
    ),
    _delete(platform_user_workflows, _shown(Kind.WORKFLOW, platform_user_workflows.c.workflow)),
    _delete(
        platform_settings,
        _shown(Kind.INTEGRATION, platform_settings.c.integration),
        _shown(Kind.WORKFLOW, platform_settings.c.workflow),
    ),
)
# The same of one resource, be it hidden or not.
_FORGET_ONE = {
    kind: tuple(_delete(table, table.c[name] == bindparam("named")) for table in tables)
    for kind, name, tables in (
        (
            Kind.INTEGRATION,
            "integration",
            (platform_connections, platform_scopes, platform_settings),
        ),
        (Kind.WORKFLOW, "workflow", (platform_user_workflows, platform_settings)),
    )
}


def replace_users(connection: Connection, environment: str, users: Iterable[_Record]) -> None:
    """Replace everything known of these users, but for what is hidden; memory stays flat."""
    hidden = _hidden(connection, environment)
    remaining = iter(users)
    while chunk := list(islice(remaining, _SIZE)):
        records = {record["id"]: record for record in chunk}
        there = _there(connection, environment, records)
        _forget(connection, environment, there, hidden)
        _insert(connection, environment, records.values())


def _hidden(connection: Connection, environment: str) -> set[ResourceKey]:
    table = platform_resources.c
    query = select(table.kind, table.name).where(
        table.environment == environment, table.state == "removed"
    )
    return {ResourceKey(kind, name) for kind, name in connection.execute(query)}


def _there(
    connection: Connection, environment: str, records: Mapping[str, _Record]
) -> dict[str, _Record]:
    """Return those of the records whose user is known already."""
    table = platform_users.c
    query = select(table.id).where(table.environment == environment, table.id.in_(list(records)))
    return {user: records[user] for user in connection.execute(query).scalars()}


def _forget(
    connection: Connection,
    environment: str,
    records: Mapping[str, _Record],
    hidden: set[ResourceKey],
) -> None:
    ids: list[_Row] = [(environment, user) for user in records]
    for statement in _FORGET:
        dialect.execute_many(connection, statement, ("at", "user"), ids)
    for kind, statements in _FORGET_ONE.items() if hidden else ():
        named: list[_Row] = [
            (environment, user, name)
            for user, record in records.items()
            for name in _names(record, kind)
            if ResourceKey(kind, name) in hidden
        ]
        for statement in statements:
            dialect.execute_many(connection, statement, ("at", "user", "named"), named)


def _names(record: _Record, kind: Kind) -> list[str]:
    if kind is Kind.INTEGRATION:
        return [each["integration"] for each in record.get("connections") or ()]
    return [each["name"] for each in record.get("workflows") or ()]


def _insert(connection: Connection, environment: str, records: Iterable[_Record]) -> None:
    records = list(records)
    users: list[_Row] = [
        (environment, record["id"], _value(record.get("metadata") or {})) for record in records
    ]
    dialect.execute_many(connection, _UPSERT_USER, ("environment", "id", "metadata"), users)
    for table, found in rows_of(environment, records).items():
        dialect.execute_many(connection, insert(table), COLUMNS[table], found)


def rows_of(environment: str, records: Iterable[_Record]) -> dict[Table, list[_Row]]:
    """Return the rows of what some users have, by table."""
    rows: dict[Table, list[_Row]] = {table: [] for table in COLUMNS}
    for record in records:
        for table, row in _rows(record):
            rows[table].append((environment, record["id"], *row))
    return rows


def _rows(record: _Record) -> Iterator[tuple[Table, _Row]]:
    """Yield the rows of a record, without the columns that they share; what is last counts."""
    connections = {each["integration"]: each for each in record.get("connections") or ()}
    for name, each in connections.items():
        yield platform_connections, (name, each.get("status") or "connected")
        for scope in sorted(set(each.get("scopes") or ())):
            yield platform_scopes, (name, scope)
        for setting, value in (each.get("settings") or {}).items():
            yield platform_settings, (name, "", setting, _value(value))
    workflows = {each["name"]: each for each in record.get("workflows") or ()}
    for name, each in workflows.items():
        yield platform_user_workflows, (name, each.get("enabled", True), each.get("disabledBy"))
        for setting, value in (each.get("settings") or {}).items():
            yield platform_settings, ("", name, setting, _value(value))


def _value(value: Json) -> str:
    text = canonical.dumps(value)
    if _NUL.search(text):
        # Databases cut or refuse such text when they look into JSON.
        raise PlatformError("A user's value holds a NUL character.", hint="Remove it.")
    return text
