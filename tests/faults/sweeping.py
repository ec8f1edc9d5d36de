"""Sweeps: the same run again and again, with something wrong at each of its points in turn."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tests.faults.program import Ended, Fault, Said
from tests.faults.shops import FIRST, SECOND, THIRD, Makers, wanted
from tests.faults.worlds import ENVIRONMENT, JOB, World

Make = Callable[[], AbstractContextManager[World]]
KINDS = ("full", "io", "memory", "files")
# FAULTS_ALL=1 tries every point, and every kind of failure at every call, which takes half an hour.
# Else the largest sweep, kills on SQLite, tries every point and the others one of so many, each
# call with one kind of failure; FAULTS_SHIFT=1, 2, … moves them on to the next.
POINTS = 8  # of a sweep of kills
WRITING = 20  # of the calls that write
READING = 80  # of those that only read or begin
EVERYTHING = os.environ.get("FAULTS_ALL") == "1"
SHIFT = int(os.environ.get("FAULTS_SHIFT", "0"))
SHOWN = 5  # failures of a sweep that are told
DOCUMENTED = (0, 1, 3, 4, 5, 6, 7)
_AGAIN = re.compile(r"`reconciler (promote [a-z]+/[0-9.]+ --retry|backup restore [0-9a-z]+)`")
_TOLD = ("Nothing in production was changed", "was restored from backup", "is live")


@dataclass(slots=True, kw_only=True)
class Sweep:
    """One sweep: a world for each point, and what must be true of it afterwards.

    `whole` says that the platform is never in between, since it has transactions.
    """

    make: Make
    old: str
    new: str
    whole: bool = True
    starts: str | None = None  # what runs before, where it is not the old
    allowed: tuple[int, ...] = (0, 2)  # times that a resource may be written more, there and back
    command: tuple[str, ...] = JOB
    tried: int = 0
    failures: list[str] = field(default_factory=list)
    expected: dict[str, Any] = field(default_factory=dict)
    points: tuple[str, ...] = ()

    def measure(self, *, every: bool = False) -> int:
        """Run without a fault; return how many points there are."""
        with self.make() as world:
            before = world.running()
            done = world.run(self.command, JOB, fault=Fault(every=every))
            assert [said.code for said in done.said] == [0, 0], done
            self.points = done.points
            self.expected = world.picture()
            assert before == wanted(self.starts or self.old)
            assert world.running() == wanted(self.new)
            assert not writes(done.passed[1]), done.passed[1]
        return len(self.points)

    def killed(self, numbers: Iterable[int]) -> None:
        """Kill the run at each of these points, and let the next one recover."""
        for number in numbers:
            with self.make() as world:
                struck = world.run(self.command, fault=Fault(at=number, act="kill"))
                where = f"killed at {number} ({struck.points[-1]})"
                if not struck.was_killed:
                    self.failures.append(f"{where}: was not killed: {struck.last}")
                    continue
                self.note(where, self.recovered(world))

    def failed(self, faults: Iterable[Fault]) -> None:
        """Let a call fail, and look whether what is told is true and the next run goes on."""
        for fault in faults:
            with self.make() as world:
                struck = world.run(self.command, fault=fault)
                lasting = " from then on" if fault.lasting else ""
                assert isinstance(fault.at, int)
                where = f"{fault.act}{lasting} at {fault.at} ({struck.points[fault.at - 1]})"
                found = struck.defects + self.told(world, struck.last)
                found += self.converges(world)
                self.note(f"{where}\n  {struck.last}", found)

    def recovered(self, world: World) -> list[str]:
        """Let the next run recover from a kill; return what is wrong then."""
        found: list[str] = []
        between = world.running()
        left = [row for row in world.deployments() if row.phase == "Running"]
        if self.whole and between not in (wanted(self.old), wanted(self.new)):
            found.append(f"in between ran {between}")
        done = world.run(JOB, JOB, fault=Fault())
        found += self.converged(world, done)
        told = done.said[0].out
        return found + [
            f"it is not told that {row.id} was interrupted: {told}"
            for row in left
            if f"Deployment {row.id} of {ENVIRONMENT} was interrupted" not in told
        ]

    def converged(self, world: World, done: Ended) -> list[str]:
        """Return what is wrong after a run that converges, and one that has nothing to do."""
        found = done.defects + world.problems() + world.unended()
        if any(said.code for said in done.said):
            found.append(f"it did not converge: {done.said[0]}")
        if len(done.passed) > 1 and (written := writes(done.passed[1])):
            found.append(f"the second run wrote: {written}")
        return found + self._differences(world.picture())

    def check(self) -> None:
        """Fail with what went wrong, if anything did."""
        assert self.tried
        count = len(self.failures)
        assert not count, f"{count} of {self.tried}:\n" + "\n".join(self.failures[:SHOWN])

    def note(self, where: str, found: list[str]) -> None:
        """Count a point that was tried, and what was wrong there."""
        self.tried += 1
        if found:
            self.failures.append("\n  ".join([where, *found]))

    def told(self, world: World, said: Said) -> list[str]:
        """Return where what was said does not agree with what runs."""
        running, found = world.running(), []
        is_old, is_new = running == wanted(self.old), running == wanted(self.new)
        live = [row.version for row in world.deployments() if row.live]
        if said.code not in DOCUMENTED:
            found.append(f"exit code {said.code}")
        if not said.all.strip():
            found.append("nothing was said")
        if self.whole and not (is_old or is_new):
            found.append(f"in between runs {running}")
        if said.code == 0 and live != [self.new]:
            found.append(f"exit code 0, but {live} is live")
        unchanged, restored, is_live = (sentence in said.all for sentence in _TOLD)
        if (unchanged or restored or said.code == 6) and not is_old:
            found.append(f"it says that the old runs, but {running} does")
        if is_live and f"{self.new}: it is live" in said.out and not is_new:
            found.append(f"it says that the new is live, but {running} runs")
        if (said.code == 6) != restored:
            found.append(f"exit code {said.code} and the text do not agree")
        return found

    def converges(self, world: World) -> list[str]:
        """Do what the program says to do next, until it is done; return what is wrong then."""
        for _ in range(4):
            done = world.run(JOB, JOB, fault=Fault())
            again = _AGAIN.search(done.said[0].all)
            if again is None:
                break
            world.run(tuple(again[1].split()))
            if again[1].startswith("backup"):
                world.run(("release", "resume", ENVIRONMENT))
        return self.converged(world, done)

    def _differences(self, picture: Mapping[str, Any]) -> list[str]:
        """Compare with the run without a fault; whatever was put back was written once more."""
        expected = self.expected
        found = [
            f"{name} is {picture[name]}, not {expected[name]}"
            for name in expected
            if name != "written" and picture[name] != expected[name]
        ]
        written = {
            name: picture["written"].get(name, 0) - n for name, n in expected["written"].items()
        }
        if any(more not in self.allowed for more in written.values()):
            found.append(f"written so many times more than without a fault: {written}")
        return found


def measured(
    makers: Makers, kind: str = "sqlite", *, releases: int = 1, every: bool = False
) -> Sweep:
    """Return a sweep of the last of so many promotions; it is measured once in each process."""
    versions = (FIRST, SECOND, THIRD)
    found = Sweep(
        make=lambda: getattr(makers, kind)(releases),
        starts=FIRST,
        old=versions[releases - 1],
        new=versions[releases],
        whole=kind != "remote",
    )
    key = (kind, releases, every)
    if key not in makers.measured:
        found.measure(every=every)
        makers.measured[key] = (found.points, found.expected)
    found.points, found.expected = makers.measured[key]
    return found


def writes(points: Iterable[str]) -> list[str]:
    """Return the points at which something was written that stays."""
    return [point for point in points if not point.startswith("start: o")]


def sampled(numbers: Iterable[int], every: int = POINTS) -> list[int]:
    """Return one of so many numbers, or all of them where everything is tried."""
    chosen = list(numbers)
    return chosen if EVERYTHING else chosen[SHIFT % every :: every]


def swept(points: tuple[str, ...], kind: str) -> list[int]:
    """Return at which points a promotion is killed: at every one of them on SQLite."""
    numbers = range(1, len(points) + 1)
    return list(numbers) if kind == "sqlite" else sampled(numbers)


def failures(points: tuple[str, ...]) -> list[Fault]:
    """Return what is tried at which call: failing once, or from then on."""
    found = []
    for number, point in enumerate(points, 1):
        turn = number + SHIFT
        reads = point.partition(": ")[2].startswith(("SELECT", "BEGIN"))
        if EVERYTHING:
            found += [
                Fault(at=number, act=kind, lasting=lasting, every=True)
                for kind in KINDS
                for lasting in (False, True)
            ]
        elif not turn % (READING if reads else WRITING):
            step = turn // WRITING
            kind, lasting = KINDS[step % len(KINDS)], bool(step // len(KINDS) % 2)
            found.append(Fault(at=number, act=kind, lasting=lasting, every=True))
    return found
