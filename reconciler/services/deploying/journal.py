"""Runs a deployment's steps one after another, journaling each before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from reconciler.core.errors import Conflict, Held, ReconcilerError
from reconciler.core.model import Phase, Step
from reconciler.core.steps import STEPS
from reconciler.ports import Clock, Store

Progress = Callable[[str, str], None]  # step name, state


def silent(_name: str, _state: str) -> None:
    """Show nothing."""


@dataclass(slots=True, kw_only=True)
class Journal:
    """The journal of one deployment; `log` collects lines for the step that runs."""

    store: Store
    clock: Clock
    deployment: str
    progress: Progress = silent
    log: list[str] = field(default_factory=list)

    def run(self, steps: Mapping[str, Callable[[], None]]) -> None:
        """Run the steps that are given, in the order of the one list."""
        for step in STEPS:
            if step.name in steps:
                with self.step(step.name):
                    steps[step.name]()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Journal one step; a failure is journaled with its reason and goes on upwards."""
        started = self.clock.now()
        self.log.clear()
        self._write(name, "running", started)
        try:
            yield
        except ReconcilerError as error:
            self._write(name, "failed", started, reason=error.text)
            raise
        self._write(name, "done", started)

    def _write(self, name: str, state: str, started: str, reason: str | None = None) -> None:
        self.progress(name, state)
        finished = None if state == "running" else self.clock.now()
        self.store.journal(
            self.deployment,
            Step(
                name=name,
                state=state,
                started_at=started,
                finished_at=finished,
                reason=reason,
                log=tuple(self.log),
            ),
        )


def phase_of(error: ReconcilerError) -> Phase:
    """Return how a deployment ended that changed nothing: refused, or broken."""
    return Phase.ABORTED if isinstance(error, Conflict | Held) else Phase.ERRORED
