"""Reads contents of a backup, some at a time, and compares each with the digest that names it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from reconciler.core import backup_format, canonical
from reconciler.core.backup_format import damaged
from reconciler.core.backups import Piece
from reconciler.core.canonical import Json
from reconciler.core.errors import BackupDamaged
from reconciler.ports import BackupReader

_BATCH = 16  # pages or chunks that are in memory at once
_Item = TypeVar("_Item")


def check(store: BackupReader, backup: str, addresses: Collection[str]) -> None:
    """Read contents, and compare each with its address.

    Raises:
        BackupDamaged: one is not there, or not what was stored.
    """
    for _ in _whole(store, backup, addresses):
        pass


def values(store: BackupReader, backup: str, addresses: Collection[str]) -> dict[str, Json]:
    """Return the values of contents by their address.

    Raises:
        BackupDamaged: one is not there, or not what was stored.
    """
    return {
        address: backup_format.value(backup, data)
        for address, data in _whole(store, backup, addresses)
    }


def pieces(
    store: BackupReader, backup: str, wanted: Iterable[Piece]
) -> Iterator[tuple[Piece, bytes]]:
    """Stream pieces in the order in which they are named, with flat memory.

    Raises:
        BackupDamaged: one is not there, or not what was stored.
    """
    for batch in batches(wanted, _BATCH):
        found = dict(_whole(store, backup, {piece.address for piece in batch}))
        yield from ((piece, found[piece.address]) for piece in batch)


def batches(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """Yield the items in lists of bounded length."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def _whole(
    store: BackupReader, backup: str, addresses: Collection[str]
) -> Iterator[tuple[str, bytes]]:
    """Stream contents, each as it was stored and none missing."""
    missing = set(addresses)
    for address, data in _unpacked(store, backup, sorted(missing)):
        if canonical.sha256(data) != address:
            raise damaged(backup, "a content in it was altered")
        missing.discard(address)
        yield address, data
    if missing:
        raise damaged(backup, f"{len(missing)} of its contents are missing")


def _unpacked(
    store: BackupReader, backup: str, addresses: Collection[str]
) -> Iterator[tuple[str, bytes]]:
    try:
        yield from store.backed_up(addresses)
    except BackupDamaged as error:
        raise damaged(backup, "a content in it cannot be unpacked") from error
