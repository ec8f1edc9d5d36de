"""The scheduled job."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.core.errors import PlatformError, StalePlan
from reconciler.core.model import Kind, ResourceKey
from reconciler.ports import Store, StoreReader
from reconciler.services.reconciling import Reconciled
from reconciler.testing import deployment, workflow
from tests.unit.services.faults import Fate, Fated
from tests.unit.services.shop import FOLDER, REPORT_KEY, SYNC_KEY, Shop

NEW = ResourceKey(Kind.WORKFLOW, "new")
WRITES = set(dir(Store)) - set(dir(StoreReader))


@pytest.fixture
def shop() -> Shop:
    """A repository in memory that was reconciled once."""
    shop = Shop()
    shop.reconcile()
    shop.platform.writes.clear()
    return shop


def test_a_first_run_deploys() -> None:
    """What git says is deployed, and the reason counts it."""
    result = Shop().reconcile()

    assert (result.outcome, result.exit_code) == ("applied", 0)
    assert result.reason == (
        "4 added, 0 modified, 0 removed; secrets given or changed: API_KEY, HUBSPOT_SECRET"
    )
    assert result.plan is not None
    assert result.plan.summary["add"] == 4


def test_the_plan_is_shown_before_it_runs(shop: Shop) -> None:
    """Whoever watches sees what is about to happen, also where it then fails."""
    shop.workflow("new")
    shop.platform.failure = PlatformError("down")
    shop.reconcile()

    assert [change.key for change in shop.shown[-1].changes] == [NEW]


def test_a_second_run_does_nothing(shop: Shop) -> None:
    """A converged environment is left alone and says so."""
    result = shop.reconcile()

    assert (result.outcome, result.reason) == ("nothing", "converged, nothing to do")
    assert shop.platform.writes == []
    assert len(shop.store.deployments()) == 1


def test_drift_is_reported_and_left_alone(shop: Shop) -> None:
    """Without selfHeal what others changed stays, whatever git changes beside it."""
    shop.edit(SYNC_KEY, title="By hand")
    result = shop.reconcile()

    assert (result.outcome, result.exit_code) == ("nothing", 0)
    assert result.reason == (
        "nothing to apply; 1 changed outside and left alone, since selfHeal is off"
    )
    shop.workflow("new")
    result = shop.reconcile()
    assert result.outcome == "applied"
    assert "1 added, 0 modified, 0 removed; 1 changed outside and left alone" in result.reason
    assert [op.key for op in shop.platform.writes] == [NEW]
    assert shop.platform.contents([SYNC_KEY])[SYNC_KEY]["spec"]["title"] == "By hand"


def test_drift_is_healed_where_it_shall_be(shop: Shop) -> None:
    """With selfHeal what others changed, deleted or left in conflict is as git says again."""
    shop.heal()
    shop.edit(SYNC_KEY, title="By hand")
    shop.platform.delete(REPORT_KEY)
    result = shop.reconcile()

    assert result.outcome == "applied"
    assert result.reason == (
        "1 added, 1 modified, 0 removed; 2 of them healed after a change outside"
    )
    assert shop.platform.observe().digests == shop.load().desired.digests


def test_a_conflict_is_left_alone_without_healing(shop: Shop) -> None:
    """Where both moved the platform's side stays until somebody decides."""
    shop.edit(SYNC_KEY, title="By hand")
    shop.replace("workflows/sync.yaml", "integration:", "title: Contacts\n  integration:")
    result = shop.reconcile()

    assert result.outcome == "nothing"
    assert result.plan is not None
    assert [change.reason.value for change in result.plan.drift] == ["conflict"]
    assert shop.platform.writes == []


def test_what_is_unfinished_is_finished_and_not_counted_as_left(shop: Shop) -> None:
    """A half done deployment is completed also where drift is left alone."""
    shop.workflow("new")
    shop.store.mark_unfinished("development", [NEW])
    result = shop.reconcile()

    assert result.reason == "1 added, 0 modified, 0 removed"


def test_release_only_waits_for_its_tag(shop: Shop) -> None:
    """A release-only environment says what it waits for, and is not touched."""
    result = shop.reconcile("staging")

    assert (result.outcome, result.exit_code) == ("waiting", 0)
    assert result.reason == "waits for its first release tag (staging/v…)"
    assert shop.platforms["staging"].writes == []


def test_an_interrupted_deployment_is_closed_first(shop: Shop) -> None:
    """What a dead process left is ended, told, and does not hold the run up."""
    shop.workflow("new")
    shop.store.begin(deployment("d-9", "development", owner={"pid": 4711}))
    result = shop.reconcile()

    assert result.outcome == "applied"
    assert len(result.recovered) == 1
    assert "d-9" in result.recovered[0]


def test_what_was_recovered_is_told_even_when_the_rest_fails(shop: Shop) -> None:
    """A failure after the recovery does not swallow what was closed."""
    shop.store.begin(deployment("d-9", "development", owner={"pid": 4711}))
    shop.workflow("broken", more="  speed: fast\n")
    result = shop.reconcile()

    assert result.outcome == "refused"
    assert len(result.recovered) == 1


def test_a_deployment_at_work_is_waited_for(shop: Shop) -> None:
    """While another process works on the environment it is left alone, and the job says whose."""
    shop.workflow("new")
    with shop.locker.holding("development", holder="ben", reason="apply"):
        result = shop.reconcile()

    assert "development is locked by ben" in result.reason
    assert (result.outcome, result.exit_code) == ("refused", 4)
    assert shop.platform.writes == []


