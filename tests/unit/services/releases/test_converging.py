"""A release-only environment in the scheduled job: promoted, healed, or left alone."""

from __future__ import annotations

import pytest

from reconciler.core.model import Reason
from reconciler.services.deploying.options import ApplyOptions
from tests.unit.services.releases.delivery import (
    REPORT_KEY,
    SYNC_KEY,
    Delivery,
    environment_file,
    files,
)

HEAL = "  promotion: {selfHeal: true}\n"


@pytest.fixture
def shop() -> Delivery:
    """A shop with 1.0.0 live in staging, which heals itself."""
    shop = Delivery(files(staging=HEAL))
    shop.released()
    return shop


@pytest.fixture
def shared(shop: Delivery) -> Delivery:
    """The same with a remote."""
    shop.git.share()
    return shop


def job(shop: Delivery, name: str = "staging") -> tuple[str, int, str]:
    """Reconcile from the remote, and return outcome, exit code and reason."""
    chosen = shop.workspace.choose_from_remote()
    environment = chosen.repository.environment(name)
    found = shop.job.reconcile(chosen, environment, ApplyOptions(), shop.shown.append)
    return found.outcome, found.exit_code, found.reason


# --- drift --------------------------------------------------------------------------------------


def test_drift_is_healed_to_what_is_live(shop: Delivery) -> None:
    """The content of the live release comes back, not the tip's; the version stays."""
    shop.change("Merged later")
    shop.merged(version="1.1.0")
    shop.drift("By hand")

    result = shop.reconcile("staging")

    assert (result.outcome, result.exit_code) == ("nothing", 0)
    assert "1 healed after a change outside" in result.reason
    assert shop.running()[SYNC_KEY] == "Sync"
    live = shop.store.live("staging")
    assert live is not None
    assert (live.version, live.tag, live.type) == ("1.0.0", "staging/v1.0.0", "reconcile")


def test_after_healing_there_is_nothing_to_do(shop: Delivery) -> None:
    """Healing once is enough, and the live mark is on one deployment only."""
    shop.drift("By hand")
    shop.reconcile("staging")
    shop.platforms["staging"].writes.clear()
    shop.reconcile("staging")

    assert shop.platforms["staging"].writes == []
    assert [d.live for d in shop.store.deployments("staging")] == [True, False]


def test_the_next_release_goes_on_from_what_was_healed(shop: Delivery) -> None:
    """A healing deployment is no release and changes no base."""
    shop.drift("By hand")
    shop.reconcile("staging")
    shop.change("Next")
    shop.released(version="1.1.0")
    assert shop.running()[SYNC_KEY] == "Next"


def test_drift_is_left_alone_without_healing() -> None:
    """It is told and counted; exit 0."""
    shop = Delivery()
    shop.released()
    shop.drift("By hand")
    result = shop.reconcile("staging")

    assert (result.outcome, result.exit_code) == ("nothing", 0)
    assert "1 changed outside and left alone, since selfHeal is off" in result.reason
    assert shop.running()[SYNC_KEY] == "By hand"


def test_drift_does_not_hold_a_release_up() -> None:
    """Drift is shown apart: it is no reason why a reviewed plan would not fit."""
    shop = Delivery()
    shop.released()
    shop.change("Next")
    shop.tagged(version="1.1.0")
    shop.drift("By hand")
    assert shop.reconcile("staging").outcome == "applied"
    assert shop.running()[SYNC_KEY] == "Next"


def test_the_plan_compares_with_the_accepted_tag(shop: Delivery) -> None:
    """What is merged is not planned, what is tagged is, whether or not other gates are open."""
    shop.change("Next")
    shop.merged(version="1.1.0")
    found = shop.releases.planner.plan(shop.choose(), shop.environment())
    assert found is not None
    assert found.plan.changes == ()

    shop.tag("staging", "1.1.0", "main")
    shop.hold()
    found = shop.releases.planner.plan(shop.choose(), shop.environment())
    assert found is not None
    assert [change.key for change in found.plan.changes] == [SYNC_KEY]


