"""What was seen on the forge and counted, and what it was told, as rows.

It must not know what makes a review or a check count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.chunks import chunks
from reconciler.adapters.sql.database import Database, SqlUnit
from reconciler.adapters.sql.schema import forge_evidence, forge_told
from reconciler.core.forge.records import ForgeEvidence, Told, settled

_EVIDENCE = forge_evidence.c
_ORDER = (_EVIDENCE.role, _EVIDENCE.evidence, _EVIDENCE.name, _EVIDENCE.by)


class SqlForgeReader:
    """What the store remembers of the forge, of `ports.StoreReader`."""

    _database: Database

    def forge_evidence(self, environment: str, version: str) -> Sequence[ForgeEvidence]:
        """Return what counted of a release, ordered by role, evidence, name and who."""
        with self._database.reading() as connection:
            return _read(connection, environment, version)

    def told_to_forge(self, deployments: Iterable[str]) -> Mapping[str, Told]:
        """Return which of these deployments the forge was told of, by id."""
        found: dict[str, Told] = {}
        with self._database.reading() as connection:
            for chunk in chunks(deployments):
                query = select(forge_told).where(forge_told.c.deployment.in_(chunk))
                rows = (Told(**row) for row in connection.execute(query).mappings())
                found |= {told.deployment: told for told in rows}
        return found


class SqlForgeWriter(SqlForgeReader):
    """The same of `ports.Store`."""

    def keep_forge_evidence(
        self, environment: str, version: str, found: Iterable[ForgeEvidence]
    ) -> None:
        """Let this be all that counts of a release; when nothing changes nothing is written."""
        given = list(found)
        known = self.forge_evidence(environment, version)
        if settled(known, given) == {each.key: each for each in known}:
            return

        def write(unit: SqlUnit) -> None:
            connection = unit.connection
            kept = settled(_read(connection, environment, version), given)
            connection.execute(delete(forge_evidence).where(*_of(environment, version)))
            if kept:
                connection.execute(insert(forge_evidence), [_row(each) for each in kept.values()])

        self._database.write(write, repeatable=True)

    def note_told(self, told: Told) -> bool:
        """Remember that the forge was told of a deployment; False when that was known."""
        if told.deployment in self.told_to_forge([told.deployment]):
            return False
        new = dialect.insert_new(forge_told).values(asdict(told)).returning(forge_told.c.deployment)
        return self._database.write(lambda unit: unit.connection.execute(new).first() is not None)


def _read(connection: Connection, environment: str, version: str) -> list[ForgeEvidence]:
    query = select(forge_evidence).where(*_of(environment, version)).order_by(*_ORDER)
    return [_evidence(row) for row in connection.execute(query).mappings()]


def _of(environment: str, version: str) -> tuple[ColumnElement[bool], ...]:
    return (_EVIDENCE.environment == environment, _EVIDENCE.version == version)


def _row(evidence: ForgeEvidence) -> dict[str, Any]:
    row = asdict(evidence)
    return row | {"commit_id": row.pop("commit")}


def _evidence(row: RowMapping) -> ForgeEvidence:
    known = {name: value for name, value in row.items() if name != "commit_id"}
    return ForgeEvidence(commit=row["commit_id"], **known)
