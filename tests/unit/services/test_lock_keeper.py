"""Locks shown and taken away, and holds of the store ended, by an operator."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.coordination import Hold
from reconciler.core.errors import LockLost, NotFound
from reconciler.core.locks import LEASE, Liveness, Lock, LockRequest, Standing
from reconciler.core.model import Phase
from reconciler.services.holds import HoldKeeper
from reconciler.services.locks import LockKeeper
from reconciler.testing import FakeClock, FakeProcesses, MemoryStore, deployment

PRODUCTION = "production"


class Ground:
    """A store with a clock and processes, and an operator."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.processes = FakeProcesses(alive=(1, 4711), clock=self.clock)
        self.store = MemoryStore(now=self.clock.now)

    @property
    def keeper(self) -> LockKeeper:
        """What shows locks and takes them away."""
        return LockKeeper(
            store=self.store, clock=self.clock, processes=self.processes, actor="olga"
        )

    @property
    def holds(self) -> HoldKeeper:
        """What ends holds."""
        return HoldKeeper(store=self.store, clock=self.clock, actor="olga")

    def take(self, id: str = "l-1", environment: str = PRODUCTION, pid: int = 4711) -> Lock:
        """Take a lock as another process."""
        return self.store.take_lock(
            LockRequest(
                id=id,
                environment=environment,
                holder="ana",
                reason="promote 1.4.0",
                at=self.clock.now(),
                ticks=self.processes.ticks(),
                owner={"host": "here", "boot": "boot-of-here", "pid": pid},
            )
        )

    def standings(self) -> dict[str, Standing]:
        """Return how each lock stands."""
        return {each.lock.id: each.standing for each in self.keeper.see().locks}


@pytest.fixture
def ground() -> Ground:
    """A store in which nothing is locked."""
    return Ground()


# --- locks ----------------------------------------------------------------------------------------


def test_locks_are_shown_as_they_stand(ground: Ground) -> None:
    """Held, of a dead process, kept, and run out."""
    ground.take("l-1", "development", pid=99)
    ground.store.keep_lock(ground.take("l-2", "staging"), "restore")
    ground.take("l-3")
    assert ground.standings() == {"l-1": "dead", "l-2": "kept", "l-3": "held"}

    ground.clock.advance(LEASE + 1)
    assert ground.standings() == {"l-1": "dead", "l-2": "kept", "l-3": "expired"}


def test_one_environment_is_shown_alone(ground: Ground) -> None:
    """Its lock and its maintenance, and nothing of the others."""
    for name in ("staging", PRODUCTION):
        ground.take(f"l-{name}", name)
        ground.store.begin(deployment(f"d-{name}", environment=name))

    seen = ground.keeper.see(PRODUCTION)
    assert [each.lock.environment for each in seen.locks] == [PRODUCTION]
    assert [each.deployment for each in seen.maintenance] == ["d-production"]
    assert len(ground.keeper.see().maintenance) == 2


def test_a_released_lock_stops_its_holder(ground: Ground) -> None:
    """What the former holder writes from then on is refused, and the lock is free."""
    fenced = ground.store.fenced(ground.take())
    done = ground.keeper.release("l-1")

    assert (done.lock.id, done.liveness) == ("l-1", Liveness.ALIVE)
    with pytest.raises(LockLost):
        fenced.finish("d-1", Phase.SUCCEEDED, ground.clock.now())
    assert ground.take("l-2").token == 3


def test_a_release_is_written_down_with_whose_it_was(ground: Ground) -> None:
    """Who did it, whose lock it was, since when and why."""
    lock = ground.take()
    ground.keeper.release("l-1")

    [entry] = ground.store.audit(PRODUCTION)
    assert (entry.actor, entry.action, entry.at) == ("olga", "lock-release", ground.clock.now())
    wanted = ("l-1", "ana on host here, process 4711", lock.since, "promote 1.4.0")
    assert [word for word in wanted if word not in entry.detail] == []


def test_what_the_holder_left_stays_in_maintenance(ground: Ground) -> None:
    """Until a deployment that is unfinished was finished or undone."""
    ground.take()
    ground.store.begin(deployment("d-1", environment=PRODUCTION))
    done = ground.keeper.release("l-1")

    assert ([each.id for each in done.unfinished], done.opened) == (["d-1"], False)
    assert ground.store.maintenance(PRODUCTION) is not None


def test_maintenance_ends_where_nothing_is_unfinished(ground: Ground) -> None:
    """A lock that failed restoring left closes nothing once its deployment has ended."""
    ground.store.begin(deployment("d-1", environment=PRODUCTION))
    ground.store.finish("d-1", Phase.FAILED, ground.clock.now())
    ground.store.keep_lock(ground.take(), "restore")
    done = ground.keeper.release("l-1")

    assert (done.unfinished, done.opened) == ((), True)
    assert ground.store.maintenance(PRODUCTION) is None


def test_an_unknown_lock_changes_nothing(ground: Ground) -> None:
    """A second release finds none; nothing is written down for it."""
    ground.take()
    ground.keeper.release("l-1")

    with pytest.raises(NotFound, match="lock show"):
        ground.keeper.release("l-1")
    assert len(ground.store.audit()) == 1


# --- holds ----------------------------------------------------------------------------------------

HELD = Hold(
    environment=PRODUCTION,
    since="2026-01-05T09:00:00+00:00",
    actor="ana",
    reason="backup b-1 was restored",
    backup="b-1",
    version="1.4.0",
)


def test_a_hold_is_told_with_what_ends_it(ground: Ground) -> None:
    """One sentence for each environment that is held."""
    ground.store.place_hold(HELD)

    [told] = ground.holds.told(["staging", PRODUCTION, PRODUCTION])
    assert "production is held since 2026-01-05T09:00:00+00:00 by ana" in told
    assert "`reconciler release resume production`" in told


@pytest.mark.parametrize(("reason", "tail"), [(None, "restored)"), ("all well", ": all well")])
def test_ending_a_hold_is_written_down(ground: Ground, reason: str | None, tail: str) -> None:
    """Once; of an environment that nothing holds there is nothing to write."""
    ground.store.place_hold(HELD)
    ground.store.place_hold(replace(HELD, environment="staging"))

    assert ground.holds.lift(PRODUCTION, reason) == HELD
    assert ground.holds.lift(PRODUCTION, reason) is None
    [entry] = ground.store.audit()
    assert (entry.actor, entry.action, entry.environment) == ("olga", "resume", PRODUCTION)
    assert entry.detail.endswith(tail)
    assert ground.store.hold("staging") is not None
