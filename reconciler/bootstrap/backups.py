"""The wiring of `backup`, beside the rest of `bootstrap`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from reconciler.core.errors import StoreError
from reconciler.services.backups.drilling import Scratch
from reconciler.services.backups.managing import BackupManager

if TYPE_CHECKING:
    from reconciler.bootstrap.services import Services


def backup_manager(base: Services) -> BackupManager:
    """Return what lists, takes and verifies backups."""
    return BackupManager(
        workspace=base.workspace,
        store=base.store,
        reader=base.platform_reader,
        keeper=base.deployments.keeper,
        locker=base.deployments.locker,
        scratch=open_scratch,
        actor=base.actor,
    )


@contextmanager
def open_scratch(environment: str) -> Iterator[Scratch]:
    """Open the built-in platform on a temporary database of its own.

    Raises:
        StoreError: there is no room for it.
    """
    from reconciler.adapters.platforms.builtin.platform import BuiltinPlatform
    from reconciler.adapters.sql.database import Database
    from reconciler.adapters.store.sql import SqlStore

    with _folder() as folder:
        database = Database(folder / "scratch.db")
        database.migrate()
        yield Scratch(SqlStore(database), BuiltinPlatform(database, environment))


@contextmanager
def _folder() -> Iterator[Path]:
    try:
        temporary = TemporaryDirectory(prefix="reconciler-drill-", ignore_cleanup_errors=True)
    except OSError as error:
        raise StoreError(
            f"There is no folder for the drill: {error.strerror}.",
            hint="Free some space, or name another folder for such files in TMPDIR.",
        ) from error
    with temporary as name:
        yield Path(name)
