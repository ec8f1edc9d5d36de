"""Promotion: which tags become live, in which order, and what is said of the others."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.errors import Busy, Conflict, PlatformError, StalePlan
from reconciler.core.gates.model import GateName
from reconciler.core.model import Phase
from reconciler.core.releases.records import TagState
from reconciler.testing import StepwisePlatform
from tests.unit.services.faults import Killed
from tests.unit.services.releases.delivery import (
    ANA,
    SYNC_KEY,
    Delivery,
    files,
    outcomes,
    strict,
)


@pytest.fixture
def shop() -> Delivery:
    """A shop with 1.0.0 live in staging."""
    shop = Delivery()
    shop.released()
    return shop


def test_a_release_is_live_after_its_tag() -> None:
    """Merging changes nothing; the tag does, and history names version, tag and commit."""
    shop = Delivery()
    shop.reconcile()
    commit = shop.merged(version="1.0.0")
    assert outcomes(shop.promote()) == [(None, "waiting")]
    assert shop.running() == {}

    shop.tag("staging", "1.0.0", commit)

    assert outcomes(shop.promote()) == [("1.0.0", "applied")]
    live = shop.store.live("staging")
    assert live is not None
    assert (live.version, live.tag, live.commit) == ("1.0.0", "staging/v1.0.0", commit)
    assert shop.running()[SYNC_KEY] == "Sync"


def test_the_same_tag_again_does_nothing(shop: Delivery) -> None:
    """A release that is live is not applied twice, whether it is named or not."""
    shop.platforms["staging"].writes.clear()

    assert outcomes(shop.promote()) == [("1.0.0", "nothing")]
    [named] = shop.promote(only="1.0.0")

    assert (named.outcome, named.reason) == (
        "nothing",
        "staging/1.0.0 is live already, nothing to do",
    )
    assert shop.platforms["staging"].writes == []
    assert len(shop.store.deployments("staging")) == 1


def test_tags_go_in_version_order(shop: Delivery) -> None:
    """Of two tags that both fit, the lower goes first; versions are numbers, not texts."""
    shop.change("Nine")
    shop.released(version="1.9.0")
    shop.change("Ten")
    shop.released(version="1.10.0")

    assert [d.version for d in shop.store.deployments("staging")] == ["1.10.0", "1.9.0", "1.0.0"]


def test_a_higher_release_made_to_take_the_place_overtakes(shop: Delivery) -> None:
    """Both were made from what is live and both are open: the higher one is applied at once."""
    shop.change("Lower")
    shop.tagged(version="1.1.0")
    shop.change("Higher")
    shop.tagged(version="1.2.0", supersede=True)

    assert outcomes(shop.promote()) == [("1.2.0", "applied"), ("1.1.0", "superseded")]
    assert [d.version for d in shop.store.deployments("staging")] == ["1.2.0", "1.0.0"]
    assert shop.states()["staging/v1.1.0"] is TagState.SUPERSEDED


def test_a_superseded_tag_is_told_once_and_never_applied(shop: Delivery) -> None:
    """What was overtaken is history: neither a second run nor its name brings it."""
    shop.change("Lower")
    shop.tagged(version="1.1.0")
    shop.change("Higher")
    shop.tagged(version="1.2.0", supersede=True)
    shop.promote()

    assert outcomes(shop.promote()) == [("1.2.0", "nothing")]
    assert outcomes(shop.promote(only="1.1.0")) == [("1.2.0", "nothing")]
    assert shop.running()[SYNC_KEY] == "Higher"


def test_a_held_tag_does_not_hold_a_higher_one(shop: Delivery) -> None:
    """The lower tag waits for its hold to end; the higher one goes on and overtakes it."""
    shop.change("Lower")
    shop.tagged(version="1.1.0")
    shop.change("Higher")
    shop.tagged(version="1.2.0", supersede=True)
    shop.hold("1.1.0")

    found = shop.promote()

    assert (found[-1].version, found[-1].outcome) == ("1.1.0", "superseded")
    assert ("1.2.0", "applied") in outcomes(found)
    assert shop.live() == "1.2.0"


def test_a_release_that_was_made_for_what_is_no_longer_live_is_blocked(shop: Delivery) -> None:
    """After another release is live, plan-unchanged blocks and names the next step."""
    shop.change("Lower")
    shop.tagged(version="1.1.0")
    shop.change("Higher")
    shop.reconcile()
    shop.merged(version="1.2.0", supersede=True)
    shop.promote()
    shop.tag("staging", "1.2.0", "main")

    [found] = shop.promote()

    assert (found.outcome, found.exit_code) == ("refused", 3)
    assert [gate.name for gate in found.gates] == [GateName.PLAN_UNCHANGED]
    assert "made when 1.0.0 was live, and now 1.1.0 is" in found.gates[0].reason
    assert "release create --to staging" in found.gates[0].reason


def test_only_the_named_release_is_promoted(shop: Delivery) -> None:
    """With a name the others are left for another run."""
    shop.change("Lower")
    shop.tagged(version="1.1.0")
    shop.change("Higher")
    shop.tagged(version="1.2.0", supersede=True)

    assert outcomes(shop.promote(only="1.1.0")) == [("1.1.0", "applied")]
    assert shop.live() == "1.1.0"


# --- what failed --------------------------------------------------------------------------------


@pytest.fixture
def failed(shop: Delivery) -> Delivery:
    """A shop whose 1.1.0 failed, since the platform refused it."""
    shop.change("New")
    shop.tagged(version="1.1.0")
    shop.platforms["staging"].failure = PlatformError("It refused.")
    [found] = shop.promote()
    assert (found.outcome, found.exit_code) == ("restored", 6)
    assert found.reason.startswith("It refused. staging was restored from backup")
    return shop


def test_a_failed_version_is_not_tried_again(failed: Delivery) -> None:
    """Without a change the same would happen again: it is held until a person looks at it."""
    [found] = failed.promote()
    assert (found.outcome, found.exit_code) == ("refused", 3)
    assert "reconciler promote staging/1.1.0 --retry" in found.reason

    [found] = failed.promote(scheduled=True)
    assert (found.outcome, found.exit_code) == ("refused", 3)
    assert failed.live() == "1.0.0"


def test_retry_tries_a_failed_version_again(failed: Delivery) -> None:
    """A person who says so gets another attempt, and what was live before it is known."""
    assert outcomes(failed.promote(retry=True)) == [("1.1.0", "applied")]
    phases = [d.phase for d in failed.store.deployments("staging")]
    assert phases == [Phase.SUCCEEDED, Phase.RESTORED, Phase.SUCCEEDED]


def test_a_failed_version_is_tried_again_when_what_runs_changed(failed: Delivery) -> None:
    """Somebody repaired something by hand: the job goes on by itself."""
    failed.drift("By hand")
    assert outcomes(failed.promote()) == [("1.1.0", "applied")]


def test_a_failed_version_keeps_its_tag(failed: Delivery) -> None:
    """Its tag was accepted, so another object under the name raises the alarm."""
    failed.tag("staging", "1.1.0", failed.judged("staging", "1.1.0").commit or "")
    with pytest.raises(Conflict, match="was accepted as object"):
        failed.promote()


def test_a_failed_version_is_tried_again_when_bindings_changed(failed: Delivery) -> None:
    """A secret declared at the tip is a reason to try again."""
    failed.policy("staging", "  secrets:\n    API_KEY: {from: store}\n")
    assert outcomes(failed.promote()) == [("1.1.0", "applied")]


@pytest.fixture
def stepwise() -> Delivery:
    """A shop whose staging knows no transactions, with 1.0.0 live and 1.1.0 tagged."""
    shop = Delivery()
    shop.platforms["staging"] = StepwisePlatform()
    shop.released()
    shop.change("New")
    shop.workflow("new")
    shop.tagged(version="1.1.0")
    return shop


def test_a_version_that_was_interrupted_is_tried_again(stepwise: Delivery) -> None:
    """A process that was killed is no fault of the version: it is undone, and then promoted."""
    platform = stepwise.platforms["staging"]
    assert isinstance(platform, StepwisePlatform)
    platform.fail(2, Killed())
    with pytest.raises(Killed):
        stepwise.promote()
    done = stepwise.run()

    assert "development" not in done.recovered[0]
    assert "was interrupted while it was being written; staging was restored" in done.recovered[0]
    assert outcomes(list(done.promotions)) == [("1.1.0", "applied")]


def test_a_version_that_was_stopped_is_tried_again(stepwise: Delivery) -> None:
    """A signal that ended it in the middle is no fault of the version either."""
    platform = stepwise.platforms["staging"]
    assert isinstance(platform, StepwisePlatform)
    platform.interfere(1, lambda: setattr(stepwise.interruptions, "noted", 15))
    [stopped] = stepwise.promote()
    assert (stopped.outcome, stopped.exit_code) == ("restored", 6)

    stepwise.interruptions.noted = None
    assert outcomes(stepwise.promote()) == [("1.1.0", "applied")]


def test_a_version_that_was_aborted_is_tried_again(shop: Delivery) -> None:
    """What changed nothing is no attempt: the next run begins anew."""
    shop.change("New")
    shop.tagged(version="1.1.0")
    shop.platforms["staging"].failure = StalePlan("It moved.")
    [found] = shop.promote()
    assert (found.outcome, found.exit_code) == ("refused", 4)
    assert found.reason == "It moved. Nothing in staging was changed."

    assert outcomes(shop.promote()) == [("1.1.0", "applied")]


def test_what_could_not_be_restored_stops_everything(shop: Delivery) -> None:
    """Exit 7, and from then on nobody promotes there until an operator has looked."""
    shop.change("New")
    shop.tagged(version="1.1.0")
    platform = shop.platforms["staging"]
    deploy = platform.deploy

    def fall_silent(*given: Any) -> None:
        deploy(*given)
        platform.incomplete = "it is down"

    platform.deploy = fall_silent
    [found] = shop.promote()
    assert (found.outcome, found.exit_code) == ("not-restored", 7)

    platform.incomplete = None
    with pytest.raises(Busy, match="reconciler backup restore"):
        shop.promote(retry=True)


# --- what is told -------------------------------------------------------------------------------


def test_a_refused_tag_is_told_once_by_the_job() -> None:
    """A job says it once and goes on; `promote` says it each time with exit 3."""
    shop = Delivery(strict())
    commit = shop.merged(version="1.0.0")
    shop.tag("staging", "1.0.0", commit, by=None)

    [first] = shop.promote(scheduled=True)
    [second] = shop.promote(scheduled=True)
    [asked] = shop.promote()

    assert (first.outcome, first.exit_code) == ("refused", 3)
    assert "is not signed, and signatures are required" in first.reason
    assert (second.outcome, second.exit_code) == ("waiting", 0)
    assert (asked.outcome, asked.exit_code) == ("refused", 3)


def test_a_refused_object_does_not_reserve_the_name() -> None:
    """The right tag under the name of a refused one is accepted."""
    shop = Delivery(strict())
    shop.reconcile()
    commit = shop.merged(version="1.0.0")
    shop.tag("staging", "1.0.0", commit, by=None)
    shop.promote(scheduled=True)
    shop.tag("staging", "1.0.0", commit, by=ANA)

    assert outcomes(shop.promote()) == [("1.0.0", "applied")]


def test_a_deleted_accepted_tag_is_told_once_and_changes_nothing(shop: Delivery) -> None:
    """Deleting the tag of what is live rolls nothing back."""
    del shop.git.own_tags["staging/v1.0.0"]

    [first], [second] = shop.promote(), shop.promote()

    assert any("accepted tag staging/v1.0.0 was deleted" in told for told in first.told)
    assert not any("deleted" in told for told in second.told)
    assert shop.live() == "1.0.0"
    assert first.outcome == "nothing"


def test_waiting_is_green_in_a_job_and_held_for_a_person() -> None:
    """The job exits 0 for what waits and names who must act; `promote` exits 3."""
    shop = Delivery(strict(staging="  promotion: {approvals: [qa]}\n"))
    shop.tagged(version="1.0.0")

    [asked] = shop.promote()
    [job] = shop.promote(scheduled=True)

    assert (asked.outcome, asked.exit_code) == ("waiting", 3)
    assert (job.outcome, job.exit_code) == ("waiting", 0)
    assert [gate.name.value for gate in asked.gates] == ["qa-approved"]
    assert asked.gates[0].who == ("quinn@example.com",)


def test_what_is_blocked_is_not_green_in_a_job(shop: Delivery) -> None:
    """Nobody can wait for a gate that never opens: a job exits 3."""
    shop.change("Lower")
    shop.tagged(version="1.1.0")
    shop.change("Higher")
    shop.merged(version="1.2.0", supersede=True)
    shop.promote()
    shop.tag("staging", "1.2.0", "main")

    [found] = shop.promote(scheduled=True)
    assert (found.outcome, found.exit_code) == ("refused", 3)


def test_a_production_release_follows_staging() -> None:
    """Production gets the content that staging runs, under the same number by default."""
    shop = Delivery(files(production="  promotion: {soak: 1h}\n"))
    shop.released()
    shop.change("Later")
    shop.tagged("production", "1.0.0")

    [held] = shop.promote("production")
    assert [gate.name for gate in held.gates] == [GateName.SOAKED]

    shop.clock.advance(3600)
    assert outcomes(shop.promote("production")) == [("1.0.0", "applied")]
    assert shop.running("production")[SYNC_KEY] == "Sync"


def test_a_merged_release_without_a_tag_is_named() -> None:
    """What waits for nothing but its tag is said, with the command."""
    shop = Delivery()
    shop.released()
    shop.change("Other")
    shop.reconcile()
    shop.merged("staging", "1.1.0")

    (promotion,) = shop.promote()
    assert promotion.reason.endswith(
        "staging/1.1.0 is merged and needs its tag: `reconciler release tag staging/1.1.0 --push`"
    )
