"""Everything that one database does differently from another; SQLite today.

Connecting, beginning, triggers, upserts, JSON inside queries, and what an error means to a person.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Insert,
    LargeBinary,
    Select,
    Table,
    TableValuedAlias,
    Update,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

READ = "BEGIN"
WRITE = "BEGIN IMMEDIATE"

_FOR_WRITING = ("journal_mode = DELETE", "synchronous = FULL", "foreign_keys = ON")
_FOR_READING = ("query_only = ON",)


# --- connections --------------------------------------------------------------------------------


def connect(path: Path, busy_timeout: float, *, write: bool) -> sqlite3.Connection:
    """Open a database file that exists; a connection for reading cannot write.

    The rollback journal, since libraries before 3.51.3 can lose data in WAL mode.
    """
    uri = path.absolute().as_uri() + "?mode=rw"
    connection = sqlite3.connect(uri, timeout=busy_timeout, isolation_level=None, uri=True)
    try:
        for pragma in _FOR_WRITING if write else _FOR_READING:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def connect_empty(statements: tuple[str, ...]) -> sqlite3.Connection:
    """Open a database in memory that holds the schema and no row."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.execute("PRAGMA query_only = ON")
    return connection


class Found(NamedTuple):
    """What stands in a database: any table at all, and the version of our schema."""

    tables: bool
    version: str | None


def find_schema(connection: Connection) -> Found:
    """Look which schema a database holds."""
    query = "SELECT count(*), coalesce(sum(name = 'alembic_version'), 0) FROM sqlite_master"
    count, ours = connection.exec_driver_sql(query).one()
    if not ours:
        return Found(tables=bool(count), version=None)
    version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return Found(tables=True, version=None if version is None else str(version))


def current_time(connection: Connection) -> str:
    """Return the database's time as RFC 3339 in UTC."""
    now = connection.exec_driver_sql("SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')")
    return str(now.scalar_one())


# --- triggers -----------------------------------------------------------------------------------

# Without a constraint that could abort, the trigger costs next to nothing per row.
_BUMP = """\
  UPDATE platform_environments SET revision = revision + 1 WHERE environment = {row}.environment;
  INSERT OR IGNORE INTO platform_environments (environment, revision)
    SELECT {row}.environment, 1 WHERE changes() = 0;
"""

_EDITED = """\
CREATE TRIGGER platform_resources_edited AFTER UPDATE OF content, digest ON platform_resources
WHEN NEW.digest IS NOT NULL
  AND (NEW.content IS NOT OLD.content) <> (NEW.digest IS NOT OLD.digest)
BEGIN
  UPDATE platform_resources SET digest = NULL
    WHERE environment = NEW.environment AND kind = NEW.kind AND name = NEW.name;
END"""

_BUMPS = (
    ("inserted", "INSERT ON platform_resources", "NEW"),
    ("updated", "UPDATE ON platform_resources", "NEW"),
    ("deleted", "DELETE ON platform_resources", "OLD"),
    (
        "moved",
        "UPDATE OF environment ON platform_resources WHEN NEW.environment <> OLD.environment",
        "OLD",
    ),
)


def resource_triggers(name: str) -> tuple[str, ...]:
    """Return what makes edits by hand visible: an unknown digest and another revision.

    Content and digest change together only when this program writes; where one changed alone
    the digest is forgotten. Migration 0001 uses these: change them by adding others.
    """
    if name != "sqlite":
        return ()
    bumps = (
        f"CREATE TRIGGER platform_resources_{when} AFTER {what}\nBEGIN\n{_BUMP.format(row=row)}END"
        for when, what, row in _BUMPS
    )
    return (_EDITED, *bumps)


# --- statements ---------------------------------------------------------------------------------


def upsert(table: Table, *, keep: tuple[str, ...] = (), **values: Any) -> sqlite.Insert:
    """Return an insert that replaces the row of the same primary key.

    Columns of `keep` stay as they were, those of `values` become the given expressions.
    """
    statement = sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    changes = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in keys and column.name not in keep
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=changes | values)


