"""Affected users as rows of a deployment, written and read a page at a time.

It must not know how they were found.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Row, Select, func, select, tuple_

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.database import Database, SqlUnit
from reconciler.adapters.sql.schema import deployment_affected
from reconciler.adapters.store.deployments import environment_of
from reconciler.core.model import ResourceKey
from reconciler.ports import AffectedUser, Concerned

_PAGE = 1000
_BATCH = 5000
_TABLE = deployment_affected.c
_COLUMNS = tuple(column.name for column in deployment_affected.columns)
_ORDER = (_TABLE.user_id, _TABLE.kind, _TABLE.name, _TABLE.integration, _TABLE.workflow)


def write(
    database: Database,
    deployment: str,
    code: str,
    subject: ResourceKey,
    rows: Iterable[AffectedUser],
) -> int:
    """Store the rows; return how many there were.

    They are drawn while no transaction is open, so they may be read from the same database: a
    reader cannot hold up the writer, nor the writer them.

    Raises:
        NotFound: no such deployment.
    """
    remaining, count = iter(rows), 0
    while batch := list(islice(remaining, _BATCH)):
        found = [
            (deployment, code, row.user, *subject, row.integration or "", row.workflow or "")
            for row in batch
        ]
        database.write(partial(_insert, deployment=deployment, found=found), repeatable=True)
        count += len(batch)
    return count


def _insert(unit: SqlUnit, deployment: str, found: Sequence[tuple[str, ...]]) -> None:
    environment_of(unit.connection, deployment)
    statement = dialect.insert_new(deployment_affected)
    dialect.execute_many(unit.connection, statement, _COLUMNS, found)


def read(
    database: Database, deployment: str, code: str | None, subject: ResourceKey | None
) -> Iterator[Concerned]:
    """Stream the rows ordered by user; each page is a transaction of its own."""
    codes = [code] if code is not None else list(_codes(database, deployment))
    streams = [_of_code(database, deployment, each, subject) for each in codes]
    yield from heapq.merge(*streams, key=lambda each: (each.user.user, each.code))


def _codes(database: Database, deployment: str) -> Iterator[str]:
    """Yield the codes that have rows; a look into the index for each, not a scan of the rows."""
    query = select(func.min(_TABLE.code)).where(_TABLE.deployment == deployment)
    with database.reading() as connection:
        code = connection.execute(query).scalar()
        while code is not None:
            yield code
            code = connection.execute(query.where(_TABLE.code > code)).scalar()


def _of_code(
    database: Database, deployment: str, code: str, subject: ResourceKey | None
) -> Iterator[Concerned]:
    query = select(*_ORDER).where(_TABLE.deployment == deployment, _TABLE.code == code)
    if subject is not None:
        query = query.where(_TABLE.kind == subject.kind, _TABLE.name == subject.name)
    query = query.order_by(*_ORDER).limit(_PAGE)
    for row in _pages(database, query):
        user = AffectedUser(
            user=row.user_id, integration=row.integration or None, workflow=row.workflow or None
        )
        yield Concerned(code, ResourceKey(row.kind, row.name), user)


def _pages(database: Database, first: Select[Any]) -> Iterator[Row[Any]]:
    query = first
    while True:
        with database.reading() as connection:
            page = connection.execute(query).all()
        yield from page
        if len(page) < _PAGE:
            return
        query = first.where(tuple_(*_ORDER) > tuple_(*page[-1]))
