"""A kill while a backup is taken, while one is put back, and while that is recovered."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.program import Fault
from tests.faults.shops import FIRST, SECOND, Makers, wanted
from tests.faults.sweeping import Sweep, measured, sampled
from tests.faults.worlds import ENVIRONMENT, JOB, World

BACKUP = ("backup", "create", "-e", ENVIRONMENT)
RETRY = ("promote", f"{ENVIRONMENT}/{SECOND}", "--retry")
# What is written is changed at once, so that reading it again finds something else.
SPOIL = """\
CREATE TRIGGER spoil AFTER UPDATE OF content ON platform_resources
WHEN NEW.environment = 'production' AND NEW.content LIKE '%Later news%'
BEGIN
  UPDATE platform_resources SET content = replace(content, 'Later news', 'Spoilt news')
    WHERE environment = NEW.environment AND name = NEW.name;
END"""
SPOILT = wanted(SECOND) | {"news": "Spoilt news"}
Tried = Callable[[int], None]


def complete(world: World) -> int:
    """Return how many backups are listed; each of them must be whole."""
    listed = world.rows(
        "SELECT id FROM backups WHERE environment = 'production' AND digest IS NOT NULL"
    )
    verified = world.run(("backup", "verify"))
    assert verified.status == 0, verified
    shown = world.done("backup", "list", "-e", ENVIRONMENT)
    assert all(backup in shown for (backup,) in listed)
    return len(listed)


def test_a_backup_that_is_killed_is_no_backup(makers: Makers, tried: Tried) -> None:
    """Killed at any effect of `backup create`: what is listed is whole, and everything goes on."""
    found = measured(makers)
    with found.make() as world:
        points = world.run(BACKUP, fault=Fault()).points
        usual = complete(world)
    for number in sampled(range(1, len(points) + 1)):
        with found.make() as world:
            assert world.run(BACKUP, fault=Fault(at=number, act="kill")).was_killed
            wrong = [] if world.running() == wanted(FIRST) else [f"runs {world.running()}"]
            if complete(world) not in (usual - 1, usual):
                wrong.append("more is listed than was taken")
            if (again := world.run(BACKUP)).status:
                wrong.append(f"the next backup: {again.last}")
            wrong += found.converged(world, world.run(JOB, JOB, fault=Fault()))
            found.note(f"backup killed at {number} ({points[number - 1]})", wrong)
    tried(found.tried)
    found.check()


def spoilt(makers: Makers) -> tuple[Sweep, tuple[str, ...], int]:
    """Return a sweep, the points of a promotion that is restored, and where its restore begins."""
    found = measured(makers)
    with found.make() as world:
        world.execute(SPOIL)
        ended = world.run(JOB, fault=Fault())
        assert ended.status == 6, ended
        assert world.running() == wanted(FIRST)
    found.allowed = (0, 2, 4)
    points = ended.points
    first = next(n for n, point in enumerate(points, 1) if point.startswith("verify failed"))
    return found, points, first


def ended_well(found: Sweep, world: World) -> list[str]:
    """Let a restore be recovered, then mend the cause and retry; return what is wrong."""
    wrong = []
    if world.running() not in (wanted(FIRST), SPOILT):
        wrong.append(f"in between runs {world.running()}")
    first = world.run(JOB)
    wrong += first.defects
    # Put back, it is tried again in the same run and fails again; or it is told that it failed.
    if first.status not in (0, 3, 6):
        wrong.append(f"the recovery ends with {first.last}")
    if world.running() != wanted(FIRST) or world.unended():
        wrong.append(f"after the recovery runs {world.running()}, {world.unended()}")
    if [row.version for row in world.deployments() if row.live] != [FIRST]:
        wrong.append(f"live is {world.deployments()}")
    world.execute("DROP TRIGGER spoil")
    world.run(RETRY)
    return wrong + found.converged(world, world.run(JOB, JOB, fault=Fault()))


@pytest.mark.parametrize("part", range(2))
def test_a_restore_that_is_killed_is_recovered(makers: Makers, part: int, tried: Tried) -> None:
    """Killed at any effect of a restore, the next run restores; nothing stays in between."""
    found, points, first = spoilt(makers)
    for number in sampled(range(first, len(points) + 1))[part::2]:
        with found.make() as world:
            world.execute(SPOIL)
            assert world.run(JOB, fault=Fault(at=number, act="kill")).was_killed
            wrong = ended_well(found, world)
            found.note(f"restore killed at {number} ({points[number - 1]})", wrong)
    tried(found.tried)
    found.check()


def test_the_recovery_of_a_restore_that_is_killed_is_recovered(
    makers: Makers, tried: Tried
) -> None:
    """A restore is killed, and then the run that restores again at each of its effects."""
    found, points, first = spoilt(makers)
    write = next(n for n in range(first, len(points) + 1) if "platform_resources" in points[n - 1])
    with found.make() as world:
        world.execute(SPOIL)
        world.run(JOB, fault=Fault(at=write, act="kill"))
        recovery = world.run(JOB, fault=Fault()).points
    last = next(n for n, name in enumerate(recovery, 1) if "UPDATE deployments SET phase" in name)
    for number in sampled(range(1, last + 3)):
        with found.make() as world:
            world.execute(SPOIL)
            world.run(JOB, fault=Fault(at=write, act="kill"))
            assert world.run(JOB, fault=Fault(at=number, act="kill")).was_killed
            wrong = ended_well(found, world)
            found.note(f"restore of a restore killed at {number} ({recovery[number - 1]})", wrong)
    tried(found.tried)
    found.check()
