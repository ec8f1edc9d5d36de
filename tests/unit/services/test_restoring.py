"""Putting a backup back after a failed deployment: what that wrote, and nothing else."""

from __future__ import annotations

import pytest

from reconciler.core.errors import (
    Interrupted,
    NotRestored,
    PlatformError,
    Restored,
    RestoredWithDifferences,
    StalePlan,
)
from reconciler.core.model import Kind, Phase, ResourceKey
from reconciler.testing import MemoryPlatform, StepwisePlatform, workflow
from tests.unit.services.failing import DEV, Failing, Shown
from tests.unit.services.shop import REPORT_KEY, SYNC_KEY

NEW = ResourceKey(Kind.WORKFLOW, "new")
WRITES = [NEW, SYNC_KEY, REPORT_KEY]  # of the deployment that fails, in this order
TRIES = 4  # of one write


@pytest.fixture
def remote() -> Failing:
    """A shop on a platform without transactions."""
    return Failing(StepwisePlatform)


def stepwise(shop: Failing) -> StepwisePlatform:
    """Return its platform."""
    assert isinstance(shop.memory, StepwisePlatform)
    return shop.memory


def break_off(shop: Failing, call: int) -> None:
    """Let a write of the deployment fail for good."""
    for attempt in range(TRIES):
        stepwise(shop).fail(call + attempt)


