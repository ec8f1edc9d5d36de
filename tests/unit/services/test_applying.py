"""Applying: guards first, then the steps, all or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core import canonical
from reconciler.core.coordination import Effect, EffectState
from reconciler.core.errors import (
    Busy,
    Held,
    PlatformError,
    SecretError,
    StalePlan,
    Unmanaged,
)
from reconciler.core.model import Deployment, Kind, Phase, ResourceKey
from reconciler.core.render import json as render_json
from reconciler.core.steps import STEPS
from reconciler.services.deploying.options import ApplyOptions
from reconciler.testing import MemorySecrets, deployment, workflow
from tests.unit.services.shop import (
    CREATED_KEY,
    FOLDER,
    HUBSPOT_KEY,
    REPORT_KEY,
    SYNC_KEY,
    Shop,
)

NEW = ResourceKey(Kind.WORKFLOW, "new")
MANY = [f"w{number}" for number in range(8)]


@pytest.fixture
def shop() -> Shop:
    """A repository in memory of which nothing is deployed."""
    return Shop()


@pytest.fixture
def deployed() -> Shop:
    """A repository in memory that is deployed as it is."""
    shop = Shop()
    shop.apply()
    shop.platform.writes.clear()
    shop.progress.clear()
    return shop


def last(shop: Shop) -> Deployment:
    """Return the newest deployment."""
    return shop.store.deployments("development")[0]


def steps(shop: Shop) -> list[tuple[str, str]]:
    """Return name and state of each step of the newest deployment."""
    return [(step.name, step.state) for step in last(shop).steps]


def state(shop: Shop) -> Any:
    """Return everything that an apply may change."""
    store, platform = shop.store, shop.platform
    keys = platform.observe().digests
    return (
        dict(keys),
        platform.contents(keys),
        dict(platform.secret_fingerprints()),
        store.applied("development").digests,
        store.applied("development").content_digest,
    )


# --- what is written ----------------------------------------------------------------------------


def test_applying_makes_the_platform_run_what_git_says(shop: Shop) -> None:
    """After an apply platform, record and git say the same."""
    applied = shop.apply()
    loaded = shop.load()

    assert applied.summary == {"add": 4, "modify": 0, "remove": 0}
    assert shop.platform.observe().digests == loaded.desired.digests
    assert shop.platform.contents([SYNC_KEY])[SYNC_KEY] == loaded.content(SYNC_KEY)
    assert shop.store.applied("development").digests == loaded.desired.digests
    assert shop.store.applied("development").content_digest == loaded.desired.content_digest
    assert not shop.plan().plan.has_differences


def test_only_the_difference_is_written(deployed: Shop) -> None:
    """What is equal is not written again; each write names what it expects to find."""
    before = deployed.load().desired.digests
    deployed.replace("workflows/sync.yaml", "integration:", "title: Contacts\n  integration:")
    deployed.workflow("new")
    deployed.remove("workflows/report.yaml", "workflows/definitions/report.json")
    deployed.apply()

    assert [(op.key, op.expected, op.content is None) for op in deployed.platform.writes] == [
        (NEW, None, False),
        (SYNC_KEY, before[SYNC_KEY], False),
        (REPORT_KEY, before[REPORT_KEY], True),
    ]


def test_relationships_are_written(shop: Shop) -> None:
    """A workflow is related to its integration, its event and the secrets that it requires."""
    shop.apply()
    (write,) = [op for op in shop.platform.writes if op.key == SYNC_KEY]

    assert write.relationships == (
        ("integration", HUBSPOT_KEY),
        ("appevent", CREATED_KEY),
        ("secret", ResourceKey("Secret", "API_KEY")),
    )


def test_dependents_are_removed_before_what_they_need(deployed: Shop) -> None:
    """Removals go in reverse order of need, also between workflows."""
    deployed.workflow("a", more="  requires: {workflows: [b]}\n")
    deployed.workflow("b")
    deployed.apply()
    deployed.platform.writes.clear()
    deployed.remove("workflows/a.yaml", "workflows/b.yaml")
    deployed.apply()

    assert [op.key.name for op in deployed.platform.writes] == ["a", "b"]


def test_nothing_to_do_writes_nothing(deployed: Shop) -> None:
    """Unchanged state makes no deployment, no write and no step."""
    before, count = state(deployed), len(deployed.store.deployments())
    applied = deployed.apply()

    assert applied.deployment is None
    assert applied.summary == {"add": 0, "modify": 0, "remove": 0}
    assert (state(deployed), len(deployed.store.deployments())) == (before, count)
    assert (deployed.platform.writes, deployed.progress) == ([], [])


def test_a_comment_alone_writes_nothing(deployed: Shop) -> None:
    """Other bytes of the same meaning need no deployment."""
    deployed.write(
        "workflows/sync.yaml", f"# x\n{deployed.git.files[f'{FOLDER}/workflows/sync.yaml']}"
    )

    assert deployed.apply().deployment is None


def test_a_record_of_what_is_gone_is_forgotten(deployed: Shop) -> None:
    """What neither git nor the platform has any more leaves the record with the next apply."""
    deployed.remove("workflows/report.yaml", "workflows/definitions/report.json")
    deployed.platform.delete(REPORT_KEY)
    applied = deployed.apply()

    assert applied.deployment is not None
    assert REPORT_KEY not in deployed.store.applied("development").digests
    assert deployed.platform.writes == []
    assert deployed.apply().deployment is None


def test_what_others_brought_to_the_desired_state_is_noted(deployed: Shop) -> None:
    """A change made first by hand and then in git is ours afterwards: no conflict later."""
    title = "title: Contacts\n  integration:"
    deployed.edit(SYNC_KEY, title="Contacts")
    deployed.replace("workflows/sync.yaml", "integration:", title)
    assert not deployed.plan().plan.has_differences
    deployed.apply()

    assert deployed.platform.writes == []
    assert deployed.store.applied("development").digests == deployed.load().desired.digests
    contents = deployed.store.applied_contents("development", [SYNC_KEY])
    assert contents[SYNC_KEY] == deployed.load().content(SYNC_KEY)
    deployed.replace("workflows/sync.yaml", "title: Contacts", "title: People")
    assert [change.reason.value for change in deployed.plan().plan.changes] == ["pending"]
    assert deployed.apply().healed == 0


def test_what_was_unmanaged_stays_unmanaged(deployed: Shop) -> None:
    """Resources of others survive every apply as they are."""
    theirs = workflow("theirs")
    deployed.platform.edit(theirs)
    deployed.workflow("new")
    deployed.apply()
    key = ResourceKey(Kind.WORKFLOW, "theirs")

    assert deployed.platform.contents([key])[key] == theirs
    assert key not in deployed.store.applied("development").digests


# --- drift --------------------------------------------------------------------------------------


def test_drift_is_healed_when_asked_for(deployed: Shop) -> None:
    """An apply overwrites what was changed outside, and counts it."""
    deployed.edit(SYNC_KEY, title="By hand")
    deployed.workflow("new")
    applied = deployed.apply(heal=True)

    assert applied.summary == {"add": 1, "modify": 1, "remove": 0}
    assert applied.healed == 1
    assert deployed.platform.observe().digests == deployed.load().desired.digests


def test_drift_is_left_alone_otherwise(deployed: Shop) -> None:
    """Without healing what git changed is applied and what others changed stays."""
    deployed.edit(SYNC_KEY, title="By hand")
    deployed.workflow("new")
    applied = deployed.apply(heal=False)

    assert [op.key for op in deployed.platform.writes] == [NEW]
    assert (applied.summary["modify"], applied.healed) == (0, 0)
    (left,) = deployed.plan().plan.drift
    assert (left.key, left.reason.value) == (SYNC_KEY, "changed-outside")


def test_what_is_unfinished_is_always_finished(deployed: Shop) -> None:
    """A half done deployment is finished with or without healing, and is nobody's change."""
    deployed.workflow("new")
    deployed.store.mark_unfinished("development", [NEW])
    applied = deployed.apply(heal=False)

    assert [op.key for op in deployed.platform.writes] == [NEW]
    assert applied.healed == 0
    assert not deployed.plan().plan.has_differences


