"""Several reconcilers meet on one environment; a holder that stood still wakes up too late."""

from __future__ import annotations

import signal
import time

import pytest

from tests.faults.program import Fault
from tests.faults.shops import FIRST, SECOND, Makers, wanted
from tests.faults.sweeping import measured
from tests.faults.worlds import JOB

LEASE = 0.5  # seconds, so that a test need not wait for a minute
SHORT = {"reconciler.core.locks.LEASE": LEASE, "reconciler.adapters.store.leases.LEASE": LEASE}


@pytest.mark.parametrize("count", [2, 8])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_of_several_at_once_one_promotes(makers: Makers, kind: str, count: int) -> None:
    """Reconcilers that start together promote once; the others name who works, or find it done."""
    found = measured(makers, kind)
    with found.make() as world:
        running = [world.program.start(world.job(JOB)) for _ in range(count)]
        said = [each.end().last for each in running]

        worked = [each for each in said if f"{SECOND}: it is live" in each.out]
        refused = [each for each in said if each.code == 4]
        idle = [each for each in said if each.code == 0 and "Applied" not in each.out]
        assert len(worked) == 1, [*map(str, said)]
        assert len(worked) + len(refused) + len(idle) == count, [*map(str, said)]
        for each in refused:
            assert "since" in each.all or "was changed while" in each.all, str(each)
        assert found.converged(world, world.run(JOB, JOB, fault=Fault())) == []
        versions = [row.version for row in world.deployments() if row.phase == "Succeeded"]
        assert versions == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("kind", "point"),
    [
        ("sqlite", "lock running: committed"),
        ("sqlite", "backup done: committed"),
        ("sqlite", "apply done: committed"),
        ("sqlite", "notify running: committed"),
        ("postgresql", "backup done: committed"),
        ("postgresql", "record running: committed"),
        ("remote", "backup done: committed"),
        ("remote", "apply done: committed"),
    ],
)
def test_a_holder_that_slept_past_its_lease_is_refused(
    makers: Makers, kind: str, point: str
) -> None:
    """Who is stopped for longer than its lease is taken over, and writes nothing when it wakes."""
    found = measured(makers, kind)
    with found.make() as world:
        fault = Fault(at=point, act="stop")
        sleeping = world.program.start(world.job(JOB, fault=fault, patches=SHORT))
        assert sleeping.until_stopped()
        time.sleep(LEASE * 1.5)
        taken = world.run(JOB, JOB, fault=Fault(), patches=SHORT)
        assert found.converged(world, taken) == []
        before = world.fingerprint()

        sleeping.signal(signal.SIGCONT)
        woken = sleeping.end()

        assert woken.status == 4, woken
        assert "lock" in woken.last.all, woken.last
        assert not woken.defects
        assert world.fingerprint() == before
        assert world.running() == wanted(SECOND)


def test_while_its_lease_lasts_a_stopped_holder_is_waited_for(makers: Makers) -> None:
    """Who is stopped within its lease is not taken over: others say who it is, and it goes on."""
    with makers.sqlite() as world:
        fault = Fault(at="backup done: committed", act="stop")
        holder = world.program.start(world.job(JOB, fault=fault))
        assert holder.until_stopped()
        before = world.fingerprint()

        other = world.run(JOB)

        assert other.status == 4
        assert f"process {holder.pid}" in other.last.all, other.last
        assert world.fingerprint() == before
        holder.signal(signal.SIGCONT)
        assert holder.end().status == 0
        assert world.running() == wanted(SECOND)