def insert_new(table: Table) -> sqlite.Insert:
    """Return an insert that leaves a row of the same primary key as it is.

    Another unique index that the row breaks is an error.
    """
    keys = [column.name for column in table.primary_key]
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=keys)


def raw_bytes(column: ColumnElement[str]) -> ColumnElement[bytes]:
    """Return the bytes of a text, whether or not they are text."""
    return cast(column, LargeBinary)


# --- many rows ----------------------------------------------------------------------------------


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

    Rows go to the driver as they are, which for thousands saves most of the time.
    """
    if not rows:
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
    connection.exec_driver_sql(str(compiled), rows)


def _positions(compiled: Any) -> list[str]:
    return list(compiled.positiontup)


# --- JSON inside queries ------------------------------------------------------------------------


def _json(column: ColumnElement[str]) -> ColumnElement[str]:
    # A case is the only thing that surely keeps text that is no JSON from the functions.
    return case((func.json_valid(column) == 1, column), else_=literal("null"))


def json_kind(column: ColumnElement[str]) -> ColumnElement[str]:
    """Return null, true, false, integer, real, text, array or object."""
    return func.json_type(_json(column))


def json_text(column: ColumnElement[str]) -> ColumnElement[str]:
    """Return the text of a JSON string."""
    return func.json_extract(_json(column), "$")


def json_members(column: ColumnElement[str]) -> TableValuedAlias:
    """Return the members of a JSON list, or the one scalar, as rows of (type, atom)."""
    scalar_or_list = case((json_kind(column) == "object", literal("null")), else_=_json(column))
    return func.json_each(scalar_or_list).table_valued("type", "atom")


_SPACES = "*[ \t\n\r\f\v]*"


def _no_space(value: ColumnElement[str]) -> ColumnElement[bool]:
    return value.op("NOT GLOB", is_comparison=True)(_SPACES)


def plausible_email(value: ColumnElement[str]) -> ColumnElement[bool]:
    """One @ with something before it and a dotted name after it, no space."""
    shape = and_(value.like("_%@_%._%"), value.not_like("%@%@%"))
    return and_(shape, _no_space(value))


def plausible_url(value: ColumnElement[str]) -> ColumnElement[bool]:
    """Begin with http:// or https://, no space."""
    lowered = func.lower(value)
    begins = or_(lowered.like("http://_%"), lowered.like("https://_%"))
    return and_(begins, _no_space(value))


# --- errors -------------------------------------------------------------------------------------

_WAIT = "Wait until the other command has ended, then run this one again."
_SENTENCES: tuple[tuple[str, str, str], ...] = (
    ("SQLITE_BUSY", "is locked by another process", _WAIT),
    ("SQLITE_LOCKED", "is locked by another connection", _WAIT),
    (
        "SQLITE_NOTADB",
        "is not an SQLite database",
        "Name another file with --store, or move this one away.",
    ),
    (
        "SQLITE_CORRUPT",
        "is damaged",
        "Put back a copy of the file; `sqlite3 FILE .recover` may save what is left of it.",
    ),
    (
        "SQLITE_READONLY",
        "cannot be written",
        "Make the file and its folder writable for this user, or name another with --store.",
    ),
    ("SQLITE_PERM", "cannot be written", "Make the file and its folder writable for this user."),
    ("SQLITE_FULL", "cannot grow, the disk is full", "Free some space and run the command again."),
    (
        "SQLITE_CANTOPEN",
        "cannot be opened",
        "Check that it is a file, and that this user may read and write it and its folder.",
    ),
    (
        "SQLITE_IOERR",
        "cannot be read or written, the disk reports an error",
        "Check the disk and its free space, then run the command again.",
    ),
)


def explain(error: BaseException) -> tuple[str, str]:
    """Return what a database error means and what to do next."""
    original = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(original, "sqlite_errorname", None) or ""
    for prefix, meaning, step in _SENTENCES:
        if name.startswith(prefix):
            return meaning, step
    return f"failed with {original}", "Run `reconciler doctor`."


ERRORS: tuple[type[Exception], ...] = (DBAPIError, sqlite3.Error)

Connector = Callable[[], sqlite3.Connection]
