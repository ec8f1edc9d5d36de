"""Runs the program as a user does: a process of its own in a real git repository.

shop = Shop(Repository(tmp_path / "shop"))
shop.run("plan", "--detailed-exitcode", code=2).last
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests import project
from tests.repositories import ENVIRONMENT, Repository

# -P keeps the current folder out of the import path, as the installed command does.
COMMAND = (sys.executable, "-P", "-m", "reconciler")
TIMEOUT = 60

_READ = "SELECT content FROM platform_resources WHERE environment = 'development' AND name = ?"
_EDIT = "UPDATE platform_resources SET content = ? WHERE environment = 'development' AND name = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run of the program said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line of the answer."""
        return self.out.rstrip("\n").rpartition("\n")[2]

    @property
    def json(self) -> Any:
        """The answer as JSON; nothing else may stand on stdout."""
        return json.loads(self.out)

    @property
    def plan(self) -> Any:
        """The only plan of a JSON answer."""
        (plan,) = self.json["plans"]
        return plan

    @property
    def all(self) -> str:
        """Everything that was said."""
        return self.out + self.err


def variables(**more: str) -> dict[str, str]:
    """Return the environment of a run: a user's, with nothing of this machine in it."""
    base = {**ENVIRONMENT, "PYTHONPATH": str(project.ROOT), "HOME": os.sep}
    return base | {key: os.environ[key] for key in ("TMPDIR",) if key in os.environ} | more


def run(
    cwd: Path,
    *arguments: str,
    code: int | None = 0,
    stdin: str | bytes = "",
    environ: Mapping[str, str] | None = None,
) -> Run:
    """Run the program and check its exit code (None: any) and that there is no traceback."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=variables(**environ or {}),
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        check=False,
        timeout=TIMEOUT,
    )
    found = Run(
        code=done.returncode,
        out=done.stdout.decode("utf-8", "surrogateescape"),
        err=done.stderr.decode("utf-8", "surrogateescape"),
    )
    assert "Traceback" not in found.all, found.all
    assert "something unexpected happened" not in found.all, found.all
    assert code is None or found.code == code, (found.code, found.out, found.err)
    return found


@contextmanager
def starts(
    cwd: Path, *arguments: str, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start the program with text on its pipes; whatever happens, it does not outlive the block."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=variables(TMPDIR=str(cwd.parent), **environ or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


class Shop:
    """A GitOps repository, the program in it, and its store."""

    def __init__(self, repository: Repository) -> None:
        """Take a repository."""
        self.repository = repository
        self.root = repository.root

    def copy(self, root: Path) -> Shop:
        """Return a copy of it all, store and cache included."""
        shutil.copytree(self.root, root, symlinks=True)
        return type(self)(Repository(root))

    @property
    def variables(self) -> dict[str, str]:
        """What the program is told of the store; nothing where it is embedded."""
        return {}

    def run(self, *arguments: str, code: int | None = 0, stdin: str = "", **environ: str) -> Run:
        """Run the program in the repository."""
        told = {**self.variables, **environ}
        return run(self.root, *arguments, code=code, stdin=stdin, environ=told)

    def starts(self, *arguments: str) -> AbstractContextManager[subprocess.Popen[str]]:
        """Start the program in the repository; it does not outlive the block."""
        return starts(self.root, *arguments, environ=self.variables)

    def commit(self, files: Mapping[str, str | bytes], *removed: str) -> str:
        """Write and remove files of the folder `development`, and commit them."""
        self.repository.remove(*(f"environments/development/{name}" for name in removed))
        return self.repository.commit(
            {f"environments/development/{name}": text for name, text in files.items()}
        )

    def read(self, name: str) -> str:
        """Return a file of the folder `development`."""
        return (self.root / "environments/development" / name).read_text(encoding="utf-8")

    @property
    def state(self) -> Path:
        """The folder of store, keys and cache."""
        return self.root / ".reconciler"

    @property
    def store(self) -> Path:
        """The file of the embedded store."""
        return self.state / "state.db"

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement on the store by hand, as somebody with the file can."""
        with closing(sqlite3.connect(self.store)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def rows(self) -> object:
        """Return every row of the store, also of what stands there only for a while."""
        with closing(sqlite3.connect(self.store)) as connection:
            return list(connection.iterdump())

    def retitle(self, name: str, title: str) -> None:
        """Give a resource of development another title on the platform, as somebody by hand."""
        ((text,),) = self.sql(_READ, name)
        content = json.loads(text)
        content["spec"]["title"] = title
        self.sql(_EDIT, json.dumps(content), name)

    def running(self) -> dict[str, str]:
        """Return the titles of what runs in development by name, or the name without a title."""
        rows = self.sql(
            "SELECT name, coalesce(json_extract(content, '$.spec.title'), name)"
            " FROM platform_resources WHERE environment = 'development' AND state = 'enabled'"
        )
        return dict(rows)


def fits(answer: object, schema: str) -> None:
    """Check an answer against one of the schemas that are shipped."""
    known = json.loads(project.read(f"schemas/{schema}.v1.json"))
    assert [error.message for error in Draft202012Validator(known).iter_errors(answer)] == []


def keys(value: object, names: Sequence[str]) -> None:
    """Check that an object has these keys and no others."""
    assert isinstance(value, dict)
    assert sorted(value) == sorted(names)
