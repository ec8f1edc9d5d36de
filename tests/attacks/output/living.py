"""Everything that can be done in the world of canaries: each command, and each way to fail."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import plugins, project
from tests.acceptance.manifests import SHOP, manifest, workflow
from tests.attacks.output.canaries import CANARIES
from tests.attacks.output.world import (
    OTHER,
    REMOTE,
    SHARED,
    STORE,
    STORED,
    USER,
    World,
    echoing,
    leaking,
)


def lived(folder: Path) -> World:
    """Return a world in which every command was run, with all that may go wrong."""
    world = World(folder)
    _deploys(world)
    _releases(world)
    _shows(world)
    _writes(world)
    _fails(world)
    return world


def _deploys(world: World) -> None:
    run, repository = world.run, world.shop.repository
    run("secret", "set", "SLACK_SECRET", "-e", "development", stdin=STORED)
    run("--verbose", "--verbose", "--log-format", "json", "reconcile")
    run("users", "import", "-e", "development", "--format", "json", "-", stdin=json.dumps(USER))
    run("users", "import", "-e", "development", "--format", "json", "-", stdin=f'{{"{SHARED}": 1}}')
    files = {"environments/development/workflows/leaking.yaml": leaking("One")}
    repository.commit(files, f"Add {SHARED} by mistake\n\nAuthorization: {STORED}")
    for form in ("text", "json", "markdown", "github", "sarif"):
        run("plan", "-e", "development", "--out", "../out.json", "--format", form)
    run("plan", "-e", "development", "--against", "HEAD~1")
    run("apply", "-e", "development", "--auto-approve")
    world.shop.repository.commit(
        {"environments/development/workflows/leaking.yaml": leaking("Two")}, f"More {SHARED}"
    )
    for form in ("text", "json", "markdown"):
        run("plan", "-e", "development", "--format", form)
    run("-vv", "reconcile", "-e", "development")
    world.shop.sql("UPDATE platform_resources SET content = replace(content, 'Two', 'Three')")
    run("drift")
    run("drift", "--format", "json")
    run("-vv", "--log-format", "json", "apply", "-e", "development", "--auto-approve")
    repository.commit(
        {"environments/development/workflows/leaking.yaml": leaking("Two", OTHER)}, "Other"
    )
    for form in ("text", "json", "markdown"):
        run("plan", "-e", "development", "--format", form)
    run("reconcile", "-e", "development", "--format", "json")


def _releases(world: World) -> None:
    run, repository = world.run, world.shop.repository
    run("secret", "set", "SLACK_SECRET", "-e", "staging", stdin=STORED)
    run("release", "preview", "--to", "staging")
    run("release", "preview", "--to", "staging", "--format", "markdown")
    run(
        "release", "create", "--to", "staging", "--version", "1.0.0", "--description", f"x {SHARED}"
    )
    repository.git("merge", "-q", "--no-ff", "-m", f"Merge {SHARED}", "release/staging/1.0.0")
    run("release", "tag", "staging/1.0.0", "--message", f"Tagged {SHARED}")
    run("gates", "staging/1.0.0")
    run("-vv", "promote")
    run("release", "propose", "--any-day")
    run("rollback", "staging/1.0.0")
    reason = ("--reason", f"because {SHARED}")
    run("release", "approve", "staging/1.0.0", "--role", "qa")
    run("release", "acknowledge", "staging/1.0.0", "WorkflowRemoved", "Workflow/news", *reason)
    run("release", "hold", "staging", *reason)
    run("release", "resume", "staging")


def _shows(world: World) -> None:
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(world.run, *each) for each in _SHOWING]:
            done.result()


_SHOWING = [
    ("--help",),
    ("validate",),
    ("doctor",),
    ("doctor", "--format", "json"),
    *(
        (*command, "--format", form)
        for form in ("text", "json")
        for command in (
            ("history", "--details"),
            ("backup", "list"),
            ("release", "list"),
            ("release", "show", "staging/1.0.0"),
            ("lock", "show"),
            ("secret", "list", "-e", "development"),
            ("secret", "check", "-e", "development"),
            ("trust", "show"),
            ("changelog", "-e", "staging"),
            ("report",),
            ("calendar",),
        )
    ),
    ("changelog", "-e", "staging", "--format", "markdown"),
    ("backup", "verify"),
    ("users", "list", "-e", "development"),
    ("users", "affected", "-e", "development", "--worktree", "--code", "WorkflowRemoved"),
    ("store", "migrate"),
    ("init", "../new"),
    ("copy", "workflow/leaking", "--from", "development", "--to", "staging"),
]


def _writes(world: World) -> None:
    run = world.run
    made = run("backup", "create", "-e", "development", "--format", "json")
    run("backup", "restore", json.loads(made.out)["backups"][0]["id"], "--auto-approve")
    run("release", "resume", "development")
    run("store", "rebuild", "-e", "staging", "--live", "1.0.0")
    run("trust", "accept", "-e", "staging", "HEAD")
    run("import", "-e", "development")
    run("lock", "release", SHARED)
    run("secret", "delete", "SLACK_SECRET", "-e", "staging")


def _fails(world: World) -> None:
    """Run what ends with an error, the more is said of it the better."""
    run, repository = world.run, world.shop.repository
    run("--repo", REMOTE, "-vv", "plan")
    run("-vv", "doctor", RECONCILER_STORE=STORE)
    run("-vv", "--log-format", "json", "reconcile", RECONCILER_STORE=STORE)
    run("plan", f"--{SHARED}")
    run("secret", "set", "SLACK_SECRET", "-e", "development", CANARIES["github token"])
    run("plan", "-e", SHARED)
    run("plan", "--ref", SHARED)
    run("release", "create", "--to", "staging", "--version", SHARED, "--description", "x")
    run("-vv", "validate", RECONCILER_KEY_STAGING=SHARED)
    broken = leaking("One").replace("trigger:", f"{SHARED}:")
    repository.commit({"environments/development/workflows/leaking.yaml": broken}, "Broken")
    for form in ("text", "json", "github", "sarif"):
        run("-vv", "validate", "--format", form)
    repository.commit({"environments/development/workflows/leaking.yaml": leaking("One")}, "Mended")
    repository.git("remote", "add", "origin", REMOTE)
    run("-vv", "reconcile")
    run("-vv", "--log-format", "json", "promote", "--format", "json")
    repository.git("remote", "remove", "origin")
    _crashes(world)
    _is_refused(world)


def _crashes(world: World) -> None:
    """Break the program itself, before and after it has read its settings."""
    for number, place in enumerate(("pathlib.Path.cwd", "json.dumps")):
        module, _, name = place.partition(".")
        folder = world.folder / f"broken-{number}"
        folder.mkdir()
        folder.joinpath("sitecustomize.py").write_text(
            f"import {module}, os\n"
            "def broken(*_, **__):\n"
            "    raise RuntimeError('Authorization: Basic ' + repr(dict(os.environ)))\n"
            f"{module}.{name} = broken\n",
            encoding="utf-8",
        )
        path = os.pathsep.join((str(folder), str(project.ROOT)))
        for log_format in ("text", "json"):
            world.run(
                "-vv", "--log-format", log_format, "history", "--format", "json", PYTHONPATH=path
            )


def _is_refused(world: World) -> None:
    """Deploy to a platform that echoes all that it gets."""
    packages = plugins.install(world.folder / "packages", {"remote-test": plugins.REMOTE})
    with echoing() as server:
        at = f"http://u:{CANARIES['platform password']}@127.0.0.1:{server.server_port}"
        spec = f"platform: {{type: remote-test, url: '{at}'}}\nsecrets: {{S: {{from: store}}}}"
        world.shop.repository.commit(
            {
                "environments/echo/environment.yaml": manifest("Environment", "echo", spec),
                "environments/echo/events/order-placed.yaml": SHOP[
                    "environments/development/events/order-placed.yaml"
                ],
                "environments/echo/workflows/news.yaml": workflow("news", title=SHARED)
                .replace("${{ values.api }}", "https://example.com")
                .replace("integration: slack\n  ", "")
                .replace("{scopes: [chat:write], settings: [channel]}", "{secrets: [S]}"),
            }
        )
        given = {
            "PYTHONPATH": plugins.search_path(packages),
            "RECONCILER_KEY_ECHO": CANARIES["sealing key"],
        }
        world.run("secret", "set", "S", "-e", "echo", stdin=STORED, **given)
        for options in ((), ("-vv", "--log-format", "json")):
            world.run(*options, "apply", "-e", "echo", "--auto-approve", **given)
            server.refuses_to_read = True
            world.run(*options, "plan", "-e", "echo", **given)
            server.refuses_to_read = False
        world.run("reconcile", "-e", "echo", **given)
        world.run("history", "-e", "echo", "--details", **given)
        world.run("doctor", **given)
