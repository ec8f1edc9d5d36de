"""A process that is killed while it takes a backup leaves nothing that only looks usable."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.adapters.platforms.builtin import BuiltinPlatform
from reconciler.adapters.sql.database import Database, SqlUnit
from reconciler.adapters.store import SqlStore
from reconciler.core.backups import BackupState
from reconciler.core.model import Environment
from reconciler.services.backups import Keeper
from reconciler.testing import FakeClock, FakeSealer, integration, operation, user, workflow
from tests.contract.worlds import SqliteWorld, deploy, put_users

PRODUCTION = Environment(name="production")


class Dying(Database):
    """Kills its process at the n-th moment: in a write transaction, before its end, after it."""

    moments = 0
    last = 0

    @contextmanager
    def writing(self) -> Iterator[SqlUnit]:
        """Open a write transaction."""
        with super().writing() as unit:
            self._moment()
            yield unit
            self._moment()
        self._moment()

    def _moment(self) -> None:
        self.moments += 1
        if self.moments == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def take(path: Path, number: int, *, die_at: int) -> None:
    """Take a backup, and forget old ones, in this process."""
    database = Dying(path)
    database.last = die_at
    store, clock = SqlStore(database), FakeClock("2026-03-01T09:00:00+00:00")
    for _ in range(number):
        clock.new_id()
    keeper = Keeper(store=store, sealer=FakeSealer(), clock=clock)
    keeper.take(store, BuiltinPlatform(database, PRODUCTION.name), PRODUCTION, None)
    keeper.prune(store, PRODUCTION.name)


def killed(path: Path, number: int, *, die_at: int) -> bool:
    """Take a backup in another process, and return whether it was killed."""
    child = os.fork()
    if not child:
        code = 1
        try:
            take(path, number, die_at=die_at)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def test_a_killed_backup_is_never_usable_by_half(tmp_path: Path) -> None:
    """Killed at every moment of every transaction: what is listed as usable can be restored."""
    world = SqliteWorld(tmp_path)
    keeper = Keeper(store=world.store, sealer=FakeSealer(), clock=FakeClock())
    number = die_at = 0
    while True:
        number, die_at = number + 1, die_at + 1
        title = integration(title=f"no {number}")
        world.edit(PRODUCTION.name, title)
        if number == 1:
            deploy(world, PRODUCTION.name, *(operation(workflow(f"w-{n}")) for n in range(300)))
        put_users(world, PRODUCTION.name, user(f"u-{number}", "hubspot"))
        died = killed(world.path, number, die_at=die_at)

        found = keeper.backups()
        usable = [each for each in found if each.state is BackupState.USABLE]
        for backup in usable[:2]:
            keeper.contents(backup.id, PRODUCTION.name)
        if not died:
            break

    for backup in usable:
        keeper.contents(backup.id, PRODUCTION.name)
    assert die_at > 12
    assert found[0].state is BackupState.USABLE
    assert {each.state for each in found} <= {BackupState.USABLE, BackupState.INCOMPLETE}
    assert len(found) <= 20
