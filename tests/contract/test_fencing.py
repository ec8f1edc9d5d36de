"""Who lost a lock writes nothing: with real processes, threads that meet, and clocks that lie."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from reconciler.adapters.processes import SystemProcesses
from reconciler.adapters.sql.database import Database
from reconciler.adapters.store import SqlStore
from reconciler.core.errors import Busy, LockLost
from reconciler.core.locks import LEASE, Liveness, Lock, LockRequest, Standing, standing
from reconciler.ports import SealedSecret
from reconciler.testing import FakeClock, integration, operation
from tests.contract.worlds import PostgresqlWorld, SqliteWorld, open_world

PRODUCTION = "production"
PROCESSES = SystemProcesses()
SqlWorld = SqliteWorld | PostgresqlWorld

# Takes the lock, says so, and writes as soon as it is told to; says what became of that.
HOLDER = """
import sys
from reconciler.adapters.processes import SystemProcesses
from reconciler.adapters.sql.database import Database
from reconciler.adapters.store import SqlStore
from reconciler.core.errors import ReconcilerError
from reconciler.core.locks import LockRequest
from reconciler.ports import SealedSecret

processes = SystemProcesses()
store = SqlStore(Database.from_url(sys.argv[1]), ticks=processes.ticks)
lock = store.take_lock(LockRequest(
    id="l-1", environment="production", holder="ana", reason="promote 1.4.0",
    at="2026-01-06T09:00:00+00:00", ticks=processes.ticks(), owner=processes.owner()))
print("held", flush=True)
for line in sys.stdin:
    try:
        store.fenced(lock).put_secret("production", "S", SealedSecret(b"1", "f"), lock.since)
        print("written", flush=True)
    except ReconcilerError as error:
        print(error.code, error, flush=True)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlWorld]:
    """Return an empty world that several processes can share."""
    with open_world(request.param, tmp_path) as found:
        assert isinstance(found, SqliteWorld | PostgresqlWorld)
        yield found


def url_of(world: SqlWorld) -> str:
    """Return the URL of a world's store."""
    return world.url if isinstance(world, PostgresqlWorld) else f"sqlite:///{world.path}"


Another = Callable[..., SqlStore]


@contextmanager
def others(world: SqlWorld) -> Iterator[Another]:
    """Yield what opens the store once more, as another process does, and waits for others."""
    with ExitStack() as stack:

        def another(now: Callable[[], str | None] = lambda: None) -> SqlStore:
            database = Database.from_url(url_of(world), busy_timeout=20)
            stack.callback(database.close)
            return SqlStore(database, now=now)

        yield another


@pytest.fixture
def another(world: SqlWorld) -> Iterator[Another]:
    """Return what opens the store once more."""
    with others(world) as opened:
        yield opened


def request(id: str) -> LockRequest:
    """Ask for the lock as this process."""
    return LockRequest(
        id=id,
        environment=PRODUCTION,
        holder="ben",
        reason="reconcile",
        at="2026-01-06T09:00:00+00:00",
        ticks=PROCESSES.ticks(),
        owner=PROCESSES.owner(),
    )


def judged(lock: Lock, passed: float = 0) -> Standing:
    """Judge a lock from here, so many seconds from now."""
    ticks = PROCESSES.ticks() + passed
    return standing(lock, PROCESSES.liveness(lock.owner), PROCESSES.owner(), ticks)


class Holder:
    """Another process that holds the lock."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert self.line() == "held"

    def line(self) -> str:
        """Return what it says next."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def writes(self) -> str:
        """Let it write, and return what became of that."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.line()

    def stop(self) -> None:
        """Stop it in the middle of whatever it does."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)


@contextmanager
def holding(world: SqlWorld) -> Iterator[Holder]:
    """Run a process that holds the lock."""
    program = [sys.executable, "-c", HOLDER, url_of(world)]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Holder(process)
        finally:
            process.kill()


def test_a_paused_holder_that_wakes_up_is_refused(world: SqlWorld) -> None:
    """Stopped past its lease and taken over, it writes nothing more and says who has the lock."""
    with holding(world) as holder:
        assert holder.writes() == "written"
        holder.stop()
        [seen] = world.store.locks(PRODUCTION)
        assert (judged(seen), judged(seen, LEASE + 1)) == ("held", "expired")

        world.store.take_lock(request("l-2"), seen)
        world.store.delete_secret(PRODUCTION, "S")
        holder.process.send_signal(signal.SIGCONT)
        told = holder.writes()

    assert told.startswith("LockLost The lock on production was taken over by ben on host")
    assert list(world.store.secret_names(PRODUCTION)) == []


def test_a_killed_holder_frees_its_lock_at_once(world: SqlWorld) -> None:
    """Nobody waits for the lease of a process of this machine that is gone."""
    with holding(world) as holder:
        holder.process.kill()
        holder.process.wait()
        [seen] = world.store.locks(PRODUCTION)

        assert PROCESSES.liveness(seen.owner) is Liveness.DEAD
        assert judged(seen) is Standing.DEAD
        assert world.store.take_lock(request("l-2"), seen).token == 2


def test_a_released_holder_is_refused(world: SqlWorld) -> None:
    """Also when nobody has the lock since."""
    with holding(world) as holder:
        world.store.break_lock("l-1")
        told = holder.writes()

    assert told.startswith("LockLost The lock l-1 on production was lost")


