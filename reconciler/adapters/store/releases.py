"""What the store remembers of releases: tag objects, trusted commits, audit.

It must not know git, nor what makes a tag acceptable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from operator import attrgetter

from sqlalchemy import Connection, RowMapping, insert, select, update

from reconciler.adapters.sql import dialect, schema
from reconciler.adapters.sql.chunks import chunks
from reconciler.adapters.sql.database import Database, SqlUnit
from reconciler.adapters.sql.schema import audit, store_identity, tags_seen
from reconciler.core.errors import Conflict, NotFound
from reconciler.core.releases.records import (
    AuditEntry,
    SeenTag,
    TagState,
    Trust,
    as_given,
    judged,
    trust_audit,
)

_TAG = tags_seen.c
_TAG_COLUMNS = tuple(column.name for column in tags_seen.columns)
_tag_row = attrgetter(*_TAG_COLUMNS)


class SqlReleaseReader:
    """The part of `SqlStoreReader` about releases."""

    def __init__(self, database: Database) -> None:
        """Read from this database."""
        self._database = database

    def tags_seen(self, environment: str) -> Sequence[SeenTag]:
        """Return the tag objects that were seen, ordered by when, then by name and object id."""
        query = select(tags_seen).where(_TAG.environment == environment)
        query = query.order_by(_TAG.first_seen, _TAG.name, _TAG.object_id)
        with self._database.reading() as connection:
            return [_tag(row) for row in connection.execute(query).mappings()]

    def accepted(self, name: str) -> str | None:
        """Return the object id that is pinned to a tag name since it was accepted."""
        with self._database.reading() as connection:
            return _pinned(connection, name)

    def trust(self, environment: str) -> Trust | None:
        """Return the trusted commit; None until it is first written down."""
        query = select(schema.trust).where(schema.trust.c.environment == environment)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        known = {name: value for name, value in row.items() if name != "commit_id"}
        return Trust(commit=row["commit_id"], **known)

    def identity(self) -> str | None:
        """Return the store's own random id; None where there is no store."""
        with self._database.reading() as connection:
            found: str | None = connection.execute(select(store_identity.c.id)).scalar()
        return found

    def audit(
        self, environment: str | None = None, limit: int | None = None
    ) -> Sequence[AuditEntry]:
        """Return audit entries, newest first; of one environment or of all."""
        table = audit.c
        query = select(table.at, table.actor, table.action, table.environment, table.detail)
        query = query.order_by(table.sequence.desc()).limit(limit)
        if environment is not None:
            query = query.where(table.environment == environment)
        with self._database.reading() as connection:
            return [AuditEntry(**row) for row in connection.execute(query).mappings()]


class SqlReleaseWriter:
    """The part of `SqlStore` about releases."""

    _database: Database

    def see_tags(self, tags: Iterable[SeenTag]) -> None:
        """Remember tag objects that were never seen; when all are known nothing is written."""
        given = {(tag.name, tag.object_id): tag for tag in reversed(list(tags))}
        with self._database.reading() as connection:
            known = _known(connection, {name for name, _ in given})
        found = [as_given(tag) for key, tag in given.items() if key not in known]
        if found:
            self._database.write(lambda unit: _insert(unit.connection, found), repeatable=True)

    def judge_tag(
        self, name: str, object_id: str, state: TagState, reason: str | None, *, reported: bool
    ) -> None:
        """Write down what became of a tag object; when that is known already nothing is written.

        Raises:
            NotFound: the object was never seen under that name.
            Conflict: another object is pinned to the name.
        """
        with self._database.reading() as connection:
            before = _seen(connection, name, object_id)
        if judged(before, state, reason, reported=reported) == before:
            return

        def write(unit: SqlUnit) -> None:
            if state is TagState.ACCEPTED:
                _refuse_another(unit.connection, name, object_id)
            before = _seen(unit.connection, name, object_id)
            _rewrite(unit.connection, judged(before, state, reason, reported=reported))

        self._database.write(write, repeatable=True)

    def report_deleted(self, name: str, object_id: str) -> None:
        """Remember that the deletion of a tag was told.

        Raises:
            NotFound: the object was never seen under that name.
        """
        with self._database.reading() as connection:
            before = _seen(connection, name, object_id)
        if before.deletion_reported:
            return

        def write(unit: SqlUnit) -> None:
            before = _seen(unit.connection, name, object_id)
            _rewrite(unit.connection, replace(before, deletion_reported=True))

        self._database.write(write, repeatable=True)

    def set_trust(self, trust: Trust) -> None:
        """Write the trusted commit of an environment, and an audit entry, in one transaction."""
        row = asdict(trust)
        row["commit_id"] = row.pop("commit")

        def write(unit: SqlUnit) -> None:
            unit.connection.execute(dialect.upsert(schema.trust), row)
            unit.connection.execute(insert(audit), asdict(trust_audit(trust)))

        self._database.write(write)

    def add_audit(self, entry: AuditEntry) -> None:
        """Write an audit entry."""
        self._database.write(lambda unit: unit.connection.execute(insert(audit), asdict(entry)))


def _known(connection: Connection, names: Iterable[str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for chunk in chunks(names):
        query = select(_TAG.name, _TAG.object_id).where(_TAG.name.in_(chunk))
        found.update((row.name, row.object_id) for row in connection.execute(query))
    return found


def _seen(connection: Connection, name: str, object_id: str) -> SeenTag:
    query = select(tags_seen).where(_TAG.name == name, _TAG.object_id == object_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"No object {object_id} was seen under the tag {name}.")
    return _tag(row)


def _pinned(connection: Connection, name: str) -> str | None:
    query = select(_TAG.object_id).where(_TAG.name == name, _TAG.pinned)
    found: str | None = connection.execute(query).scalar()
    return found


def _refuse_another(connection: Connection, name: str, object_id: str) -> None:
    pinned = _pinned(connection, name)
    if pinned not in (None, object_id):
        raise Conflict(
            f"The tag {name} was accepted as object {pinned}, not {object_id}.",
            hint="Nothing was applied; find out who moved it.",
        )


def _insert(connection: Connection, tags: Sequence[SeenTag]) -> None:
    for tag in tags:
        if tag.pinned:
            _refuse_another(connection, tag.name, tag.object_id)
    rows = [_tag_row(tag) for tag in tags]
    dialect.execute_many(connection, dialect.insert_new(tags_seen), _TAG_COLUMNS, rows)


def _rewrite(connection: Connection, tag: SeenTag) -> None:
    row = asdict(tag) | {"state": tag.state.value}
    same = (_TAG.name == tag.name, _TAG.object_id == tag.object_id)
    connection.execute(update(tags_seen).where(*same).values(row))


def _tag(row: RowMapping) -> SeenTag:
    return SeenTag(**dict(row) | {"state": TagState(row["state"])})
