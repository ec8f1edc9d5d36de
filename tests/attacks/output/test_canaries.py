"""A canary stands in every input, and in no output: streams, files, children, store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from reconciler.cli.main import app
from tests.acceptance.manifests import SHOP
from tests.acceptance.program import Shop
from tests.attacks.output import runner, screen
from tests.attacks.output.canaries import CANARIES, sightings
from tests.attacks.output.world import OTHER, SHARED, Told, World
from tests.repositories import Repository

# What was committed must run as it was committed, and users' settings stand as imported.
CONTENT = {
    ("platform_resources", "content"),
    ("platform_settings", "value"),
    ("last_applied", "content"),
    ("backup_blobs", "data"),
}
COMMITTED = ["other shared value", "shared value"]


def found(told: Told) -> list[tuple[str, list[str]]]:
    """Return where a command let canaries out, and which."""
    places = {"stdout": told.out, "stderr": told.err, **told.files}
    return [(place, seen) for place, data in places.items() if (seen := sightings(data))]


def test_no_output_holds_a_canary(world: World) -> None:
    """Neither stream and no file of any command holds one, in any form, whole or in part."""
    assert [(told.arguments, places) for told in world.runs if (places := found(told))] == []


def test_no_output_is_obeyed(world: World) -> None:
    """No terminal and no build server obeys what any command wrote, our annotations aside."""
    for told in world.runs:
        text = (told.out + told.err).decode()
        names = {command.name for command in runner.commands(text)}
        assert names <= ({"error", "warning", "notice"} if "github" in told.arguments else set())
        assert screen.obeyed(text) == [], told.arguments


def commands(group: Any = None) -> Iterator[str]:
    """Yield every command of the program, `release create` and the like."""
    known: Any = group or typer.main.get_command(app)
    for name, command in sorted(known.commands.items()):
        inner = commands(command) if hasattr(command, "commands") else ()
        yield from [f"{name} {each}" for each in inner] or [name]


def test_every_command_was_run(world: World) -> None:
    """A new command is searched for canaries too."""
    said = [" ".join(told.arguments) for told in world.runs]
    missing = [name for name in commands() if not any(f"{name} " in f"{line} " for line in said)]

    assert missing == []


def test_what_was_run_did_something(world: World) -> None:
    """The world is no row of refusals: things are deployed, released, changed and told."""
    said = b"".join(told.out + told.err for told in world.runs).decode()

    for sentence in (
        "Applied: 1 added, 0 modified, 0 removed.",
        "staging/1.0.0: ",
        "Secret PARTNER changed.",
        "One ***",
        "notice_not_sent",
        "cannot be fetched",
        "answered 403",
        "something unexpected happened",
        "RuntimeError",
        "Drift: 1 changed outside.",
    ):
        assert sentence in said


def test_the_store_holds_canaries_only_as_content(world: World) -> None:
    """What is stored of a secret is sealed; what somebody committed stands in contents alone."""
    wrong = {
        (table, column, name)
        for table, column, data in world.cells()
        for name in sightings(data)
        if (table, column) not in CONTENT or name not in COMMITTED
    }

    assert wrong == set()


def test_content_is_stored_as_committed(world: World) -> None:
    """The search through the store finds what must be there: what runs is never masked."""
    seen = {
        (table, name)
        for table, column, data in world.cells()
        for name in sightings(data)
        if (table, column) in CONTENT
    }

    assert ("platform_resources", "shared value") in seen
    assert ("last_applied", "shared value") in seen


def children(world: World) -> list[str]:
    """Return what each git got: arguments, then variables."""
    files = sorted(world.children.iterdir())
    return [each.read_text(encoding="utf-8", errors="replace") for each in files]


def test_no_child_gets_a_secret(world: World) -> None:
    """No git has one among its arguments, nor among its variables but to answer a remote.

    GitPython asks git for its version when it is imported, with all that it finds.
    """
    started = [child for child in children(world) if not child.startswith("version\n")]

    assert len(started) > len(world.runs)
    for child in started:
        expected = ["git token"] if "\nRECONCILER_ASKPASS" in child else []
        seen = [name for name in sightings(child) if name not in COMMITTED]
        assert seen in (expected, []), child.splitlines()[:9]


def test_a_changed_secret_shows_that_it_changed_and_nothing_else(tmp_path: Path) -> None:
    """Neither value nor length nor hash: values as different as can be are told alike."""
    shop = Shop(Repository(tmp_path / "shop"))
    shop.repository.commit({**SHOP, ".gitignore": ".reconciler/\n"})
    options = ("-e", "development", "--auto-approve")
    shop.run("apply", *options, SHOP_SIGNING_KEY="c4nary-first")
    told = []
    for value in ("c4nary-second", "c4nary" * 500):
        form = ("--format", "json")
        planned = shop.run("plan", "-e", "development", *form, SHOP_SIGNING_KEY=value)
        done = shop.run("apply", *options, SHOP_SIGNING_KEY=value)
        history = shop.run("history", "--details", *form, "--limit", "1")
        assert "Secret SIGNING_KEY changed." in done.out
        told.append((planned.out, done.out, timeless(history.json)))

    assert told[0] == told[1]


def timeless(answer: Any) -> Any:
    """Return an answer without the ids and times that every deployment has of its own."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[^\"]*|[0-9a-z]{26}", "", json.dumps(answer))
    return json.loads(text)


def test_a_change_from_one_secret_to_another_is_told(world: World) -> None:
    """Where both sides are masked it is said that there is a difference, in every format."""
    both = [
        told.out.decode()
        for told in world.runs
        if told.arguments[:3] == ("plan", "-e", "development") and b"with.key" in told.out
    ]

    assert any("spec.steps.a.with.key: changed, the secret is not shown" in out for out in both)
    assert not any(SHARED in out or OTHER in out for out in both)


@pytest.mark.parametrize("name", ["signing key", "shared value"])
def test_masking_leaves_the_rest_readable(world: World, name: str) -> None:
    """What stands around a secret is still to be read: the check is not passed by silence."""
    assert CANARIES[name]
    texts = [told.out.decode() for told in world.runs]

    assert any("const partner = '***'" in text for text in texts)
    assert any('"One ***" → "Two ***"' in text for text in texts)