# --- guards -------------------------------------------------------------------------------------


def test_an_incomplete_read_is_not_applied(deployed: Shop) -> None:
    """What was not read completely is not written to."""
    deployed.workflow("new")
    deployed.platform.incomplete = "page 2 timed out"

    with pytest.raises(PlatformError, match="page 2 timed out"):
        deployed.apply()
    assert deployed.platform.writes == []


def test_a_name_of_others_is_a_conflict(deployed: Shop) -> None:
    """A resource of a desired name that we did not make is not overwritten until it is adopted."""
    deployed.platform.edit(workflow("new", title="Theirs"))
    deployed.workflow("new")

    with pytest.raises(Unmanaged, match="Workflow/new exists in development and was not made"):
        deployed.apply()
    assert deployed.platform.contents([NEW])[NEW]["spec"]["title"] == "Theirs"


def test_a_stale_plan_is_refused_with_the_difference(deployed: Shop) -> None:
    """A plan that was reviewed and is no longer the one of now is told with what differs."""
    deployed.workflow("new")
    reviewed = render_json.plan(deployed.plan().plan)
    deployed.workflow("newer")

    with pytest.raises(StalePlan, match="Workflow/newer: add, was not in the reviewed plan"):
        deployed.apply(reviewed=reviewed)
    assert deployed.platform.writes == []


