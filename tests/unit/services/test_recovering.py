"""What becomes of deployments whose process died."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.coordination import Effect, EffectState
from reconciler.core.errors import Busy, NotRestored, PlatformError
from reconciler.core.locks import LEASE, Lock
from reconciler.core.model import Phase, Step
from reconciler.services.backups.keeping import Keeper
from reconciler.testing import StepwisePlatform, deployment
from tests.unit.services.faults import Machine
from tests.unit.services.shop import SYNC_KEY, Shop

DEV = "development"


def taken(shop: Shop, reason: str) -> Lock:
    """Take the lock of development, and renew it no more."""
    return shop.store.take_lock(shop.locker._request(DEV, "ben", reason))


class Interrupted(Shop):
    """A deployed shop in which a process that is gone had begun deployment d-1."""

    def __init__(self) -> None:
        super().__init__()
        self.processes = self.machine = Machine(clock=self.clock)
        self.apply()
        self.before = dict(self.platform.observe().digests)
        self.lock = taken(self, "apply, deployment d-1")
        self.mine = self.store.fenced(self.lock)
        self.mine.begin(deployment("d-1", DEV, owner=self.processes.owner()))
        self.machine.succeed()

    @property
    def keep(self) -> Keeper:
        """What takes backups."""
        return self.deployments.keeper

    def reached(self, name: str, state: str) -> None:
        """Let the deployment have come so far."""
        environment = self.choose().repository.environment(DEV)
        if name in ("apply", "verify", "restore"):
            backup = self.keep.take(self.mine, self.platform, environment, "d-1")
            self.mine.note_backup("d-1", backup.id)
        self.mine.journal("d-1", Step(name=name, state=state))

    def recover(self, patience: float = 0) -> tuple[str, ...]:
        """Recover the environment."""
        return self.recoverer.recover(self.choose().repository.environment(DEV), patience)

    @property
    def ended(self) -> tuple[Phase, bool]:
        """Return phase and live mark of the deployment."""
        (found,) = (each for each in self.store.deployments(DEV) if each.id == "d-1")
        return found.phase, found.live

    def assert_open(self) -> None:
        """Nobody holds the environment, and it is not in maintenance."""
        assert (self.store.locks(DEV), self.store.maintenance(DEV)) == ([], None)


@pytest.fixture
def shop() -> Interrupted:
    """A shop in which one deployment was interrupted."""
    return Interrupted()


def test_nothing_running_is_nothing_to_do() -> None:
    """Without an interrupted deployment nothing is told, and nobody takes a lock."""
    shop = Shop()
    shop.store.take_lock = None
    assert shop.recoverer.recover(shop.choose().repository.environment(DEV)) == ()


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("check", "done"),
        ("replan", "running"),
        ("backup", "running"),
        ("backup", "done"),
        ("apply", "running"),
        ("apply", "failed"),
    ],
)
def test_dead_before_the_write_is_aborted(shop: Interrupted, name: str, state: str) -> None:
    """Where the apply is not journaled as done nothing was written: the deployment is closed."""
    shop.reached(name, state)
    (told,) = shop.recover()

    assert told == (
        "Deployment d-1 of development was interrupted before anything was written; it is closed "
        "as aborted."
    )
    assert shop.ended == (Phase.ABORTED, False)
    shop.assert_open()


@pytest.mark.parametrize("name", ["apply", "verify", "record", "unlock", "notify"])
def test_dead_after_the_write_is_finished(shop: Interrupted, name: str) -> None:
    """Where the apply is journaled as done everything was written: the deployment is live."""
    shop.reached("apply", "done")
    if name != "apply":
        shop.mine.journal("d-1", Step(name=name, state="running"))
    (told,) = shop.recover()

    assert "interrupted after everything was written; it is finished now." in told
    assert shop.ended == (Phase.SUCCEEDED, True)
    assert [d.live for d in shop.store.deployments(DEV)] == [True, False]
    shop.assert_open()


def test_what_is_no_longer_there_is_restored(shop: Interrupted) -> None:
    """Everything was written, and somebody changed it: what ran before comes back, and is told."""
    shop.reached("apply", "done")
    with shop.mine.transaction() as unit:
        shop.mine.record_applied(unit, DEV, (), [SYNC_KEY], "sha256:x", "d-1")
    (told,) = shop.recover()

    assert "after everything was written, and read again after the apply, Workflow/sync" in told
    assert "development was restored from backup" in told
    assert dict(shop.platform.observe().digests) == shop.before
    assert shop.ended == (Phase.RESTORED, False)
    assert shop.store.applied(DEV).digests == shop.before
    shop.assert_open()


def test_some_of_it_written_is_restored(shop: Interrupted) -> None:
    """On a platform without transactions the effects say what has to be undone."""
    stepwise = StepwisePlatform(list(shop.platform.contents(shop.before).values()))
    shop.platforms[DEV] = stepwise
    shop.reached("apply", "running")
    stepwise.edit({**stepwise.contents([SYNC_KEY])[SYNC_KEY], "spec": {}})
    now = stepwise.observe().digests[SYNC_KEY]
    begun = Effect(
        position=0,
        key=SYNC_KEY,
        before=shop.before[SYNC_KEY],
        after=now,
        state=EffectState.BEGUN,
    )
    shop.mine.record_effects("d-1", DEV, [begun])
    assert shop.store.applied(DEV).unfinished == {SYNC_KEY}
    (told,) = shop.recover()

    assert "interrupted while it was being written; development was restored" in told
    assert dict(stepwise.observe().digests) == shop.before
    assert shop.store.applied(DEV).unfinished == frozenset()
    assert shop.ended == (Phase.RESTORED, False)
    shop.assert_open()


def test_what_was_refused_is_closed(shop: Interrupted) -> None:
    """An effect that was undone is none: the deployment is aborted, and nothing stays behind."""
    shop.reached("apply", "running")
    refused = Effect(
        position=0, key=SYNC_KEY, before=None, after="sha256:x", state=EffectState.UNDONE
    )
    shop.mine.record_effects("d-1", DEV, [refused])
    (told,) = shop.recover()

    assert "closed as aborted" in told
    assert shop.store.effects("d-1") == []


def test_a_restore_that_was_interrupted_is_repeated(shop: Interrupted) -> None:
    """A deployment that had failed and was being restored is never finished instead."""
    shop.reached("apply", "done")
    shop.mine.journal("d-1", Step(name="restore", state="running"))
    (told,) = shop.recover()

    assert "while it was being written; development was restored from backup" in told
    assert shop.ended == (Phase.RESTORED, False)


@pytest.mark.parametrize("name", ["verify", "restore"])
def test_a_platform_that_is_away_is_tried_again(shop: Interrupted, name: str) -> None:
    """Nothing is given up for it: the deployment stays unfinished, and nobody keeps the lock."""
    shop.reached("apply", "done")
    shop.mine.journal("d-1", Step(name=name, state="running"))
    shop.platform.incomplete = "it is down"
    with pytest.raises(PlatformError, match="cannot be read: it is down") as caught:
        shop.recover()

    assert caught.value.hint == "The next `reconciler reconcile` restores it."
    assert shop.ended == (Phase.RUNNING, False)
    assert shop.store.locks(DEV) == []
    shop.platform.incomplete = None
    shop.recover()
    shop.assert_open()


def test_what_cannot_be_restored_needs_an_operator(shop: Interrupted) -> None:
    """Without its backup nothing can be put back: the lock stays, and the error says what next."""
    shop.reached("restore", "running")
    shop.store.manifests.clear()
    with pytest.raises(NotRestored) as caught:
        shop.recover()

    assert "Lock and maintenance stay" in caught.value.text
    assert shop.ended == (Phase.FAILED, False)
    (lock,) = shop.store.locks(DEV)
    assert lock.expires_at is None


def test_a_recovered_environment_can_be_deployed(shop: Interrupted) -> None:
    """Once it is closed, an interrupted deployment holds nothing up."""
    shop.workflow("new")
    with pytest.raises(Busy, match="Deployment d-1 works on development"):
        shop.apply()
    shop.recover()

    assert shop.apply().summary["add"] == 1


def test_other_environments_are_left_alone(shop: Interrupted) -> None:
    """Recovering one environment does not touch another's deployments."""
    shop.recoverer.recover(shop.choose().repository.environment("staging"))

    assert shop.ended == (Phase.RUNNING, False)


