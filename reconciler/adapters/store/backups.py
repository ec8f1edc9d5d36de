"""Backups as rows, and their contents as compressed blobs under what they digest to.

It must not know what a backup consists of.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import RowMapping, delete, func, insert, select, update

from reconciler.adapters.sql import dialect, schema
from reconciler.adapters.sql.chunks import chunks
from reconciler.adapters.sql.database import Database
from reconciler.adapters.sql.schema import backup_blobs
from reconciler.core.backups import Backup, BackupState
from reconciler.core.errors import BackupDamaged, NotFound, StoreError

# Bytes of one content, and of a manifest; what claims to be larger is not unpacked.
LARGEST = 64 * 1024 * 1024
LARGEST_MANIFEST = 8 * 1024 * 1024

_BACKUP = schema.backups.c
_BLOB = backup_blobs.c
_LISTED = [column for column in schema.backups.columns if column is not _BACKUP.manifest]
_NUMBERS = ("sequence", "resources", "users", "bytes")
_HEAD = 8  # bytes before a compressed content that tell how long it is
_BATCH = 200  # contents in a transaction that writes
_PAGE = 50  # contents in memory at once


class SqlBackupReader:
    """The part of `SqlStoreReader` about backups."""

    _database: Database

    def backups(self, environment: str | None = None) -> Sequence[Backup]:
        """Return backups, ordered by environment, newest first."""
        query = select(*_LISTED).order_by(_BACKUP.environment, _BACKUP.sequence.desc())
        if environment is not None:
            query = query.where(_BACKUP.environment == environment)
        with self._database.reading() as connection:
            return [_backup(row) for row in connection.execute(query).mappings()]

    def backup_manifest(self, id: str) -> bytes | None:
        """Return the manifest of a backup as it was stored; None until it is complete.

        Raises:
            BackupDamaged: it cannot be decompressed.
        """
        query = select(_BACKUP.manifest).where(_BACKUP.id == id)
        with self._database.reading() as connection:
            packed: bytes | None = connection.execute(query).scalar()
        return None if packed is None else unpacked(packed, LARGEST_MANIFEST)

    def known_contents(self, addresses: Iterable[str]) -> set[str]:
        """Return those of the addresses under which a content is stored."""
        found: set[str] = set()
        with self._database.reading() as connection:
            for some in chunks(addresses):
                query = select(_BLOB.address).where(_BLOB.address.in_(some))
                found.update(connection.execute(query).scalars())
        return found

    def backed_up(self, addresses: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Stream stored contents, decompressed; what is missing is left out.

        Each page is a transaction of its own, so a slow reader holds up no writer.

        Raises:
            BackupDamaged: one cannot be decompressed.
        """
        remaining = iter(addresses)
        while page := list(islice(remaining, _PAGE)):
            query = select(_BLOB.address, _BLOB.content).where(_BLOB.address.in_(page))
            with self._database.reading() as connection:
                found = connection.execute(query).all()
            for address, packed in found:
                yield address, unpacked(packed)


