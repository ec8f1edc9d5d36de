"""What every store promises, on each of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core import canonical
from reconciler.core.errors import Busy, NotFound, ReconcilerError, StoreError
from reconciler.core.model import Applied, Deployment, Phase, ResourceKey, Step
from reconciler.ports import Operation, SealedSecret, Unit
from reconciler.testing import app_event, deployment, integration, operation, removal, workflow
from tests.contract.worlds import World

DEV = "development"
LATER = "2026-01-06T10:00:00+00:00"


def begin(world: World, id: str = "d-1", environment: str = DEV) -> Deployment:
    """Begin a deployment and return it."""
    begun = deployment(id, environment)
    world.store.begin(begun)
    return begun


def finish(world: World, id: str, *, live: bool = True) -> None:
    """End a deployment well."""
    if live:
        world.store.mark_live(id)
    world.store.finish(id, Phase.SUCCEEDED, LATER)


def record(
    world: World,
    *operations: Operation,
    forget: tuple[ResourceKey, ...] = (),
    content_digest: str = "sha256:content",
    environment: str = DEV,
) -> None:
    """Record what was applied by deployment d-1."""
    with world.store.transaction() as unit:
        world.store.record_applied(unit, environment, operations, forget, content_digest, "d-1")


def test_an_empty_store_answers_with_nothing(world: World) -> None:
    """Whoever reads before anything was written finds nothing, and no error."""
    store = world.store

    assert store.applied(DEV) == Applied()
    assert store.applied_contents(DEV, [ResourceKey("Workflow", "a")]) == {}
    assert list(store.deployments()) == list(store.running(DEV)) == []
    assert store.secret(DEV, "TOKEN") is None
    assert list(store.secret_names(DEV)) == []


def test_a_deployment_is_kept_as_it_was_begun(world: World) -> None:
    """Every field given when a deployment begins is read back."""
    begun = deployment(
        "d-1",
        version="1.4.0",
        tag="staging/v1.4.0",
        commit="c" * 40,
        description="Sync contacts",
        plan_digest="sha256:plan",
        content_digest="sha256:content",
        backup="b-1",
        attempt="sha256:attempt",
        summary={"add": 1, "modify": 2, "remove": 0},
        messages=({"code": "AppEventRemoved", "text": "é \u2028 <b>"},),
        steps=(Step(name="check", state="done", log=("one", "two")),),
    )
    world.store.begin(begun)

    assert list(world.store.deployments()) == [begun]


def test_a_begun_deployment_is_running_and_not_live(world: World) -> None:
    """However it is given, a deployment begins as Running and without the Live mark."""
    world.store.begin(replace(deployment("d-1"), phase=Phase.PENDING, live=True))
    (found,) = world.store.running(DEV)

    assert (found.phase, found.live) == (Phase.RUNNING, False)


def test_a_second_deployment_of_an_environment_is_refused(world: World) -> None:
    """While one deployment runs another is refused, saying which, since when and whose."""
    first = begin(world)
    with pytest.raises(Busy) as refused:
        begin(world, "d-2")

    assert first.id in refused.value.text
    assert first.started_at in refused.value.text
    assert "4711" in refused.value.text
    assert [each.id for each in world.store.deployments()] == ["d-1"]


def test_environments_do_not_wait_for_one_another(world: World) -> None:
    """A deployment of one environment holds up no other."""
    begin(world)
    begin(world, "d-2", "staging")

    assert [each.id for each in world.store.running("staging")] == ["d-2"]


def test_the_next_deployment_may_begin_when_one_has_ended(world: World) -> None:
    """An ended deployment no longer runs."""
    begin(world)
    finish(world, "d-1")
    begin(world, "d-2")

    assert [each.id for each in world.store.running(DEV)] == ["d-2"]


def test_deployments_come_newest_first(world: World) -> None:
    """Order is that of beginning, whatever ids and clocks say; the limit keeps the newest."""
    for each in ("d-9", "d-10", "d-1"):
        begin(world, each)
        finish(world, each)
    begin(world, "d-5", "staging")

    assert [each.id for each in world.store.deployments(DEV)] == ["d-1", "d-10", "d-9"]
    assert [each.id for each in world.store.deployments(DEV, 2)] == ["d-1", "d-10"]
    assert [each.id for each in world.store.deployments(limit=1)] == ["d-5"]


def test_steps_are_updated_by_name_and_keep_their_order(world: World) -> None:
    """A step is journaled before and after; it keeps the place of its first entry."""
    begin(world)
    for step in (
        Step(name="check", state="running", started_at="a"),
        Step(name="apply", state="running", started_at="b"),
        Step(name="check", state="failed", started_at="a", finished_at="c", reason="No."),
    ):
        world.store.journal("d-1", step)
    (found,) = world.store.deployments()

    assert found.steps == (
        Step(name="check", state="failed", started_at="a", finished_at="c", reason="No."),
        Step(name="apply", state="running", started_at="b"),
    )


def test_an_unknown_deployment_is_named(world: World) -> None:
    """Journal, finish and record say which deployment they do not find."""
    begin(world)
    with pytest.raises(NotFound, match="d-7"):
        world.store.journal("d-7", Step(name="check", state="done"))
    with pytest.raises(NotFound, match="d-7"):
        finish(world, "d-7")
    with pytest.raises(NotFound, match="d-7"):
        finish(world, "d-7", live=False)
    with pytest.raises(NotFound, match="d-7"), world.store.transaction() as unit:
        world.store.record_applied(unit, DEV, (), (), "sha256:content", "d-7")


def test_the_live_mark_moves(world: World) -> None:
    """One deployment of an environment is live: the last that took the mark."""
    begin(world, "d-0", "staging")
    finish(world, "d-0")
    for each, live in (("d-1", True), ("d-2", True), ("d-3", False)):
        begin(world, each)
        finish(world, each, live=live)

    live_ids = [each.id for each in world.store.deployments() if each.live]
    assert live_ids == ["d-2", "d-0"]
    assert {each.finished_at for each in world.store.deployments()} == {LATER}


def test_what_was_applied_is_recorded(world: World) -> None:
    """Digests, contents and content digest of an apply are read back, per environment."""
    begin(world)
    contents = [integration(), workflow(), app_event()]
    record(world, *map(operation, contents))
    key = ResourceKey("Workflow", "sync-contacts")

    digests = {operation(each).key: canonical.digest(each) for each in contents}
    assert world.store.applied(DEV) == Applied(digests=digests, content_digest="sha256:content")
    asked = [key, ResourceKey("Workflow", "other")]
    assert world.store.applied_contents(DEV, asked) == {key: workflow()}
    assert world.store.applied("staging") == Applied()


def test_records_follow_changes_and_removals(world: World) -> None:
    """A modified resource replaces its record; removed and forgotten ones lose theirs."""
    begin(world)
    record(world, *map(operation, (integration(), workflow(), app_event())))
    changed = operation(integration(title="Hub"), expected=integration())
    forget = (operation(app_event()).key, ResourceKey("Workflow", "never-there"))
    record(world, changed, removal(workflow()), forget=forget, content_digest="sha256:next")

    expected = Applied(digests={changed.key: changed.digest or ""}, content_digest="sha256:next")
    assert world.store.applied(DEV) == expected


def test_a_step_is_journaled_with_what_was_applied(world: World) -> None:
    """Step apply is done together with the record, so that a crash after it is told apart."""
    begin(world)
    started = Step(name="apply", state="running", started_at="now", log=("begun",))
    world.store.journal("d-1", started)
    with world.store.transaction() as unit:
        world.store.record_applied(unit, DEV, (), (), "sha256:content", "d-1")
        world.store.journal("d-1", replace(started, state="done"), unit)
    (found,) = world.store.deployments()

    assert found.steps == (replace(started, state="done"),)


def test_a_failed_transaction_leaves_nothing(world: World) -> None:
    """What is written in a transaction that fails was never written."""
    begin(world)
    record(world, operation(workflow()))
    before = world.store.applied(DEV), world.store.deployments()

    def stop(unit: Unit) -> None:
        operations = [removal(workflow()), operation(integration())]
        world.store.record_applied(unit, DEV, operations, (), "sha256:next", "d-1")
        world.store.journal("d-1", Step(name="apply", state="done"), unit)
        raise ReconcilerError("stop")

    with pytest.raises(ReconcilerError, match="stop"), world.store.transaction() as unit:
        stop(unit)

    assert (world.store.applied(DEV), world.store.deployments()) == before


def test_a_failed_commit_is_a_store_error_and_leaves_nothing(world: World) -> None:
    """A transaction that cannot be committed says so, and nothing of it remains."""
    begin(world)
    with pytest.raises(StoreError), world.broken_commit():
        record(world, operation(workflow()))

    assert world.store.applied(DEV) == Applied()
    assert world.store.deployments()[0].steps == ()


def test_messages_of_the_end_are_added(world: World) -> None:
    """What is to be said of how a deployment ended stands behind what was said before."""
    first, last = {"code": "First"}, {"code": "Last"}
    world.store.begin(replace(deployment(), messages=(first,)))
    world.store.finish("d-1", Phase.ERRORED, LATER, [last])
    (found,) = world.store.deployments()

    assert (found.phase, found.live, found.finished_at) == (Phase.ERRORED, False, LATER)
    assert found.messages == (first, last)


def test_secrets_are_kept_sealed_by_environment_and_name(world: World) -> None:
    """A stored secret is replaced by name, listed by name, and belongs to one environment."""
    store, newer = world.store, SealedSecret(b"\x00\xff", "f-2")
    store.put_secret(DEV, "TOKEN", SealedSecret(b"old", "f-1"), LATER)
    store.put_secret(DEV, "TOKEN", newer, LATER)
    store.put_secret(DEV, "API_KEY", SealedSecret(b"a", "f-3"), LATER)

    assert store.secret(DEV, "TOKEN") == newer
    assert store.secret("staging", "TOKEN") is None
    assert list(store.secret_names(DEV)) == ["API_KEY", "TOKEN"]


def test_deleting_a_secret_says_whether_there_was_one(world: World) -> None:
    """The first deletion finds the secret, the second does not."""
    world.store.put_secret(DEV, "TOKEN", SealedSecret(b"old", "f-1"), LATER)

    assert world.store.delete_secret(DEV, "TOKEN")
    assert not world.store.delete_secret(DEV, "TOKEN")
    assert world.store.secret(DEV, "TOKEN") is None
