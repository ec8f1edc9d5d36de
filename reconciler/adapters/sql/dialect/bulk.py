"""Many rows at once, as the driver has them: for thousands that saves most of the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Select, Update

_MANY = 20  # rows, from which on PostgreSQL takes them together


def fetch_plain(
    connection: Connection, statement: Select[Any], parameters: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    """Return the rows as plain tuples of the driver: a third of the time for thousands."""
    compiled = statement.compile(dialect=connection.dialect)
    known = compiled.construct_params(parameters)
    cursor = connection.connection.cursor()
    try:
        cursor.execute(str(compiled), [known[name] for name in _positions(compiled)])
        return list(cursor.fetchall())
    finally:
        cursor.close()


def execute_many(
    connection: Connection,
    statement: Insert | Update | Delete,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
) -> None:
    """Execute a statement once per row of values for the named columns or parameters.

    Rows of one upsert have different keys.
    """
    if not rows:
        return
    selects = isinstance(statement, Insert) and statement.select is not None
    if connection.dialect.name == "postgresql" and len(rows) > _MANY and not selects:
        from reconciler.adapters.sql.dialect import postgresql_bulk

        postgresql_bulk.execute_together(connection, statement, columns, rows)
        return
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(columns))
    constants = compiled.params
    at = {name: index for index, name in enumerate(columns)}
    positions = _positions(compiled)
    if positions != list(columns):
        rows = [
            tuple(row[at[name]] if name in at else constants[name] for name in positions)
            for row in rows
        ]
    connection.exec_driver_sql(str(compiled), list(rows))


def _positions(compiled: Any) -> list[str]:
    return list(compiled.positiontup)
