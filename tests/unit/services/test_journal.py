"""The journal of a deployment's steps."""

from __future__ import annotations

import errno

import pytest

from reconciler.core.errors import Interrupted, PlatformError, StoreError, TechnicalFailure
from reconciler.core.model import Step
from reconciler.core.steps import STEPS
from reconciler.services.deploying.journal import Journal
from reconciler.testing import FakeClock, MemoryStore, deployment

NAMES = [step.name for step in STEPS]


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


def states(journal: Journal) -> list[tuple[str, str]]:
    """Return name and state of each step in the store."""
    return [(step.name, step.state) for step in written(journal)]


def failing(error: BaseException) -> None:
    """Fail."""
    raise error


def test_steps_run_in_the_order_of_the_list(journal: Journal) -> None:
    """However they are given, steps run as the one list says; others are left out."""
    ran: list[str] = []
    journal.run({name: lambda name=name: ran.append(name) for name in reversed(NAMES[1:])})

    assert ran == NAMES[1:]
    assert states(journal) == [(name, "done") for name in NAMES[1:]]


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
    with pytest.raises(PlatformError):
        journal.run(
            {"check": lambda: failing(PlatformError("It did not answer.")), "apply": lambda: None}
        )
    (step,) = written(journal)
    assert (step.name, step.state, step.reason) == ("check", "failed", "It did not answer.")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (MemoryError(), "This machine ran out of memory."),
        (OSError(errno.ENOSPC, "No space left on device"), "reports: No space left on device."),
        (RuntimeError("secret inside"), "Something unexpected happened (RuntimeError)."),
    ],
)
def test_whatever_fails_is_an_error_of_ours(journal: Journal, error: Exception, text: str) -> None:
    """A full disk or no memory left is told with a next step, and its cause is kept for a log."""
    with pytest.raises(TechnicalFailure) as caught:
        journal.run({"apply": lambda: failing(error)})

    assert text in caught.value.text
    assert caught.value.hint
    assert caught.value.__cause__ is error
    assert written(journal)[0].reason == caught.value.text


def test_a_killed_process_writes_nothing_more(journal: Journal) -> None:
    """What no code catches leaves the step as it was begun."""
    with pytest.raises(KeyboardInterrupt), journal.step("apply"):
        raise KeyboardInterrupt
    assert states(journal) == [("apply", "running")]


class Failing(MemoryStore):
    """A store that does not take what failed."""

    def journal(self, deployment: str, step: Step, unit: object = None) -> None:
        """Fail for a failed step."""
        if step.state == "failed":
            raise StoreError("The disk is full.")


def test_a_store_that_is_away_does_not_hide_the_reason() -> None:
    """A failure that cannot be journaled is told all the same."""
    journal = Journal(store=Failing(), clock=FakeClock(), deployment="d-1")
    with pytest.raises(PlatformError, match="refused"), journal.step("apply"):
        raise PlatformError("It refused.")


def test_the_log_belongs_to_one_step(journal: Journal) -> None:
    """Lines are kept with the step in which they were written."""
    with journal.step("check"):
        journal.log.append("looked")
    with journal.step("apply"):
        journal.log.append("wrote")

    assert [step.log for step in written(journal)] == [("looked",), ("wrote",)]


def test_progress_is_shown_as_it_goes() -> None:
    """Whoever watches sees each step begin and end, recorded or not."""
    shown: list[tuple[str, str]] = []
    journal = Journal(
        clock=FakeClock(), deployment="d-1", progress=lambda *step: shown.append(step)
    )
    with pytest.raises(PlatformError):
        journal.run({"check": lambda: None, "lock": lambda: failing(PlatformError())})

    assert shown == [
        ("check", "running"),
        ("check", "done"),
        ("lock", "running"),
        ("lock", "failed"),
    ]


def test_steps_before_the_record_are_kept_for_it() -> None:
    """Nothing is written until the deployment is recorded, which brings the steps so far."""
    store = MemoryStore()
    journal = Journal(clock=FakeClock(), deployment="d-1")
    with journal.step("check"):
        pass
    with journal.step("lock"):
        assert [(step.name, step.state) for step in journal.kept] == [
            ("check", "done"),
            ("lock", "running"),
        ]
        store.begin(deployment("d-1", steps=tuple(journal.kept)))
        journal.record_on(store)

    assert states(journal) == [("check", "done"), ("lock", "done")]
    assert journal.kept == []


@pytest.mark.parametrize("name", NAMES)
def test_from_apply_on_something_may_be_written(journal: Journal, name: str) -> None:
    """The steps after `backup` may have changed the platform, those up to it have not."""
    with journal.step(name):
        assert journal.has_written is (NAMES.index(name) > NAMES.index("backup"))


@pytest.mark.parametrize("at", NAMES)
def test_a_signal_stops_before_anything_is_written(journal: Journal, at: str) -> None:
    """Asked to stop, no further step begins; once something was written it goes on to its end."""
    ran: list[str] = []
    journal.stopping = lambda: at in ran
    steps = {name: lambda name=name: ran.append(name) for name in NAMES}
    if NAMES.index(at) <= NAMES.index("backup"):
        with pytest.raises(Interrupted):
            journal.run(steps)
        assert ran[-1] == at
    else:
        journal.run(steps)
        assert ran == NAMES
