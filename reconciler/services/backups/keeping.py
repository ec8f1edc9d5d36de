"""The one door to backups: taking, verifying, listing and pruning them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler import telemetry
from reconciler.core.backups import Backup, BackupState
from reconciler.core.errors import BackupDamaged, ReconcilerError, StoreError
from reconciler.core.model import Environment
from reconciler.ports import Clock, PlatformReader, Sealer, Store
from reconciler.services.backups import checking, pruning, taking
from reconciler.services.backups.restorable import Restorable


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Takes backups, and gives back what they hold."""

    store: Store
    sealer: Sealer
    clock: Clock

    def take(
        self,
        store: Store,
        platform: PlatformReader,
        environment: Environment,
        deployment: str | None,
    ) -> Backup:
        """Take a backup of what runs, read it back and compare it with the platform.

        It is written through `store`, which belongs to the holder of the lock. Until it is usable
        it is listed as incomplete.

        Raises:
            Conflict: what runs was changed twice while it was being read.
            BackupDamaged: what was stored is not what was read back.
            PlatformError: the platform could not be read, or not as a whole.
            StoreError: the store cannot be written.
            SecretError: the key of the environment cannot be used.
        """
        taker = taking.Taker(store=store, platform=platform, sealer=self.sealer, clock=self.clock)
        return taker.take(environment.name, deployment)

    def backups(self, environment: str | None = None) -> Sequence[Backup]:
        """Return what there is, newest first."""
        return self.store.backups(environment)

    def find(self, backup_id: str) -> Backup:
        """Return what is listed of a backup.

        Raises:
            NotFound: there is none of this id.
        """
        return checking.find(self.store, backup_id)

    def contents(
        self, backup_id: str, environment: str, *, deployment: str | None = None
    ) -> Restorable:
        """Verify a backup, all of it, and return what it holds.

        With a deployment it must be the one that was taken for it.

        Raises:
            NotFound: there is none of this id.
            BackupDamaged: it is truncated or was altered; it is listed as damaged until it is
                found to be whole again.
            BackupRefused: it is not complete, or of another environment, deployment or store, or
                another one was put in its place, or a newer program made it.
            SecretError: the key of the environment cannot be used.
        """
        backup = self.find(backup_id)
        try:
            found = checking.verify(self.store, self.sealer, backup, environment, deployment)
        except BackupDamaged:
            self._mark(backup, BackupState.DAMAGED)
            raise
        self._mark(backup, BackupState.USABLE)
        return found

    def _mark(self, backup: Backup, state: BackupState) -> None:
        """List what was found; a store that cannot be written changes nothing about it."""
        if backup.state not in (state, BackupState.INCOMPLETE):
            with contextlib.suppress(StoreError):
                self.store.mark_backup(backup.id, state)

    def prune(self, store: Store, environment: str) -> Sequence[Backup]:
        """Forget the backups of an environment that the retention rule no longer keeps.

        Returns them; mostly none, since some are always forgotten at once. What cannot be
        forgotten now is left to the next time: it is upkeep, over which nothing fails.
        """
        try:
            return pruning.prune(store, environment, self.clock.now())
        except ReconcilerError as error:
            telemetry.log().warning("backups_not_pruned", error=error.code, reason=error.text)
            return ()
