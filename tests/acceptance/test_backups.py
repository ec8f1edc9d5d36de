"""Backups from the command line: listed, taken, verified, tried, and put back."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.processes import SystemProcesses
from reconciler.adapters.sql.database import Database
from reconciler.adapters.store import SqlStore
from reconciler.services.deploying.locking import Locker
from tests.acceptance.manifests import workflow
from tests.acceptance.program import TIMEOUT, Run, Shop, fits, starts
from tests.acceptance.terminal import on_a_terminal

DEV = ("--environment", "development")
USERS = [
    {"id": "u-1", "connections": [{"integration": "slack", "settings": {"channel": "ops"}}]},
    {"id": "u-2", "workflows": [{"name": "news", "enabled": False, "disabledBy": "user"}]},
]


@pytest.fixture(scope="module")
def peopled_once(deployed_once: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a deployed shop with users; nobody changes it."""
    shop = deployed_once.copy(tmp_path_factory.mktemp("peopled") / "shop")
    import_users(shop, USERS)
    return shop


@pytest.fixture
def peopled(peopled_once: Shop, tmp_path: Path) -> Shop:
    """Return a deployed shop of one's own with users."""
    return peopled_once.copy(tmp_path / "shop")


def import_users(shop: Shop, users: list[dict[str, Any]]) -> None:
    """Import users into development."""
    path = shop.root.parent / "users.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in users), encoding="utf-8")
    shop.run("users", "import", *DEV, str(path))


def users(shop: Shop) -> list[Any]:
    """Return the records of development."""
    listed = shop.run("users", "list", *DEV, "--format", "json")
    return [json.loads(line) for line in listed.out.splitlines()]


def listed(shop: Shop) -> list[Any]:
    """Return the rows of `backup list`, checked against their schema."""
    answer = shop.run("backup", "list", "--format", "json").json
    fits(answer, "backups")
    rows: list[Any] = answer["backups"]
    return rows


def created(shop: Shop) -> str:
    """Take a backup of development and return its id."""
    answer = shop.run("backup", "create", *DEV, "--format", "json").json
    fits(answer, "backups")
    return str(answer["backups"][0]["id"])


# --- listing and taking --------------------------------------------------------------------------


def test_without_backups_the_next_command_is_named(committed: Shop) -> None:
    """Listing and verifying nothing is no error, and nothing is written."""
    assert "No backups yet" in committed.run("backup", "list").out
    assert "reconciler backup create" in committed.run("backup", "verify").out
    assert listed(committed) == []
    assert not committed.store.exists()


def test_each_deployment_takes_one(deployed: Shop) -> None:
    """It is listed with the deployment that took it, and `history` names it."""
    [backup] = listed(deployed)
    [done] = deployed.run("history", "--format", "json").json["deployments"]

    assert (backup["state"], backup["sequence"], backup["resources"]) == ("usable", 1, 0)
    assert done["backup"] == backup["id"]
    assert deployed.sql("SELECT id FROM deployments") == [(backup["deployment"],)]


def test_a_backup_is_taken_by_hand(peopled: Shop) -> None:
    """It holds resources and users, stands first in the list, and leaves no lock behind."""
    made = peopled.run("backup", "create", *DEV).out
    first, _ = listed(peopled)

    assert f"{len(peopled.running())} resources and 2 users" in made
    assert first["id"] in made
    assert (first["deployment"], first["resources"], first["users"]) == (None, 5, 2)
    table = peopled.run("backup", "list", *DEV).out.splitlines()
    assert " ".join(table[0].split()).startswith("ID ENVIRONMENT NO TAKEN AGE RESOURCES USERS")
    assert re.search(rf"^{first['id']}  development   2  .* by hand$", table[1])
    assert "No locks" in peopled.run("lock", "show").out


def test_a_second_backup_adds_little(peopled: Shop) -> None:
    """What did not change is stored once."""
    created(peopled)
    created(peopled)

    second, first, _ = listed(peopled)
    assert second["bytes"] < first["bytes"] / 2


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("list", "--environment", "nowhere"), 64, 'No environment "nowhere"'),
        (("create", "--environment", "nowhere"), 64, 'No environment "nowhere"'),
        (("verify", "--environment", "nowhere"), 64, 'No environment "nowhere"'),
        (("create",), 64, "--environment"),
        (("restore",), 64, "ID"),
        (("verify", "b-9"), 1, "There is no backup b-9."),
        (("restore", "b-9"), 1, "There is no backup b-9."),
    ],
)
def test_what_is_not_there_is_named(
    deployed: Shop, arguments: tuple[str, ...], code: int, text: str
) -> None:
    """An unknown environment is wrong usage, an unknown backup an error."""
    assert text in deployed.run("backup", *arguments, code=code).err


