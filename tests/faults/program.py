"""Runs the program in forks of a process that has imported it, with a fault inside if wanted.

with Program(folder) as program:
    done = program.run(job)          # one fork, waited for
    running = program.start(job)     # several at once; they may be stopped, continued, killed

One process, `python -m tests.faults.program`, imports everything and runs nothing. A fork of it is
a fresh program with its own folder, variables, clock and fault.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tests.faults import remembering
from tests.plugins import REMOTE, install, search_path
from tests.repositories import ENVIRONMENT

if TYPE_CHECKING:
    from tests.faults.injecting import Injector

TIMEOUT = 90  # seconds after which a fork that hangs is ended; the test then fails
NEXT = "----\n"  # stands in a trace between two commands
# What the program imports late, inside functions.
_LATE = (
    *("alembic.command", "deepdiff", "git", "jsonschema", "jsonschema_rs", "semver", "psycopg"),
    *("dateutil.rrule", "dateutil.easter", "holidays.countries", "pydantic.type_adapter"),
    *("cryptography.hazmat.primitives.ciphers.aead", "cryptography.hazmat.primitives.kdf.hkdf"),
    *("sqlalchemy.dialects.sqlite.pysqlite", "sqlalchemy.dialects.postgresql.psycopg"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong in one run; the words are those of `injecting.Injector`."""

    at: int | str | None = None
    act: str = "kill"
    lasting: bool = False
    every: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a fork runs: commands one after another; the fault is for the first of them.

    `patches` sets names of modules first: `{"reconciler.core.locks.LEASE": 1.0}`. With `remembers`
    git answers as it did to forks before, for a repository that does not change.
    """

    cwd: Path
    commands: Sequence[Sequence[str]]
    stdin: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    shift: float = 0  # seconds by which its clock is ahead
    patches: Mapping[str, float] = field(default_factory=dict)
    remembers: bool = False
    limit: int = TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one command said. `code` is None when it did not come to its end."""

    code: int | None
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything that was said."""
        return self.out + self.err

    def __str__(self) -> str:
        """Return what tells how it went, without the plan."""
        _, found, after = self.out.partition("\nPlan: ")
        return f"exit code {self.code}\n{after if found else self.out}{self.err}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a fork ended: what the commands said that were begun, and the points they passed."""

    status: int  # negative: the signal
    said: tuple[Said, ...]
    passed: tuple[tuple[str, ...], ...]
    seconds: float  # of processor time

    @property
    def points(self) -> tuple[str, ...]:
        """The points that the first command passed."""
        return self.passed[0]

    @property
    def last(self) -> Said:
        """What the last command said that was begun."""
        return self.said[-1]

    @property
    def defects(self) -> list[str]:
        """What was said that a user must never see."""
        said = [each.all for each in self.said]
        return [text for text in said if "Traceback" in text or "unexpected happened" in text]

    @property
    def was_killed(self) -> bool:
        """Say whether SIGKILL ended it."""
        return self.status == -signal.SIGKILL


class Running:
    """A fork that runs."""

    def __init__(self, program: Program, pid: int, folder: Path) -> None:
        """Take its process id and the folder where it writes what it says."""
        self._program = program
        self.pid = pid
        self._folder = folder

    def until_stopped(self) -> bool:
        """Wait until it is stopped or has ended; say whether it is stopped."""
        return bool(self._program.ask({"op": "stopped", "pid": self.pid})["stopped"])

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def end(self) -> Ended:
        """Wait for its end."""
        answer = self._program.ask({"op": "wait", "pid": self.pid})
        status = answer["status"]
        said = []
        for number in count():
            out, err = (self._folder / f"{number}.{name}" for name in ("out", "err"))
            if not out.exists():
                break
            code = self._folder / f"{number}.code"
            said.append(
                Said(
                    code=int(code.read_text()) if code.exists() else None,
                    out=out.read_text(encoding="utf-8", errors="replace"),
                    err=err.read_text(encoding="utf-8", errors="replace"),
                )
            )
        trace = self._folder / "trace"
        told = trace.read_text(encoding="utf-8") if trace.exists() else ""
        found = Ended(
            status=status,
            said=tuple(said),
            passed=tuple(tuple(part.splitlines()) for part in told.split(NEXT)),
            seconds=answer["seconds"],
        )
        assert status != -signal.SIGALRM, f"it hangs: {found}"
        return found


