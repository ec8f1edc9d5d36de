"""Many rows in one statement on PostgreSQL: copied into a temporary table, and joined from there.

Triggers run once for all of them, and nothing is sent to and fro for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Delete,
    Insert,
    MetaData,
    Table,
    Update,
    select,
)
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import BigInteger, Boolean, LargeBinary, TypeEngine

from reconciler.adapters.sql.dialect.base import TEXT

_NAME = "incoming"
_TYPES: dict[type, TypeEngine[Any]] = {
    bool: Boolean(),
    bytes: LargeBinary(),
    int: BigInteger(),
    str: TEXT,
}


def execute_together(
    connection: Connection,
    statement: Insert | Update | Delete,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
) -> None:
    """Execute a statement for all rows of values for the named columns or parameters."""
    types = [_type_of(statement, name, rows, at) for at, name in enumerate(columns)]
    incoming = Table(_NAME, MetaData(), *map(Column, columns, types), prefixes=["TEMPORARY"])
    connection.execute(CreateTable(incoming))
    _copy(connection, rows)
    if not isinstance(statement, Insert):  # which joins it, so its size matters
        connection.exec_driver_sql(f"ANALYZE {_NAME}")
    connection.execute(_joined(statement, incoming))
    connection.exec_driver_sql(f"DROP TABLE {_NAME}")


def _type_of(
    statement: Insert | Update | Delete, name: str, rows: Sequence[tuple[object, ...]], at: int
) -> TypeEngine[Any]:
    if isinstance(statement, Insert) and name in statement.table.columns:
        return statement.table.columns[name].type
    value = next((row[at] for row in rows if row[at] is not None), "")
    # Also of a text that is a member of an enumeration; a truth value is an int, and comes first.
    return next(known for kind, known in _TYPES.items() if isinstance(value, kind))


def _copy(connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f"COPY {_NAME} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    finally:
        cursor.close()


def _joined(statement: Insert | Update | Delete, incoming: Table) -> Insert | Update | Delete:
    """Return the statement with columns of the table for what was to be given."""
    if isinstance(statement, Insert):
        return statement.from_select(list(incoming.columns.keys()), select(incoming))

    def replace(element: Any, **_: Any) -> Any:
        if isinstance(element, BindParameter) and element.key in incoming.columns:
            return incoming.columns[element.key]
        return None

    joined: Any = replacement_traverse(statement, {}, replace)
    return cast("Update | Delete", joined)
