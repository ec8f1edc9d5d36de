"""One deployment, from its check to its end: the steps, and what undoes them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol

from reconciler import telemetry
from reconciler.core.errors import (
    Conflict,
    Interrupted,
    LockLost,
    ReconcilerError,
)
from reconciler.core.model import Deployment, Environment, Phase, Step
from reconciler.ports import Clock, Interruptions, Platform, Processes, Store
from reconciler.services.backups.keeping import Keeper
from reconciler.services.deploying.failing import as_failures
from reconciler.services.deploying.journal import Journal, Progress, never
from reconciler.services.deploying.locking import Held, Locker
from reconciler.services.deploying.prechecks import refuse_active, refuse_busy
from reconciler.services.deploying.telling import Teller
from reconciler.services.deploying.undoing import Case, Undoer, nothing_written
from reconciler.services.deploying.writing import Write, Writer


class Work(Protocol):
    """What a deployment is about: a plan, or a backup that is put back."""

    def check(self) -> None:
        """Refuse what must not be done, before anyone is affected."""

    def replan(self, store: Store, deployment: str) -> None:
        """Refuse what is no longer what was reviewed."""

    def write(self, deployment: str, step: Step) -> Write:
        """Return what is to be written."""

    def lines(self) -> list[str]:
        """Return what was written, for the log."""

    def verify(self) -> None:
        """Read again what was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every deployment works with."""

    store: Store
    clock: Clock
    processes: Processes
    interruptions: Interruptions
    locker: Locker
    keeper: Keeper
    undoer: Undoer
    teller: Teller


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One deployment. `over_kept` also takes a lock over that a failed restore left."""

    tools: Tools
    work: Work
    environment: Environment
    platform: Platform
    deployment: Deployment
    progress: Progress
    patience: float = 0
    over_kept: bool = False
    _held: Held | None = None
    _journal: Journal = field(init=False)
    _stopping: Callable[[], bool] = never

    def run(self) -> None:
        """Run the steps between two events that tell an operator how it went.

        Raises:
            Restored: it failed, and what ran before runs again.
            NotRestored: it failed, and so did putting back what ran before.
            ReconcilerError: nothing was written.
        """
        deployment = self.deployment
        with telemetry.bound(environment=deployment.environment, deployment=deployment.id):
            summary = dict(deployment.summary)
            telemetry.log().info("deployment_started", plan=deployment.plan_digest, **summary)
            try:
                with self.tools.interruptions.deferred() as stopping:
                    self._stopping = stopping
                    self._steps()
            except ReconcilerError as error:
                telemetry.log().info("deployment_failed", error=error.code, reason=error.text)
                raise
            telemetry.log().info("deployment_succeeded")

    def _steps(self) -> None:
        self._journal = Journal(
            clock=self.tools.clock,
            deployment=self.deployment.id,
            progress=self.progress,
            stopping=self._stopping,
        )
        with ExitStack() as stack:
            steps = {
                "check": self._check,
                "lock": lambda: self._lock(stack),
                "replan": lambda: self.work.replan(self._store, self.deployment.id),
                "backup": self._back_up,
                "apply": self._apply,
                "verify": self.work.verify,
                "record": lambda: self._store.mark_live(self.deployment.id),
                "unlock": lambda: self._store.end_maintenance(self.environment.name),
                "notify": self._notify,
            }
            try:
                with as_failures():
                    self._journal.run(steps)
                    self._finish()
            except ReconcilerError as error:
                raise self._undone(error) from error

    @property
    def _store(self) -> Store:
        """The store as whoever holds the lock may write it."""
        return self.tools.store if self._held is None else self._held.store

    def _check(self) -> None:
        self.work.check()
        tools = self.tools
        name, patience = self.environment.name, self.patience
        refuse_busy(tools.store, tools.processes, tools.clock, name, patience)

    def _lock(self, stack: ExitStack) -> None:
        """Lock the environment, and record the deployment, which begins its maintenance."""
        named = f" {self.deployment.version}" if self.deployment.version else ""
        held = stack.enter_context(
            self.tools.locker.holding(
                self.environment.name,
                holder=self.deployment.actor,
                reason=f"{self.deployment.type}{named}, deployment {self.deployment.id}",
                patience=self.patience,
                over_kept=self.over_kept,
            )
        )
        record = replace(self.deployment, steps=tuple(self._journal.kept))
        held.store.begin(telemetry.redactor().record(record))
        # Not before: where another one is unfinished, its record and effects are not ours to end.
        self._held = held
        self._journal.record_on(self._store)
        # What began since the check has seen no maintenance; what begins from now on sees it.
        refuse_active(self._store, self.tools.processes, self.environment.name)
        told = self.tools.teller.began(self._store, self.environment, self.deployment)
        self._journal.log.extend(told)

    def _back_up(self) -> None:
        environment, deployment = self.environment, self.deployment
        backup = self.tools.keeper.take(self._store, self.platform, environment, deployment.id)
        self.deployment = replace(deployment, backup=backup.id)
        self._store.note_backup(deployment.id, backup.id)
        self._journal.log.append(
            f"backup {backup.id}: {backup.resources} resources, {backup.users} users"
        )

    def _apply(self) -> None:
        write = self.work.write(self.deployment.id, Step(name="apply", state="done"))
        Writer(
            store=self._store,
            platform=self.platform,
            clock=self.tools.clock,
            stopping=self._stopping,
        ).write(write)
        self._journal.log.extend(self.work.lines())

    def _notify(self) -> None:
        done = replace(self.deployment, phase=Phase.SUCCEEDED)
        told = self.tools.teller.ended(self._store, self.environment, done)
        self._journal.log.extend(told)

    def _finish(self) -> None:
        """End it; a store that is away leaves that to the next `reconcile`."""
        store = self._store
        store.forget_effects(self.environment.name)
        store.finish(self.deployment.id, Phase.SUCCEEDED, self.tools.clock.now())
        # It is done; what could not be pruned the next deployment prunes.
        with contextlib.suppress(ReconcilerError), as_failures():
            self.tools.keeper.prune(store, self.environment.name)

    def _undone(self, error: ReconcilerError) -> ReconcilerError:
        """Undo what was done, and return the error that says how that went."""
        if self._held is None or isinstance(error, LockLost):
            return error
        case = Case(
            held=self._held,
            journal=self._journal,
            environment=self.environment,
            platform=self.platform,
            deployment=self.deployment,
        )
        if "record" in self._journal.begun:
            return self.tools.undoer.left(case, error)
        early = not self._journal.has_written
        harmless = isinstance(error, Conflict | Interrupted) and nothing_written(case)
        if early or harmless:
            return self.tools.undoer.abort(case, error)
        return self.tools.undoer.restore(case, error)
