"""What a platform promises that joins the store's transactions: all of a deployment, or nothing."""

from __future__ import annotations

import pytest

from reconciler.core.errors import ReconcilerError, StalePlan
from reconciler.core.model import ResourceKey
from reconciler.ports import SealedSecret, Unit
from reconciler.testing import app_event, integration, operation, removal, workflow
from tests.contract.worlds import World, deploy

DEV = "development"
SYNC = ResourceKey("Workflow", "sync-contacts")
HUBSPOT = ResourceKey("Integration", "hubspot")


def test_such_a_platform_says_so(world: World) -> None:
    """These platforms say that they join the store's transactions."""
    assert world.platform(DEV).transactional is True


def test_a_failed_transaction_takes_the_deploy_back(world: World) -> None:
    """Deploying joins the store's transaction: whole, or not at all."""
    deploy(world, DEV, operation(workflow()))
    before = world.platform(DEV).observe()

    def stop(unit: Unit) -> None:
        platform = world.platform(DEV)
        platform.deploy(unit, [removal(workflow()), operation(integration())], before.revision)
        platform.give_secrets(unit, {"TOKEN": SealedSecret(b"1", "f-1")})
        raise ReconcilerError("stop")

    with pytest.raises(ReconcilerError, match="stop"), world.store.transaction() as unit:
        stop(unit)

    assert world.platform(DEV).observe() == before
    assert world.platform(DEV).secret_fingerprints() == {}


def test_a_plan_is_stale_when_its_resource_moved(world: World) -> None:
    """What was edited between plan and apply is named, and nothing is written."""
    deploy(world, DEV, operation(workflow()), operation(integration()))
    platform = world.platform(DEV)
    revision = platform.observe().revision
    world.edit(DEV, workflow(title="Edited"))
    planned = [
        operation(integration(title="Hub"), expected=integration()),
        operation(workflow(title="Planned"), expected=workflow()),
    ]
    with (
        pytest.raises(StalePlan, match="Workflow/sync-contacts") as stale,
        world.store.transaction() as unit,
    ):
        platform.deploy(unit, planned, revision)

    assert "hubspot" not in stale.value.text
    assert dict(world.platform(DEV).contents([HUBSPOT, SYNC])) == {
        HUBSPOT: integration(),
        SYNC: workflow(title="Edited"),
    }


def test_a_plan_is_stale_when_a_resource_went_away(world: World) -> None:
    """The removal of a resource that is gone already is stale."""
    deploy(world, DEV, operation(app_event()))
    platform = world.platform(DEV)
    revision = platform.observe().revision
    world.edit(DEV, app_event(title="Other"))

    with pytest.raises(StalePlan), world.store.transaction() as unit:
        platform.deploy(unit, [removal(workflow(title="Seen"))], revision)