class SqlBackupWriter(SqlBackupReader):
    """The part of `SqlStore` about backups."""

    def begin_backup(self, backup: Backup) -> Backup:
        """List a backup as incomplete; returns it with the next sequence of its environment."""
        last = select(func.coalesce(func.max(_BACKUP.sequence), 0))
        last = last.where(_BACKUP.environment == backup.environment)
        with self._database.writing() as unit:
            sequence = unit.connection.execute(last).scalar_one() + 1
            begun = replace(backup, sequence=sequence, state=BackupState.INCOMPLETE)
            unit.connection.execute(insert(schema.backups), _row(begun))
        return begun

    def store_contents(self, contents: Iterable[tuple[str, bytes]]) -> int:
        """Store contents that are not stored yet; return how many bytes were added.

        They are drawn while no transaction is open, so they may be read from the same database.

        Raises:
            StoreError: one is larger than 64 MiB.
        """
        remaining, added = iter(contents), 0
        while some := dict(islice(remaining, _BATCH)):
            known = self.known_contents(some)
            rows = [
                (address, packed(data)) for address, data in some.items() if address not in known
            ]
            if rows:
                with self._database.writing() as unit:
                    new = dialect.insert_new(backup_blobs)
                    dialect.execute_many(unit.connection, new, ("address", "content"), rows)
            added += sum(len(data) for _, data in rows)
        return added

    def complete_backup(self, backup: Backup, manifest: bytes) -> Backup:
        """Store the manifest, and list the backup as usable.

        Raises:
            NotFound: there is no such backup that is incomplete.
        """
        stored = packed(manifest)
        size = backup.bytes + len(stored)
        complete = replace(backup, bytes=size, state=BackupState.USABLE)
        begun = update(schema.backups).where(
            _BACKUP.id == backup.id, _BACKUP.state == BackupState.INCOMPLETE.value
        )
        with self._database.writing() as unit:
            row = _row(complete) | {"manifest": stored}
            if not unit.connection.execute(begun.values(row)).rowcount:
                raise NotFound(f"There is no backup {backup.id} that was begun.")
        return complete

    def mark_backup(self, id: str, state: BackupState) -> None:
        """List a backup as being in this state."""
        listed = update(schema.backups).where(_BACKUP.id == id)
        with self._database.writing() as unit:
            unit.connection.execute(listed.values(state=state.value))

    def drop_backups(
        self, ids: Collection[str], keep: Collection[str], looked_at: Collection[str]
    ) -> None:
        """Forget backups, and contents that are not in `keep`.

        A backup is listed before it looks which contents are stored. So either it is seen here,
        and every content stays, or it begins after this transaction and finds none of those gone.
        """
        with self._database.writing() as unit:
            for some in chunks(ids):
                unit.connection.execute(delete(schema.backups).where(_BACKUP.id.in_(some)))
            there = unit.connection.execute(select(_BACKUP.id)).scalars()
            if not set(there) <= set(looked_at):
                return
            stored = unit.connection.execute(select(_BLOB.address)).scalars()
            kept = frozenset(keep)
            for some in chunks([address for address in stored if address not in kept]):
                unit.connection.execute(delete(backup_blobs).where(_BLOB.address.in_(some)))


def packed(data: bytes) -> bytes:
    """Return a content as it is stored: how long it is, then itself, compressed.

    Raises:
        StoreError: it is larger than 64 MiB.
    """
    if len(data) > LARGEST:
        raise StoreError(
            f"A content of {len(data):,} bytes cannot be backed up; 64 MiB are the most.",
            hint="Look for a manifest of that size.",
        )
    return len(data).to_bytes(_HEAD) + zlib.compress(data)


def unpacked(stored: object, largest: int = LARGEST) -> bytes:
    """Return a content as it was before it was stored; never more than it says, nor too much.

    Raises:
        BackupDamaged: it is not what was stored.
    """
    unpacking = zlib.decompressobj()
    damaged = BackupDamaged("A content of a backup cannot be unpacked.")
    if not isinstance(stored, bytes):  # a hand may have written a text into SQLite
        raise damaged
    size = int.from_bytes(stored[:_HEAD])
    if size > largest:
        raise damaged
    try:
        data = unpacking.decompress(stored[_HEAD:], size + 1)
    except zlib.error as error:
        raise damaged from error
    if len(data) != size or not unpacking.eof or unpacking.unused_data:
        raise damaged
    return data


def _backup(row: RowMapping) -> Backup:
    # SQLite keeps whatever a hand wrote; a backup that is listed otherwise is refused later.
    known = {each.value for each in BackupState}
    found: dict[str, Any] = {name: _typed(value, name) for name, value in row.items()}
    found["state"] = found["state"] if found["state"] in known else BackupState.DAMAGED
    return Backup(**{**found, "state": BackupState(found["state"])})


def _typed(value: object, name: str) -> str | int | None:
    if name in _NUMBERS:
        return value if isinstance(value, int) else 0
    return value if value is None else str(value)


def _row(backup: Backup) -> dict[str, Any]:
    found = {column.name: getattr(backup, column.name) for column in _LISTED}
    return found | {"state": backup.state.value}
