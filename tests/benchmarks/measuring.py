"""Whole processes by the clock and by processor time, run in turn so that noise is shared."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def nothing() -> None:
    """Prepare nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to measure; `prepare` runs before each run and is not measured."""

    title: str
    argv: tuple[str, ...]
    prepare: Callable[[], None] = nothing
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds by the clock, and seconds of all processors."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Measured:
    """All runs of a command; each figure is their median."""

    title: str
    runs: tuple[Run, ...]

    @property
    def wall(self) -> float:
        """Seconds by the clock."""
        return statistics.median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """Seconds of all processors."""
        return statistics.median(run.cpu for run in self.runs)


def python(*arguments: str) -> tuple[str, ...]:
    """Return the argv of this interpreter."""
    return (sys.executable, *arguments)


def reconciler(repository: Path, *arguments: str) -> tuple[str, ...]:
    """Return the argv of the program on a repository."""
    return python("-m", "reconciler", "--repo", str(repository), *arguments)


def in_turn(commands: Sequence[Command], rounds: int) -> list[Measured]:
    """Run each command once per round, after one round that warms the disk's cache."""
    runs: list[list[Run]] = [[] for _ in commands]
    for number in range(rounds + 1):
        for command, found in zip(commands, runs, strict=True):
            run, _ = execute(command)
            if number:
                found.append(run)
    return [
        Measured(command.title, tuple(found)) for command, found in zip(commands, runs, strict=True)
    ]


def execute(command: Command) -> tuple[Run, str]:
    """Run a command to its end and return what it took and wrote.

    Raises:
        RuntimeError: it failed; says what it wrote.
    """
    command.prepare()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaint:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command.argv,
            cwd=PROJECT,
            env=environment(command.variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=complaint,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        complaint.seek(0)
        written = output.read().decode(errors="replace")
        if process.returncode:
            said = complaint.read().decode(errors="replace")
            raise RuntimeError(f"{command.title} failed: {said[-2000:] or written[-2000:]}")
    return Run(wall, usage.ru_utime + usage.ru_stime), written


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what measured programs get: nobody's configuration, no colours, no secrets of ours."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **variables,
    }
