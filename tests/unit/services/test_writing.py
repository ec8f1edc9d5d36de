"""Writing to a platform: in one transaction, or step by step with a journal of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from reconciler.core.coordination import Effect, EffectState
from reconciler.core.errors import (
    Interrupted,
    OutcomeUnknown,
    PlatformError,
    StalePlan,
    StoreError,
)
from reconciler.core.model import Step
from reconciler.ports import Operation, SealedSecret
from reconciler.services.deploying.journal import never
from reconciler.services.deploying.writing import Write, Writer
from reconciler.testing import (
    FakeClock,
    MemoryPlatform,
    MemoryStore,
    MemoryUnit,
    StepwisePlatform,
    deployment,
    operation,
    removal,
    workflow,
)
from tests.unit.services.faults import Killed

DEV = "development"
OLD, NEW, GONE = workflow("a"), workflow("a", title="New"), workflow("c")
OPERATIONS = (operation(NEW, expected=OLD), operation(workflow("b")), removal(GONE))
A, B, C = (each.key for each in OPERATIONS)
APPLY = Step(name="apply", state="done")


class Ground:
    """A store with a deployment that runs, and a platform."""

    def __init__(self, platform: MemoryPlatform, store: MemoryStore | None = None) -> None:
        self.platform = platform
        self.store = store or MemoryStore()
        self.clock = FakeClock()
        self.store.begin(deployment("d-1", DEV))

    def write(
        self,
        operations: Sequence[Operation] = OPERATIONS,
        stopping: Callable[[], bool] = never,
    ) -> None:
        """Write the operations."""
        write = Write(
            environment=DEV,
            deployment="d-1",
            revision=self.platform.observe().revision,
            operations=operations,
            records=operations,
            forget=(),
            content_digest="sha256:x",
            step=APPLY,
            sealed={"KEY": SealedSecret(b"sealed", "f-1")},
        )
        Writer(store=self.store, platform=self.platform, clock=self.clock, stopping=stopping).write(
            write
        )

    @property
    def effects(self) -> list[tuple[str, str]]:
        """Return what is journaled of each write."""
        return [(each.key.name, each.state.value) for each in self.store.effects("d-1")]

    @property
    def titles(self) -> dict[str, str]:
        """Return the titles of what runs."""
        contents = self.platform.contents(self.platform.observe().digests)
        return {key.name: content["spec"]["title"] for key, content in sorted(contents.items())}

    def assert_written(self) -> None:
        """Everything is there, and the store says so."""
        assert self.titles == {"a": "New", "b": "b"}
        assert set(self.store.applied(DEV).digests) == {A, B}
        assert self.store.deployments()[0].steps == (APPLY,)
        assert set(self.platform.secret_fingerprints()) == {"KEY"}

    def assert_not_recorded(self) -> None:
        """The store says nothing of it."""
        assert self.store.applied(DEV).digests == {}
        assert self.store.deployments()[0].steps == ()
        if self.platform.transactional:
            assert self.platform.secret_fingerprints() == {}


def remote() -> StepwisePlatform:
    """Return a platform without transactions on which the old ones run."""
    return StepwisePlatform([OLD, GONE])


@pytest.fixture
def whole() -> Ground:
    """A platform that joins the store's transaction."""
    return Ground(MemoryPlatform([OLD, GONE]))


@pytest.fixture
def steps() -> Ground:
    """A platform that does not."""
    return Ground(remote())


# --- in one transaction ---------------------------------------------------------------------------


def test_resources_secrets_record_and_journal_are_one_transaction(whole: Ground) -> None:
    """All of it is there afterwards, and no effect has to be journaled."""
    whole.write()

    whole.assert_written()
    assert whole.effects == []


@pytest.mark.parametrize("error", [StoreError("The disk is full."), StalePlan("It moved.")])
def test_a_transaction_that_fails_takes_all_of_it_back(whole: Ground, error: StoreError) -> None:
    """Where the commit or the platform fails nothing is there of any of it."""
    if isinstance(error, StoreError):
        whole.store.fail_commit = error
    else:
        whole.platform.failure = error
    with pytest.raises(type(error)):
        whole.write()

    assert whole.titles == {"a": "a", "c": "c"}
    whole.assert_not_recorded()


class Lossy(MemoryStore):
    """A store that loses the reply to each commit."""

    @contextmanager
    def transaction(self) -> Iterator[MemoryUnit]:
        """Commit, and say nothing."""
        with super().transaction() as unit:
            yield unit
        raise OutcomeUnknown


def test_a_commit_that_took_place_is_not_repeated() -> None:
    """Its reply was lost, and the journal that was committed with it says that it arrived."""
    ground = Ground(MemoryPlatform([OLD, GONE]), Lossy())
    ground.write()

    ground.assert_written()
    assert len(ground.platform.writes) == len(OPERATIONS)


def test_a_commit_that_did_not_take_place_is_an_error(whole: Ground) -> None:
    """Its reply was lost, and nothing is there: that is never taken for success."""
    whole.store.fail_commit = OutcomeUnknown()
    with pytest.raises(OutcomeUnknown):
        whole.write()

    whole.assert_not_recorded()


# --- step by step ---------------------------------------------------------------------------------


