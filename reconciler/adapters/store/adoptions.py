"""What a person took over from a platform: marks that count as ours once git desires them.

It must not know what runs now, nor what is desired.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, delete, select

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.chunks import by_kind
from reconciler.adapters.sql.database import Database, SqlUnit
from reconciler.adapters.sql.schema import adoptions
from reconciler.core.canonical import Json
from reconciler.core.model import ResourceKey

_COLUMNS = tuple(column.name for column in adoptions.columns)
_TABLE = adoptions.c
_DIGESTS = select(_TABLE.kind, _TABLE.name, _TABLE.digest).where(
    _TABLE.environment == bindparam("environment")
)
_FORGET = delete(adoptions).where(
    _TABLE.environment == bindparam("of"),
    _TABLE.kind == bindparam("of_kind"),
    _TABLE.name == bindparam("named"),
)


class SqlAdoptionReader:
    """The adoption marks of `ports.StoreReader`."""

    _database: Database

    def adopted(self, environment: str) -> Mapping[ResourceKey, str]:
        """Return the digest with which each adopted resource ran when it was adopted."""
        with self._database.reading() as connection:
            found = dialect.fetch_plain(connection, _DIGESTS, {"environment": environment})
        return {ResourceKey(kind, name): digest for kind, name, digest in found}

    def adopted_contents(
        self, environment: str, keys: Iterable[ResourceKey]
    ) -> Mapping[ResourceKey, Json]:
        """Return the contents that were adopted."""
        found: dict[ResourceKey, Json] = {}
        with self._database.reading() as connection:
            for kind, names in by_kind(keys):
                query = select(_TABLE.name, _TABLE.content).where(
                    _TABLE.environment == environment, _TABLE.kind == kind, _TABLE.name.in_(names)
                )
                for name, content in connection.execute(query):
                    found[ResourceKey(kind, name)] = json.loads(content)
        return found


class SqlAdoptionWriter(SqlAdoptionReader):
    """The adoption marks of `ports.Store`."""

    def adopt(
        self, environment: str, running: Mapping[ResourceKey, tuple[str, Json]], at: str
    ) -> None:
        """Mark resources as adopted with digest and content; a later mark replaces an earlier."""

        def write(unit: SqlUnit) -> None:
            rows = [
                (environment, *key, digest, unit.text(content), at)
                for key, (digest, content) in running.items()
            ]
            dialect.execute_many(unit.connection, dialect.upsert(adoptions), _COLUMNS, rows)

        self._database.write(write, repeatable=True)


def forget(connection: Connection, environment: str, keys: Iterable[ResourceKey]) -> None:
    """Take marks away: what was written since is a record of its own."""
    if connection.execute(_DIGESTS.limit(1), {"environment": environment}).first() is None:
        return  # nearly always, and thousands are written at once
    found = [(environment, *key) for key in keys]
    dialect.execute_many(connection, _FORGET, ("of", "of_kind", "named"), found)
