"""`backup`: lists, takes and verifies backups for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.core.backups import Backup, BackupState, Verdict
from reconciler.core.errors import Busy, ReconcilerError
from reconciler.core.model import Environment
from reconciler.ports import PlatformReader, Store
from reconciler.services.backups import drilling
from reconciler.services.backups.drilling import OpenScratch
from reconciler.services.backups.keeping import Keeper
from reconciler.services.deploying.locking import Locker
from reconciler.services.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupManager:
    """Lists, takes and verifies backups."""

    workspace: Workspace
    store: Store
    reader: Callable[[Environment], PlatformReader]
    keeper: Keeper
    locker: Locker
    scratch: OpenScratch
    actor: str

    def listed(self, environment: str | None = None) -> Sequence[Backup]:
        """Return what there is, newest first.

        Raises:
            UsageError: there is no such environment.
        """
        if environment is not None:
            self._environment(environment)
        return self.keeper.backups(environment)

    def create(self, name: str, patience: float = 0) -> Backup:
        """Take a backup under the lock of the environment; wait so many seconds for it.

        Raises:
            UsageError: there is no such environment.
            Busy: somebody else works on it, or a deployment did not end.
            ReconcilerError: it could not be taken; it stays incomplete.
        """
        environment = self._environment(name)
        with self.locker.holding(
            name, holder=self.actor, reason="backup create", patience=patience
        ) as held:
            self._refuse_unfinished(name)
            backup = self.keeper.take(held.store, self.reader(environment), environment, None)
            self.keeper.prune(held.store, name)
        return backup

    def verify(
        self, backup_id: str | None = None, environment: str | None = None, *, drill: bool = False
    ) -> Iterator[Verdict]:
        """Verify a backup, or all of them; each one is told as soon as it is known.

        Raises:
            UsageError: there is no such environment.
            NotFound: there is no such backup.
        """
        found = self.listed(environment)
        if backup_id is not None:
            found = [self.keeper.find(backup_id)]
        return (
            self._verdict(each, environment or each.environment, drill=drill, named=bool(backup_id))
            for each in found
        )

    def _verdict(self, backup: Backup, environment: str, *, drill: bool, named: bool) -> Verdict:
        if backup.state is BackupState.INCOMPLETE and not named:
            return Verdict(backup=backup, skipped=True)
        try:
            saved = self.keeper.contents(backup.id, environment)
            drilled = drilling.drill(saved, self.scratch) if drill else None
        except ReconcilerError as error:
            return Verdict(backup=backup, problem=error)
        return Verdict(backup=backup, drilled=drilled)

    def _refuse_unfinished(self, environment: str) -> None:
        for deployment in self.store.running(environment):
            raise Busy(
                f"Deployment {deployment.id} of {environment} did not end; what runs now may be "
                "half of it.",
                hint="Run `reconciler reconcile`, which finishes or undoes it, then this again.",
            )

    def environment_of(self, backup_id: str) -> Environment:
        """Return the environment of a backup.

        Raises:
            NotFound: there is no such backup.
            UsageError: its environment is not in git any more.
        """
        return self._environment(self.keeper.find(backup_id).environment)

    def _environment(self, name: str) -> Environment:
        repository = self.workspace.choose(isolated=[name]).repository
        found = repository.environment(name)
        repository.refuse_broken(name)
        return found
