"""Backups in the store: what there is, and contents by their address.

An address is the SHA-256 of the content, written like every digest. `Backups` is a part of `Store`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

from reconciler.core.backups import Backup, BackupState


class BackupReader(Protocol):
    """Backups that were taken. It cannot write."""

    def backups(self, environment: str | None = None) -> Sequence[Backup]:
        """Return backups, ordered by environment, newest first (by sequence)."""

    def backup_manifest(self, id: str) -> bytes | None:
        """Return the manifest of a backup as it was stored, decompressed; None until complete.

        Raises:
            BackupDamaged: it cannot be decompressed.
        """

    def known_contents(self, addresses: Iterable[str]) -> set[str]:
        """Return those of the addresses under which a content is stored."""

    def backed_up(self, addresses: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Stream stored contents, decompressed, in no order; what is missing is left out.

        Raises:
            BackupDamaged: one cannot be decompressed.
        """


class Backups(BackupReader, Protocol):
    """The same for those who write."""

    def begin_backup(self, backup: Backup) -> Backup:
        """List a backup as incomplete; returns it with the next sequence of its environment."""

    def store_contents(self, contents: Iterable[tuple[str, bytes]]) -> int:
        """Store contents that are not stored yet, compressed; return how many bytes were added.

        Streams, some hundred in a transaction.
        """

    def complete_backup(self, backup: Backup, manifest: bytes) -> Backup:
        """Store the manifest, and list the backup as usable with its counts, digest and seal.

        Returns it as it is listed: `bytes` counts the stored manifest too.

        Raises:
            NotFound: there is no such backup that is incomplete.
        """

    def mark_backup(self, id: str, state: BackupState) -> None:
        """List a backup as being in this state."""

    def drop_backups(
        self, ids: Collection[str], keep: Collection[str], looked_at: Collection[str]
    ) -> None:
        """Forget backups, and every stored content whose address is not in `keep`.

        `looked_at` are the backups whose contents are all in `keep`, or need not be. As long as
        there is another one, which perhaps has just begun and found its contents stored, every
        content stays.
        """
