"""Counts every effect of a run from inside, and lets one of them end badly.

A point is a moment at which a process could die or a call could fail: before each statement that
writes to the store, before and after each commit, at each file that is written, renamed or removed,
before each part of an HTTP request is sent and after each reply was read. `every` adds the calls
that only read or begin: they have no effect, but they can fail. Points are numbered from 1.
"""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from reconciler.core.steps import RESTORE, STEPS
from tests.faults.program import NEXT

_STEPS = {step.name for step in (*STEPS, RESTORE)}
_STATES = {"running", "done", "failed"}
_CHANGED = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_READING = ("SELECT", "BEGIN")

_SQLITE = {
    "full": ("SQLITE_FULL", "database or disk is full"),
    "io": ("SQLITE_IOERR_WRITE", "disk I/O error"),
    "files": ("SQLITE_CANTOPEN", "unable to open database file"),
}
_ERRNO = {"full": errno.ENOSPC, "io": errno.EIO, "files": errno.EMFILE, "memory": errno.ENOMEM}


class Injector:
    """What is counted in one process, and what happens at one point of it.

    `at` is a number, or the name of a point; None only counts. `act` is kill, stop, or a kind of
    failure: full, io, files, memory. With `lasting` it goes on at every point after.
    """

    def __init__(
        self,
        trace: Path,
        *,
        at: int | str | None,
        act: str,
        lasting: bool = False,
        every: bool = False,
    ) -> None:
        """Take what shall happen, and where the names of the points are written."""
        self._at = at or 0
        self._act = act
        self._lasting = lasting
        self._every = every
        self._count = 0
        self._struck = False
        self._step = "start"
        self._only_reads = False  # the last request
        self._own = str(trace.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._trace = os.open(trace, flags, 0o600)

    def point(self, name: str, fail: Callable[[str], BaseException] | None) -> None:
        """Pass a point; `fail` makes the error of a kind, None where nothing can fail."""
        self._count += 1
        name = f"{self._step}: {name}"
        os.write(self._trace, f"{name}\n".encode())
        here = not self._struck and self._at in (self._count, name)
        if here or (self._struck and self._lasting):
            self._struck = True
            self._strike(fail)

    def note_step(self, parameters: object) -> None:
        """Remember which step the journal tells of, to name points by it."""
        if isinstance(parameters, Mapping):
            parameters = list(parameters.values())
        told = [each for each in parameters if isinstance(each, str)]  # type: ignore[union-attr]  # a sequence here
        names, states = [t for t in told if t in _STEPS], [t for t in told if t in _STATES]
        if names and states:
            self._step = f"{names[0]} {states[0]}"

    def begin_next(self) -> None:
        """Let another command begin, in which everything goes well."""
        os.write(self._trace, NEXT.encode())
        self._at, self._struck, self._every, self._step = 0, False, False, "start"

    def _strike(self, fail: Callable[[str], BaseException] | None) -> None:
        if self._act == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._act == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        if fail is not None:
            raise fail(self._act)

    # --- where points are ------------------------------------------------------------------------

    def install(self) -> None:
        """Count in this process from now on; there is no way back."""
        self._watch_database()
        self._watch_http()
        sys.addaudithook(self._audited)

    def _watch_database(self) -> None:
        writing: set[int] = set()
        for name in ("do_execute", "do_executemany", "do_execute_no_params"):
            self._watch_statements(name, writing)
        commit = DefaultDialect.do_commit

        def do_commit(dialect: DefaultDialect, connection: Any) -> None:
            driver = connection.driver_connection
            watched = id(driver) in writing
            writing.discard(id(driver))
            if watched:
                self.point("commit", lambda kind: _driver_error(kind, driver))
            commit(dialect, connection)
            if watched:
                self.point("committed", lambda kind: _driver_error(kind, driver))

        DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]  # to count its calls

    def _watch_statements(self, name: str, writing: set[int]) -> None:
        original = getattr(DefaultDialect, name)

        def execute(dialect: DefaultDialect, cursor: Any, statement: str, *rest: Any) -> None:
            options = rest[-1].root_connection.get_execution_options()
            begin, driver = options.get("reconciler_begin", ""), cursor.connection
            if begin and begin != "BEGIN" and not begin.endswith("READ ONLY"):
                writing.add(id(driver))
            elif begin:
                writing.discard(id(driver))
            if statement.startswith("INSERT INTO journal"):
                self.note_step(rest[0])
            writes = id(driver) in writing and not statement.startswith(_READING)
            if writes or (self._every and not _is_of_schema(statement)):
                said = " ".join(statement.split())[:48]
                self.point(said, lambda kind: _driver_error(kind, driver))
            original(dialect, cursor, statement, *rest)

        setattr(DefaultDialect, name, execute)

    def _watch_http(self) -> None:
        original = HTTPConnection.getresponse

        def getresponse(connection: HTTPConnection) -> Any:
            response = original(connection)
            if self._every or not self._only_reads:
                self.point("reply", _connection_error)
            return response

        HTTPConnection.getresponse = getresponse  # type: ignore[method-assign]  # to count its calls

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "http.client.send":
            data = bytes(arguments[1])
            self._only_reads = data.startswith(b"GET ")
            if self._every or not self._only_reads:
                self.point(
                    f"send {data[:48].decode('latin-1').split(' HTTP')[0]}", _connection_error
                )
        elif event in _CHANGED:
            self.point(f"{event} {Path(str(arguments[0])).name}", _system_error)
        elif event == "open" and self._is_write(*arguments):
            self.point(f"open {Path(str(arguments[0])).name}", _system_error)

    def _is_write(self, path: object, _mode: object, flags: int) -> bool:
        if not isinstance(path, str | Path) or not flags & _WRITING or Path(path).is_dir():
            return False  # a file that is opened by its folder has no name: nothing of it is left
        return not str(path).startswith(("/dev/", self._own))


def _is_of_schema(statement: str) -> bool:
    """Say whether a statement looks which schema there is, as each transaction does first."""
    return "alembic_version" in statement and statement.startswith("SELECT")


def _system_error(kind: str) -> BaseException:
    number = _ERRNO[kind]
    return OSError(number, os.strerror(number))


def _connection_error(kind: str) -> BaseException:
    if kind == "memory":
        return MemoryError()
    return ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))


def _driver_error(kind: str, driver: object) -> BaseException:
    """Return what the driver of this connection raises when that happens."""
    if kind == "memory":
        return MemoryError()
    if isinstance(driver, sqlite3.Connection):
        name, text = _SQLITE[kind]
        error = sqlite3.OperationalError(text)
        error.sqlite_errorname = name
        return error
    from psycopg import errors

    kinds = {"full": errors.DiskFull, "io": errors.IoError, "files": errors.TooManyConnections}
    return kinds[kind]("made up by the test")
