"""The forge is told of deployments, each once."""

from __future__ import annotations

import pytest

from reconciler.core.errors import ForgeUnreachable, PlatformError
from tests.unit.services.publishing.desk import Desk
from tests.unit.services.releases.delivery import STAGING


@pytest.fixture
def desk() -> Desk:
    """A shop with a release that is live in staging."""
    made = Desk()
    made.forge.tags.add("staging/v1.0.0")
    made.released(STAGING, "1.0.0", description="The first one")
    return made


def test_a_release_is_told_with_its_notes(desk: Desk) -> None:
    """A release that went live becomes a deployment and a release there."""
    assert desk.shipper.ship(STAGING) == 1

    (told,) = desk.forge.shipped
    assert (told.environment, told.tag, told.succeeded) == (STAGING, "staging/v1.0.0", True)
    assert "The first one" in (told.notes or "")
    assert desk.forge.releases.keys() == {"staging/v1.0.0"}


def test_it_is_told_once(desk: Desk) -> None:
    """What was told is not told again: the second run asks the forge nothing."""
    desk.shipper.ship(STAGING)
    desk.forge.calls.clear()

    assert desk.shipper.ship(STAGING) == 0
    assert desk.forge.calls == []


def test_what_could_not_be_told_is_told_later(desk: Desk) -> None:
    """A forge that does not answer is told by the next run."""
    desk.forge.fail_with = ForgeUnreachable("The forge does not answer.")
    with pytest.raises(ForgeUnreachable):
        desk.shipper.ship(STAGING)
    desk.forge.fail_with = None

    assert desk.shipper.ship(STAGING) == 1


def test_of_an_old_history_only_the_newest_is_told(desk: Desk) -> None:
    """A store that never told a forge does not flood it."""
    for title in ("B", "C"):
        desk.change(title)
        desk.reconcile()
    desk.shipper.ship("development")

    assert len(desk.forge.shipped) == 1


def test_nothing_older_is_told_later(desk: Desk) -> None:
    """What was passed over stays so: the forge would take it for what runs."""
    desk.change("B")
    desk.reconcile()
    desk.shipper.ship("development")

    assert desk.shipper.ship("development") == 0


def test_every_later_one_is_told(desk: Desk) -> None:
    """Deployments since the last one that was told come in their order."""
    desk.shipper.ship("development")
    for title in ("B", "C"):
        desk.change(title)
        desk.reconcile()
    desk.shipper.ship("development")

    newest = [each.id for each in desk.store.deployments("development")][:3]
    assert [each.deployment for each in desk.forge.shipped] == newest[::-1]


def test_a_failed_deployment_is_told_as_failed(desk: Desk) -> None:
    """A deployment that was restored is no success there, and makes no release."""
    desk.shipper.ship(STAGING)
    desk.change("B")
    desk.tagged(STAGING, "1.1.0")
    desk.forge.tags.add("staging/v1.1.0")
    desk.platforms[STAGING].failure = PlatformError("It broke.")
    desk.promote(STAGING)
    desk.shipper.ship(STAGING)

    assert desk.forge.shipped[-1].succeeded is False
    assert "staging/v1.1.0" not in desk.forge.releases
