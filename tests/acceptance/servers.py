"""A shop and a team whose store is a database on a server; all else is the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from tests import postgres
from tests.acceptance.launcher import Launcher
from tests.acceptance.program import Run, Shop
from tests.acceptance.travelling import Team
from tests.repositories import Repository

KEYS = {
    f"RECONCILER_KEY_{name}": "c2VhbGVkIHdpdGggdGhpcnR5LXR3byBieXRlcyBvZiA="
    for name in ("DEVELOPMENT", "STAGING", "PRODUCTION")
}


def rows_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that is stored, with the transaction that wrote it."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        return {
            name: sorted(
                connection.execute(f"SELECT xmin::text, * FROM {name}").fetchall(),  # noqa: S608 - a name of ours
                key=repr,
            )
            for (name,) in tables
        }


class Rows:
    """What stands for the file of an embedded store where tests compare its bytes."""

    def __init__(self, url: str) -> None:
        """Take the URL of the database."""
        self._url = url

    def exists(self) -> bool:
        """Say whether there is any table."""
        return bool(rows_of(self._url))

    def read_bytes(self) -> bytes:
        """Return all that is stored as bytes, equal only when nothing at all was written."""
        return repr(rows_of(self._url)).encode()


class ServerShop(Shop):
    """A shop whose store is a database of its own; where it lies stands beside the repository."""

    def __init__(self, repository: Repository) -> None:
        """Take a repository, and an empty database when it has none yet."""
        super().__init__(repository)
        place = self.root.with_name(f"{self.root.name}.url")
        if not place.exists():
            place.write_text(postgres.new_database("template0"))
        self.url = place.read_text()

    def copy(self, root: Path) -> ServerShop:
        """Return a copy of it all, with a copy of the database."""
        name = self.url.rpartition("/")[2]
        root.with_name(f"{root.name}.url").write_text(postgres.new_database(name))
        copied = super().copy(root)
        assert isinstance(copied, ServerShop)
        return copied

    @property
    def variables(self) -> dict[str, str]:
        """Where the store is, and the keys that are not made beside a server."""
        return {"RECONCILER_STORE": self.url, **KEYS}

    def run(self, *arguments: str, code: int | None = 0, stdin: str = "", **environ: str) -> Run:
        """Run the program in the repository; wherever it speaks it keeps the password."""
        found = super().run(*arguments, code=code, stdin=stdin, **environ)
        assert postgres.PASSWORD not in found.all
        assert not (self.state / "state.db").exists()
        return found

    @property
    def store(self) -> Rows:
        """What stands for the file."""
        return Rows(self.url)

    def rows(self) -> object:
        """Return every row of the store, with the transaction that wrote it."""
        return rows_of(self.url)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement on the store by hand, as somebody with the password can."""
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement.replace("?", "%s").encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def running(self) -> dict[str, str]:
        """Return the titles of what runs in development by name, or the name without a title."""
        rows = self.sql(
            "SELECT name, content FROM platform_resources"
            " WHERE environment = 'development' AND state = 'enabled'"
        )
        return {name: json.loads(text).get("spec", {}).get("title", name) for name, text in rows}


class ServerTeam(Team):
    """A team whose jobs share a database; where it lies stands in the folder."""

    def __init__(
        self, launcher: Launcher, folder: Path, files: Mapping[str, str] | None = None
    ) -> None:
        """Begin as any team does, with an empty database when there is none yet."""
        super().__init__(launcher, folder, files)
        place = folder / "store" / "url"
        if not place.exists():
            place.write_text(postgres.new_database("template0"))
        self._url = place.read_text()

    def copy(self, folder: Path) -> ServerTeam:
        """Return a copy of it all, with a copy of the database."""
        copied = super().copy(folder)
        assert isinstance(copied, ServerTeam)
        copied._url = postgres.new_database(self._url.rpartition("/")[2])
        (folder / "store" / "url").write_text(copied._url)
        return copied

    @property
    def store(self) -> str:
        """The URL of the store of all jobs."""
        return self._url

    def _environ(self, by: str) -> dict[str, str]:
        return {**super()._environ(by), **KEYS}
