"""Verifies a backup: that it is the one it is listed as, and everything in it as it was stored."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.core import backup_format, backups, canonical
from reconciler.core.backup_format import damaged
from reconciler.core.backups import Backup, BackupState, Content, Manifest, Row, SealedBy
from reconciler.core.errors import BackupDamaged, BackupRefused, NotFound
from reconciler.core.model import ResourceKey
from reconciler.ports import Sealer, StoreReader
from reconciler.services.backups import reading
from reconciler.services.backups.restorable import Restorable

PURPOSE = "backup"
_TAKE = "`reconciler backup create` takes a new one."
_LIST = "`reconciler backup list` shows those there are."


def find(store: StoreReader, backup_id: str) -> Backup:
    """Return what is listed of a backup.

    Raises:
        NotFound: there is none of this id.
    """
    for backup in store.backups():
        if backup.id == backup_id:
            return backup
    raise NotFound(f"There is no backup {backup_id}.", hint=_LIST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Verifies backups; it cannot write."""

    store: StoreReader
    sealer: Sealer

    def verify(self, backup: Backup, environment: str, deployment: str | None = None) -> Restorable:
        """Verify all of a backup.

        Raises:
            BackupDamaged: it is truncated or was altered.
            BackupRefused: it is not the one that is wanted, or may not be used here.
            SecretError: the key of the environment cannot be used.
        """
        _refuse_other(backup, environment, deployment)
        manifest = self._manifest(backup)
        rows = self.rows(manifest)
        restorable = self._restorable(backup, manifest, rows)
        twice = len({row.key for row in rows}) != len(rows)
        if twice or len(restorable.running) != manifest.resources:
            raise damaged(backup.id, "it does not hold as many resources as it says")
        addresses = {address for row in rows for address in row.addresses}
        reading.check(self.store, backup.id, addresses)
        if sum(1 for _ in restorable.users()) != manifest.users:
            raise damaged(backup.id, "it does not hold as many users as it says")
        return restorable

    def rows(self, manifest: Manifest) -> list[Row]:
        """Return what stands in the pages of a manifest.

        Raises:
            BackupDamaged: one is not there, or not what was stored.
        """
        return [
            row
            for piece, data in reading.pieces(self.store, manifest.id, manifest.pages)
            for row in backup_format.read_page(manifest.id, data, piece.number)
        ]

    def _restorable(self, backup: Backup, manifest: Manifest, rows: Iterable[Row]) -> Restorable:
        running: dict[ResourceKey, Content] = {}
        applied: dict[ResourceKey, Content] = {}
        adopted: dict[ResourceKey, Content] = {}
        for row in rows:
            aspects = ((running, row.running), (applied, row.applied), (adopted, row.adopted))
            for found, content in aspects:
                if content is not None:
                    found[row.key] = content
        return Restorable(
            backup=backup,
            store=self.store,
            running=running,
            recorded=applied,
            taken_over=adopted,
            content_digest=manifest.content_digest,
            live=manifest.live,
            chunks=manifest.chunks,
        )

    def _manifest(self, backup: Backup) -> Manifest:
        data = self._stored(backup)
        if canonical.sha256(data) != backup.digest:
            raise damaged(backup.id, "its manifest was altered")
        manifest = backup_format.read_manifest(backup.id, data)
        self._refuse_unsealed(backup, data)
        _refuse_foreign(backup, manifest, self.store.identity())
        return manifest

    def _stored(self, backup: Backup) -> bytes:
        try:
            data = self.store.backup_manifest(backup.id)
        except BackupDamaged as error:
            raise damaged(backup.id, "its manifest cannot be unpacked") from error
        if data is None:
            raise damaged(backup.id, "its manifest is missing")
        return data

    def _refuse_unsealed(self, backup: Backup, data: bytes) -> None:
        """Refuse a manifest that was not sealed here.

        Where the environment has a key that one alone counts: everybody who can write to the
        store could make the other seal.
        """
        keyed = self.sealer.keyed_digest(backup.environment, PURPOSE, data)
        if keyed is not None and backup.sealed_by != SealedBy.ENVIRONMENT:
            raise BackupRefused(
                f"Backup {backup.id} was made without the key of {backup.environment}, which is "
                "configured now: anybody who can write to the store could have made it.",
                hint=_TAKE,
            )
        if keyed is None and backup.sealed_by == SealedBy.ENVIRONMENT:
            raise BackupRefused(
                f"Backup {backup.id} is sealed with the key of {backup.environment}, and there is "
                "none here.",
                hint=f"Set {_variable(backup.environment)} as it was then.",
            )
        expected = keyed or backups.store_seal(self.store.identity(), data)
        found = (backup.seal or "").encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(expected.encode(), found):
            raise BackupRefused(
                f"The seal of backup {backup.id} is not right: it was altered, or made with "
                "another key or in another store.",
                hint=f"Check the key of {backup.environment}. {_LIST}",
            )


def _variable(environment: str) -> str:
    return f"RECONCILER_KEY_{environment.upper().replace('-', '_')}"


def _refuse_other(backup: Backup, environment: str, deployment: str | None) -> None:
    """Refuse a backup that is not the one that is wanted, or was never finished."""
    if backup.environment != environment:
        raise BackupRefused(
            f"Backup {backup.id} is one of {backup.environment}, not of {environment}.",
            hint=f"`reconciler backup list --environment {environment}` shows those of it.",
        )
    if deployment is not None and backup.deployment != deployment:
        raise BackupRefused(
            f"Backup {backup.id} was not taken for deployment {deployment}.", hint=_LIST
        )
    if backup.state is BackupState.INCOMPLETE:
        raise BackupRefused(
            f"Backup {backup.id} was never completed: the process that took it ended before.",
            hint=_LIST,
        )


def _refuse_foreign(backup: Backup, manifest: Manifest, identity: str | None) -> None:
    """Refuse a manifest that was made for another backup, environment or store."""
    if manifest.store != identity:
        raise BackupRefused(
            f"Backup {backup.id} was made in another store.", hint="Restore it there."
        )
    if manifest.environment != backup.environment:
        raise BackupRefused(
            f"Backup {backup.id} holds {manifest.environment}, not {backup.environment}.",
            hint=_LIST,
        )
    if manifest.id != backup.id or manifest.sequence != backup.sequence:
        raise BackupRefused(
            f"Backup {backup.id} (number {backup.sequence}) is not the one that it says: its "
            f"manifest is that of {manifest.id} (number {manifest.sequence}).",
            hint=_LIST,
        )
    said = (backup.deployment, backup.created_at, backup.resources, backup.users)
    held = (manifest.deployment, manifest.created_at, manifest.resources, manifest.users)
    if said != held:
        raise damaged(backup.id, "it is listed otherwise than its manifest says")


def verify(
    store: StoreReader,
    sealer: Sealer,
    backup: Backup,
    environment: str,
    deployment: str | None = None,
) -> Restorable:
    """Verify all of a backup; raises what `Checker.verify` does."""
    return Checker(store=store, sealer=sealer).verify(backup, environment, deployment)
