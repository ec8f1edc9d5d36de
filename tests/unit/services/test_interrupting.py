"""A process is killed, or its machine fails, at every single call: nothing is ever in between."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.core.errors import ReconcilerError, Restored, StoreError
from reconciler.core.model import Phase
from reconciler.services.deploying.options import ApplyOptions
from reconciler.testing import MemoryCache, MemoryPlatform, StepwisePlatform, user
from tests.unit.services.faults import Fate, Fated, Killed, Machine
from tests.unit.services.shop import DEVELOPMENT, SYNC_KEY, Shop

DEV = "development"
PLATFORMS = [MemoryPlatform, StepwisePlatform]
NEVER = 10_000  # calls: more than anything here makes
ENDS = (
    "interrupted before anything was written; it is closed as aborted.",
    "interrupted after everything was written; it is finished now.",
    "interrupted while it was being written; development was restored from backup",
)
parsed = MemoryCache()  # what all these shops have in common is parsed once


class Sweep:
    """A shop with one deployment, of which another has to be made."""

    def __init__(self, platform: type[MemoryPlatform]) -> None:
        self.fate = Fate()
        self.shop = shop = Shop(cache=parsed)
        self.machine = Machine(clock=shop.clock)
        shop.processes = self.machine
        shop.write("environment.yaml", DEVELOPMENT + "  notifications: [{to: a@b.c, on: [done]}]\n")
        shop.platforms[DEV] = platform()
        self.memory = shop.platform
        with shop.store.transaction() as unit:
            shop.platform.put_users(unit, [user("u-1", "hubspot")])
        shop.apply()
        self.old = self.running
        shop.replace("workflows/sync.yaml", "integration:", "title: Contacts\n  integration:")
        shop.workflow("new")
        shop.workflow("other")
        shop.remove("workflows/report.yaml", "workflows/definitions/report.json")
        self.new = dict(shop.load().desired.digests)
        shop.store = Fated(shop.store, self.fate)
        shop.platforms[DEV] = Fated(shop.platform, self.fate)

    @property
    def running(self) -> dict[Any, str]:
        """Return what runs, whatever befalls calls."""
        return dict(self.memory.observe().digests)

    def deploy(self) -> None:
        """End what was interrupted, and apply."""
        self.recover()
        planned = self.shop.plan()
        self.shop.applier.apply(planned, lambda: planned, ApplyOptions(allow_removals=True))

    def recover(self) -> tuple[str, ...]:
        """End what was interrupted."""
        environment = self.shop.choose().repository.environment(DEV)
        return self.shop.recoverer.recover(environment)

    def killed(self, at: int, act: Callable[[], object]) -> bool:
        """Do something in a process that is killed at a call; False when it ended before."""
        return isinstance(self.struck(at, act, Killed()), Killed)

    def struck(
        self, at: int, act: Callable[[], object], error: BaseException, *, lasting: bool = True
    ) -> BaseException | None:
        """Do something in a process of which a call fails; return how that ended."""
        self.fate.strike(at, error, lasting=lasting)
        try:
            act()
        except (Killed, Exception) as caught:  # noqa: BLE001  # which of them it may be is tested
            return caught
        finally:
            self.fate.spare()
            self.machine.succeed()
        return None

    def assert_old_or_new(self) -> None:
        """Everything is as it was, or as it shall be, and nothing says otherwise."""
        store = self.shop.store
        assert self.running in (self.old, self.new)
        assert store.applied(DEV).digests == self.running
        assert store.applied(DEV).unfinished == frozenset()
        assert (store.running(DEV), store.maintenance(DEV)) == ([], None)
        # The lock of a dead process is in nobody's way.
        assert not [lock for lock in store.locks(DEV) if lock.owner["pid"] in self.machine.alive]
        assert not [e for d in store.deployments(DEV) for e in store.effects(d.id)]
        assert len([d for d in store.deployments(DEV) if d.live]) == 1

    def assert_done(self) -> None:
        """Everything is as it shall be, by one deployment and no more."""
        self.assert_old_or_new()
        assert self.running == self.new
        assert self.shop.store.locks(DEV) == []
        assert not self.shop.plan().plan.has_differences
        deployments = self.shop.store.deployments(DEV)
        assert [d.phase for d in deployments if d.phase is Phase.SUCCEEDED] == [Phase.SUCCEEDED] * 2
        assert deployments[0].live
        events = [s.event for s in self.shop.messenger.sent]
        waiting = [n.event for n in self.shop.store.unsent_notices(DEV)]
        assert len(events) == len(set(events))
        assert f"{deployments[0].id}/done" in {*events, *waiting}


def calls(platform: type[MemoryPlatform], act: Callable[[Sweep], object]) -> list[str]:
    """Return the names of all calls that something makes, the first of them at 0."""
    sweep = Sweep(platform)
    sweep.killed(NEVER, lambda: act(sweep))
    return ["", *sweep.fate.calls]


def points(platform: type[MemoryPlatform]) -> range:
    """Return the numbers of all calls that a deployment makes; what comes before only reads."""
    made = calls(platform, Sweep.deploy)
    return range(made.index("activities"), len(made))


def effects(platform: type[MemoryPlatform]) -> list[int]:
    """Return those of the points at which something is changed."""
    sweep = Sweep(platform)
    sweep.killed(NEVER, sweep.deploy)
    return sweep.fate.effects()


def middle(platform: type[MemoryPlatform]) -> int:
    """Return the call at which everything, or in steps something, was just written."""
    made = calls(platform, Sweep.deploy)
    return made.index("commit") + 1 if platform is MemoryPlatform else made.index("write") + 5


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_process_killed_at_any_call_leaves_all_or_nothing(platform: type[MemoryPlatform]) -> None:
    """What the next run finds is closed, finished or restored, said in a sentence, and goes on."""
    told: set[str] = set()
    tried = effects(platform)
    for at in tried:
        sweep = Sweep(platform)
        assert sweep.killed(at, sweep.deploy), at
        begun = sweep.shop.store.running(DEV)
        sentences = sweep.recover()
        sweep.assert_old_or_new()
        assert len(sentences) == len(begun)
        told.update(end for end in ENDS for sentence in sentences if end in sentence)
        sweep.deploy()
        sweep.assert_done()

    assert len(tried) > 30
    assert told == set(ENDS if platform is StepwisePlatform else ENDS[:2])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_process_killed_while_it_recovers_is_no_worse(platform: type[MemoryPlatform]) -> None:
    """Whatever a recovery had done when it was killed too, the next one ends it."""
    first = middle(platform)

    def both(sweep: Sweep, at: int = NEVER) -> None:
        sweep.killed(first, sweep.deploy)
        sweep.killed(at, sweep.recover)

    sweep = Sweep(platform)
    both(sweep)
    tried = sweep.fate.effects(first)
    for at in tried:
        sweep = Sweep(platform)
        both(sweep, at)
        sweep.killed(at, sweep.recover)
        sweep.recover()
        sweep.assert_old_or_new()
        sweep.deploy()
        sweep.assert_done()

    assert len(tried) > 10


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_process_killed_while_it_restores_is_no_worse(platform: type[MemoryPlatform]) -> None:
    """A deployment that failed is restored by the next process where its own was killed."""
    made = calls(platform, Sweep.deploy)
    verify = made.index("observe", made.index("commit"))

    def deploy(sweep: Sweep) -> None:
        mine = sweep.memory.contents([SYNC_KEY])[SYNC_KEY]
        sweep.fate.before[verify] = lambda: sweep.memory.edit(mine)
        sweep.deploy()

    sweep = Sweep(platform)
    sweep.killed(NEVER, lambda: deploy(sweep))
    tried = [at for at in sweep.fate.effects() if at > verify]
    for at in tried:
        sweep = Sweep(platform)
        assert sweep.killed(at, lambda sweep=sweep: deploy(sweep))
        sweep.recover()
        assert (sweep.running, sweep.shop.store.deployments(DEV)[0].phase) == (
            sweep.old,
            Phase.RESTORED,
        )
        sweep.assert_old_or_new()
        sweep.deploy()
        sweep.assert_done()

    assert len(tried) > 10


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_signal_at_any_call_ends_at_the_next_safe_point(platform: type[MemoryPlatform]) -> None:
    """Before the first write nothing is changed; later it goes on, or undoes what it wrote."""
    told: set[str] = set()
    for at in points(platform):
        sweep = Sweep(platform)
        sweep.fate.before[at] = lambda s=sweep: setattr(s.shop.interruptions, "noted", 15)
        told.add(outcome(sweep, sweep.struck(NEVER, sweep.deploy, Killed())))
        sweep.shop.interruptions.noted = None
        sweep.deploy()
        sweep.assert_done()

    restored = {"restored"} if platform is StepwisePlatform else set()
    assert told == {"before", "aborted", "done"} | restored


FAULTS = [OSError(errno.ENOSPC, "No space left on device"), StoreError("It does not answer.")]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_fault_at_any_call_is_told_as_what_is_true(
    platform: type[MemoryPlatform], fault: Exception
) -> None:
    """Nothing was changed, all was written, or what ran before runs again: that, and no other."""
    told: set[str] = set()
    for at in points(platform):
        sweep = Sweep(platform)
        error = sweep.struck(at, sweep.deploy, fault, lasting=False)
        told.add(outcome(sweep, error))
        sweep.deploy()
        sweep.assert_done()

    assert told == {"before", "aborted", "restored", "left", "done"}


def outcome(sweep: Sweep, error: BaseException | None) -> str:
    """Return what an error says, having looked whether it is true."""
    if error is None:
        assert sweep.running == sweep.new
        return "done"
    deployments = sweep.shop.store.deployments(DEV)
    if len(deployments) == 1:
        assert sweep.running == sweep.old
        return "before"
    assert isinstance(error, ReconcilerError)
    phase = deployments[0].phase
    if isinstance(error, Restored):
        assert (sweep.running, phase, error.exit_code) == (sweep.old, Phase.RESTORED, 6)
        return "restored"
    assert error.exit_code == 1
    if error.text.endswith("Nothing in development was changed."):
        assert (sweep.running, phase) == (sweep.old, Phase.ABORTED)
        return "aborted"
    assert "Everything was written to development" in error.text
    assert (sweep.running, phase) == (sweep.new, Phase.RUNNING)
    return "left"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_store_that_is_away_from_any_call_on_is_survived(platform: type[MemoryPlatform]) -> None:
    """The next process ends what the first could neither end nor record."""
    for at in points(platform):
        sweep = Sweep(platform)
        sweep.shop.platforms[DEV] = sweep.memory  # it goes on answering
        error = sweep.struck(at, sweep.deploy, StoreError("It is away."))
        assert error is None or isinstance(error, ReconcilerError)
        sweep.deploy()
        sweep.assert_done()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_restore_by_hand_killed_at_any_call_is_all_or_nothing(
    platform: type[MemoryPlatform],
) -> None:
    """Then too everything is as before or as in the backup, and a job finds it held."""

    def put_back(sweep: Sweep) -> None:
        restorer = sweep.shop.deployments.restorer
        backup = sweep.shop.store.backups(DEV)[-2]  # the oldest is the one before the first
        environment = sweep.shop.choose().repository.environment(DEV)
        prepared = restorer.prepare(environment, backup.id)
        restorer.restore(prepared, actor="ben", progress=lambda *_: None)

    def prepared() -> Sweep:
        sweep = Sweep(platform)
        sweep.deploy()
        return sweep

    sweep = prepared()
    begun = len(sweep.fate.calls)
    put_back(sweep)
    assert sweep.running == sweep.old
    for at in sweep.fate.effects(begun):
        sweep = prepared()
        assert sweep.killed(at, lambda sweep=sweep: put_back(sweep)), at
        sweep.recover()
        sweep.assert_old_or_new()
        assert sweep.running == sweep.new or sweep.shop.store.hold(DEV) is not None
        sweep.fate.calls.clear()
        put_back(sweep)
        assert sweep.running == sweep.old
        sweep.assert_old_or_new()
        assert sweep.shop.store.hold(DEV) is not None