@contextmanager
def locked(shop: Shop) -> Iterator[None]:
    """Hold the lock of development, as another process of this machine."""
    clock, processes = SystemClock(), SystemProcesses()
    store = SqlStore(Database(shop.store), now=clock.now, ticks=processes.ticks)
    locker = Locker(store=store, clock=clock, processes=processes)
    with locker.holding("development", holder="ben", reason="a promotion"):
        yield


def test_while_somebody_works_no_backup_is_taken(deployed: Shop) -> None:
    """The holder is named, and nothing is listed that was not there before."""
    with locked(deployed):
        refused = deployed.run("backup", "create", *DEV, code=4)
        restoring = deployed.run(
            "backup", "restore", listed(deployed)[0]["id"], "--auto-approve", code=4
        )

    assert "ben" in refused.err
    assert "ben" in restoring.err
    assert len(listed(deployed)) == 1
    assert len(deployed.running()) == 5


# --- verifying -----------------------------------------------------------------------------------


@pytest.mark.both_stores
def test_a_drill_restores_and_compares(peopled: Shop) -> None:
    """Every backup is restored into a platform that is gone afterwards, and the counts are told."""
    taken = created(peopled)
    before = peopled.sql("SELECT * FROM platform_resources ORDER BY name")
    drilled = peopled.run("backup", "verify", "--drill")

    assert f"✓ {taken} (development, no 2): 5 resources and 2 users" in drilled.out
    assert "restored on trial, 5 resources and 2 users came back" in drilled.out
    assert drilled.last == "Verified: 2 backups, none damaged."
    assert peopled.run("backup", "verify", taken, *DEV).last == "Verified: 1 backup, none damaged."
    answer = peopled.run("backup", "verify", taken, *DEV, "--drill", "--format", "json").json
    fits(answer, "backups")
    assert [(row["id"], row["verdict"]) for row in answer["backups"]] == [(taken, "in-order")]
    assert peopled.sql("SELECT * FROM platform_resources ORDER BY name") == before


def test_a_damaged_backup_is_told(peopled: Shop) -> None:
    """Exit code 1, the others are verified all the same, and the list remembers it."""
    taken = created(peopled)
    peopled.sql(
        "UPDATE backup_blobs SET content = substr(content, 1, length(content) - 3)"
        " WHERE address = (SELECT digest FROM platform_resources WHERE name = 'news')"
    )
    verified = peopled.run("backup", "verify", code=1)

    assert f"✗ {taken} (development, no 2): Backup {taken} is damaged" in verified.out
    assert "Verified: 1 backup in order, 1 not to be restored." in verified.out
    assert [each["state"] for each in listed(peopled)] == ["damaged", "usable"]
    refused = peopled.run("backup", "restore", taken, "--auto-approve", code=1)
    assert "is damaged" in refused.err
    assert len(peopled.running()) == 5


def test_a_backup_of_another_environment_is_refused(peopled: Shop) -> None:
    """Asked for with the wrong environment it is not verified."""
    taken = created(peopled)

    refused = peopled.run("backup", "verify", taken, "--environment", "staging", code=1)
    assert "is one of development, not of staging" in refused.out


# --- putting back --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changed:
    """A shop that was backed up, and deployed after that; `before` ran when it was backed up."""

    shop: Shop
    backup: str
    before: dict[str, str]

    def restore(self, *arguments: str, code: int = 0) -> Run:
        """Put the backup back."""
        return self.shop.run("backup", "restore", self.backup, *arguments, code=code)


