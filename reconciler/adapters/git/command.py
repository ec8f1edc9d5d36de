"""Starts git, and is the only module that imports GitPython.

Every call has a fixed argv, no shell, an environment of its own, bounded output and bounded time.
It must not know what the answers mean; names that came from a user never reach it as an option.
"""

from __future__ import annotations

import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import IO, BinaryIO, cast

from reconciler.core import credentials
from reconciler.core.errors import RepositoryError
from reconciler.core.printable import one_line

TIMEOUT = 60.0
MAX_OUTPUT = 64 * 1024 * 1024
MINIMUM_VERSION = (2, 32)

_INSTALL = f"Install git {'.'.join(map(str, MINIMUM_VERSION))} or newer and try again."

_CHUNK = 1 << 17
_KEPT_STDERR = 16 * 1024
_SHOWN_STDERR = 400
_GRACE = 2.0
_QUERY_SECRET = re.compile(r"([?&][^=\s&]*=)[^&\s'\"]+")

# What a child may inherit; everything else of our environment is taken away.
_INHERITED = frozenset({"TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"})

# No configuration but that of the private directory, nothing replaced, nothing fetched.
_FIXED = {
    "LC_ALL": "C",
    "LANGUAGE": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": ":",
    # A single object that needs more is refused by git itself (deltas that blow up).
    "GIT_ALLOC_LIMIT": "512m",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a git process ended; `reason` is its cleaned complaint, empty when it had none."""

    status: int
    output: bytes
    reason: str

    @property
    def text(self) -> str:
        """The output as text without the last line's end."""
        return self.output.decode("utf-8", "surrogateescape").rstrip("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class GitCommand:
    """Runs git on one private git directory (see `private.py`), shown to people as `shown`.

    `inherited` names the variables that a child takes from our environment, and only from there;
    `variables` come on top. `secrets` never enter an error text. `owner` is what must live as
    long as the directory is used.
    """

    directory: Path
    shown: str
    timeout: float = TIMEOUT
    inherited: frozenset[str] = _INHERITED
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    owner: object = field(default=None, repr=False, compare=False)

    def run(self, *argv: str, stdin: bytes = b"", limit: int = MAX_OUTPUT) -> Result:
        """Run git to its end.

        Raises:
            RepositoryError: git is missing, too slow, or writes more than `limit` bytes.
        """
        output = bytearray()
        with self._started(argv, stdin) as running:
            for chunk in running.chunks():
                output += chunk
                if len(output) > limit:
                    raise RepositoryError(
                        f"git {argv[0]} wrote more than {limit >> 20} MiB, which is the limit.",
                        hint=f"Check what {self.shown} holds.",
                    )
            status = running.wait()
        return Result(status=status, output=bytes(output), reason=self.clean(running.complaint))

    def need(self, *argv: str, stdin: bytes = b"") -> Result:
        """Run git to its end and take nothing but success.

        Raises:
            RepositoryError: as `run`, and when git fails; says what git said.
        """
        result = self.run(*argv, stdin=stdin)
        if result.status:
            raise RepositoryError(
                f"git {argv[0]} failed in {self.shown}: {result.reason or result.status}.",
                hint=f"Check the repository with `git -C {self.shown} fsck`.",
            )
        return result

    def stream(self, *argv: str, stdin: bytes = b"") -> Generator[bytes, None, None]:
        """Yield what git writes as it comes; only time spent waiting for git counts.

        Raises:
            RepositoryError: git is missing, too slow, or fails in the end.
        """
        with self._started(argv, stdin) as running:
            yield from running.chunks()
            status = running.wait()
        if status:
            reason = self.clean(running.complaint) or str(status)
            raise RepositoryError(f"git {argv[0]} failed in {self.shown}: {reason}.")

    def clean(self, complaint: bytes) -> str:
        """Return a complaint as one line without credentials, control characters or our paths."""
        text = complaint.decode("utf-8", "surrogateescape")
        text = text.replace(str(self.directory), self.shown)
        for secret in filter(None, self.secrets):
            text = text.replace(secret, "***")
        text = without_credentials(text)
        lines = (one_line(line.strip()) for line in text.splitlines())
        line = "; ".join(line for line in lines if line and not line.startswith("hint:"))
        line = line if len(line) <= _SHOWN_STDERR else line[:_SHOWN_STDERR] + "…"
        return line.removeprefix("fatal: ").rstrip(".")

    @contextmanager
    def _started(self, argv: tuple[str, ...], stdin: bytes) -> Iterator[_Running]:
        own = {**_FIXED, "GIT_DIR": str(self.directory), "PATH": search_path()}
        variables = {name: own[name] for name in own.keys() - self.inherited}
        variables |= self.variables
        command = [*_prefix(self.inherited | variables.keys()), find_git(), *argv]
        with _spooled(stdin) as istream:
            process = self._execute(command, istream, variables)
            running = _Running(process, argv[0], self.timeout)
            try:
                yield running
            finally:
                running.close()

    def _execute(
        self, command: list[str], istream: IO[bytes], variables: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        python_git = _gitpython()
        try:
            guarded = python_git.cmd.Git(str(self.directory)).execute(
                command,
                istream=cast("BinaryIO", istream),
                as_process=True,
                env=variables,
                start_new_session=True,
                shell=False,
            )
        except (python_git.exc.GitError, OSError) as error:
            raise RepositoryError("git cannot be started.", hint=_INSTALL) from error
        process = cast("subprocess.Popen[bytes]", guarded.proc)
        guarded.proc = None  # we end it ourselves, with its whole process group
        return process


class _Running:
    """A started git process: its output in chunks, its complaint, its end."""

    def __init__(self, process: subprocess.Popen[bytes], name: str, timeout: float) -> None:
        self._process = process
        self._stdout = cast("IO[bytes]", process.stdout)
        self._stderr = cast("IO[bytes]", process.stderr)
        self._name = name
        self._timeout = timeout
        self._left = timeout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._selector.register(self._stderr, selectors.EVENT_READ)
        self._kept = bytearray()

    @property
    def complaint(self) -> bytes:
        """The beginning of what was written to stderr."""
        return bytes(self._kept)

    def chunks(self) -> Iterator[bytes]:
        """Yield stdout until it is closed."""
        while True:
            for key in self._ready(self._left):
                data = os.read(key.fd, _CHUNK)
                if key.fileobj is self._stderr:
                    self._keep(data)
                elif data:
                    yield data
                else:
                    self._selector.unregister(self._stdout)
                    return

    def wait(self) -> int:
        """Return the exit status once the process has ended."""
        # A helper that outlives git may hold stderr open, so its end alone is not awaited.
        while self._process.poll() is None and self._selector.get_map():
            for key in self._ready(min(self._left, 0.05)):
                self._keep(os.read(key.fd, _CHUNK))
        if self._selector.get_map():
            for key, _ in self._selector.select(0):
                self._keep(os.read(key.fd, _CHUNK))
        try:
            return self._process.wait(max(self._left, 0.0))
        except subprocess.TimeoutExpired as error:
            raise self._too_slow() from error

    def close(self) -> None:
        """End the process if it still runs, and free what it held."""
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)  # git removes its lock files on SIGTERM
            try:
                self._process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()
        self._selector.close()
        self._stdout.close()
        self._stderr.close()

    def _ready(self, timeout: float) -> list[selectors.SelectorKey]:
        begun = time.monotonic()
        events = self._selector.select(timeout)
        self._left -= time.monotonic() - begun
        if self._left <= 0:
            raise self._too_slow()
        return [key for key, _ in events]

    def _keep(self, data: bytes) -> None:
        if not data:
            self._selector.unregister(self._stderr)
        self._kept += data[: max(0, _KEPT_STDERR - len(self._kept))]

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _too_slow(self) -> RepositoryError:
        return RepositoryError(
            f"git {self._name} did not finish within {self._timeout:g} seconds and was stopped.",
            hint="Try again; if it stays slow, check the disk and the remote.",
        )


@contextmanager
def temporary_files() -> Iterator[None]:
    """Tell in our own words that a temporary file could not be written."""
    try:
        yield
    except OSError as error:
        raise RepositoryError(
            f"a temporary file for git cannot be written: {error.strerror}.",
            hint="Check TMPDIR and the free space there.",
        ) from error


def find_git() -> str:
    """Return the absolute path of git.

    Raises:
        RepositoryError: there is none on PATH.
    """
    found = shutil.which("git", path=search_path())
    if found is None:
        raise RepositoryError("git was not found on PATH.", hint=_INSTALL)
    return found


def git_version() -> tuple[int, ...]:
    """Return the version of git, such as (2, 39, 5)."""
    with temporary_files(), tempfile.TemporaryDirectory(prefix="reconciler-git-") as folder:
        answer = GitCommand(directory=Path(folder), shown="git").need("version").text
    found = re.search(r"[0-9]+(?:\.[0-9]+)+", answer)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def without_credentials(text: str) -> str:
    """Return text in which what looks like a credential, and query values of URLs, are `***`."""
    return credentials.masked(_QUERY_SECRET.sub(r"\1***", text), "***")


def _spooled(data: bytes) -> IO[bytes]:
    """Return an unnamed file that holds the bytes, at its beginning."""
    with temporary_files():
        spool = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        spool.write(data)
        spool.seek(0)
        return spool


def search_path() -> str:
    """PATH without relative entries: a repository must not be able to plant a program."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if Path(entry).is_absolute())


def _prefix(known: AbstractSet[str]) -> list[str]:
    """Return `env -u NAME …`: GitPython hands down our whole environment and can only add to it."""
    program = shutil.which("env", path=search_path()) or "/usr/bin/env"
    unwanted = sorted(os.environ.keys() - known)
    return [program, *(part for name in unwanted for part in ("-u", name))]


def _gitpython() -> ModuleType:
    try:
        import git
    except ImportError as error:
        raise RepositoryError(
            "git was found but cannot be started.",
            hint="Check GIT_PYTHON_GIT_EXECUTABLE and that `git version` works.",
        ) from error
    return git
