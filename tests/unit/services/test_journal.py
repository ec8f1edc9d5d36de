"""The journal of a deployment's steps."""

from __future__ import annotations

import pytest

from reconciler.core.errors import (
    Conflict,
    Held,
    Invalid,
    PlatformError,
    ReconcilerError,
    StalePlan,
)
from reconciler.core.model import Phase, Step
from reconciler.core.steps import STEPS
from reconciler.services.deploying.journal import Journal, phase_of
from reconciler.testing import FakeClock, MemoryStore, deployment


@pytest.fixture
def journal() -> Journal:
    """The journal of a deployment that has begun."""
    store = MemoryStore()
    store.begin(deployment("d-1"))
    return Journal(store=store, clock=FakeClock(), deployment="d-1")


def written(journal: Journal) -> tuple[Step, ...]:
    """Return the steps in the store."""
    assert isinstance(journal.store, MemoryStore)
    return journal.store.deployments()[0].steps


def test_steps_run_in_the_order_of_the_list(journal: Journal) -> None:
    """However they are given, steps run as the one list says; others are left out."""
    ran: list[str] = []
    names = [step.name for step in STEPS]
    journal.run({name: lambda name=name: ran.append(name) for name in reversed(names[1:])})

    assert ran == names[1:]
    assert [(step.name, step.state) for step in written(journal)] == [
        (name, "done") for name in names[1:]
    ]


def test_a_step_is_journaled_before_it_runs(journal: Journal) -> None:
    """A crash leaves the step as running, so that it can be told."""
    with journal.step("apply"):
        (step,) = written(journal)
        assert (step.state, step.finished_at) == ("running", None)


def test_a_step_has_its_times(journal: Journal) -> None:
    """Begin and end are those of the clock."""
    assert isinstance(journal.clock, FakeClock)
    with journal.step("apply"):
        journal.clock.advance(90)
    (step,) = written(journal)

    assert (step.started_at, step.finished_at) == (
        "2026-01-06T09:00:00+00:00",
        "2026-01-06T09:01:30+00:00",
    )


def test_a_failure_is_journaled_and_goes_on(journal: Journal) -> None:
    """A failed step has its reason, what follows does not run, and the error is not swallowed."""

    def fail() -> None:
        raise PlatformError("It did not answer.")

    with pytest.raises(PlatformError):
        journal.run({"check": fail, "apply": lambda: None})
    (step,) = written(journal)
    assert (step.name, step.state, step.reason) == ("check", "failed", "It did not answer.")


def test_the_log_belongs_to_one_step(journal: Journal) -> None:
    """Lines are kept with the step in which they were written."""
    with journal.step("check"):
        journal.log.append("looked")
    with journal.step("apply"):
        journal.log.append("wrote")

    assert [step.log for step in written(journal)] == [("looked",), ("wrote",)]


@pytest.mark.parametrize(
    ("error", "phase"),
    [
        (Held(), Phase.ABORTED),
        (StalePlan(), Phase.ABORTED),
        (Conflict(), Phase.ABORTED),
        (PlatformError(), Phase.ERRORED),
        (Invalid(()), Phase.ERRORED),
    ],
)
def test_refused_is_told_from_broken(error: ReconcilerError, phase: Phase) -> None:
    """What was held or is stale was aborted; anything technical is an error."""
    assert phase_of(error) is phase