@pytest.fixture(scope="module")
def changed_once(peopled_once: Shop, tmp_path_factory: pytest.TempPathFactory) -> Changed:
    """Return a shop where a workflow was changed, one added and one removed."""
    shop = peopled_once.copy(tmp_path_factory.mktemp("changed") / "shop")
    backup, before = created(shop), shop.running()
    news, thanks = workflow("news", title="Other news"), workflow("thanks", title="Thanks")
    added = {"workflows/news.yaml": news, "workflows/thanks.yaml": thanks}
    shop.commit(added, "workflows/verify.yaml")
    shop.run("apply", *DEV, "--auto-approve")
    assert shop.running() != before
    return Changed(shop, backup, before)


@pytest.fixture
def changed(changed_once: Changed, tmp_path: Path) -> Changed:
    """Return such a shop of one's own."""
    return replace(changed_once, shop=changed_once.shop.copy(tmp_path / "shop"))


def test_a_backup_is_put_back(changed: Changed) -> None:
    """What is ours runs as it did, told before and after; a job does not undo it."""
    restored = changed.restore("--auto-approve").out

    assert "Restore: 1 to add, 1 to modify, 1 to remove." in restored
    assert "1 added, 1 modified, 1 removed." in restored
    for line in ("  + Workflow/verify", "  ~ Workflow/news", "  - Workflow/thanks"):
        assert line in restored.splitlines()
    assert changed.shop.running() == changed.before
    assert "release resume development" in restored
    changed.shop.run("reconcile", code=None)
    assert changed.shop.running() == changed.before


def test_without_a_terminal_nothing_is_put_back(changed: Changed) -> None:
    """It shows what would change, and asks nobody."""
    running = changed.shop.running()

    refused = changed.restore(code=1)

    assert "Restore: 1 to add, 1 to modify, 1 to remove." in refused.out
    assert "there is no terminal to ask" in refused.err
    assert changed.shop.running() == running


@pytest.mark.parametrize(("answer", "code"), [("yes", 0), ("y", 1)])
def test_on_a_terminal_only_yes_puts_back(changed: Changed, answer: str, code: int) -> None:
    """The question comes after what would change."""
    command = ("backup", "restore", changed.backup)
    found, screen = on_a_terminal(
        changed.shop, *command, expects="Only the word yes", answer=answer
    )

    assert found == code, screen
    assert screen.index("to modify") < screen.index("Only the word yes")
    assert (changed.shop.running() == changed.before) == (code == 0)


def test_what_is_newer_is_never_overwritten(changed: Changed) -> None:
    """Connections, settings and choices that came after the backup stay."""
    newer = [
        {"id": "u-1", "connections": [{"integration": "slack", "settings": {"channel": "new"}}]},
        {"id": "u-3", "connections": [{"integration": "slack", "status": "expired"}]},
    ]
    import_users(changed.shop, newer)
    before = users(changed.shop)
    changed.restore("--auto-approve")

    assert users(changed.shop) == before


def test_what_a_purge_took_is_given_back(peopled: Shop) -> None:
    """A workflow that was forgotten for good comes back with what users had chosen of it."""
    taken, before = created(peopled), users(peopled)
    peopled.commit({}, "workflows/news.yaml")
    peopled.run("apply", *DEV, "--auto-approve")
    peopled.sql("UPDATE platform_resources SET removed_at = '2020-01-01T00:00:00+00:00'")
    peopled.run("reconcile")
    assert peopled.sql("SELECT * FROM platform_resources WHERE name = 'news'") == []

    restored = peopled.run("backup", "restore", taken, "--auto-approve").out

    assert "1 user got something back." in restored
    assert users(peopled) == before


# --- killed --------------------------------------------------------------------------------------


def test_killed_at_any_moment_only_whole_backups_count(peopled: Shop) -> None:
    """Killed again and again while it takes one: each that is listed as usable can be restored."""
    import_users(peopled, [{"id": f"u-{n}", "metadata": {"n": n}} for n in range(4_000)])
    begun = time.monotonic()
    created(peopled)
    whole = time.monotonic() - begun
    for part in range(6):
        peopled.sql("UPDATE platform_users SET metadata = ?", json.dumps({"n": part}))
        with starts(peopled.root, "backup", "create", *DEV) as process:
            time.sleep(whole * (0.4 + part * 0.09))
            process.kill()
            process.wait(TIMEOUT)

    rows = listed(peopled)
    assert {each["state"] for each in rows} <= {"usable", "incomplete"}
    peopled.run("backup", "verify")
    created(peopled)
    assert peopled.run("backup", "verify", "--drill").code == 0
