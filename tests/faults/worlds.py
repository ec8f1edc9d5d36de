"""A shop whose next releases wait to be promoted, over each kind of store and platform.

Made once; `copied` gives each point of a sweep a world of its own in milliseconds, with the
repository shared, since a promotion only reads it.
"""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from reconciler.testing.remote import RemoteServer
from tests.acceptance.program import variables
from tests.faults.program import Ended, Fault, Job, Program

ENVIRONMENT = "production"
JOB = ("reconcile", "-e", ENVIRONMENT)
_KEY = b64encode(bytes(range(32))).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A deployment as the store has it."""

    id: str
    version: str | None
    phase: str
    live: bool
    type: str


class World(ABC):
    """A repository, a store and a platform; `run` is the program in it."""

    has_users = True  # the platform keeps users of its own

    def __init__(self, program: Program, root: Path, url: str, folder: Path) -> None:
        """Take the program, the repository, the store's URL and a folder for what is temporary."""
        self.program = program
        self.root = root
        self.url = url
        self.folder = folder

    # --- the program ------------------------------------------------------------------------------

    def job(
        self,
        *commands: tuple[str, ...],
        remembers: bool = True,
        environ: Mapping[str, str] | None = None,
        **how: Any,
    ) -> Job:
        """Return what runs commands here."""
        own = {
            "RECONCILER_STORE": self.url,
            "RECONCILER_KEY_DEVELOPMENT": _KEY,
            "RECONCILER_KEY_PRODUCTION": _KEY,
            "TMPDIR": str(self.folder),
        }
        environ = variables(**{**own, **(environ or {})})
        return Job(cwd=self.root, commands=commands, environ=environ, remembers=remembers, **how)

    def run(self, *commands: tuple[str, ...], fault: Fault | None = None, **how: Any) -> Ended:
        """Run commands one after another in one fork, with a fault in the first of them."""
        return self.program.run(self.job(*commands or (JOB,), fault=fault, **how))

    def done(self, *command: str, stdin: str = "") -> str:
        """Run one command that has to succeed, and return its answer."""
        found = self.run(command, stdin=stdin, remembers=False)
        assert not found.status, found
        assert not found.defects, found
        return found.last.out

    # --- looking ----------------------------------------------------------------------------------

    @abstractmethod
    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement on the store by hand."""

    def execute(self, statement: str) -> None:
        """Change the store by hand."""
        self.rows(statement)

    @abstractmethod
    def fingerprint(self) -> object:
        """Return what changes with any write to the store."""

    @abstractmethod
    def problems(self) -> list[str]:
        """Return what is wrong with the store's files."""

    def running(self) -> dict[str, str]:
        """Return the titles of what runs in production by name."""
        rows = self.rows(
            "SELECT name, content FROM platform_resources"
            " WHERE environment = 'production' AND state = 'enabled'"
        )
        return {name: json.loads(content)["spec"]["title"] for name, content in rows}

    def written(self) -> dict[str, int]:
        """Return how often each resource was written."""
        rows = self.rows(
            "SELECT name, version FROM platform_resources WHERE environment = 'production'"
        )
        return dict(rows)

    def users(self) -> list[tuple[Any, ...]]:
        """Return everything that belongs to users."""
        tables = ("users", "connections", "scopes", "settings", "user_workflows")
        found: list[tuple[Any, ...]] = []
        for table in tables:
            rows = self.rows(f"SELECT * FROM platform_{table}")  # noqa: S608 - a name of ours
            found += sorted(((table, *row) for row in rows), key=repr)
        return found

    def picture(self) -> dict[str, Any]:
        """Return everything that a promotion leaves behind, without ids and times."""
        live = [row.version for row in self.deployments() if row.live]
        return {
            "running": self.running(),
            "written": self.written(),
            "live": live,
            "users": self.users(),
            "applied": sorted(
                self.rows(
                    "SELECT kind, name, digest FROM last_applied WHERE environment = 'production'"
                )
            ),
            "content": self.rows(
                "SELECT content_digest FROM applied_state WHERE environment = 'production'"
            ),
            "tags": sorted(
                self.rows(
                    "SELECT name, state, pinned FROM tags_seen WHERE environment = 'production'"
                )
            ),
            "secrets": self.secrets(),
            "trusted": self.rows("SELECT commit_id FROM trust WHERE environment = 'production'"),
        }

    def secrets(self) -> list[tuple[Any, ...]]:
        """Return names and fingerprints of the secrets that the platform has."""
        return sorted(
            self.rows(
                "SELECT name, fingerprint FROM platform_secrets WHERE environment = 'production'"
            )
        )

    def unended(self) -> list[str]:
        """Return what says that something is still going on."""
        questions = {
            "is Running": "SELECT id FROM deployments WHERE phase = 'Running'",
            "has no end": "SELECT id FROM deployments WHERE finished_at IS NULL",
            "is in maintenance": "SELECT environment FROM maintenance",
            "is locked": "SELECT environment FROM locks WHERE id IS NOT NULL",
            "has effects left": "SELECT environment, name FROM effects",
            "is an activity": "SELECT id FROM activities",
        }
        return [f"{row} {what}" for what, query in questions.items() for row in self.rows(query)]

    def deployments(self) -> list[Row]:
        """Return the deployments of production, oldest first."""
        rows = self.rows(
            "SELECT id, version, phase, live, type FROM deployments"
            " WHERE environment = 'production' ORDER BY sequence"
        )
        return [
            Row(id=row[0], version=row[1], phase=row[2], live=bool(row[3]), type=row[4])
            for row in rows
        ]