def test_secrets_come_first(steps: Ground) -> None:
    """What is written may need them at once; a remote takes them outside of any transaction."""
    seen: list[object] = []
    steps.platform.trace = lambda _: seen.append(dict(steps.platform.secret_fingerprints()))
    steps.write()

    assert seen == [{"KEY": "f-1"}] * 3


def test_each_step_is_journaled(steps: Ground) -> None:
    """Every write has its place, what was there before, and what is there after."""
    steps.write()

    steps.assert_written()
    assert steps.store.effects("d-1") == [
        Effect(
            position=position,
            key=each.key,
            before=each.expected,
            after=each.digest,
            state=EffectState.DONE,
        )
        for position, each in enumerate(OPERATIONS)
    ]


def test_each_step_is_journaled_before_it_is_sent(steps: Ground) -> None:
    """Whoever is killed at any write leaves word of it; at most one is unknown."""
    for call in (1, 2, 3):
        ground = Ground(remote())
        ground.platform.fail(call, Killed(), arrived=call % 2 == 0)
        with pytest.raises(Killed):
            ground.write()
        assert [state for _, state in ground.effects] == ["done"] * (call - 1) + ["begun"]
        ground.assert_not_recorded()


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_lost_reply_is_looked_at(call: int) -> None:
    """A write that arrived although nobody answered is done, and not sent again."""
    ground = Ground(platform := remote())
    platform.fail(call, arrived=True)
    ground.write()

    ground.assert_written()
    assert (platform.calls, [state for _, state in ground.effects]) == (3, ["done"] * 3)


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_write_that_did_not_arrive_is_sent_again(call: int) -> None:
    """What still is as it was before is written once more."""
    ground = Ground(platform := remote())
    platform.fail(call)
    platform.fail(call + 1)
    ground.write()

    ground.assert_written()
    assert platform.calls == 5
    assert 0 < ground.clock.passed < 5


def test_after_some_tries_it_is_given_up(steps: Ground) -> None:
    """A platform that never takes a write is an error, and the effect stays begun."""
    for call in range(2, 10):
        steps.platform.fail(call)
    with pytest.raises(PlatformError):
        steps.write()

    assert steps.effects == [("a", "done"), ("b", "begun")]
    assert steps.titles == {"a": "New", "c": "c"}
    steps.assert_not_recorded()


def test_a_write_that_became_something_else_is_not_repeated(steps: Ground) -> None:
    """Its reply was lost and somebody changed it: what stands there is theirs, and stays."""
    platform = steps.platform
    platform.interfere(1, lambda: platform.edit(workflow("a", title="Mine")))
    platform.fail(1)
    with pytest.raises(StalePlan):
        steps.write()

    assert steps.titles["a"] == "Mine"
    assert steps.effects == [("a", "undone")]


def test_what_cannot_be_read_as_a_whole_is_not_judged(steps: Ground) -> None:
    """A write whose reply was lost may have arrived, as long as nobody knows better."""
    platform = steps.platform
    platform.interfere(1, lambda: platform.edit(workflow("a", title="Mine")))
    platform.fail(1)
    platform.trace = lambda _: setattr(platform, "incomplete", "page 2 timed out")
    with pytest.raises(PlatformError):
        steps.write()

    assert steps.effects == [("a", "begun")]


def test_whoever_is_to_stop_does_not_try_again(steps: Ground) -> None:
    """Asked to stop, nobody waits for a platform that is away."""
    steps.platform.fail(1)
    with pytest.raises(PlatformError):
        steps.write(stopping=lambda: steps.platform.calls == 1)

    assert (steps.platform.calls, steps.clock.passed) == (1, 0)


def test_what_others_changed_is_refused_and_not_ours(steps: Ground) -> None:
    """Compare and set: a resource that moved is left alone, and counts as not written."""
    platform = steps.platform
    platform.interfere(2, lambda: platform.edit(workflow("b", title="Mine")))
    with pytest.raises(StalePlan):
        steps.write()

    assert steps.effects == [("a", "done"), ("b", "undone")]
    assert steps.titles == {"a": "New", "b": "Mine", "c": "c"}
    assert steps.store.applied(DEV).unfinished == {A}


def test_it_stops_between_two_resources(steps: Ground) -> None:
    """Asked to stop, what was sent is journaled as done and nothing more is sent."""
    with pytest.raises(Interrupted):
        steps.write(stopping=lambda: steps.platform.calls == 2)

    assert steps.effects == [("a", "done"), ("b", "done")]
    steps.assert_not_recorded()


def test_a_way_back_is_journaled_after_the_way_there(steps: Ground) -> None:
    """What undoes a deployment has positions of its own: no effect is overwritten."""
    steps.write(OPERATIONS[:1])
    steps.write([operation(OLD, expected=NEW)])

    assert [(e.position, e.before, e.after) for e in steps.store.effects("d-1")] == [
        (0, OPERATIONS[0].expected, OPERATIONS[0].digest),
        (1, OPERATIONS[0].digest, OPERATIONS[0].expected),
    ]


def test_a_record_that_cannot_be_written_leaves_the_effects(steps: Ground) -> None:
    """A remote does not take back what it was told: its effects say what has to be undone."""
    steps.store.fail_commit = StoreError("The disk is full.")
    with pytest.raises(StoreError):
        steps.write()

    assert [state for _, state in steps.effects] == ["done"] * 3
    assert steps.titles == {"a": "New", "b": "b"}
    assert steps.store.applied(DEV).digests == {}