def test_a_broken_environment_does_not_stop_the_others(shop: Shop) -> None:
    """Findings of one environment are its own; the next is converged all the same."""
    pipeline = str(shop.git.files["environments/pipeline.yaml"])
    shop.put("environments/pipeline.yaml", pipeline.replace("[dev", "[broken, missing, dev"))
    shop.put("environments/broken/environment.yaml", "spec: 3\n")
    shop.workflow("new")
    results = {name: shop.reconcile(name) for name in ("broken", "missing", "development")}

    assert {name: each.outcome for name, each in results.items()} == {
        "broken": "refused",
        "missing": "refused",
        "development": "applied",
    }
    assert [each.exit_code for each in results.values()] == [1, 1, 0]
    assert results["broken"].error is not None


def test_a_broken_release_only_environment_is_told(shop: Shop) -> None:
    """Findings in its own manifest come before waiting for a tag."""
    text = str(shop.git.files["environments/staging/environment.yaml"])
    shop.put("environments/staging/environment.yaml", text.replace("development", "nowhere"))

    assert (shop.reconcile("staging").outcome, shop.reconcile("staging").exit_code) == (
        "refused",
        1,
    )


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda shop: shop.workflow("x", more="  speed: fast\n"), 1),
        (lambda shop: setattr(shop.platform, "incomplete", "down"), 1),
        (lambda shop: setattr(shop.platform, "failure", StalePlan("moved")), 4),
        (lambda shop: shop.platform.edit(workflow("new", title="Theirs")), 4),
    ],
    ids=["findings", "incomplete", "moved", "unmanaged"],
)
def test_what_cannot_be_applied_is_told_with_its_exit_code(
    shop: Shop, break_it: Callable[[Shop], object], code: int
) -> None:
    """An error ends the run of this environment with the error's own exit code and text."""
    shop.workflow("new")
    break_it(shop)
    result = shop.reconcile()

    assert (result.outcome, result.exit_code) == ("refused", code)
    assert result.error is not None
    assert result.reason == result.error.text


def failed(shop: Shop, reason: str = "down") -> Reconciled:
    """Reconcile while the platform refuses what is written."""
    shop.platform.failure = PlatformError(reason)
    result = shop.reconcile()
    shop.platform.failure = None
    return result


def test_what_failed_is_restored_and_told_so(shop: Shop) -> None:
    """The run exits 6, and nothing is left behind that holds up the next one."""
    shop.workflow("new")
    result = failed(shop)

    assert (result.outcome, result.exit_code) == ("restored", 6)
    assert "development was restored from backup" in result.reason
    assert shop.reconcile().outcome == "applied"


def test_what_fails_again_and_again_is_tried_less_often(shop: Shop) -> None:
    """After the second failure a job pauses, and says until when."""
    shop.workflow("new")
    for _ in range(3):
        assert failed(shop).outcome == "restored"
    waiting = failed(shop)

    assert (waiting.outcome, waiting.exit_code) == ("waiting", 3)
    assert "failed, as 2 before it; tried again after 2026-01-06T09:05+00:00" in waiting.reason
    shop.clock.advance(301)
    assert shop.reconcile().outcome == "applied"


def test_a_pause_ends_when_something_changed(shop: Shop) -> None:
    """Another wish, or a platform that somebody mended, is worth a try at once."""
    shop.workflow("new")
    for _ in range(3):
        failed(shop)
    shop.workflow("newer")

    assert shop.reconcile().outcome == "applied"


def test_a_kept_lock_is_told_by_every_run(shop: Shop) -> None:
    """Where an operator has to look a job goes on saying so, and leaves everything alone."""
    with shop.locker.holding("development", holder="ben", reason="apply") as held:
        shop.store.keep_lock(held.lock, "next: `reconciler backup restore b-1`")
        held.keep = True
    shop.workflow("new")
    for _ in range(2):
        result = shop.reconcile()
        assert (result.outcome, result.exit_code) == ("refused", 4)
        assert "next: `reconciler backup restore b-1`" in result.reason
    assert shop.platform.writes == []


def test_a_thousand_runs_write_nothing() -> None:
    """A converged environment costs reading alone: no lock, no record, no backup, no notice."""
    shop = Shop()
    shop.reconcile()
    fate = Fate()
    shop.store = Fated(shop.store, fate)
    for _ in range(3):
        assert shop.reconcile().outcome == "nothing"

    assert set(fate.calls) & WRITES == set()


def test_removals_are_held_by_the_budget(shop: Shop) -> None:
    """Nobody watches the scheduled job: too many removals wait for a person."""
    for number in range(8):
        shop.workflow(f"w{number}")
    shop.reconcile()
    shop.remove(*(f"workflows/w{number}.yaml" for number in range(5)))
    result = shop.reconcile()

    assert (result.outcome, result.exit_code) == ("refused", 3)


def test_an_emptied_folder_removes_nothing(shop: Shop) -> None:
    """The job never reads an empty folder as a wish."""
    shop.git.files = {
        path: text
        for path, text in shop.git.files.items()
        if not path.startswith(f"{FOLDER}/") or path.endswith("environment.yaml")
    }
    shop.git.commit()
    result = shop.reconcile()

    assert (result.outcome, result.exit_code) == ("refused", 1)
    assert shop.platform.observe().digests
