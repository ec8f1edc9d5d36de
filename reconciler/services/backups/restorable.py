"""A backup that was verified, and can be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from reconciler.core import backup_format
from reconciler.core.backups import Backup, Content, Live, Piece
from reconciler.core.canonical import Json
from reconciler.core.model import ResourceKey
from reconciler.ports import BackupReader
from reconciler.services.backups import reading

Contents = Mapping[ResourceKey, Content]


@dataclass(frozen=True, kw_only=True)
class Restorable:
    """What a backup holds. Every content is compared with its digest again when it is read.

    `live` is what was live when it was taken, `content_digest` the content that was last applied.
    """

    backup: Backup
    store: BackupReader
    running: Contents
    recorded: Contents
    taken_over: Contents
    content_digest: str | None
    live: Live | None
    chunks: tuple[Piece, ...]

    @cached_property
    def digests(self) -> dict[ResourceKey, str]:
        """The digest of everything that ran."""
        return {key: each.digest for key, each in self.running.items()}

    @cached_property
    def applied(self) -> dict[ResourceKey, str]:
        """What the store said was last applied."""
        return {key: each.digest for key, each in self.recorded.items()}

    @cached_property
    def adopted(self) -> dict[ResourceKey, str]:
        """What the store said had been adopted."""
        return {key: each.digest for key, each in self.taken_over.items()}

    @cached_property
    def unread(self) -> frozenset[ResourceKey]:
        """What ran although nobody could read it: there is no content to put back."""
        return frozenset(key for key, each in self.running.items() if each.address is None)

    def content(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return contents of what ran; those that nobody could read then are left out.

        Raises:
            BackupDamaged: one is not there, or not what was stored.
        """
        return self._read(self.running, keys)

    def applied_content(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return contents of what was last applied.

        Raises:
            BackupDamaged: one is not there, or not what was stored.
        """
        return self._read(self.recorded, keys)

    def adopted_content(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return contents of what had been adopted.

        Raises:
            BackupDamaged: one is not there, or not what was stored.
        """
        return self._read(self.taken_over, keys)

    def users(self) -> Iterator[Mapping[str, Json]]:
        """Stream the records of connected users as they were, with flat memory.

        Raises:
            BackupDamaged: some are not there, or not what was stored.
        """
        for piece, data in reading.pieces(self.store, self.backup.id, self.chunks):
            yield from backup_format.read_users(self.backup.id, data, piece.number)

    def _read(self, contents: Contents, keys: Iterable[ResourceKey]) -> dict[ResourceKey, Json]:
        wanted = {
            key: found.address
            for key in keys
            if (found := contents.get(key)) is not None and found.address is not None
        }
        data = reading.values(self.store, self.backup.id, set(wanted.values()))
        return {key: data[address] for key, address in wanted.items()}
