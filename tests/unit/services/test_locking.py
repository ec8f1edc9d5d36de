"""The lock of an environment: one holder, taken over from those who are gone, never from others."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from reconciler.core.errors import Busy, LockLost, StoreError
from reconciler.core.locks import LEASE, Lock
from reconciler.core.releases.records import AuditEntry
from reconciler.services.deploying import locking
from reconciler.services.deploying.locking import Locker
from reconciler.testing import FakeClock, MemoryStore
from tests.unit.services.faults import Machine

DEV = "development"
ENTRY = AuditEntry(
    at="2026-01-06T09:00:00+00:00", actor="a", action="looked", environment=DEV, detail=""
)


class Ground:
    """A store, a clock, and a machine on which one process after another runs."""

    def __init__(self, host: str = "here") -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(now=self.clock.now)
        self.machine = Machine(clock=self.clock, host=host)

    @property
    def locker(self) -> Locker:
        """What takes locks for the process that runs now."""
        return Locker(store=self.store, clock=self.clock, processes=self.machine)

    def taken(self) -> Lock:
        """Take the lock, renewing it no more, and let another process run beside."""
        lock = self.store.take_lock(self.locker._request(DEV, "ben", "apply, deployment d-1"))
        self.machine.succeed(dead=False)
        return lock

    def try_it(self, patience: float = 0, *, over_kept: bool = False) -> int:
        """Hold the lock for a moment; return its fencing token."""
        with self.locker.holding(
            DEV, holder="ana", reason="apply", patience=patience, over_kept=over_kept
        ) as held:
            (lock,) = self.store.locks(DEV)
            assert (lock.id, lock.holder, lock.owner["pid"]) == (held.lock.id, "ana", 2)
            held.store.add_audit(ENTRY)
        assert self.store.locks() == []
        return held.lock.token


@pytest.fixture
def ground() -> Ground:
    """A store in which nothing is locked."""
    return Ground()


def test_a_lock_says_who_holds_it(ground: Ground) -> None:
    """Who, why, which process and since when stand in the store as long as it is held."""
    with ground.locker.holding(DEV, holder="ben", reason="apply, deployment d-1"):
        (lock,) = ground.store.locks()

    assert (lock.environment, lock.holder, lock.reason) == (DEV, "ben", "apply, deployment d-1")
    assert (lock.since, lock.owner, lock.ticks) == (
        ground.clock.now(),
        ground.machine.owner(),
        ground.machine.ticks(),
    )
    assert ground.store.locks() == []


def test_each_environment_has_its_own(ground: Ground) -> None:
    """Two environments are worked on at the same time."""
    with (
        ground.locker.holding(DEV, holder="ben", reason="apply"),
        ground.locker.holding("staging", holder="ben", reason="promote"),
    ):
        assert [lock.environment for lock in ground.store.locks()] == [DEV, "staging"]


def test_the_lock_of_a_living_process_is_not_taken(ground: Ground) -> None:
    """Whoever comes second is told who holds it, and writes nothing."""
    lock = ground.taken()
    text = r"development is locked by ben on host here, process 1: apply, deployment d-1"
    with pytest.raises(Busy, match=text) as caught:
        ground.try_it()

    assert (caught.value.exit_code, ground.store.audit()) == (4, [])
    assert "--lock-timeout" in str(caught.value.hint)
    assert ground.store.locks() == [lock]


def test_the_lock_of_a_dead_process_is_taken_over_at_once(ground: Ground) -> None:
    """Nobody waits for a lease of which it is known that nobody renews it; the token rises."""
    token = ground.taken().token
    ground.machine.alive.discard(1)

    assert ground.try_it() == token + 1
    assert ground.clock.passed == 0


@pytest.mark.parametrize("turned", [3600, -86400])
def test_on_one_machine_uptime_ends_a_lease(ground: Ground, turned: float) -> None:
    """A holder that was stopped loses its lock, whatever is done to the clock meanwhile."""
    ground.taken()
    ground.clock.set_back(turned)
    with pytest.raises(Busy):
        ground.try_it()
    ground.clock.advance(LEASE + 1)

    assert ground.try_it() == 2


def test_from_another_machine_the_stores_time_ends_a_lease(ground: Ground) -> None:
    """Nobody can see a process of another machine: the lease says how long it is believed."""
    ground.taken()
    ground.machine.host, ground.machine.uptime = "elsewhere", 999_999.0
    with pytest.raises(Busy):
        ground.try_it()
    ground.clock.advance(LEASE - 1)
    with pytest.raises(Busy):
        ground.try_it()
    ground.clock.advance(2)

    assert ground.try_it() == 2


def test_a_patient_one_waits(ground: Ground) -> None:
    """With patience it is taken when it is free, and no later."""
    lock = ground.taken()
    wait = ground.clock.wait

    def end(seconds: float) -> None:
        wait(seconds)
        if ground.clock.passed >= 3:
            ground.store.release_lock(lock)

    ground.clock.wait = end

    assert ground.try_it(patience=600) == 2
    assert ground.clock.passed == 3


def test_a_lock_that_was_waited_for_lasts_a_whole_lease(ground: Ground) -> None:
    """It begins when it is taken, not when the waiting did: nobody finds a new lock run out."""
    ground.taken()
    with ground.locker.holding(DEV, holder="ana", reason="apply", patience=10 * LEASE):
        (lock,) = ground.store.locks()

    assert ground.clock.passed > LEASE
    assert (lock.since, lock.ticks) == (ground.clock.now(), ground.machine.ticks())


def test_patience_ends(ground: Ground) -> None:
    """After so many seconds whoever still holds it is named."""
    lock = ground.taken()
    ground.machine.ticks = lambda: lock.ticks or 0  # it is renewed
    with pytest.raises(Busy, match="ben"):
        ground.try_it(patience=90)

    assert ground.clock.passed == 90


def test_of_two_who_take_over_one_gets_it(ground: Ground) -> None:
    """Both saw the same lock of a dead process: the second is told of the first."""
    ground.taken()
    ground.machine.alive.discard(1)
    take = ground.store.take_lock

    def late(request: object, over: Lock | None = None) -> Lock:
        take(replace(ground.locker._request(DEV, "carl", "apply")), over)
        return take(request, over)

    ground.store.take_lock = late
    with pytest.raises(Busy, match="carl"):
        ground.try_it()


def test_whoever_lost_it_writes_nothing_more(ground: Ground) -> None:
    """A holder that wakes up is refused by its old token; the lock of the other one stays."""
    with ground.locker.holding(DEV, holder="ben", reason="apply") as held:
        ground.machine.succeed()
        other = ground.store.take_lock(ground.locker._request(DEV, "ana", "apply"), held.lock)
        with pytest.raises(LockLost, match="taken over by ana"):
            held.store.add_audit(ENTRY)

    assert ground.store.audit() == []
    assert ground.store.locks() == [other]


def test_a_lock_that_was_broken_is_lost(ground: Ground) -> None:
    """`lock release` takes it from whoever holds it."""
    with ground.locker.holding(DEV, holder="ben", reason="apply") as held:
        ground.store.break_lock(held.lock.id)
        with pytest.raises(LockLost, match=r"or released it\. Nothing more is written"):
            held.store.add_audit(ENTRY)

    assert ground.store.audit() == []


def test_a_kept_lock_is_not_taken(ground: Ground) -> None:
    """Where a restore failed nobody goes on, however long ago; it says what to do."""
    ground.store.keep_lock(ground.taken(), "next: `reconciler backup restore b-1`")
    ground.machine.alive.discard(1)
    ground.clock.advance(LEASE * 1000)

    with pytest.raises(Busy, match="locked until somebody releases it: next: `reconciler backup"):
        ground.try_it()
    with pytest.raises(Busy):
        ground.locker.refuse_held(DEV)


def test_whoever_mends_it_takes_a_kept_lock_over(ground: Ground) -> None:
    """`backup restore` goes on where an operator has to look; of a living one it is not taken."""
    lock = ground.taken()
    with pytest.raises(Busy):
        ground.try_it(over_kept=True)
    ground.store.keep_lock(lock, "next: …")

    assert ground.try_it(over_kept=True) == lock.token + 1


def test_what_is_to_be_kept_is_not_given_back(ground: Ground) -> None:
    """Whoever could not write down how it ended leaves its lock to its lease."""
    with ground.locker.holding(DEV, holder="ben", reason="apply") as held:
        held.keep = True

    assert [lock.id for lock in ground.store.locks()] == [held.lock.id]


@pytest.mark.parametrize("error", [StoreError("It is away."), MemoryError()])
def test_a_lock_that_cannot_be_given_back_fails_nothing(ground: Ground, error: Exception) -> None:
    """It runs out by itself."""

    def away(_lock: Lock) -> None:
        raise error

    ground.store.release_lock = away
    with ground.locker.holding(DEV, holder="ben", reason="apply"):
        pass
    assert len(ground.store.locks()) == 1


def test_a_store_that_is_away_lets_nobody_write(ground: Ground) -> None:
    """Without an answer about the lock there is none."""

    def away(*_given: object) -> Lock:
        raise StoreError("It is away.")

    ground.store.take_lock = away
    with pytest.raises(StoreError, match="away"):
        ground.try_it()
    assert ground.store.audit() == []


def test_it_is_renewed_while_it_is_held(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that takes longer than the lease keeps its lock."""
    monkeypatch.setattr(locking, "RENEWAL", 0.001)
    renewed = threading.Event()
    renew = ground.store.renew_lock

    def beat(lock: Lock, at: str, ticks: float) -> None:
        renew(lock, at, ticks)
        renewed.set()

    ground.store.renew_lock = beat
    with ground.locker.holding(DEV, holder="ben", reason="apply"):
        ground.clock.advance(LEASE * 10)
        renewed.clear()
        assert renewed.wait(10)
        ground.machine.succeed(dead=False)
        with pytest.raises(Busy):
            ground.locker.refuse_held(DEV)


def test_a_write_renews_it_too(ground: Ground) -> None:
    """For other machines every write of the holder says that it lives."""
    with ground.locker.holding(DEV, holder="ben", reason="apply") as held:
        ground.clock.advance(LEASE - 1)
        held.store.add_audit(ENTRY)
        ground.clock.advance(2)
        (lock,) = ground.store.locks()

    assert not lock.expired
