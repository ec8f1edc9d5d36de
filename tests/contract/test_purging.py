"""Purging: what was removed comes back with its users until then, and starts fresh after it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from reconciler.adapters.sql import schema
from reconciler.core.affected import ConnectedTo, HavingOn
from reconciler.core.canonical import Json
from reconciler.core.errors import ReconcilerError
from reconciler.core.model import ResourceKey
from reconciler.ports import Platform, Store, Unit
from reconciler.testing import app_event, integration, operation, removal, user, workflow
from tests.contract.worlds import SqliteWorld, World, affected_ids, deploy, put_users

DEV, STAGING = "development", "staging"
HUBSPOT, SYNC = ResourceKey("Integration", "hubspot"), ResourceKey("Workflow", "sync-contacts")
REMOVED_AT = "2026-01-06T09:00:00+00:00"
LATER = "2026-02-05T09:00:01+00:00"
USER = user(
    "u-1",
    "hubspot",
    scopes=("contacts.read",),
    settings={"region": "eu"},
    workflows=({"name": "sync-contacts", "enabled": True, "settings": {"size": 5}},),
)
SLACK = user("u-2", "slack", settings={"channel": "ops"})
CONTENTS = (integration(), integration("slack"), workflow(integration="hubspot"), app_event())


@pytest.fixture
def removed(world: World) -> World:
    """A world where users have what was removed, all but slack."""
    for environment in (DEV, STAGING):
        deploy(world, environment, *map(operation, CONTENTS))
        put_users(world, environment, USER, SLACK)
        gone = [each for each in CONTENTS if each["metadata"]["name"] != "slack"]
        deploy(world, environment, *map(removal, gone))
    return world


def purge(world: World, before: str = LATER, environment: str = DEV) -> tuple[ResourceKey, ...]:
    """Purge what was removed before a time."""
    store: Store = world.store
    platform: Platform = world.platform(environment)
    with store.transaction() as unit:
        return platform.purge(unit, before)


def bring_back(world: World, environment: str = DEV) -> None:
    """Deploy the integration and its workflow again."""
    deploy(world, environment, operation(integration()), operation(CONTENTS[2]))


def connections(world: World, environment: str = DEV) -> list[Json]:
    """Return connected integrations and workflows of the first user."""
    platform = world.platform(environment)
    connected = affected_ids(world, environment, ConnectedTo(integration="hubspot"))
    running = affected_ids(world, environment, HavingOn(workflow="sync-contacts"))
    return [connected, running, len(platform.observe().digests)]


def test_what_was_removed_long_ago_is_purged(removed: World) -> None:
    """Every kind is purged, sorted, and what runs or stands elsewhere is left alone."""
    names = [ResourceKey("AppEvent", app_event()["metadata"]["name"]), HUBSPOT, SYNC]

    assert list(removed.platform(DEV).removed(LATER)) == names
    assert list(purge(removed)) == names
    assert removed.platform(DEV).removed(LATER) == purge(removed) == ()
    assert [*removed.platform(DEV).observe().digests] == [ResourceKey("Integration", "slack")]
    assert list(removed.platform(STAGING).removed(LATER)) == names


def test_what_was_removed_lately_is_kept(removed: World) -> None:
    """At its very time, told in any time zone, a removal is not yet before it."""
    assert purge(removed, REMOVED_AT) == ()
    assert purge(removed, "2026-01-06T10:00:00+01:00") == ()
    assert removed.platform(DEV).removed("2026-01-06T10:00:00+02:00") == ()
    assert len(purge(removed, "2026-01-06T08:00:01-01:00")) == 3


def test_before_its_purge_a_name_comes_back_with_its_users(removed: World) -> None:
    """Connection, settings and enablement are there again when the name is."""
    purge(removed, REMOVED_AT)
    bring_back(removed)

    assert connections(removed) == [["u-1"], ["u-1"], 3]
    [first, _] = removed.platform(DEV).users()
    assert first["connections"] == USER["connections"]
    assert first["workflows"] == list(USER["workflows"])


def test_after_its_purge_a_name_starts_fresh(removed: World) -> None:
    """Nobody is connected to what comes back after it was purged; users themselves stay."""
    purge(removed)
    bring_back(removed)

    assert connections(removed) == [[], [], 3]
    [first, second] = removed.platform(DEV).users()
    assert (first["id"], first["connections"], first["workflows"]) == ("u-1", [], [])
    assert second["connections"] == SLACK["connections"]


def test_the_purge_of_one_environment_is_its_own(removed: World) -> None:
    """What another environment removed waits for its own purge."""
    purge(removed)
    bring_back(removed, STAGING)

    assert connections(removed, STAGING) == [["u-1"], ["u-1"], 3]


def test_what_came_back_is_not_purged(removed: World) -> None:
    """A resource that runs again is kept with its users, however long ago it was removed."""
    bring_back(removed)

    assert HUBSPOT not in purge(removed)
    assert connections(removed) == [["u-1"], ["u-1"], 3]


def test_a_purge_that_fails_is_taken_back(removed: World) -> None:
    """Together with the transaction that it is part of."""

    def stop(unit: Unit) -> None:
        removed.platform(DEV).purge(unit, LATER)
        raise ReconcilerError("stop")

    with pytest.raises(ReconcilerError, match="stop"), removed.store.transaction() as unit:
        stop(unit)
    bring_back(removed)

    assert connections(removed) == [["u-1"], ["u-1"], 3]


def test_a_removal_without_a_date_is_kept(sqlite_world: SqliteWorld) -> None:
    """A row that a hand removed, without a time or with one that is none, is never purged."""
    edit = "UPDATE platform_resources SET state = 'removed', removed_at = ? WHERE name = ?"
    for number, at in enumerate((None, "soon", "", "2026-01-01")):
        sqlite_world.edit(DEV, integration(f"i-{number}"))
        sqlite_world.execute(edit, (at, f"i-{number}"))

    assert purge(sqlite_world) == ()


def test_nothing_is_left_of_what_was_purged(sqlite_world: SqliteWorld) -> None:
    """No row of any table of the platform names it any more."""
    deploy(sqlite_world, DEV, *map(operation, CONTENTS))
    put_users(sqlite_world, DEV, USER, SLACK)
    deploy(sqlite_world, DEV, *map(removal, CONTENTS))
    purge(sqlite_world)

    tables = [name for name in schema.metadata.tables if name.startswith("platform_")]
    emptied = [each for each in tables if each not in ("platform_users", "platform_environments")]
    for table in emptied:
        query = str(select(schema.metadata.tables[table]))
        assert sqlite_world.execute(query) == []
    assert sqlite_world.execute("SELECT id FROM platform_users") == [("u-1",), ("u-2",)]
