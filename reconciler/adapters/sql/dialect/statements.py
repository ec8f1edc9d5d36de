"""Statements and functions that databases write differently, made once for all of them."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    LargeBinary,
    Table,
    TableValuedAlias,
    Text,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

# --- inserting ----------------------------------------------------------------------------------


class _Replace(sqlite.dml.OnConflictDoUpdate):
    """SQLite's clause, with what the compiler of PostgreSQL looks for beside."""

    inherit_cache = True
    constraint_target = None


class _Leave(sqlite.dml.OnConflictDoNothing):
    """SQLite's clause, with what the compiler of PostgreSQL looks for beside."""

    inherit_cache = True
    constraint_target = None


def upsert(table: Table, *, keep: tuple[str, ...] = (), **values: Any) -> Insert:
    """Return an insert that replaces the row of the same primary key.

    Columns of `keep` stay as they were, those of `values` become the given expressions.
    """
    excluded = sqlite.insert(table).excluded
    keys = [column.name for column in table.primary_key]
    changes = {
        column.name: excluded[column.name]
        for column in table.columns
        if column.name not in keys and column.name not in keep
    }
    return insert(table).ext(_Replace(index_elements=keys, set_=changes | values))


def insert_new(table: Table) -> Insert:
    """Return an insert that leaves a row of the same primary key as it is.

    Another unique index that the row breaks is an error.
    """
    keys = [column.name for column in table.primary_key]
    return insert(table).ext(_Leave(index_elements=keys))


# --- functions ----------------------------------------------------------------------------------


class _Portable(FunctionElement[Any]):
    """A function by its text in each database, where {0} stands for the first argument."""

    inherit_cache = True
    sql: ClassVar[dict[str, str]]


@compiles(_Portable)
def _(element: _Portable, compiler: SQLCompiler, **options: Any) -> str:
    arguments = [compiler.process(each, **options) for each in element.clauses]
    return element.sql[compiler.dialect.name].format(*arguments)


class _Now(_Portable):
    inherit_cache = True
    type = Text()
    sql: ClassVar = {
        "sqlite": "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
        "postgresql": (
            "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS')"
            " || '+00:00'"
        ),
    }


def current_time(connection: Connection) -> str:
    """Return the database's time as RFC 3339 in UTC."""
    return str(connection.execute(select(_Now())).scalar_one())


def lease_time(connection: Connection, at: str | None) -> str:
    """Return the time by which leases run out, as RFC 3339.

    A database with a server has its own, the same for all; else it is that of the caller.
    """
    if at is None or connection.dialect.name != "sqlite":
        return current_time(connection)
    return at


class _RawBytes(_Portable):
    inherit_cache = True
    type = LargeBinary()
    sql: ClassVar = {"sqlite": "CAST({0} AS BLOB)", "postgresql": "convert_to({0}, 'UTF8')"}


def raw_bytes(column: ColumnElement[str]) -> ColumnElement[bytes]:
    """Return the bytes of a text, whether or not they are text."""
    return _RawBytes(column)


# --- JSON inside queries ------------------------------------------------------------------------

# A case is the only thing that surely keeps text that is no JSON from the functions.
_JSON_SQLITE = "CASE WHEN json_valid({0}) = 1 THEN {0} ELSE 'null' END"
_JSON_POSTGRESQL = (
    "CASE WHEN pg_input_is_valid({0}, 'jsonb') THEN CAST({0} AS jsonb) ELSE 'null'::jsonb END"
)
# SQLite's words for what a value of PostgreSQL is.
_KIND_POSTGRESQL = (
    "CASE jsonb_typeof(j) WHEN 'string' THEN 'text' WHEN 'boolean' THEN j #>> '{{}}'"
    " WHEN 'number' THEN CASE WHEN j #>> '{{}}' ~ '[.eE]' THEN 'real' ELSE 'integer' END"
    " ELSE jsonb_typeof(j) END"
)


class _JsonKind(_Portable):
    inherit_cache = True
    type = Text()
    sql: ClassVar = {
        "sqlite": f"json_type({_JSON_SQLITE})",
        "postgresql": f"(SELECT {_KIND_POSTGRESQL} FROM (SELECT {_JSON_POSTGRESQL} AS j) AS v)",
    }


class _JsonText(_Portable):
    inherit_cache = True
    type = Text()
    sql: ClassVar = {
        "sqlite": f"json_extract({_JSON_SQLITE}, '$')",
        "postgresql": f"({_JSON_POSTGRESQL}) #>> '{{{{}}}}'",
    }


class _JsonMembers(_Portable):
    inherit_cache = True
    sql: ClassVar = {
        "sqlite": (
            f"json_each(CASE WHEN json_type({_JSON_SQLITE}) = 'object' THEN 'null'"
            f" ELSE {_JSON_SQLITE} END)"
        ),
        "postgresql": (
            f"(SELECT {_KIND_POSTGRESQL} AS type, j #>> '{{{{}}}}' AS atom, CASE jsonb_typeof(j)"
            " WHEN 'number' THEN CAST(j #>> '{{}}' AS numeric) END AS value"
            " FROM (SELECT CASE jsonb_typeof(j) WHEN 'array' THEN j WHEN 'object' THEN '[null]'"
            f" ELSE jsonb_build_array(j) END AS list FROM (SELECT {_JSON_POSTGRESQL} AS j) AS v)"
            " AS l, jsonb_array_elements(list) AS e(j))"
        ),
    }


def json_kind(column: ColumnElement[str]) -> ColumnElement[str]:
    """Return null, true, false, integer, real, text, array or object."""
    return _JsonKind(column)


def json_text(column: ColumnElement[str]) -> ColumnElement[str]:
    """Return the text of a JSON string."""
    return _JsonText(column)


def json_members(column: ColumnElement[str]) -> TableValuedAlias:
    """Return the members of a JSON list, or the one scalar, as rows of (type, atom, value).

    For a text compare the atom, for a number the value.
    """
    return _JsonMembers(column).table_valued("type", "atom", "value")


def is_number_of(value: ColumnElement[Any], numbers: list[float]) -> ColumnElement[bool]:
    """Say whether a value of `json_members` is one of the numbers, be they whole or not."""
    # Without a type each number goes to the database as what it is.
    return value.in_(bindparam(None, numbers, expanding=True, unique=True, type_=NullType()))


class _NoSpace(_Portable):
    inherit_cache = True
    sql: ClassVar = {
        "sqlite": "({0} NOT GLOB '*[ \t\n\r\f\v]*')",
        "postgresql": "(translate({0}, E' \\t\\n\\r\\f\\x0B', '') = {0})",
    }


def plausible_email(value: ColumnElement[str]) -> ColumnElement[bool]:
    """One @ with something before it and a dotted name after it, no space."""
    shape = and_(value.like("_%@_%._%"), value.not_like("%@%@%"))
    return and_(shape, _NoSpace(value))


def plausible_url(value: ColumnElement[str]) -> ColumnElement[bool]:
    """Begin with http:// or https://, no space."""
    lowered = func.lower(value)
    begins = or_(lowered.like("http://_%"), lowered.like("https://_%"))
    return and_(begins, _NoSpace(value))