@pytest.mark.parametrize("number", [2, 8])
def test_of_many_who_want_a_lock_at_once_one_gets_it(
    world: SqlWorld, another: Another, number: int
) -> None:
    """The others learn who."""
    stores = [another() for _ in range(number)]

    def take(place: int) -> str:
        try:
            return stores[place].take_lock(request(f"l-{place}")).id
        except Busy as error:
            return str(error)

    with ThreadPoolExecutor(number) as pool:
        told = list(pool.map(take, range(number)))
    [lock] = world.store.locks(PRODUCTION)

    assert told.count(lock.id) == 1
    assert all(lock.id in each for each in told)


def test_of_many_who_take_over_at_once_one_does(world: SqlWorld, another: Another) -> None:
    """All saw the same lock, and its token rises once."""
    seen = world.store.take_lock(request("l-0"))
    stores = [another() for _ in range(4)]

    def take(place: int) -> int:
        try:
            return stores[place].take_lock(request(f"l-{place + 1}"), seen).token
        except Busy:
            return 0

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(4))) == [0, 0, 0, 2]


def test_a_take_over_waits_for_a_write_that_has_begun(world: SqlWorld, another: Another) -> None:
    """Who writes holds the lock until the commit, which then counts as a renewal."""
    mine = another()
    lock = mine.take_lock(request("l-1"))
    other = another()
    [seen] = other.locks(PRODUCTION)
    platform, revision = world.platform(PRODUCTION), world.platform(PRODUCTION).observe().revision

    def take_over() -> str:
        try:
            return other.take_lock(request("l-2"), seen).id
        except Busy:
            return "refused"

    with ThreadPoolExecutor(1) as pool:
        with mine.fenced(lock).transaction() as unit:
            waiting = pool.submit(take_over)
            time.sleep(0.3)
            assert not waiting.done()
            platform.deploy(unit, [operation(integration("hubspot"))], revision)
        assert waiting.result() == "refused"
    assert len(platform.observe().digests) == 1


def test_a_write_that_begins_after_a_take_over_is_refused(
    world: SqlWorld, another: Another
) -> None:
    """Whatever was read before: nothing of it reaches the platform or the store."""
    mine = another()
    lock = mine.take_lock(request("l-1"))
    platform = world.platform(PRODUCTION)
    seen = platform.observe()
    another().take_lock(request("l-2"), lock)

    with pytest.raises(LockLost), mine.fenced(lock).transaction() as unit:
        platform.deploy(unit, [operation(integration("hubspot"))], seen.revision)
    with pytest.raises(LockLost):
        mine.fenced(lock).put_secret(PRODUCTION, "S", SealedSecret(b"1", "f"), lock.since)
    assert platform.observe() == seen


@pytest.mark.parametrize("owner", ["", "{", "[]", "7"])
@pytest.mark.parametrize("until", ["soon", "", "2001-01-01", "2001-01-01 09:00"])
def test_a_damaged_record_blocks_nobody(sqlite_world: SqliteWorld, owner: str, until: str) -> None:
    """Whatever somebody wrote into it by hand, the lock can be seen, taken over and released."""
    store = sqlite_world.store
    for take in (lambda seen: store.take_lock(request("l-2"), seen), lambda _: None):
        store.take_lock(request("l-1"))
        sqlite_world.execute("UPDATE locks SET owner = ?, expires_at = ?", (owner, until))
        [seen] = store.locks(PRODUCTION)
        assert (seen.expired, seen.owner, judged(seen)) == (True, {}, "expired")
        take(seen)
        store.break_lock(store.locks(PRODUCTION)[0].id)


# --- clocks ---------------------------------------------------------------------------------------

HOUR, DAY = 3600.0, 86400.0


@pytest.mark.parametrize("wrong", [-HOUR, DAY])
def test_on_one_machine_a_clock_that_jumps_moves_no_lock(
    world: SqlWorld, another: Another, wrong: float
) -> None:
    """One hour back or one day ahead: the lock is held for its lease and no longer."""
    clock = FakeClock()
    another(clock.now).take_lock(request("l-1"))
    clock.set_back(-wrong)
    [seen] = another(clock.now).locks(PRODUCTION)

    assert judged(seen) is Standing.HELD
    assert judged(seen, LEASE + 1) is Standing.EXPIRED


@pytest.mark.parametrize("wrong", [-HOUR, DAY])
def test_a_server_has_its_own_time(tmp_path: Path, wrong: float) -> None:
    """Whatever the clocks of the machines say, a lease on PostgreSQL lasts as long as it should."""
    clock = FakeClock()
    with open_world("postgresql", tmp_path) as world, ExitStack() as stack:
        assert isinstance(world, PostgresqlWorld)
        mine = stack.enter_context(others(world))(clock.now)
        lock = mine.take_lock(request("l-1"))
        clock.set_back(-wrong)
        assert not mine.locks(PRODUCTION)[0].expired

        world.execute("UPDATE locks SET expires_at = '2001-01-01T00:00:00+00:00'")
        assert mine.locks(PRODUCTION)[0].expired
        mine.fenced(lock).lift_hold(PRODUCTION)
        mine.renew_lock(lock, clock.now(), 1.0)
        assert not mine.locks(PRODUCTION)[0].expired
