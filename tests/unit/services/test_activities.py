"""What runs beside deployments is registered, waits for them, and keeps them waiting."""

from __future__ import annotations

import pytest

from reconciler.core.backups import Backup
from reconciler.core.coordination import Activity
from reconciler.core.errors import Busy, StoreError
from reconciler.core.locks import LEASE
from reconciler.services.activities import Activities
from reconciler.services.deploying import prechecks
from reconciler.testing import FakeClock, FakeProcesses, MemoryStore, deployment

PRODUCTION = "production"
IMPORT = "An import of users by ana (users.jsonl)"
MIB = 1024 * 1024


class Ground:
    """A store with a clock and processes."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.processes = FakeProcesses(clock=self.clock)
        self.store = MemoryStore(now=self.clock.now)

    @property
    def activities(self) -> Activities:
        """What registers activities."""
        return Activities(store=self.store, clock=self.clock, processes=self.processes)

    def begin_other(self, pid: int = 4711, host: str = "here") -> None:
        """Register what another process does."""
        owner = {"host": host, "boot": f"boot-of-{host}", "pid": pid}
        self.store.begin_activity(
            Activity(
                id="a-1",
                environment=PRODUCTION,
                kind="import",
                description=IMPORT,
                since=self.clock.now(),
                expires_at=self.clock.now(),
                owner=owner,
                ticks=self.processes.ticks(),
            )
        )

    def check(self, patience: float = 0) -> None:
        """Run the checks before a deployment."""
        prechecks.refuse_busy(self.store, self.processes, self.clock, PRODUCTION, patience)


@pytest.fixture
def ground() -> Ground:
    """A store in which nothing runs."""
    return Ground()


# --- registering ----------------------------------------------------------------------------------


def test_an_activity_stands_in_the_store_while_it_runs(ground: Ground) -> None:
    """With what it is, who does it and since when; afterwards it is gone."""
    with ground.activities.running(PRODUCTION, "import", IMPORT):
        [found] = ground.store.activities(PRODUCTION)

    assert (found.kind, found.description) == ("import", IMPORT)
    assert (found.since, found.owner) == (ground.clock.now(), ground.processes.owner())
    assert list(ground.store.activities(PRODUCTION)) == []


@pytest.mark.parametrize("end", [RuntimeError, SystemExit, KeyboardInterrupt])
def test_an_activity_ends_however_it_ends(ground: Ground, end: type[BaseException]) -> None:
    """Also by a failure, SIGTERM or SIGINT."""
    with pytest.raises(end), ground.activities.running(PRODUCTION, "import", IMPORT):
        raise end

    assert list(ground.store.activities(PRODUCTION)) == []


def test_an_activity_waits_for_maintenance(ground: Ground) -> None:
    """It names the deployment, and nothing stays registered."""
    ground.store.begin(deployment("d-1", environment=PRODUCTION))

    with (
        pytest.raises(Busy, match=r"production is in maintenance since .*deployment d-1"),
        ground.activities.running(PRODUCTION, "import", IMPORT, patience=5),
    ):
        pytest.fail("it began")
    assert list(ground.store.activities(PRODUCTION)) == []
    assert ground.clock.passed == 5.0


def test_an_activity_begins_when_maintenance_ends(ground: Ground) -> None:
    """With patience it goes on in the same run."""
    ground.store.begin(deployment("d-1", environment=PRODUCTION))

    class Opening(FakeClock):
        def wait(self, seconds: float) -> None:
            super().wait(seconds)
            if self.passed >= 2:
                ground.store.end_maintenance(PRODUCTION)

    ground.clock = Opening()
    with ground.activities.running(PRODUCTION, "import", IMPORT, patience=60):
        assert ground.clock.passed == 2.0


def test_of_a_deployment_and_an_activity_at_once_one_sees_the_other(ground: Ground) -> None:
    """Maintenance that begins between looking and registering is seen after registering."""

    class Late(MemoryStore):
        def begin_activity(self, activity: Activity) -> None:
            super().begin_activity(activity)
            if not self.running(PRODUCTION):
                self.begin(deployment("d-1", environment=PRODUCTION))

    ground.store = Late(now=ground.clock.now)
    with (
        pytest.raises(Busy),
        ground.activities.running(PRODUCTION, "import", IMPORT),
    ):
        pytest.fail("it began")
    assert list(ground.store.activities(PRODUCTION)) == []


# --- before a deployment --------------------------------------------------------------------------


def test_nothing_at_work_lets_a_deployment_begin(ground: Ground) -> None:
    """Also while something runs elsewhere."""
    with ground.activities.running("staging", "import", IMPORT):
        ground.check()


def test_a_running_import_is_named(ground: Ground) -> None:
    """What runs, where, since when, in which process, and what to do."""
    ground.processes.alive.add(4711)
    ground.begin_other()

    with pytest.raises(Busy) as refused:
        ground.check()
    told = str(refused.value)
    wanted = (IMPORT, PRODUCTION, ground.clock.now(), "process 4711", "wait until it has ended")
    assert [word for word in wanted if word not in told] == []


def test_the_import_of_a_dead_process_is_no_matter(ground: Ground) -> None:
    """Nobody waits for a process of this machine that is gone."""
    ground.begin_other()

    ground.check()


@pytest.mark.parametrize("host", ["here", "elsewhere"])
def test_an_import_that_is_not_renewed_is_no_matter(ground: Ground, host: str) -> None:
    """A stopped process, or one of another machine, blocks for one lease and no longer."""
    ground.processes.alive.add(4711)
    ground.begin_other(host=host)
    ground.clock.advance(LEASE - 1)
    with pytest.raises(Busy):
        ground.check()

    ground.clock.advance(2)
    ground.check()


def test_a_deployment_waits_for_an_import(ground: Ground) -> None:
    """With patience it begins as soon as nothing is in the way."""
    ground.processes.alive.add(4711)
    ground.begin_other()
    ground.check(patience=10 * LEASE)

    assert LEASE <= ground.clock.passed <= LEASE + 1


# --- room -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "enough"), [(None, True), (32 * MIB, True), (32 * MIB - 1, False)]
)
def test_a_store_without_room_is_refused(ground: Ground, free: int | None, enough: bool) -> None:
    """Before anything is written; a server does not tell and is not judged."""
    ground.store.free = free
    if enough:
        ground.check()
        return
    with pytest.raises(StoreError, match=r"31 MiB free.*may need 32 MiB"):
        ground.check()


def test_room_for_a_backup_is_asked_too(ground: Ground) -> None:
    """Twice what the largest one took."""
    for sequence, size in enumerate((50 * MIB, MIB), 1):
        taken = Backup(
            id=f"b-{sequence}", environment=PRODUCTION, created_at=ground.clock.now(), bytes=size
        )
        ground.store.complete_backup(ground.store.begin_backup(taken), b"{}")
    ground.store.free = 131 * MIB

    with pytest.raises(StoreError, match=r"may need 13[23] MiB"):
        ground.check()
