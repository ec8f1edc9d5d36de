"""The steps of a deployment are data: what is shown is what runs, and each can be undone."""

from __future__ import annotations

import pytest

from reconciler.core.steps import RESTORE, STEPS, StepPlan, in_order


def test_the_one_list() -> None:
    """The steps and their order."""
    assert in_order() == (
        "check → lock → replan → backup → apply → verify → record → unlock → notify"
    )


@pytest.mark.parametrize("step", [*STEPS, RESTORE], ids=lambda step: step.name)
def test_each_step_says_what_it_does_and_what_undoes_it(step: StepPlan) -> None:
    """In words for people, not as names of code."""
    assert " " in step.does
    assert " " in step.undo


def test_from_the_apply_on_something_is_written() -> None:
    """Every step before leaves the platform as it is, every one from there on may not."""
    writing = [step.name for step in STEPS if step.writes]
    assert writing == [step.name for step in STEPS][4:]
    assert writing[0] == "apply"


def test_names_are_unique() -> None:
    """A journal knows a step by its name."""
    names = [step.name for step in (*STEPS, RESTORE)]
    assert len(names) == len(set(names))