def test_the_reviewed_plan_is_applied(deployed: Shop) -> None:
    """A plan that is still the same is applied, whatever drifted meanwhile."""
    deployed.workflow("new")
    reviewed = render_json.plan(deployed.plan().plan)
    deployed.edit(SYNC_KEY, title="By hand")

    assert deployed.apply(reviewed=reviewed).deployment is not None


def exceed(shop: Shop) -> None:
    """Remove more at once than the budget allows."""
    for name in MANY:
        shop.workflow(name)
    shop.apply()
    shop.platform.writes.clear()
    shop.remove(*(f"workflows/{name}.yaml" for name in MANY[:5]))


def test_the_removal_budget_holds(deployed: Shop) -> None:
    """More removals than the budget allows need a person's word."""
    exceed(deployed)

    with pytest.raises(Held, match=r"5 of 12 resources.*--allow-removals"):
        deployed.apply()
    assert deployed.platform.writes == []
    assert deployed.apply(allow_removals=True).summary["remove"] == 5


def test_guards_speak_in_order(deployed: Shop) -> None:
    """The more fundamental reason comes first: read, ownership, review, budget."""
    exceed(deployed)
    deployed.platform.edit(workflow("new", title="Theirs"))
    deployed.workflow("new")
    deployed.platform.incomplete = "down"
    stale: dict[str, Any] = {**render_json.plan(deployed.plan().plan), "digest": "sha256:old"}

    with pytest.raises(PlatformError):
        deployed.apply(reviewed=stale)
    deployed.platform.incomplete = None
    with pytest.raises(Unmanaged):
        deployed.apply(reviewed=stale)
    deployed.platform.delete(NEW)
    with pytest.raises(StalePlan):
        deployed.apply(reviewed=stale)
    with pytest.raises(Held):
        deployed.apply()


def test_what_is_refused_leaves_no_deployment(deployed: Shop) -> None:
    """Guards come before the record: nothing was begun, so nothing is journaled."""
    exceed(deployed)
    count = len(deployed.store.deployments())

    with pytest.raises(Held):
        deployed.apply()
    assert len(deployed.store.deployments()) == count


def test_another_one_at_work_is_waited_for(deployed: Shop) -> None:
    """While somebody holds the lock no deployment begins, and none is recorded."""
    deployed.workflow("new")
    count = len(deployed.store.deployments())

    with (
        deployed.locker.holding("development", holder="ben", reason="apply"),
        pytest.raises(Busy, match=r"development is locked by ben on host here, process 1: apply"),
    ):
        deployed.apply()
    assert deployed.platform.writes == []
    assert len(deployed.store.deployments()) == count
    assert deployed.store.maintenance("development") is None


def test_what_runs_beside_it_is_waited_for(deployed: Shop) -> None:
    """An import at work stops a deployment before anybody is affected."""
    deployed.workflow("new")
    with (
        deployed.activities.running("development", "import", "An import of users"),
        pytest.raises(Busy, match="An import of users runs in development since"),
    ):
        deployed.apply()

    assert (deployed.progress[-1], deployed.store.locks()) == (("check", "failed"), [])
    assert len(deployed.store.deployments()) == 1