class Program:
    """The process that forks; it ends with the block or with its maker."""

    def __init__(self, folder: Path) -> None:
        """Start it; what its forks say is written below the folder.

        The remote platform of `reconciler.testing` is as if it were installed.
        """
        self._folder = folder
        self._numbers = count()
        plugins = install(folder / "plugins", {"remote-test": REMOTE})
        environ = {**ENVIRONMENT, "PYTHONPATH": search_path(plugins)}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.faults.program"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ,
            cwd=folder,
            text=True,
        )

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, and whatever still runs."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(TIMEOUT)
        self._process.stdout.close()

    def start(self, job: Job) -> Running:
        """Start a fork."""
        folder = self._folder / f"said-{next(self._numbers)}"
        folder.mkdir()
        told = {"op": "start", "said": str(folder), **asdict(job), "cwd": str(job.cwd)}
        return Running(self, self.ask(told)["pid"], folder)

    def run(self, job: Job) -> Ended:
        """Start a fork and wait for its end."""
        return self.start(job).end()

    def ask(self, request: Mapping[str, Any]) -> Any:
        """Ask the process for something."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


# --- the process that forks ----------------------------------------------------------------------


def serve() -> None:
    """Do what is asked for, one after another, until nobody asks any more."""
    _import_everything()
    gc.collect()
    gc.freeze()
    alive: dict[int, Mapping[str, Any]] = {}
    memory = remembering.Memory()
    for line in sys.stdin:
        request = json.loads(line)
        if request["op"] == "start":
            child = os.fork()
            if child == 0:
                _be(request, memory)
            alive[child] = request
            answer: dict[str, object] = {"pid": child}
        elif request["op"] == "stopped":
            answer = {"stopped": _is_stopped(request["pid"])}
        else:
            _, status, used = os.wait4(request["pid"], 0)
            done = alive.pop(request["pid"])
            memory.learn(done["cwd"], Path(done["said"], "git"))
            answer = {
                "status": os.waitstatus_to_exitcode(status),
                "seconds": used.ru_utime + used.ru_stime,
            }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for child in alive:
        os.kill(child, signal.SIGKILL)


def _is_stopped(pid: int) -> bool:
    """Wait until a fork is stopped or has ended, and leave its end to be waited for."""
    found = os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    return found is not None and found.si_code == os.CLD_STOPPED


def _import_everything() -> None:
    import reconciler

    for found in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        with suppress(ImportError):
            importlib.import_module(found.name)
    for name in _LATE:
        importlib.import_module(name)
    importlib.import_module("tests.faults.injecting")
    from typer.main import get_command

    from reconciler.cli.main import app

    get_command(app)


def _be(job: Mapping[str, Any], memory: remembering.Memory) -> None:
    """Be the program: in its folder, with its variables, clock and fault; it ends the process."""
    code, injector = 70, None
    try:
        signal.alarm(job["limit"])
        os.chdir(job["cwd"])
        os.environ.clear()
        os.environ.update(job["environ"])
        _shift(job["shift"])
        for name, value in job["patches"].items():
            module, _, constant = name.rpartition(".")
            setattr(sys.modules[module], constant, value)
        said = Path(job["said"])
        asked = memory.install(job["cwd"]) if job["remembers"] else {}
        for number, command in enumerate(job["commands"]):
            _redirect(said, number, job["stdin"])
            if number == 0 and job["fault"] is not None:
                injector = _install(said / "trace", job["fault"])
            elif injector is not None:
                injector.begin_next()
            code = _command(command)
            sys.stdout.flush()
            sys.stderr.flush()
            (said / f"{number}.code").write_text(str(code))
        remembering.leave(asked, said / "git")
    finally:
        os._exit(code)


def _install(trace: Path, fault: Mapping[str, Any]) -> Injector:
    from tests.faults.injecting import Injector

    injector = Injector(trace, **fault)
    injector.install()
    return injector


def _command(arguments: Sequence[str]) -> int:
    from reconciler.cli import process
    from reconciler.cli.main import main

    process.prepare()
    try:
        return main(list(arguments))
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1


def _redirect(said: Path, number: int, stdin: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    streams = [said / f"{number}.{name}" for name in ("in", "out", "err")]
    streams[0].write_text(stdin, encoding="utf-8")
    for descriptor, path in enumerate(streams):
        opened = os.open(path, os.O_RDONLY if descriptor == 0 else flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)


def _shift(seconds: float) -> None:
    """Let the system's clock be ahead."""
    from reconciler.adapters.clock import SystemClock

    if seconds:
        SystemClock.now = lambda _: (  # type: ignore[method-assign]  # a clock that jumped
            datetime.now(UTC) + timedelta(seconds=seconds)
        ).isoformat(timespec="microseconds")


if __name__ == "__main__":
    serve()