# --- whoever is still at work -------------------------------------------------------------------


def test_a_living_process_is_left_alone(shop: Interrupted) -> None:
    """A deployment whose lock is held is waited for, with who, where and since when."""
    shop.machine.alive.add(1)

    with pytest.raises(Busy, match=r"is locked by ben on host here, process 1: .* d-1 \(since"):
        shop.recover()
    assert shop.ended == (Phase.RUNNING, False)


def test_a_patient_one_takes_over_when_the_lease_runs_out(shop: Interrupted) -> None:
    """A holder that was stopped is waited for as long as its lease lasts, and no longer."""
    shop.machine.alive.add(1)
    begun = shop.clock.passed
    (told,) = shop.recover(2 * LEASE)

    assert "closed as aborted" in told
    assert LEASE < shop.clock.passed - begun <= LEASE + 1


def test_a_patient_one_waits_for_the_end(shop: Interrupted) -> None:
    """With patience a deployment at work is waited for, and nothing is to be done once it ended."""
    shop.machine.alive.add(1)
    wait = shop.clock.wait

    def end(seconds: float) -> None:
        wait(seconds)
        shop.mine.finish("d-1", Phase.SUCCEEDED, shop.clock.now())
        shop.store.release_lock(shop.lock)

    shop.clock.wait = end

    assert shop.recover(10) == ()


def test_patience_ends(shop: Interrupted) -> None:
    """After so many seconds the deployment that is still at work is named."""
    shop.machine.alive.add(1)
    begun = shop.clock.passed

    with pytest.raises(Busy, match="d-1"):
        shop.recover(5)
    assert shop.clock.passed - begun == 5


def test_another_that_recovers_is_not_repeated(shop: Interrupted) -> None:
    """Whoever gets the lock looks again: what another process ended meanwhile is ended."""
    take = shop.store.take_lock

    def late(*given: Any) -> Any:
        shop.store.finish("d-1", Phase.ABORTED, "now")
        return take(*given)

    shop.store.take_lock = late

    assert shop.recover() == ()
    assert shop.store.locks(DEV) == []


def test_a_lock_that_was_left_is_given_back() -> None:
    """A process that died between two deployments leaves nothing behind."""
    shop = Shop()
    shop.processes = machine = Machine()
    taken(shop, "apply")
    machine.succeed()

    assert shop.recoverer.recover(shop.choose().repository.environment(DEV)) == ()
    assert shop.store.locks(DEV) == []
