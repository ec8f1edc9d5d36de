"""A pipeline with releases that attacks are tried on: real git, real keys, the whole program.

world = World.build(folder); world.copy(other).job("promote", code=3)
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from tests.acceptance import program
from tests.acceptance.manifests import manifest
from tests.acceptance.program import Run
from tests.attacks.releases.inside import run
from tests.repositories import Repository, Signer, allowed_signers

ENVIRONMENTS = ("development", "staging", "production")
PEOPLE = ("ana", "ben", "quinn", "ci", "mallory")

Rows = list[tuple[Any, ...]]


def pipeline(more: str = "", *, signatures: str = "required", managers: str = "ana, ben") -> str:
    """Return the manifest of the pipeline; `more` are lines of its spec."""
    members = ", ".join(f"{name}@example.com" for name in managers.split(", "))
    return manifest(
        "Pipeline",
        "shop",
        f"environments: [{', '.join(ENVIRONMENTS)}]\n"
        f"signatures: {signatures}\n"
        "roles:\n"
        f"  release-manager: {{members: [{members}]}}\n"
        "  qa: {members: [quinn@example.com]}\n"
        "  tests: {members: [ci@example.com], environments: [staging]}\n"
        f"{more}",
    )


def environment(name: str, more: str = "") -> str:
    """Return the manifest of an environment; of `more`, equal keys win over the usual ones."""
    usual = {
        "development": {"mode": "editable"},
        "staging": {"mode": "release-only", "promotesFrom": "development"},
        "production": {
            "mode": "release-only",
            "promotesFrom": "staging",
            "promotion": "{approvals: [qa, release-manager]}",
        },
    }[name]
    given = dict(line.split(": ", 1) for line in more.splitlines())
    spec = {**usual, **given}
    return manifest(
        "Environment", name, "\n".join(f"{k}: {v}" for k, v in spec.items() if v != "absent")
    )


def news(title: str) -> str:
    """Return the manifest of the workflow that changes from release to release."""
    return manifest(
        "Workflow",
        "news",
        f"title: {title}\n"
        "trigger: {type: appEvent, event: order-placed}\n"
        "steps: [{name: answer, type: response}]",
    )


EVENT = manifest("AppEvent", "order-placed", "title: Order placed\nexample: {id: o-1}")
NEWS = "environments/development/workflows/news.yaml"
PIPELINE = "environments/pipeline.yaml"
SIGNERS = "environments/allowed_signers"


class World:
    """A bare remote, a desk where people work, and the store that jobs share.

    Every `job` runs in a new clone, as on a build server: only the store is carried over.
    """

    def __init__(self, root: Path, people: Mapping[str, Signer]) -> None:
        """Take a world that stands in a folder."""
        self.root, self.people = root, people
        self.forge = Repository(root / "forge.git", bare=True)
        self.desk = Repository(root / "desk")
        self.store = root / "state.db"
        self._clones = 0

    @classmethod
    def build(cls, root: Path) -> Self:
        """Make a world: 1.0.0 lives in staging and production, staging/1.1.0 waits for its tag."""
        root.mkdir()
        keys = root.parent / "keys"
        people = {name: Signer(keys, f"{name}@example.com") for name in PEOPLE}
        world = cls(root, people)
        world.desk.git("remote", "add", "origin", str(world.forge.root))
        world.desk.git("config", "gpg.format", "ssh")
        world.sign_as("ana")
        trusted = [people[name] for name in PEOPLE if name != "mallory"]
        world.merge(
            {
                PIPELINE: pipeline(),
                SIGNERS: allowed_signers(*trusted),
                NEWS: news("News"),
                "environments/development/events/order-placed.yaml": EVENT,
                ".gitignore": ".reconciler/\n",
                **{
                    f"environments/{name}/environment.yaml": environment(name)
                    for name in ENVIRONMENTS
                },
            }
        )
        world.job("reconcile")
        world.release("staging", "1.0.0")
        world.job("promote", code=None)
        world.release("production", "1.0.0")
        world.approve("production/1.0.0", "qa", "quinn")
        world.job("promote")
        world.merge({NEWS: news("Fresh news")})
        world.job("reconcile")
        world.prepare("staging", "1.1.0")
        return world

    def copy(self, root: Path) -> World:
        """Return a copy of it all, its remote included."""
        shutil.copytree(self.root, root, symlinks=True)
        world = World(root, self.people)
        world.desk.git("remote", "set-url", "origin", str(world.forge.root))
        return world

    # --- what people do at their desk -------------------------------------------------------

    def sign_as(self, name: str) -> None:
        """Have whoever is named sign from now on, by git's own settings."""
        self.desk.git("config", "user.signingkey", str(self.people[name].key))

    def at_desk(self, *arguments: str, code: int | None = 0) -> Run:
        """Run the program where people work, with a store of its own beside it."""
        return run(self.desk.root, *arguments, code=code, environ=self._variables())

    def merge(self, files: Mapping[str, str | bytes], message: str = "A change") -> str:
        """Commit files on the protected branch, push, and return the commit."""
        commit = self.desk.commit(files, message)
        self.push()
        return commit

    def push(self, *refs: str) -> None:
        """Push refs with force, the protected branch by default."""
        self.desk.git("push", "--quiet", "--force", "origin", *(refs or ("main",)))

    def prepare(self, environment: str, version: str, *more: str, how: str = "squash") -> str:
        """Make a release and merge its branch; return the protected branch's new commit."""
        wanted = ("--to", environment, "--version", version, "--description", "What is new")
        self.at_desk("release", "create", *wanted, *more)
        branch = f"release/{environment}/{version}"
        merged = getattr(self.desk, how)(branch)
        self.push()
        return str(merged)

    def release(self, environment: str, version: str) -> None:
        """Make a release, merge it and push its tag."""
        self.prepare(environment, version)
        self.at_desk("release", "tag", f"{environment}/{version}", "--push")

    def approve(self, release: str, role: str, by: str, code: int = 0) -> Run:
        """Approve a release as somebody."""
        self.sign_as(by)
        done = self.at_desk("release", "approve", release, "--role", role, "--push", code=code)
        self.sign_as("ana")
        return done

    def tag(self, name: str, by: str = "ana", target: str = "HEAD", message: str = "A tag") -> str:
        """Push a signed tag, made by git itself in any way, and return its object's id."""
        if self.desk.git("tag", "--list", name):
            self.desk.git("tag", "--delete", name)
        oid = self.desk.signed_tag(name, self.people[by].key, message, target)
        self.push(f"refs/tags/{name}")
        return oid

    def send(self, oid: str, name: str) -> None:
        """Have the remote call an object of the desk by a tag's name."""
        self.push(f"{oid}:refs/tags/{name}")

    # --- what a build server does -----------------------------------------------------------

    def clone(self) -> Repository:
        """Return a new clone of the remote, as a checkout action makes it."""
        self._clones += 1
        folder = self.root / f"clone-{self._clones}"
        self.forge.git("clone", "--quiet", str(self.forge.root), str(folder))
        return Repository(folder)

    def job(self, *arguments: str, code: int | None = 0, clone: Repository | None = None) -> Run:
        """Run the program in a new clone, where only the store is carried over."""
        where = self.clone() if clone is None else clone
        found = run(where.root, *arguments, code=code, environ=self._variables())
        if clone is None:
            shutil.rmtree(where.root)
        return found

    def process(self, *arguments: str, clone: Repository) -> Run:
        """Run the program in a clone as a process of its own, beside others."""
        return program.run(clone.root, *arguments, code=None, environ=self._variables())

    def _variables(self) -> dict[str, str]:
        return {"RECONCILER_STORE": f"sqlite:///{self.store}"}

    # --- what is looked at ------------------------------------------------------------------

    def rows(self) -> Rows:
        """Return what the platform holds, every column of it."""
        return self.sql("SELECT * FROM platform_resources ORDER BY environment, kind, name")

    def sql(self, statement: str) -> Rows:
        """Return what the store answers."""
        with closing(sqlite3.connect(self.store)) as connection, connection:
            return connection.execute(statement).fetchall()

    def title(self, environment: str) -> str:
        """Return the title under which the workflow runs."""
        found = self.sql(
            "SELECT environment, json_extract(content, '$.spec.title') FROM platform_resources"
            " WHERE name = 'news'"
        )
        return str(dict(found)[environment])
