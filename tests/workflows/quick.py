"""A `reconciler` for the PATH that starts at once: forked from a process that has imported it all.

with Quick() as quick:
    subprocess.run(["reconciler", "--version"], env={"PATH": f"{quick.bin}:…"})

Each run is a process of its own with its caller's folder, variables, arguments, pipes and exit
code, as with the installed program; only the second that imports take is saved.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import reconciler
from reconciler.__main__ import run as run_program
from tests import project

_LONGEST = 120
_LATE = ("alembic.command", "dateutil.rrule", "deepdiff", "git", "github", "jsonschema")
_CLIENT = """\
#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    job = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode() + b"\\0"
    socket.send_fds(server, [job[:1]], [0, 1, 2])
    server.sendall(job[1:])
    sys.exit(int(server.recv(16) or b"70"))
"""


class Quick:
    """The process that is forked; it ends with the block."""

    def __init__(self) -> None:
        """Take a folder of its own: the name of a socket must be short."""
        self._folder = Path(tempfile.mkdtemp(prefix="quick-"))
        self.bin = self._folder / "bin"

    def __enter__(self) -> Self:
        """Start it, and wait until it listens."""
        path = self._folder / "socket"
        self.bin.mkdir()
        client = self.bin / "reconciler"
        client.write_text(_CLIENT.format(python=sys.executable, path=str(path)), encoding="utf-8")
        client.chmod(0o755)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.workflows.quick", str(path)],
            env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(project.ROOT)},
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.terminate()
        self._process.wait(_LONGEST)
        self._process.stdout.close()
        shutil.rmtree(self._folder)


def serve(path: str) -> None:
    """Fork for whoever asks, until there is nobody any more."""
    for found in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        with suppress(ImportError):
            importlib.import_module(found.name)
    for name in _LATE:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            asked, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _answer(asked)
            asked.close()


def _answer(asked: socket.socket) -> None:
    """Run the program in a process of its own, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    job, pipes, _, _ = socket.recv_fds(asked, 1 << 16, 3)
    while not job.endswith(b"\0"):
        job += asked.recv(1 << 16)
    child = os.fork()
    if child == 0:
        asked.close()
        _run(json.loads(job[:-1]), pipes)
    _, status = os.waitpid(child, 0)
    asked.sendall(str(os.waitstatus_to_exitcode(status) % 256).encode())
    os._exit(0)


def _run(job: list[Any], pipes: list[int]) -> None:
    """Be the program; it ends the process."""
    signal.alarm(_LONGEST)
    arguments, folder, environ = job
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    for number, pipe in enumerate(pipes):
        os.dup2(pipe, number)
        os.close(pipe)
    sys.argv = ["reconciler", *arguments]
    run_program()
    sys.exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
