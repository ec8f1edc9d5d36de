"""What is to be done about a deployment whose process is gone."""

from __future__ import annotations

import pytest

from reconciler.core.coordination import Effect, EffectState
from reconciler.core.model import ResourceKey, Step
from reconciler.core.recovery import Way, way
from reconciler.core.steps import STEPS

BEFORE = [step.name for step in STEPS if not step.writes]
AFTER = [step.name for step in STEPS if step.writes][1:]


def steps(*names: str, last: str = "done") -> list[Step]:
    """Return steps that are done, but for the last."""
    return [Step(name=n, state="done" if n != names[-1] else last) for n in names]


def effects(*states: EffectState) -> list[Effect]:
    """Return effects in these states."""
    return [
        Effect(position=i, key=ResourceKey("Workflow", f"w{i}"), before=None, after="x", state=each)
        for i, each in enumerate(states)
    ]


@pytest.mark.parametrize("state", ["running", "done", "failed"])
@pytest.mark.parametrize("count", range(len(BEFORE) + 1))
def test_before_the_apply_it_is_closed(count: int, state: str) -> None:
    """Nothing was written, whatever was reached."""
    assert way(steps(*BEFORE[:count], last=state)) is Way.CLOSE


@pytest.mark.parametrize("state", ["running", "failed"])
def test_an_apply_that_is_not_done_wrote_nothing(state: str) -> None:
    """It is journaled as done in the transaction that writes, or not at all."""
    assert way(steps(*BEFORE, "apply", last=state)) is Way.CLOSE


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        ((EffectState.BEGUN,), Way.RESTORE),
        ((EffectState.DONE,), Way.RESTORE),
        ((EffectState.DONE, EffectState.UNDONE), Way.RESTORE),
        ((EffectState.UNDONE, EffectState.UNDONE), Way.CLOSE),
    ],
)
def test_effects_say_what_a_remote_has(states: tuple[EffectState, ...], wanted: Way) -> None:
    """One that was sent may have arrived; one that was refused did not."""
    assert way(steps(*BEFORE, "apply", last="running"), effects(*states)) is wanted


@pytest.mark.parametrize("state", ["running", "done", "failed"])
@pytest.mark.parametrize("name", AFTER)
def test_after_the_apply_it_is_verified_and_finished(name: str, state: str) -> None:
    """Everything was written, on whatever platform."""
    journal = steps(*BEFORE, "apply", name, last=state)
    assert way(journal) is Way.VERIFY
    assert way(journal, effects(EffectState.DONE)) is Way.VERIFY


@pytest.mark.parametrize("state", ["running", "done", "failed"])
def test_what_was_being_restored_is_restored(state: str) -> None:
    """A restore is repeated, never turned into success."""
    assert way(steps(*BEFORE, "apply", "verify", "restore", last=state)) is Way.RESTORE
