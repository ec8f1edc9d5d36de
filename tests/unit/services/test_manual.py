"""`apply`: a person deploys one environment."""

from __future__ import annotations

import pytest

from reconciler.core.errors import Busy, Invalid, ReconcilerError, UsageError
from reconciler.core.model import Kind, Phase, ResourceKey
from reconciler.core.render import json as render_json
from reconciler.services.deploying.manual import Attempt
from reconciler.services.deploying.options import Applied
from reconciler.testing import deployment
from tests.unit.services.shop import DEVELOPMENT, FOLDER, SYNC_KEY, Shop


@pytest.fixture
def shop() -> Shop:
    """A repository in memory of which nothing is deployed."""
    return Shop()


def apply(shop: Shop, attempt: Attempt, **options: object) -> Applied:
    """Apply what was prepared."""
    allow = bool(options.get("allow_removals"))
    return shop.deployer.apply(
        attempt, reviewed=None, allow_removals=allow, progress=lambda *_: None
    )


def test_what_was_shown_is_applied(shop: Shop) -> None:
    """The plan that was prepared is what runs, as a deployment of the person."""
    attempt = shop.deployer.prepare("development")
    applied = apply(shop, attempt)
    (found,) = shop.store.deployments("development")

    assert attempt.plan.summary == applied.summary == {"add": 4, "modify": 0, "remove": 0}
    assert (found.actor, found.type, found.phase) == ("ana@example.com", "apply", Phase.SUCCEEDED)


def test_preparing_writes_nothing(shop: Shop) -> None:
    """Looking is free."""
    shop.deployer.prepare("development")

    assert shop.platform.writes == []
    assert shop.store.deployments() == []


def test_a_word_is_needed_when_something_differs(shop: Shop) -> None:
    """A person is asked for changes and for drift, and not when nothing differs."""
    assert shop.deployer.prepare("development").needs_a_word
    apply(shop, shop.deployer.prepare("development"))
    assert not shop.deployer.prepare("development").needs_a_word
    shop.edit(SYNC_KEY, title="By hand")
    assert shop.deployer.prepare("development").needs_a_word


def test_an_apply_heals_drift(shop: Shop) -> None:
    """Who applies by hand overwrites what others changed, selfHeal or not."""
    shop.apply()
    shop.edit(SYNC_KEY, title="By hand")

    assert apply(shop, shop.deployer.prepare("development")).healed == 1


def test_release_only_environments_are_refused(shop: Shop) -> None:
    """A release-only environment changes through releases alone."""
    with pytest.raises(ReconcilerError, match="staging is release-only") as caught:
        shop.deployer.prepare("staging")
    assert caught.value.exit_code == 1
    assert caught.value.hint is not None


def test_unknown_environments_are_wrong_usage(shop: Shop) -> None:
    """A name that is nowhere is told with the nearest."""
    with pytest.raises(UsageError, match='did you mean "development"'):
        shop.deployer.prepare("developmnt")


def test_findings_stop_before_anything(shop: Shop) -> None:
    """A folder with findings is not applied; a broken environment.yaml neither."""
    shop.workflow("broken", more="  speed: fast\n")
    with pytest.raises(Invalid):
        shop.deployer.prepare("development")
    shop.replace("environment.yaml", "values", "vales")
    with pytest.raises(Invalid):
        shop.deployer.prepare("development")


def test_the_working_tree_can_be_applied(shop: Shop) -> None:
    """With --worktree what lies there is deployed, and the record names no commit."""
    shop.git.files[f"{FOLDER}/workflows/sync.yaml"] = str(
        shop.git.files[f"{FOLDER}/workflows/sync.yaml"]
    ).replace("integration:", "title: Mine\n  integration:")
    apply(shop, shop.deployer.prepare("development", worktree=True))

    assert shop.platform.contents([SYNC_KEY])[SYNC_KEY]["spec"]["title"] == "Mine"
    assert shop.store.deployments("development")[0].commit is None


def test_isolated_environments_can_be_applied(shop: Shop) -> None:
    """A folder outside the pipeline is deployed by name."""
    shop.put("environments/mine/environment.yaml", DEVELOPMENT.replace("development", "mine"))
    event = str(shop.git.files[f"{FOLDER}/events/contact-created.yaml"])
    shop.put("environments/mine/events/contact-created.yaml", event)

    assert apply(shop, shop.deployer.prepare("mine")).summary["add"] == 1


def test_an_interrupted_deployment_is_ended_first(shop: Shop) -> None:
    """What a dead process left is ended and told before anything is planned."""
    shop.store.begin(deployment("d-9", "development", owner={"pid": 4711}))
    (told,) = shop.deployer.prepare("development").recovered

    assert "d-9" in told
    assert shop.store.maintenance("development") is None


def test_one_at_work_is_waited_for(shop: Shop) -> None:
    """Who holds the lock is named at once, or after as many seconds as somebody wants to wait."""
    with shop.locker.holding("development", holder="ben", reason="apply"):
        with pytest.raises(Busy, match="locked by ben"):
            shop.deployer.prepare("development")
        assert shop.clock.passed == 0
        with pytest.raises(Busy):
            shop.deployer.prepare("development", patience=30)
        assert shop.clock.passed == 30


def test_what_begins_between_plan_and_apply_is_waited_for(shop: Shop) -> None:
    """The lock is taken when it is applied: whoever was faster goes first, and that is told."""
    attempt = shop.deployer.prepare("development", patience=5)
    with shop.locker.holding("development", holder="ben", reason="apply"):
        with pytest.raises(Busy):
            apply(shop, attempt)
        assert shop.clock.passed == 5
    assert shop.store.deployments() == []


def test_emptying_must_be_meant(shop: Shop) -> None:
    """Removing everything needs both words: that it is empty, and that removals are allowed."""
    shop.apply()
    shop.git.files = {
        p: t for p, t in shop.git.files.items() if p.endswith(("environment.yaml", "pipeline.yaml"))
    }
    shop.git.commit()
    with pytest.raises(Invalid):
        shop.deployer.prepare("development")
    attempt = shop.deployer.prepare("development", allow_empty=True)

    assert apply(shop, attempt, allow_removals=True).summary["remove"] == 4
    assert shop.platform.observe().digests == {}


def test_a_reviewed_plan_is_compared(shop: Shop) -> None:
    """A plan file is applied when the plan is still that one."""
    attempt = shop.deployer.prepare("development")
    reviewed = render_json.plan(attempt.plan)
    applied = shop.deployer.apply(
        attempt, reviewed=reviewed, allow_removals=False, progress=lambda *_: None
    )

    assert applied.deployment is not None
    assert ResourceKey(Kind.WORKFLOW, "sync") in shop.platform.observe().digests
