"""A shop whose next releases wait to be promoted: its repositories, stores and platforms.

Made once; each point of a sweep gets a copy of its own in milliseconds, with the repository shared,
since a promotion only reads it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from reconciler.testing.remote import RemoteServer
from reconciler.testing.remote.state import RemoteState
from tests.acceptance.manifests import RESOURCES, manifest, workflow
from tests.faults.program import Program
from tests.faults.worlds import ENVIRONMENT, PostgresqlWorld, RemoteWorld, SqliteWorld, World
from tests.postgres import TEMPLATE, shared_server
from tests.repositories import Repository

FIRST, SECOND, THIRD = "1.0.0", "1.1.0", "1.2.0"
CONTENTS: dict[str | None, dict[str, str]] = {  # the titles that run, by what is live
    FIRST: {"news": "News in Slack", "stock-low": "Stock low", "order-placed": "Order placed"},
    SECOND: {"news": "Later news", "thanks": "Say thanks", "order-placed": "Order placed"},
    THIRD: {"news": "Last news", "thanks": "Say thanks", "order-placed": "Order is placed"},
}
SAME = {"slack": "Slack", "verify": "Verify a signature"}  # in all of them
_CHANGES: dict[str, dict[str, str]] = {
    SECOND: {
        "workflows/news.yaml": workflow("news", title="Later news"),
        "workflows/thanks.yaml": workflow("thanks", title="Say thanks"),
    },
    THIRD: {
        "workflows/news.yaml": workflow("news", title="Last news"),
        "events/order-placed.yaml": manifest(
            "AppEvent", "order-placed", "title: Order is placed\nexample: {id: o-1, total: 12.5}"
        ),
    },
}
_REMOVED = {SECOND: "events/stock-low.yaml"}
_USERS = [
    {
        "id": f"u-{number}",
        "metadata": {"plan": "pro"},
        "connections": [
            {
                "integration": "slack",
                "status": "connected",
                "scopes": ["chat:write"],
                "settings": {"channel": f"#{number}"},
            }
        ],
        "workflows": [{"name": "news", "enabled": number != 2, "settings": {}}],
    }
    for number in range(1, 4)
]


def wanted(version: str | None) -> dict[str, str]:
    """Return the titles of what runs when a version is live."""
    return SAME | CONTENTS[version]


Shop = tuple[Path, Path, Path]  # repositories: only the first release, one more, two more


def make_shop(program: Program, folder: Path, platform: str = "") -> Shop:
    """Make the repositories; the store that they were made with is thrown away."""
    first, one, two = (folder / name for name in ("first", "one", "two"))
    repository = Repository(two)
    world = SqliteWorld(program, two, folder / "making.db")
    repository.commit(_files(platform))
    for environment in ("development", ENVIRONMENT):
        world.done("secret", "set", "SIGNING_KEY", "-e", environment, stdin="first")
    world.done("reconcile", "-e", "development")
    _release(world, repository, FIRST)
    shutil.copytree(two, first, symlinks=True)
    for version, copy in ((SECOND, one), (THIRD, None)):
        world.done("reconcile", "-e", ENVIRONMENT)
        _change(repository, version)
        world.done("reconcile", "-e", "development")
        _release(world, repository, version)
        if copy is not None:
            shutil.copytree(two, copy, symlinks=True)
    return first, one, two


def _files(platform: str) -> dict[str, str]:
    return {
        ".gitignore": ".reconciler/\n",
        "environments/pipeline.yaml": manifest(
            "Pipeline",
            "shop",
            "environments: [development, production]\nprotectedBranch: main\n"
            "signatures: optional\n",
        ),
        "environments/development/environment.yaml": manifest(
            "Environment", "development", _bindings(1)
        ),
        "environments/production/environment.yaml": manifest(
            "Environment",
            ENVIRONMENT,
            "mode: release-only\npromotesFrom: development\npromotion: {approvals: []}\n"
            f"{_bindings(2)}{platform}",
        ),
        **{f"environments/development/{name}": text for name, text in RESOURCES.items()},
    }


def _bindings(number: int) -> str:
    """Return values, secrets and the app of an environment, which are its own."""
    return (
        f"values: {{api: 'https://{number}.example.com'}}\n"
        "secrets: {SIGNING_KEY: {from: store}}\n"
        f"appConfiguration: {{slack: {{clientId: '{number}', clientSecret: SIGNING_KEY}}}}\n"
    )


def _change(repository: Repository, version: str) -> None:
    if version in _REMOVED:
        repository.remove(f"environments/development/{_REMOVED[version]}")
    repository.commit(
        {f"environments/development/{name}": text for name, text in _CHANGES[version].items()}
    )


def _release(world: World, repository: Repository, version: str) -> None:
    name = f"{ENVIRONMENT}/{version}"
    asked = ("--to", ENVIRONMENT, "--version", version, "--description", f"Version {version}")
    world.done("release", "create", *asked)
    repository.merge(f"release/{name}")
    world.done("release", "tag", name)


def begin(first: World, later: Sequence[World], folder: Path) -> None:
    """Bring the first release to production, with users, and a secret that changed since.

    `later` are the same store in the repositories that follow: what waits was tested there.
    """
    users = folder / "users.jsonl"
    users.write_text("".join(f"{json.dumps(each)}\n" for each in _USERS), encoding="utf-8")
    for environment in ("development", ENVIRONMENT):
        first.done("secret", "set", "SIGNING_KEY", "-e", environment, stdin="first")
    first.done("reconcile", "-e", "development")
    first.done("promote", f"{ENVIRONMENT}/{FIRST}")
    if first.has_users:
        first.done("users", "import", str(users), "-e", ENVIRONMENT)
    first.done("secret", "set", "SIGNING_KEY", "-e", ENVIRONMENT, stdin="second")
    for world in later:
        world.done("reconcile", "-e", "development")


class Makers:
    """Hands out worlds in which the first release is live and others wait."""

    def __init__(self, program: Program, folder: Path) -> None:
        """Take the program and a folder for everything."""
        self.program = program
        self._folder = folder
        self._numbers = count()
        self._stores: dict[tuple[str, int], Path] = {}
        self._databases: dict[int, str] = {}
        self.measured: dict[object, Any] = {}  # what sweeps found out about runs without a fault
        self._remote: tuple[RemoteServer, Shop] | None = None

    @cached_property
    def shop(self) -> Shop:
        """The repositories for the built-in platform."""
        return make_shop(self.program, self.folder())

    @contextmanager
    def sqlite(self, releases: int = 1) -> Iterator[SqliteWorld]:
        """Yield a world over a file, in which so many releases wait."""
        if ("builtin", releases) not in self._stores:
            folder = self.folder()
            worlds = [SqliteWorld(self.program, root, folder / "state.db") for root in self.shop]
            begin(worlds[0], worlds[1 : 1 + releases], folder)
            self._stores["builtin", releases] = folder / "state.db"
        with self._copied("builtin", releases) as path:
            yield SqliteWorld(self.program, self.shop[releases], path)

    @contextmanager
    def postgresql(self, releases: int = 1) -> Iterator[PostgresqlWorld]:
        """Yield a world over a database of a server, in which so many releases wait."""
        server, folder = shared_server(), self.folder()
        template = f"faults_{os.getpid()}_{releases}"
        if releases not in self._databases:
            server.execute(f"CREATE DATABASE {template} OWNER reconciler TEMPLATE {TEMPLATE}")
            url = server.url(template)
            worlds = [PostgresqlWorld(self.program, root, url, folder) for root in self.shop]
            begin(worlds[0], worlds[1 : 1 + releases], folder)
            self._databases[releases] = template
        name = f"{template}_{next(self._numbers)}"
        server.execute(
            f"CREATE DATABASE {name} OWNER reconciler TEMPLATE {template} STRATEGY file_copy"
        )
        try:
            yield PostgresqlWorld(self.program, self.shop[releases], server.url(name), folder)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
            shutil.rmtree(folder)

    @contextmanager
    def remote(self, releases: int = 1) -> Iterator[RemoteWorld]:
        """Yield a world whose platform is behind HTTP, in which so many releases wait."""
        if self._remote is None:
            server = RemoteServer()
            server.start()
            platform = f"platform: {{type: remote-test, url: '{server.url}'}}\n"
            self._remote = server, make_shop(self.program, self.folder(), platform)
        server, shop = self._remote
        kind = "remote"
        if (kind, releases) not in self._stores:
            folder = self.folder()
            path = folder / "state.db"
            server.state = RemoteState(folder / "remote.json")
            worlds = [RemoteWorld(self.program, root, path, server) for root in shop]
            begin(worlds[0], worlds[1 : 1 + releases], folder)
            self._stores[kind, releases] = path
        server.faults.clear()
        server.requests.clear()
        server.state = RemoteState(self._stores[kind, releases].with_name("remote.json"))
        server.state._path = None  # what happens from here on is for this world alone
        with self._copied(kind, releases) as path:
            yield RemoteWorld(self.program, shop[releases], path, server)

    def close(self) -> None:
        """End what runs."""
        if self._remote is not None:
            self._remote[0].stop()

    def folder(self) -> Path:
        """Return a new folder."""
        made = self._folder / f"world-{next(self._numbers)}"
        made.mkdir(parents=True)
        return made

    @contextmanager
    def _copied(self, kind: str, releases: int) -> Iterator[Path]:
        folder = self.folder()
        yield Path(shutil.copyfile(self._stores[kind, releases], folder / "state.db"))
        shutil.rmtree(folder)
