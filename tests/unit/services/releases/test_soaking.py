"""How long the very content of a release was live in the environment before."""

from __future__ import annotations

from datetime import datetime

import pytest

from reconciler.core.gates.model import GateName, GateState
from tests.unit.services.releases.delivery import NODES, Delivery, files

HOUR = 3600
SOAK = "  promotion: {soak: 2h}\n"
SOURCE, SOAKED = GateName.SOURCE_DEPLOYED, GateName.SOAKED


@pytest.fixture
def shop() -> Delivery:
    """A shop with 1.0.0 live in staging and for production merged and tagged."""
    shop = Delivery(files(production=SOAK))
    shop.promote("production")
    shop.released()
    shop.tagged("production", "1.0.0")
    return shop


def states(shop: Delivery, version: str = "1.0.0") -> tuple[GateState, GateState]:
    """Return how `source-deployed` and `soaked` answer for production."""
    gates = shop.gates("production", version)
    return gates[SOURCE].state, gates[SOAKED].state


def test_a_soak_ends_to_the_second(shop: Delivery) -> None:
    """It waits until the content was live as long as was asked, and says until when."""
    shop.clock.advance(2 * HOUR - 1)
    gate = shop.gates("production", "1.0.0")[SOAKED]
    assert (gate.state, gate.until) == (
        GateState.WAITING,
        datetime.fromisoformat("2026-01-06T11:00:00+00:00"),
    )
    shop.clock.advance(1)
    assert states(shop) == (GateState.PASSED, GateState.PASSED)


def test_what_was_never_live_before_waits() -> None:
    """Content that development does not run yet waits, however long ago it was merged."""
    shop = Delivery()
    shop.promote()
    shop.tag("staging", "1.0.0", shop.merged(version="1.0.0"))
    gate = shop.gates("staging", "1.0.0")[SOURCE]
    assert gate.state is GateState.WAITING
    assert "development" in gate.reason


def test_replaced_content_keeps_the_time_it_was_live(shop: Delivery) -> None:
    """What was live long enough counts, although something newer runs there by now."""
    shop.clock.advance(2 * HOUR)
    shop.change("Next")
    shop.released(version="1.1.0")
    shop.clock.advance(10 * HOUR)
    assert states(shop) == (GateState.PASSED, GateState.PASSED)


def test_replaced_content_that_was_live_too_short_never_soaks(shop: Delivery) -> None:
    """Time after it was replaced does not count."""
    shop.clock.advance(HOUR)
    shop.change("Next")
    shop.released(version="1.1.0")
    shop.clock.advance(10 * HOUR)
    assert states(shop) == (GateState.PASSED, GateState.BLOCKED)


def test_a_resource_that_did_not_change_soaks_across_releases(shop: Delivery) -> None:
    """Soak is judged by resource: one that two releases share was live since the first one."""
    shop.promote("production")
    shop.clock.advance(2 * HOUR)
    shop.promote("production")
    shop.workflow("new")
    shop.released(version="1.1.0")
    shop.clock.advance(HOUR)
    shop.change("Next")
    shop.released(version="1.2.0")
    shop.clock.advance(HOUR)
    shop.tagged("production", "1.1.0", content="1.1.0")

    assert states(shop, "1.1.0") == (GateState.PASSED, GateState.PASSED)


def test_a_changed_definition_file_soaks_anew(shop: Delivery) -> None:
    """The manifest is the same and its definition is not: that is other content."""
    shop.clock.advance(2 * HOUR)
    shop.promote("production")
    shop.write("workflows/definitions/report.json", NODES.replace("Start", "Begin"))
    shop.released(version="1.1.0")
    shop.tagged("production", "1.1.0")

    assert states(shop, "1.1.0") == (GateState.PASSED, GateState.WAITING)
    shop.clock.advance(2 * HOUR)
    assert states(shop, "1.1.0") == (GateState.PASSED, GateState.PASSED)


def test_a_removal_soaks_too(shop: Delivery) -> None:
    """A resource is gone in production when it was gone in staging long enough."""
    shop.clock.advance(2 * HOUR)
    shop.promote("production")
    shop.remove("workflows/report.yaml", "workflows/definitions/report.json")
    shop.released(version="1.1.0")
    shop.tagged("production", "1.1.0")

    assert states(shop, "1.1.0") == (GateState.PASSED, GateState.WAITING)
    shop.clock.advance(2 * HOUR)
    assert states(shop, "1.1.0") == (GateState.PASSED, GateState.PASSED)


def test_drift_that_is_healed_does_not_start_a_soak_anew(shop: Delivery) -> None:
    """A deployment of the same content goes on with the same time."""
    shop.policy("staging", "  promotion: {selfHeal: true}\n")
    shop.clock.advance(HOUR)
    shop.drift("By hand")
    assert shop.reconcile("staging").applied is not None
    shop.clock.advance(HOUR)
    assert states(shop)[1] is GateState.PASSED


def test_another_environment_before_is_judged_by_files_not_by_values(shop: Delivery) -> None:
    """Values differ between environments and do not make a resource another one."""
    shop.clock.advance(2 * HOUR)
    shop.promote("production")
    shop.policy("production", SOAK + "  values: {limit: 9}\n")
    shop.change("Next")
    shop.released(version="1.1.0")
    shop.tagged("production", "1.1.0")
    shop.clock.advance(2 * HOUR)
    assert states(shop, "1.1.0") == (GateState.PASSED, GateState.PASSED)


def test_a_store_that_knows_nothing_cannot_tell(shop: Delivery) -> None:
    """Soak starts are lost with the store: they are unknown or waited for, never passed."""
    shop.clock.advance(2 * HOUR)
    shop.forget()
    shop.promote("production")
    assert states(shop)[0] is not GateState.PASSED
    shop.promote("staging")
    assert states(shop) == (GateState.PASSED, GateState.WAITING)
