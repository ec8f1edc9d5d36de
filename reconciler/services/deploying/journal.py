"""Runs a deployment's steps one after another, journaling each before and after."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from reconciler import telemetry
from reconciler.core.errors import Interrupted, ReconcilerError
from reconciler.core.model import Step
from reconciler.core.steps import STEPS
from reconciler.ports import Clock, Store
from reconciler.services.deploying.failing import as_failures

Progress = Callable[[str, str], None]  # step name, state


def silent(_name: str, _state: str) -> None:
    """Show nothing."""


def never() -> bool:
    """Nobody asks to stop."""
    return False


@dataclass(slots=True, kw_only=True)
class Journal:
    """The journal of one deployment; `log` collects lines for the step that runs.

    Steps that run before the deployment is recorded are kept, and recorded with it: what is
    refused by then leaves no record.
    """

    clock: Clock
    deployment: str
    store: Store | None = None
    progress: Progress = silent
    stopping: Callable[[], bool] = never
    log: list[str] = field(default_factory=list)
    kept: list[Step] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)

    @property
    def has_written(self) -> bool:
        """True once the platform may have been changed."""
        return any(step.writes and step.name in self.begun for step in STEPS)

    def run(self, steps: Mapping[str, Callable[[], None]]) -> None:
        """Run the steps that are given, in the order of the one list.

        Raises:
            Interrupted: somebody asked to stop, and nothing has been written so far. Later a
                deployment goes on to its end, which is the next safe point.
        """
        for step in STEPS:
            if step.name in steps:
                if self.stopping() and not self.has_written:
                    raise Interrupted
                with self.step(step.name):
                    steps[step.name]()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Journal one step; a failure is journaled with its reason and goes on upwards.

        What was asked to stop is journaled as stopped: that is no fault of what is deployed.

        Raises:
            TechnicalFailure: for whatever is no error of ours: a full disk, no memory left.
        """
        started = self.clock.now()
        self.log.clear()
        self._write(name, "running", started)
        self.begun.add(name)
        try:
            with as_failures():
                yield
        except ReconcilerError as error:
            # A store that cannot take the reason must not hide it.
            with contextlib.suppress(ReconcilerError), as_failures():
                state = "stopped" if isinstance(error, Interrupted) else "failed"
                self._write(name, state, started, reason=error.text)
            raise
        self._write(name, "done", started)

    def record_on(self, store: Store) -> None:
        """Journal from now on into a store that has the deployment with the steps kept so far."""
        self.store = store
        self.kept.clear()

    def _write(self, name: str, state: str, started: str, reason: str | None = None) -> None:
        self.progress(name, state)
        step = Step(
            name=name,
            state=state,
            started_at=started,
            finished_at=None if state == "running" else self.clock.now(),
            reason=reason,
            log=tuple(self.log),
        )
        step = telemetry.redactor().record(step)
        if self.store is None:
            self.kept[:] = [*(each for each in self.kept if each.name != name), step]
        else:
            self.store.journal(self.deployment, step)