def test_a_plan_shows_drift_apart(shop: Delivery) -> None:
    """What was changed outside is no pending change."""
    shop.drift("By hand")
    found = shop.releases.planner.plan(shop.choose(), shop.environment())
    assert found is not None
    assert found.plan.changes == ()
    assert [each.reason for each in found.plan.drift] == [Reason.CHANGED_OUTSIDE]


def test_without_a_tag_there_is_no_plan() -> None:
    """It waits for its first release tag."""
    shop = Delivery()
    shop.merged(version="1.0.0")
    assert shop.releases.planner.plan(shop.choose(), shop.environment()) is None


# --- bindings and content -----------------------------------------------------------------------


def test_bindings_are_the_tips_and_content_the_tags(shop: Delivery) -> None:
    """Secrets and policy of today are used with the manifests and values of the release."""
    shop.policy("staging", HEAL + "  values: {limit: 9}\n  secrets:\n    NEW: {from: store}\n")
    grounds = shop.grounds
    environment = grounds.environment("staging")
    catalog, live = shop.releases.catalog, shop.standing().live
    assert live is not None
    loaded = catalog.content(catalog.at(live.commit), environment, "staging/v1.0.0")

    assert dict(loaded.environment.values) == {}
    assert set(loaded.environment.secrets) == {"NEW"}
    assert loaded.desired.ref == "refs/tags/staging/v1.0.0"
    assert loaded.desired.content_digest == live.content_digest


def test_a_changed_binding_makes_no_plan_stale(shop: Delivery) -> None:
    """A secret declared after the tag does not block what was reviewed."""
    shop.workflow("new", more="  requires: {secrets: [API_KEY]}\n")
    shop.tagged(version="1.1.0")
    gates = shop.gates("staging", "1.1.0")
    assert [g.name.value for g in gates.values() if not g.is_open] == ["warnings-resolved"]

    shop.policy("staging", HEAL + "  secrets:\n    API_KEY: {from: env, name: STAGING_KEY}\n")
    shop.secrets.values["staging", "API_KEY"] = "k-2"

    gates = shop.gates("staging", "1.1.0")
    assert [g.name.value for g in gates.values() if not g.is_open] == []
    assert shop.promote()[0].outcome == "applied"


def test_an_environment_that_is_broken_at_the_tip_is_refused(shop: Delivery) -> None:
    """Bindings that cannot be read deploy nothing, and other environments go on."""
    shop.put(environment_file("staging"), "kind: Environment\nnonsense")
    assert shop.reconcile("staging").exit_code == 1
    assert shop.reconcile("development").exit_code == 0
    assert set(shop.running()) == {SYNC_KEY, REPORT_KEY}


# --- remotes ------------------------------------------------------------------------------------


def test_only_tags_that_the_remote_names_count(shared: Delivery) -> None:
    """A tag that was not pushed is not promoted."""
    shared.change("Next")
    shared.tagged(version="1.1.0")
    shared.git.remote = {"main": shared.git.branches["main"]}
    assert job(shared)[0] == "nothing"

    shared.git.push(["refs/tags/staging/v1.1.0"])
    assert job(shared)[0] == "applied"


def test_a_remote_that_is_gone_leaves_released_environments_alone(shared: Delivery) -> None:
    """Nothing known is pending: exit 0; neither promoted nor healed."""
    shared.drift("By hand")
    shared.git.unreachable = "timed out"

    outcome, code, reason = job(shared)

    assert (outcome, code) == ("waiting", 0)
    assert reason == "left alone, since the remote did not answer"
    assert shared.running()[SYNC_KEY] == "By hand"


def test_a_remote_that_is_gone_while_something_waits(shared: Delivery) -> None:
    """An accepted tag that is pending makes it exit 3, and its version is named."""
    shared.change("Next")
    shared.tagged(version="1.1.0")
    shared.hold()
    shared.git.share()
    assert job(shared)[0] == "refused"
    shared.git.unreachable = "timed out"

    outcome, code, reason = job(shared)

    assert (outcome, code) == ("waiting", 3)
    assert reason.endswith("pending: 1.1.0")
