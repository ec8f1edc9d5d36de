"""A process that promotes is killed at every single call: the next run ends it and goes on."""

from __future__ import annotations

import pytest

from reconciler.core.model import Phase
from reconciler.testing import MemoryCache, MemoryPlatform, StepwisePlatform
from tests.unit.services.faults import Fate, Fated, Killed, Machine
from tests.unit.services.releases.delivery import NEW_KEY, STAGING, SYNC_KEY, Delivery

parsed = MemoryCache()  # what all these shops have in common is parsed once


def delivery(platform: type[MemoryPlatform]) -> tuple[Delivery, Machine, Fate]:
    """Return a shop with 1.0.0 live in staging and 1.1.0 tagged."""
    shop, fate = Delivery(), Fate()
    shop.cache = parsed
    shop.processes = machine = Machine(clock=shop.clock)
    shop.platforms[STAGING] = platform()
    shop.released()
    shop.change("New")
    shop.workflow("new")
    shop.tagged(version="1.1.0")
    shop.store = Fated(shop.store, fate)
    shop.platforms[STAGING] = Fated(shop.platforms[STAGING], fate)
    return shop, machine, fate


@pytest.mark.parametrize("platform", [MemoryPlatform, StepwisePlatform])
def test_a_promotion_killed_at_any_call_is_live_after_the_next_run(
    platform: type[MemoryPlatform],
) -> None:
    """One run says how it was ended, and the tag is live by it; nothing is promoted twice."""
    shop, _, fate = delivery(platform)
    shop.promote()
    tried = fate.effects()
    assert len(tried) > 30
    for at in tried:
        shop, machine, fate = delivery(platform)
        fate.strike(at)
        with pytest.raises(Killed):
            shop.promote()
        fate.spare()
        machine.succeed()
        begun = shop.store.running(STAGING)
        found = shop.reconcile(STAGING)

        assert (found.exit_code, len(found.recovered)) == (0, len(begun)), at
        assert shop.live() == "1.1.0"
        assert shop.running().keys() >= {SYNC_KEY, NEW_KEY}
        assert shop.running()[SYNC_KEY] == "New"
        deployments = shop.store.deployments(STAGING)
        succeeded = [d.version for d in deployments if d.phase is Phase.SUCCEEDED]
        assert succeeded == ["1.1.0", "1.0.0"]
        assert [d.live for d in deployments].count(True) == 1
        assert (shop.store.locks(STAGING), shop.store.maintenance(STAGING)) == ([], None)
        assert shop.reconcile(STAGING).outcome == "nothing"
