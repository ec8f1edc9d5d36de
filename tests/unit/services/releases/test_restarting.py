"""A store that knows nothing: what runs is recognised, or nothing is written."""

from __future__ import annotations

import pytest

from reconciler.core.errors import Conflict, NotFound
from reconciler.core.releases.records import TagState
from reconciler.testing import MemoryPlatform
from tests.unit.services.releases.delivery import SYNC_KEY, Delivery, outcomes


@pytest.fixture
def shop() -> Delivery:
    """A shop with 1.0.0 and then 1.1.0 live in staging."""
    shop = Delivery()
    shop.released()
    shop.change("Next")
    shop.released(version="1.1.0")
    shop.platforms["staging"].writes.clear()
    return shop


def lost(shop: Delivery) -> Delivery:
    """Lose the store, and with it development, which is deployed anew."""
    shop.forget()
    shop.platforms["development"] = MemoryPlatform()
    shop.reconcile()
    return shop


def rebuilt(shop: Delivery, version: str) -> str:
    """Say that a version is live, as `store rebuild` does."""
    services, grounds = shop.releases, shop.grounds
    environment = grounds.environment("staging")
    services.observer.begin(grounds, environment)
    standing = services.judge.standing(grounds, environment)
    return services.restarter.rebuild(grounds, standing, version)


def test_what_runs_is_recognised_by_its_content(shop: Delivery) -> None:
    """A lost store records the release that runs, and writes nothing to the platform."""
    lost(shop)
    [found] = shop.promote()

    assert (found.outcome, found.version, found.exit_code) == ("nothing", "1.1.0", 0)
    assert any("runs the content of staging/1.1.0" in told for told in found.told)
    assert shop.live() == "1.1.0"
    assert shop.platforms["staging"].writes == []
    assert shop.states() == {
        "staging/v1.0.0": TagState.SUPERSEDED,
        "staging/v1.1.0": TagState.ACCEPTED,
    }


def test_recognition_is_told_once_and_audited(shop: Delivery) -> None:
    """The second run finds a record, and the audit says who wrote it."""
    lost(shop)
    shop.promote()
    [found] = shop.promote()

    assert found.told == ()
    assert "record-live" in [entry.action for entry in shop.store.audit("staging")]


def test_a_recognised_release_is_the_base_of_the_next(shop: Delivery) -> None:
    """After a loss the next release goes on as if nothing had happened."""
    lost(shop)
    shop.promote()
    shop.change("Third")
    shop.released(version="1.2.0")
    assert shop.running()[SYNC_KEY] == "Third"


def test_a_higher_tag_that_came_meanwhile_is_promoted(shop: Delivery) -> None:
    """What is recognised is the release that runs, not the highest tag; that follows after."""
    shop.change("Third")
    shop.tagged(version="1.2.0")
    lost(shop)

    assert outcomes(shop.promote()) == [("1.2.0", "applied")]
    assert [d.version for d in shop.store.deployments("staging")] == ["1.2.0", "1.1.0"]


def test_an_older_release_is_recognised_too(shop: Delivery) -> None:
    """When what runs is older than the newest tag, that is what is recorded."""
    shop.change("Third")
    shop.tagged(version="1.2.0")
    lost(shop)
    shop.hold()
    shop.promote()
    assert shop.live() == "1.1.0"


def test_changed_content_is_not_recognised(shop: Delivery) -> None:
    """Something runs that is no release: exit 4, nothing is written, and the next step is named."""
    shop.drift("By hand")
    lost(shop)

    with pytest.raises(Conflict, match="runs 2 resources that are no accepted release") as found:
        shop.promote()

    assert found.value.hint == (
        "Say what is live: `reconciler store rebuild --environment staging --live VERSION`."
    )
    assert shop.store.live("staging") is None
    assert shop.platforms["staging"].writes == []


def test_an_empty_platform_with_several_tags_is_not_certain(shop: Delivery) -> None:
    """Nothing runs and several releases could have: exit 4, and the versions are named."""
    shop.platforms["staging"] = MemoryPlatform()
    lost(shop)
    with pytest.raises(Conflict, match=r"several release tags: 1\.0\.0, 1\.1\.0"):
        shop.promote()
    assert shop.platforms["staging"].writes == []


def test_an_empty_platform_with_one_tag_is_a_first_release() -> None:
    """The first tag of a new environment needs no question, in a new store either."""
    shop = Delivery()
    shop.released()
    shop.platforms["staging"] = MemoryPlatform()
    lost(shop)
    assert outcomes(shop.promote()) == [("1.0.0", "applied")]


def test_what_runs_before_the_first_release_does_not_stop_it() -> None:
    """Without any release tag what runs is nobody's release: waiting, and it stays unmanaged."""
    shop = Delivery()
    shop.reconcile()
    [content] = shop.platform.contents([SYNC_KEY]).values()
    shop.platforms["staging"].edit(content)
    assert outcomes(shop.promote()) == [(None, "waiting")]


def test_a_platform_that_does_not_answer_is_not_judged(shop: Delivery) -> None:
    """What cannot be read is unknown, never empty."""
    lost(shop)
    shop.platforms["staging"].incomplete = "it is down"
    with pytest.raises(Conflict, match="not known what staging runs: it is down"):
        shop.promote()
    assert shop.store.live("staging") is None


def test_a_person_can_say_what_is_live(shop: Delivery) -> None:
    """`store rebuild` records the release; what runs otherwise is drift from then on."""
    shop.drift("By hand")
    lost(shop)

    assert rebuilt(shop, "1.0.0") == (
        "staging/1.0.0 is recorded as live; run `reconciler drift --environment staging`."
    )
    assert shop.live() == "1.0.0"
    assert shop.platforms["staging"].writes == []
    [viewed] = [shop.releases.planner.plan(shop.choose(), shop.environment())]
    assert viewed is not None


def test_a_version_without_accepted_tag_cannot_be_live(shop: Delivery) -> None:
    """Those that could be are named."""
    lost(shop)
    with pytest.raises(NotFound, match=r"accepted: 1\.0\.0, 1\.1\.0"):
        rebuilt(shop, "9.9.9")


def test_a_store_that_knows_is_not_told_otherwise(shop: Delivery) -> None:
    """Where there is a record nobody overwrites it by hand."""
    with pytest.raises(Conflict, match=r"This store knows what is live in staging: 1\.1\.0"):
        rebuilt(shop, "1.0.0")


def test_reading_takes_the_newest_tag_for_live_where_nothing_is_known(shop: Delivery) -> None:
    """A store that never looked after an environment writes nothing and guesses in no gate."""
    lost(shop)
    live = shop.standing().live
    assert live is not None
    assert (live.version, live.from_store) == ("1.1.0", False)
    assert shop.store.live("staging") is None