def test_an_unfinished_one_is_left_as_it_is(deployed: Shop) -> None:
    """Beside a deployment that was not ended none begins; its record and effects stay."""
    effect = Effect(position=0, key=NEW, before=None, after="sha256:x", state=EffectState.BEGUN)
    deployed.store.begin(deployment("other", "development"))
    deployed.store.record_effects("other", "development", [effect])
    deployed.workflow("newer")

    with pytest.raises(Busy, match="Deployment other works on development"):
        deployed.apply()
    assert deployed.store.effects("other") == [effect]
    assert deployed.store.maintenance("development") is not None
    assert [each.id for each in deployed.store.running("development")] == ["other"]
    assert deployed.store.locks() == []


# --- the journal --------------------------------------------------------------------------------


def test_the_journal_is_the_list_of_steps(shop: Shop) -> None:
    """Every step of the one list is journaled, in order, and shown as it goes."""
    shop.apply()
    names = [step.name for step in STEPS]

    assert steps(shop) == [(name, "done") for name in names]
    assert shop.progress == [(name, way) for name in names for way in ("running", "done")]


def test_steps_have_times_and_a_log(shop: Shop) -> None:
    """A step tells when it began and ended, and what it wrote."""
    shop.apply()
    apply = next(step for step in last(shop).steps if step.name == "apply")

    assert apply.started_at == apply.finished_at == shop.clock.now()
    assert apply.log == (
        "add AppEvent/contact-created",
        "add Integration/hubspot",
        "add Workflow/report",
        "add Workflow/sync",
        "secret API_KEY changed",
        "secret HUBSPOT_SECRET changed",
    )
    others = {step.name: step.log for step in last(shop).steps if step.log and step is not apply}
    assert others == {"backup": (f"backup {last(shop).backup}: 0 resources, 0 users",)}


def test_the_deployment_is_recorded(shop: Shop) -> None:
    """The record says who did what, from which commit, under which plan, and is live."""
    plan = shop.plan().plan
    shop.apply(actor="ana@example.com", type="reconcile")
    found = last(shop)

    assert (found.phase, found.live) == (Phase.SUCCEEDED, True)
    assert (found.actor, found.type) == ("ana@example.com", "reconcile")
    assert (found.commit, found.plan_digest) == (plan.commit, plan.digest)
    assert found.content_digest == plan.content_digest
    assert found.summary == {"add": 4, "modify": 0, "remove": 0}
    assert found.owner == shop.processes.owner()
    assert [m["code"] for m in found.messages] == [m.code for m in plan.messages]


def test_the_newest_success_is_live(deployed: Shop) -> None:
    """The live mark moves with each deployment that succeeds."""
    deployed.workflow("new")
    deployed.apply()

    assert [each.live for each in deployed.store.deployments("development")] == [True, False]


def test_it_is_in_maintenance_for_as_long_as_it_takes(shop: Shop) -> None:
    """From the lock on, and no longer once everything is verified; then nobody holds it."""
    seen: dict[str, bool] = {}

    def look(name: str, _state: str) -> None:
        seen.setdefault(name, shop.store.maintenance("development") is not None)

    planned = shop.plan()
    shop.applier.apply(planned, shop.plan, ApplyOptions(progress=look))

    closed = ("replan", "backup", "apply", "verify", "record", "unlock")
    assert seen == {step.name: step.name in closed for step in STEPS}
    assert shop.store.locks() == []


def test_a_backup_of_what_ran_before_is_kept(deployed: Shop) -> None:
    """Each deployment names the backup that it took, of all that ran."""
    before = dict(deployed.platform.observe().digests)
    deployed.workflow("new")
    deployed.apply()
    (backup, _) = deployed.store.backups("development")

    assert (last(deployed).backup, backup.deployment) == (backup.id, last(deployed).id)
    kept = deployed.deployments.keeper.contents(backup.id, "development")
    assert kept.digests == before


# --- what moves meanwhile -----------------------------------------------------------------------


