"""Gives users back what a purge took from them, from the records of a backup.

What is there now stays as it is: a connection is given back with its scopes and settings, or not
at all, and so is what a user chose of a workflow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from sqlalchemy import Column, Connection, literal, select

from reconciler.adapters.platforms.builtin import users
from reconciler.adapters.platforms.builtin.staging import open_staging
from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.chunks import by_kind
from reconciler.adapters.sql.schema import (
    platform_connections,
    platform_resources,
    platform_user_workflows,
    platform_users,
)
from reconciler.core.canonical import Json
from reconciler.core.model import Kind, ResourceKey

_SIZE = 500
_Record = Mapping[str, Json]


def give_back(
    connection: Connection,
    environment: str,
    records: Iterable[_Record],
    keys: Sequence[ResourceKey],
) -> int:
    """Give users what they had of those of the keys that nothing is known of; return how many got.

    All records are drawn before anything is written: they may come from the same database, which
    one cannot read any more once a writer's memory is full.
    """
    forgotten = _forgotten(connection, environment, keys)
    if not forgotten:
        return 0
    with open_staging() as staging:
        for number, record in enumerate(_parts(_awake(connection, records), forgotten)):
            staging.add(number, record["id"], record)
        remaining = staging.records()
        given = 0
        while chunk := list(islice(remaining, _SIZE)):
            given += _give(connection, environment, chunk)
    return given


def _forgotten(
    connection: Connection, environment: str, keys: Iterable[ResourceKey]
) -> set[ResourceKey]:
    """Return those of the keys of which there is no row, not even a hidden one."""
    table, wanted = platform_resources.c, set(keys)
    there = set()
    for kind, names in by_kind(wanted):
        query = select(table.name).where(
            table.environment == environment, table.kind == kind, table.name.in_(names)
        )
        there |= {ResourceKey(kind, name) for name in connection.execute(query).scalars()}
    return wanted - there


def _awake(connection: Connection, records: Iterable[_Record]) -> Iterator[_Record]:
    """Yield the records, and say something now and then: servers end transactions that are idle."""
    for number, record in enumerate(records, 1):
        yield record
        if number % _SIZE == 0:
            connection.execute(select(literal(1)))


def _parts(records: Iterable[_Record], keys: Collection[ResourceKey]) -> Iterator[_Record]:
    """Yield of each record what belongs to some resources; nothing of those who have nothing."""
    for record in records:
        connections = [
            each
            for each in record.get("connections") or ()
            if (Kind.INTEGRATION, each["integration"]) in keys
        ]
        workflows = [
            each for each in record.get("workflows") or () if (Kind.WORKFLOW, each["name"]) in keys
        ]
        if connections or workflows:
            yield {"id": record["id"], "connections": connections, "workflows": workflows}


def _give(connection: Connection, environment: str, records: Sequence[_Record]) -> int:
    """Insert what is not there, for users who are; return how many got something."""
    ids = [record["id"] for record in records]
    table = platform_users.c
    query = select(table.id).where(table.environment == environment, table.id.in_(ids))
    there = set(connection.execute(query).scalars())
    connected = _pairs(connection, environment, platform_connections.c.integration, ids)
    chosen = _pairs(connection, environment, platform_user_workflows.c.workflow, ids)
    missing = [
        {
            "id": user,
            "connections": [
                each
                for each in record["connections"]
                if (user, each["integration"]) not in connected
            ],
            "workflows": [
                each for each in record["workflows"] if (user, each["name"]) not in chosen
            ],
        }
        for record in records
        if (user := record["id"]) in there
    ]
    given = [each for each in missing if each["connections"] or each["workflows"]]
    for owner, found in users.rows_of(environment, given).items():
        new = dialect.insert_new(owner)
        dialect.execute_many(connection, new, users.COLUMNS[owner], found)
    return len(given)


def _pairs(
    connection: Connection, environment: str, column: Column[str], ids: Sequence[str]
) -> set[tuple[str, str]]:
    """Return the users and names that a table has of these users."""
    table = column.table.c
    query = select(table.user_id, column).where(
        table.environment == environment, table.user_id.in_(ids)
    )
    return {(user, name) for user, name in connection.execute(query)}