def way_back(shop: Failing) -> list[ResourceKey]:
    """Fail, and return what was written to put it back."""
    count = len(shop.memory.writes)
    shop.fails(Restored)
    written = [each.key for each in shop.memory.writes[count:]]
    there = WRITES[: len(written) // 2]
    assert written[: len(there)] == there
    return written[len(there) :]


def test_a_deployment_goes_step_by_step(remote: Failing) -> None:
    """Where nothing fails everything is written once, and no effect stays behind."""
    remote.apply()

    assert [each.key for each in remote.memory.writes[-3:]] == WRITES
    assert not remote.plan().plan.has_differences
    assert remote.last.phase is Phase.SUCCEEDED
    remote.assert_open()


@pytest.mark.parametrize("call", [2, 3])
def test_what_was_written_is_undone(remote: Failing, call: int) -> None:
    """A platform that fails in the middle gets back what it had, and nothing else is touched."""
    break_off(remote, call)

    assert set(way_back(remote)) == set(WRITES[: call - 1])
    assert remote.state == remote.before
    assert remote.last.phase is Phase.RESTORED
    remote.assert_open()


def test_it_is_undone_in_reverse(remote: Failing) -> None:
    """What was removed comes back first; what was added goes last."""
    remote.at("verify", PlatformError("It is down."), "observe")

    assert way_back(remote) == [REPORT_KEY, SYNC_KEY, NEW]
    assert remote.state == remote.before


def test_nothing_written_is_nothing_changed(remote: Failing) -> None:
    """Refused at the very first write there is nothing to undo: it is aborted."""
    stepwise(remote).fail(1, StalePlan("Somebody was faster."))
    told = remote.fails(StalePlan)

    assert told.text == "Somebody was faster. Nothing in development was changed."
    assert (told.exit_code, remote.last.phase) == (4, Phase.ABORTED)
    assert remote.state == remote.before
    remote.assert_open()


def test_a_first_write_that_may_have_arrived_is_looked_at(remote: Failing) -> None:
    """A platform that did not answer is read again; what it has of it is undone."""
    break_off(remote, 1)
    remote.fails(Restored)

    assert remote.state == remote.before
    remote.assert_open()


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_lost_reply_fails_nothing(remote: Failing, call: int) -> None:
    """A write that arrived although nobody answered is a write."""
    stepwise(remote).fail(call, arrived=True)
    remote.apply()

    assert remote.last.phase is Phase.SUCCEEDED
    assert not remote.plan().plan.has_differences


def test_what_somebody_else_changed_in_the_middle_is_theirs(remote: Failing) -> None:
    """Ours is undone; theirs is left alone, and listed."""
    stepwise(remote).interfere(2, lambda: remote.edit(SYNC_KEY, title="Mine"))
    told = remote.fails(RestoredWithDifferences)

    assert "with differences: Workflow/sync." in told.text
    assert remote.memory.contents([SYNC_KEY])[SYNC_KEY]["spec"]["title"] == "Mine"
    digests = dict(remote.memory.observe().digests)
    assert digests.keys() == remote.before[0].keys()
    assert remote.store.applied(DEV).digests == remote.before[2]
    remote.assert_open()


def test_what_somebody_else_made_meanwhile_is_not_removed(remote: Failing) -> None:
    """A reply was lost, and the resource that stands there is not ours: it is not undone."""
    stepwise(remote).interfere(1, lambda: remote.memory.edit(workflow("new", title="Mine")))
    stepwise(remote).fail(1)
    told = remote.fails(StalePlan)

    assert told.text == (
        "Changed since the plan was made: Workflow/new. Nothing in development was changed."
    )
    assert remote.memory.contents([NEW])[NEW]["spec"]["title"] == "Mine"
    remote.assert_open()


def test_a_signal_in_the_middle_undoes_what_was_written(remote: Failing) -> None:
    """Asked to stop between two resources, what ran before runs again."""
    noted = remote.interruptions
    stepwise(remote).interfere(2, lambda: setattr(noted, "noted", 15))
    told = remote.fails(Restored)

    assert told.text.startswith("A signal asked to stop.")
    assert remote.state == remote.before
    assert len(stepwise(remote).writes) == 4 + 2 + 2
    assert [s.name for s in remote.last.steps if s.state == "stopped"] == ["apply"]
    remote.assert_open()


@pytest.mark.parametrize("platform", [MemoryPlatform, StepwisePlatform])
@pytest.mark.parametrize("step", ["check", "lock", "replan", "backup"])
def test_a_signal_before_the_first_write_changes_nothing(
    platform: type[MemoryPlatform], step: str
) -> None:
    """Nothing more begins, and nothing is left."""
    shop = Failing(platform)
    shop.progress = Shown(
        lambda name, _: setattr(shop.interruptions, "noted", 15) if name == step else None
    )
    shop.fails(Interrupted)

    assert shop.state == shop.before
    assert shop.store.locks(DEV) == []
    assert shop.store.maintenance(DEV) is None


def test_a_signal_during_a_transaction_is_too_late() -> None:
    """Where everything is written at once the next safe point is the end."""
    shop = Failing()
    shop.progress = Shown(
        lambda name, _: setattr(shop.interruptions, "noted", 15) if name == "apply" else None
    )
    shop.apply()

    assert shop.last.phase is Phase.SUCCEEDED


def test_a_restore_that_meets_others_is_not_forced(remote: Failing) -> None:
    """Who edits what is being put back is not overwritten: an operator looks."""
    break_off(remote, 3)
    stepwise(remote).interfere(2 + TRIES + 1, lambda: remote.edit(SYNC_KEY, title="Mine"))
    remote.fails(NotRestored)

    assert remote.memory.contents([SYNC_KEY])[SYNC_KEY]["spec"]["title"] == "Mine"
    assert remote.store.locks(DEV)[0].expires_at is None


@pytest.mark.parametrize("call", [2 + TRIES + 1, 2 + TRIES + 2])
def test_a_reply_lost_while_restoring_is_looked_at(remote: Failing, call: int) -> None:
    """The way back is as careful as the way there."""
    break_off(remote, 3)
    stepwise(remote).fail(call, arrived=True)
    remote.fails(Restored)

    assert remote.state == remote.before


def test_unmanaged_resources_are_not_put_back() -> None:
    """What is nobody's of ours stays as others left it while a deployment failed."""
    shop = Failing()
    shop.memory.edit(workflow("theirs"))
    theirs = ResourceKey(Kind.WORKFLOW, "theirs")

    def show(name: str, state: str) -> None:
        if (name, state) == ("verify", "running"):
            shop.memory.edit(workflow("theirs", title="Edited"))
            shop.fate.named["observe"] = PlatformError("It is down.")

    shop.progress = Shown(show)
    told = shop.fails(RestoredWithDifferences)

    assert "differences: Workflow/theirs." in told.text
    assert shop.memory.contents([theirs])[theirs]["spec"]["title"] == "Edited"


def test_many_differences_are_counted() -> None:
    """Ten are named, of the others how many there are; the journal has them all."""
    shop = Failing()

    def show(name: str, state: str) -> None:
        if (name, state) == ("verify", "running"):
            for number in range(12):
                shop.memory.edit(workflow(f"x{number:02}"))
            shop.fate.named["observe"] = PlatformError("It is down.")

    shop.progress = Shown(show)
    told = shop.fails(RestoredWithDifferences)

    assert "Workflow/x09 and 2 more." in told.text
    assert sum(line.startswith("differs: ") for line in shop.last.steps[-1].log) == 12
