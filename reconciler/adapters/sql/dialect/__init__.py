"""Everything that one database does differently from another.

Connecting, beginning, triggers, upserts, JSON inside queries, and what an error means to a person.
"""

from __future__ import annotations

from pathlib import Path

from reconciler.adapters.sql.dialect.base import TEXT, Backend, Found, Use
from reconciler.adapters.sql.dialect.bulk import execute_many, fetch_plain
from reconciler.adapters.sql.dialect.sqlite import ERRORS, SqliteBackend, empty_engine, explain
from reconciler.adapters.sql.dialect.statements import (
    current_time,
    insert_new,
    is_number_of,
    json_kind,
    json_members,
    json_text,
    lease_time,
    plausible_email,
    plausible_url,
    raw_bytes,
    upsert,
)
from reconciler.core.errors import UsageError

__all__ = [
    "ERRORS",
    "TEXT",
    "Backend",
    "Found",
    "SqliteBackend",
    "Use",
    "backend_of",
    "current_time",
    "empty_engine",
    "execute_many",
    "explain",
    "fetch_plain",
    "insert_new",
    "is_number_of",
    "json_kind",
    "json_members",
    "json_text",
    "lease_time",
    "plausible_email",
    "plausible_url",
    "raw_bytes",
    "resource_triggers",
    "upsert",
]

_SQLITE = "sqlite:///"
_POSTGRESQL = "postgresql://"


def backend_of(url: str, patience: float) -> Backend:
    """Return the database of a URL: `sqlite:///path` or `postgresql://…`.

    Raises:
        UsageError: another kind of URL, or one that cannot be understood.
    """
    if url.startswith(_SQLITE) and url != _SQLITE:
        return SqliteBackend(Path(url.removeprefix(_SQLITE)), patience)
    if url.startswith(_POSTGRESQL):
        from reconciler.adapters.sql.dialect.postgresql import PostgresqlBackend

        return PostgresqlBackend(url, patience)
    raise UsageError(
        f"The store {url.partition(':')[0]}:… is not one this program can use.",
        hint="Give sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE.",
    )


def resource_triggers(name: str) -> tuple[str, ...]:
    """Return what makes edits by hand visible: an unknown digest and another revision.

    Content and digest change together only when this program writes; where one changed alone
    the digest is forgotten. Migration 0001 uses these: change them by adding others.
    """
    if name == "sqlite":
        from reconciler.adapters.sql.dialect.sqlite import RESOURCE_TRIGGERS as SQLITE

        return SQLITE
    from reconciler.adapters.sql.dialect.postgresql import RESOURCE_TRIGGERS as POSTGRESQL

    return POSTGRESQL