def test_git_that_moves_during_the_review_stops_the_apply(deployed: Shop) -> None:
    """The plan is made again just before it is applied; another one stops there."""
    deployed.workflow("new")
    planned = deployed.plan()
    deployed.workflow("newer")

    with pytest.raises(StalePlan, match="Workflow/newer"):
        deployed.apply(planned)
    assert deployed.platform.writes == []
    assert last(deployed).phase is Phase.ABORTED
    assert steps(deployed)[-1] == ("replan", "failed")
    assert deployed.store.maintenance("development") is None
    assert deployed.store.locks() == []


def test_a_platform_that_moves_during_the_review_stops_the_apply(deployed: Shop) -> None:
    """A platform that was written to meanwhile is no longer what was compared."""
    deployed.workflow("new")
    planned = deployed.plan()
    deployed.edit(SYNC_KEY, title="By hand")

    text = r"was changed while the plan was being reviewed\. Nothing in development was changed\."
    with pytest.raises(StalePlan, match=text):
        deployed.apply(planned)
    assert deployed.platform.writes == []


# --- secrets ------------------------------------------------------------------------------------


def test_secrets_are_given_to_the_runtime(shop: Shop) -> None:
    """Every secret that something needs is sealed and given; its name is told, never its value."""
    applied = shop.apply()

    assert applied.secrets == ("API_KEY", "HUBSPOT_SECRET")
    assert set(shop.platform.secret_fingerprints()) == {"API_KEY", "HUBSPOT_SECRET"}
    assert "k-1" not in repr((applied, shop.store.deployments()))


def test_secrets_stay_references_in_what_runs(shop: Shop) -> None:
    """A content never holds a value: the reference stays as it is written."""
    shop.apply()
    content = canonical.dumps(shop.platform.contents([SYNC_KEY])[SYNC_KEY])

    assert "${{ secrets.API_KEY }}" in content
    assert "k-1" not in content


def test_another_value_is_a_deployment_of_its_own(deployed: Shop) -> None:
    """A secret whose value changed is given without any change in git, and named."""
    deployed.secrets.values["development", "API_KEY"] = "k-2"
    applied = deployed.apply()

    assert applied.secrets == ("API_KEY",)
    assert applied.summary == {"add": 0, "modify": 0, "remove": 0}
    assert deployed.platform.writes == []
    assert deployed.apply().deployment is None


def test_a_value_that_is_gone_is_taken_away(deployed: Shop) -> None:
    """A secret without a value is not kept by the runtime."""
    del deployed.secrets.values["development", "API_KEY"]

    assert deployed.apply().secrets == ("API_KEY",)
    assert set(deployed.platform.secret_fingerprints()) == {"HUBSPOT_SECRET"}
    assert deployed.apply().deployment is None


def test_a_secret_that_nothing_needs_is_taken_away(deployed: Shop) -> None:
    """A runtime holds no secret that nothing desired needs."""
    deployed.remove("workflows/sync.yaml")
    applied = deployed.apply()

    assert applied.secrets == ("API_KEY",)
    assert set(deployed.platform.secret_fingerprints()) == {"HUBSPOT_SECRET"}


def test_a_missing_secret_keeps_its_workflow_off(shop: Shop) -> None:
    """A workflow whose secret has no value is deployed and does not run until it arrives."""
    del shop.secrets.values["development", "API_KEY"]
    shop.apply()

    assert shop.platform.inactive() == {SYNC_KEY: ("API_KEY",)}
    shop.secrets.values["development", "API_KEY"] = "k-1"
    shop.apply()
    assert shop.platform.inactive() == {}


def test_a_source_that_does_not_answer_stops_before_anything(deployed: Shop) -> None:
    """A secret that cannot be read is an error before the deployment begins."""
    deployed.workflow("new")
    deployed.secrets = MemorySecrets(broken=["API_KEY"])
    count = len(deployed.store.deployments())

    with pytest.raises(SecretError):
        deployed.apply()
    assert deployed.platform.writes == []
    assert len(deployed.store.deployments()) == count


def test_an_undeclared_secret_has_no_value(shop: Shop) -> None:
    """A required secret that environment.yaml does not declare is nowhere to be read."""
    shop.replace("environment.yaml", "    API_KEY: {from: env, name: SHOP_API_KEY}\n", "")

    assert shop.apply().secrets == ("HUBSPOT_SECRET",)
