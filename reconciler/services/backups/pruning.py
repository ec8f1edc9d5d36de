"""Forgets backups that need not be kept, and contents that none of the others refers to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.core import backup_format, retention
from reconciler.core.backups import Backup, BackupState
from reconciler.core.errors import BackupRefused
from reconciler.ports import Store, StoreReader
from reconciler.services.backups import reading


def prune(store: Store, environment: str, now: str) -> Sequence[Backup]:
    """Forget the backups of an environment that the rule no longer keeps, and return them.

    The caller holds the lock of the environment: none of its own backups is being taken. What
    those of others refer to is kept, be they complete or not; see `Backups.drop_backups`.
    """
    everything = store.backups()
    mine = [each for each in everything if each.environment == environment]
    gone = retention.expendable(mine, now, _referred(store, environment))
    if not gone:
        return ()
    ids = {backup.id for backup in gone}
    rest = [each for each in everything if each.id not in ids]
    keep: set[str] = set()
    looked_at = [each.id for each in rest if _look(store, each, now, keep)]
    store.drop_backups(ids, keep, looked_at)
    return gone


def _referred(store: StoreReader, environment: str) -> set[str | None]:
    """Return the backups that something still unfinished may need."""
    hold = store.hold(environment)
    needed = {deployment.backup for deployment in store.running(environment)}
    if any(lock.expires_at is None for lock in store.locks(environment)):
        # It was not restored, and a person will look at what there is.
        needed |= {each.id for each in store.backups(environment)}
    return needed if hold is None else {*needed, hold.backup}


def _look(store: StoreReader, backup: Backup, now: str, keep: set[str]) -> bool:
    """Add what a backup refers to; False when that is not known, so that nothing may go.

    One that has been incomplete for a day was abandoned. Were it not, it would miss its contents
    itself before it is listed as usable.
    """
    if backup.state is BackupState.INCOMPLETE:
        return retention.is_abandoned(backup, now)
    try:
        keep.update(_addresses(store, backup))
    except BackupRefused:
        return False
    return True


def _addresses(store: StoreReader, backup: Backup) -> Iterable[str]:
    data = store.backup_manifest(backup.id)
    if data is None:
        return
    manifest = backup_format.read_manifest(backup.id, data)
    yield from (piece.address for piece in (*manifest.pages, *manifest.chunks))
    for piece, page in reading.pieces(store, backup.id, manifest.pages):
        for row in backup_format.read_page(backup.id, page, piece.number):
            yield from row.addresses