class SqliteWorld(World):
    """The store in a file, the platform beside it."""

    def __init__(self, program: Program, root: Path, path: Path) -> None:
        """Take the file."""
        super().__init__(program, root, f"sqlite:///{path}", path.parent)
        self.path = path

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement on the store by hand."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement).fetchall()

    def fingerprint(self) -> object:
        """Return size, time of change and bytes."""
        found = self.path.stat()
        return found.st_size, found.st_mtime_ns, self.path.read_bytes()

    def problems(self) -> list[str]:
        """Return what SQLite finds wrong, and files that were left beside the store."""
        found = [row[0] for row in self.rows("PRAGMA integrity_check") if row[0] != "ok"]
        found += [str(row) for row in self.rows("PRAGMA foreign_key_check")]
        left = self.path.parent.glob(f"{self.path.name}-*")
        return found + [f"{each.name} is left" for each in left]


class PostgresqlWorld(World):
    """The store in a database of a server, the platform beside it."""

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement on the store by hand."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def fingerprint(self) -> object:
        """Return the rows of every table with the transactions that wrote them."""
        found: dict[str, object] = {}
        with psycopg.connect(self.url, autocommit=True) as connection:
            tables = connection.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r'"
                " AND relnamespace = 'public'::regnamespace ORDER BY relname"
            ).fetchall()
            for (table,) in tables:
                query = sql.SQL("SELECT ctid::text, xmin::text FROM {} ORDER BY ctid")
                found[table] = connection.execute(query.format(sql.Identifier(table))).fetchall()
        return found

    def problems(self) -> list[str]:
        """Return transactions that nobody ends."""
        rows = self.rows(
            "SELECT state, query FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND state LIKE 'idle in%' AND state_change < now() - interval '5 seconds'"
        )
        return [str(row) for row in rows]


class RemoteWorld(SqliteWorld):
    """The store in a file, the platform behind HTTP."""

    has_users = False

    def __init__(self, program: Program, root: Path, path: Path, server: RemoteServer) -> None:
        """Take the file, and the server, which has what this world left there."""
        super().__init__(program, root, path)
        self.server = server

    def running(self) -> dict[str, str]:
        """Return the titles of what runs in production by name."""
        page = self.server.state.page(ENVIRONMENT, 0, 1000)
        return {each["name"]: each["document"]["spec"]["title"] for each in page["items"]}

    def written(self) -> dict[str, int]:
        """Return how often each resource was written."""
        pages = [
            self.server.state.page(ENVIRONMENT, 0, 1000, archived=archived)
            for archived in (False, True)
        ]
        return {each["name"]: each["version"] for page in pages for each in page["items"]}

    def secrets(self) -> list[tuple[Any, ...]]:
        """Return names and fingerprints of the secrets that the platform has."""
        return sorted(self.server.state.secrets(ENVIRONMENT).items())
