"""A promotion is killed at each of its effects in turn; the next `reconcile` ends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.program import Fault
from tests.faults.shops import Makers
from tests.faults.sweeping import measured, sampled, swept
from tests.faults.worlds import JOB

PARTS = 4  # of a sweep, so that several processes can share it
Tried = Callable[[int], None]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_at_every_effect_the_next_run_ends_it(
    makers: Makers, kind: str, part: int, tried: Tried
) -> None:
    """After a kill all of the old or all of the new runs, and the next run brings the new, once."""
    found = measured(makers, kind)
    found.killed(swept(found.points, kind)[part::PARTS])
    tried(found.tried)
    found.check()


@pytest.mark.parametrize("part", range(2))
def test_killed_between_a_remote_platform_and_the_store(
    makers: Makers, part: int, tried: Tried
) -> None:
    """Where a platform has no transactions, what was written is undone and then done once more.

    Until the apply nothing differs from a platform with transactions: those points are left out.
    """
    found = measured(makers, "remote")
    first = next(n for n, p in enumerate(found.points, 1) if p.startswith("apply running"))
    found.killed(sampled(range(first, len(found.points) + 1))[part::2])
    tried(found.tried)
    found.check()


@pytest.mark.parametrize("part", range(2))
def test_killed_in_the_second_of_two_promotions(makers: Makers, part: int, tried: Tried) -> None:
    """Of two promotions in one run the first stays done when the second is killed."""
    found = measured(makers, releases=2)
    ended = [
        n for n, point in enumerate(found.points, 1) if "UPDATE deployments SET phase" in point
    ]
    around = [
        n for n in range(ended[0] + 2, len(found.points) + 1) if "commit" in found.points[n - 1]
    ]
    found.killed(sampled(around)[part::2])
    tried(found.tried)
    found.check()


@pytest.mark.parametrize(
    ("kind", "point"),
    [
        ("sqlite", "backup running: UPDATE backups SET id=?, environment=?, sequence"),
        ("sqlite", "apply done: committed"),
        ("postgresql", "verify running: committed"),
        ("remote", "apply running: reply"),
    ],
)
def test_a_recovery_that_is_killed_is_recovered(
    makers: Makers, kind: str, point: str, tried: Tried
) -> None:
    """A run that ends an interrupted deployment may itself be killed at each of its effects."""
    found = measured(makers, kind)
    killed = Fault(at=point, act="kill")
    with found.make() as world:
        world.run(JOB, fault=killed)
        recovery = world.run(JOB, fault=Fault()).points
    last = next(n for n, name in enumerate(recovery, 1) if "UPDATE deployments SET phase" in name)
    for number in sampled(range(1, last + 3)):
        with found.make() as world:
            assert world.run(JOB, fault=killed).was_killed
            assert world.run(JOB, fault=Fault(at=number, act="kill")).was_killed
            found.note(f"recovery killed at {number}", found.recovered(world))
    tried(found.tried)
    found.check()
