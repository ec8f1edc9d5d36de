"""Backups in memory, with a handle for tests that damage them."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from reconciler.core.backups import Backup, BackupState
from reconciler.core.errors import BackupDamaged, NotFound


class MemoryBackups:
    """The part of `MemoryStore` about backups.

    `blobs` are the stored contents by address and `manifests` those of backups by id, compressed;
    a test may damage them.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self._backups: dict[str, Backup] = {}

    def backups(self, environment: str | None = None) -> Sequence[Backup]:
        """Return backups, ordered by environment, newest first."""
        found = [b for b in self._backups.values() if environment in (None, b.environment)]
        return sorted(found, key=lambda each: (each.environment, -each.sequence))

    def backup_manifest(self, id: str) -> bytes | None:
        """Return the manifest of a backup as it was stored; None until it is complete."""
        stored = self.manifests.get(id)
        return None if stored is None else _unpacked(stored)

    def known_contents(self, addresses: Iterable[str]) -> set[str]:
        """Return those of the addresses under which a content is stored."""
        return {address for address in addresses if address in self.blobs}

    def backed_up(self, addresses: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Stream stored contents, decompressed; what is missing is left out."""
        for address in addresses:
            if address in self.blobs:
                yield address, _unpacked(self.blobs[address])

    def begin_backup(self, backup: Backup) -> Backup:
        """List a backup as incomplete; returns it with the next sequence of its environment."""
        last = max((each.sequence for each in self.backups(backup.environment)), default=0)
        begun = replace(backup, sequence=last + 1, state=BackupState.INCOMPLETE)
        self._backups[backup.id] = begun
        return begun

    def store_contents(self, contents: Iterable[tuple[str, bytes]]) -> int:
        """Store contents that are not stored yet; return how many bytes were added."""
        new = {
            address: zlib.compress(data) for address, data in contents if address not in self.blobs
        }
        self.blobs |= new
        return sum(map(len, new.values()))

    def complete_backup(self, backup: Backup, manifest: bytes) -> Backup:
        """Store the manifest, and list the backup as usable."""
        begun = self._backups.get(backup.id)
        if begun is None or begun.state is not BackupState.INCOMPLETE:
            raise NotFound(f"There is no backup {backup.id} that was begun.")
        stored = zlib.compress(manifest)
        size = backup.bytes + len(stored)
        complete = replace(backup, bytes=size, state=BackupState.USABLE)
        self.manifests[backup.id], self._backups[backup.id] = stored, complete
        return complete

    def mark_backup(self, id: str, state: BackupState) -> None:
        """List a backup as being in this state."""
        if id in self._backups:
            self._backups[id] = replace(self._backups[id], state=state)

    def drop_backups(
        self, ids: Collection[str], keep: Collection[str], looked_at: Collection[str]
    ) -> None:
        """Forget backups, and contents that are not in `keep`."""
        for each in ids:
            self._backups.pop(each, None)
            self.manifests.pop(each, None)
        if self._backups.keys() <= set(looked_at):
            kept = self.blobs.keys() & set(keep)
            self.blobs = {address: self.blobs[address] for address in kept}


def _unpacked(stored: bytes) -> bytes:
    try:
        return zlib.decompress(stored)
    except zlib.error:
        raise BackupDamaged("A content of a backup cannot be unpacked.") from None
