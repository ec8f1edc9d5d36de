"""What every store promises of the affected users of a deployment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.core.affected import ConnectedTo
from reconciler.core.errors import NotFound
from reconciler.core.model import Phase, ResourceKey
from reconciler.ports import AffectedUser, Concerned
from reconciler.testing import deployment, user
from tests.contract.worlds import World, put_users

HUBSPOT = ResourceKey("Integration", "hubspot")
SYNC = ResourceKey("Workflow", "sync-contacts")
SCOPES, REMOVED = "OAuthScopesChanged", "WorkflowRemoved"


def row(id: str, workflow: str | None = None) -> AffectedUser:
    """Return a row about a user."""
    return AffectedUser(user=id, integration="hubspot", workflow=workflow)


def begin(world: World, id: str = "d-1") -> None:
    """Begin a deployment, end it, and let it be."""
    world.store.begin(deployment(id))
    world.store.mark_live(id)
    world.store.finish(id, Phase.SUCCEEDED, "2026-01-06T10:00:00+00:00")


def test_affected_users_are_stored_by_message(world: World) -> None:
    """Rows are read back by deployment, code and subject, ordered by user."""
    begin(world)
    begin(world, "d-2")
    store = world.store
    assert store.record_affected("d-1", SCOPES, HUBSPOT, [row("u-2"), row("u-1")]) == 2
    assert store.record_affected("d-1", REMOVED, SYNC, [row("u-1", "sync-contacts")]) == 1
    store.record_affected("d-2", SCOPES, HUBSPOT, [row("u-3")])

    scopes = [Concerned(SCOPES, HUBSPOT, row(each)) for each in ("u-1", "u-2")]
    removed = Concerned(REMOVED, SYNC, row("u-1", "sync-contacts"))
    assert list(store.affected("d-1")) == [scopes[0], removed, scopes[1]]
    assert list(store.affected("d-1", SCOPES)) == scopes
    assert list(store.affected("d-1", SCOPES, SYNC)) == []
    assert list(store.affected("d-1", REMOVED, SYNC)) == [removed]


def test_a_row_is_stored_once(world: World) -> None:
    """Two messages of a code about one subject, or a step run again, double nobody."""
    begin(world)
    world.store.record_affected("d-1", SCOPES, HUBSPOT, [row("u-1"), row("u-1")])
    world.store.record_affected("d-1", SCOPES, HUBSPOT, [row("u-1")])

    assert list(world.store.affected("d-1")) == [Concerned(SCOPES, HUBSPOT, row("u-1"))]


def test_users_of_no_integration_are_told_as_such(world: World) -> None:
    """What is absent when it is stored is absent when it is read."""
    begin(world)
    alone = AffectedUser(user="u-1", integration=None, workflow="sync-contacts")
    world.store.record_affected("d-1", REMOVED, SYNC, [alone])

    assert [each.user for each in world.store.affected("d-1")] == [alone]


def test_many_rows_are_read_in_order_over_pages(world: World) -> None:
    """Each of thousands comes once and in order, also where codes and subjects share users."""
    begin(world)
    ids = [f"u-{number:05}" for number in range(2500)]
    other = ResourceKey("Integration", "salesforce")
    for code, subject in ((SCOPES, HUBSPOT), (SCOPES, other), (REMOVED, HUBSPOT)):
        world.store.record_affected("d-1", code, subject, map(row, ids))
    found = list(world.store.affected("d-1"))

    assert [each.user.user for each in found] == sorted(ids * 3)
    assert len(set(found)) == len(found)
    assert [each.user.user for each in world.store.affected("d-1", SCOPES, other)] == ids


def test_rows_may_come_from_the_same_database(world: World) -> None:
    """Storing what a platform next to the store streams waits for nobody."""
    begin(world)
    ids = [f"u-{number:05}" for number in range(6000)]
    put_users(world, "development", *(user(each, "hubspot") for each in ids))
    rows = world.platform("development").affected(ConnectedTo(integration="hubspot"))

    assert world.store.record_affected("d-1", SCOPES, HUBSPOT, rows) == 6000
    assert [each.user.user for each in world.store.affected("d-1")] == ids


def test_reading_may_stop_half_way(world: World) -> None:
    """Whoever reads slowly, or no further, holds up no writer."""
    begin(world)
    world.store.record_affected("d-1", SCOPES, HUBSPOT, [row("u-1"), row("u-2")])
    reading: Iterator[Concerned] = world.store.affected("d-1")
    first = next(reading)
    world.store.record_affected("d-1", SCOPES, HUBSPOT, [row("u-3")])

    assert first.user == row("u-1")


def test_rows_belong_to_a_deployment(world: World) -> None:
    """Rows of a deployment that is not there are refused."""
    begin(world)
    with pytest.raises(NotFound, match="d-7"):
        world.store.record_affected("d-7", SCOPES, HUBSPOT, [row("u-1")])
