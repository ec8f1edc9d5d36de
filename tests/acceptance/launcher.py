"""Starts the program as a process of its own at any moment, without the time that imports take.

One process, `python -m tests.acceptance.launcher`, imports the program and runs nothing of it. For
each command it forks: the child has a fresh program, its own folder, variables and clock.
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
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import reconciler
from reconciler.__main__ import run as run_program
from reconciler.adapters.clock import SystemClock

TIMEOUT = 60
# What the program imports late, inside functions.
_LATE = (
    *(
        "alembic.command",
        "dateutil.rrule",
        "dateutil.easter",
        "deepdiff",
        "git",
        "holidays.countries",
    ),
    *("jsonschema", "jsonschema_rs", "pydantic", "ruamel.yaml", "semver"),
    "sqlalchemy.dialects.sqlite.pysqlite",
)


class Launcher:
    """The process that starts the program; it ends with the block or with its maker."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Start it; what commands say passes through files of this folder."""
        self._said = (folder / "out", folder / "err")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.acceptance.launcher"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(environ),
            cwd=folder,
            text=True,
        )

    def run(
        self, moment: datetime, cwd: Path, argv: tuple[str, ...], environ: Mapping[str, str]
    ) -> tuple[int, str, str]:
        """Run the program from a moment on; return its exit code and what it said."""
        job = {
            "moment": moment.isoformat(),
            "cwd": str(cwd),
            "argv": argv,
            "environ": dict(environ),
            "said": [str(path) for path in self._said],
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(job), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        out, err = (path.read_text(encoding="utf-8") for path in self._said)
        return code, out, err

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(TIMEOUT)
        self._process.stdout.close()


def serve() -> None:
    """Start what is asked for, one after another, until nobody asks any more."""
    for found in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        with suppress(ImportError):
            importlib.import_module(found.name)
    for name in _LATE:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _run(json.loads(line))
            return
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(job: Mapping[str, object]) -> None:
    """Be the program: in its folder, with its variables, at its moment; it ends the process."""
    signal.alarm(TIMEOUT)
    os.chdir(str(job["cwd"]))
    environ, argv, said = job["environ"], job["argv"], job["said"]
    assert isinstance(environ, dict)
    assert isinstance(argv, list)
    assert isinstance(said, list)
    os.environ.clear()
    os.environ.update(environ)
    _stand(datetime.fromisoformat(str(job["moment"])))
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, path in enumerate([os.devnull, *said]):
        opened = os.open(path, os.O_RDONLY if number == 0 else flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["reconciler", *argv]
    run_program()


def _stand(moment: datetime) -> None:
    """Let the clock tell a moment, and go on from there."""
    began = monotonic()

    def now(_clock: SystemClock) -> str:
        passed = timedelta(seconds=monotonic() - began)
        return (moment + passed).isoformat(timespec="microseconds")

    SystemClock.now = now


if __name__ == "__main__":
    serve()
