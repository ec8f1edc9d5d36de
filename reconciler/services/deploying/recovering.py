"""Finishes or undoes deployments that an interrupted process left running."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reconciler import telemetry
from reconciler.core.errors import (
    BackupRefused,
    Interrupted,
    NotFound,
    PlatformError,
    ReconcilerError,
    Restored,
    StoreError,
)
from reconciler.core.model import Deployment, Environment, Phase, ResourceKey
from reconciler.core.recovery import Way, way
from reconciler.ports import Clock, Platform, Store
from reconciler.services.backups.keeping import Keeper
from reconciler.services.deploying.guarding import verify
from reconciler.services.deploying.journal import Journal
from reconciler.services.deploying.locking import Held, Locker
from reconciler.services.deploying.telling import Teller
from reconciler.services.deploying.undoing import Case, Undoer


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoverer:
    """Looks at deployments that say Running although nobody who lives holds their lock."""

    store: Store
    clock: Clock
    locker: Locker
    keeper: Keeper
    undoer: Undoer
    teller: Teller
    platform: Callable[[Environment], Platform]
    actor: str

    def recover(self, environment: Environment, patience: float = 0) -> tuple[str, ...]:
        """End interrupted deployments of an environment; one sentence for each.

        Whoever is at work is waited for, for `patience` seconds. What has nothing to recover is
        only read.

        Raises:
            Busy: somebody is at work, or a restore failed and an operator has to look.
            NotRestored: what runs could not be put back.
        """
        name = environment.name
        if self._is_quiet(name):
            return ()
        # A lock is kept for an operator once the end is recorded; until then it is repeated.
        unfinished = bool(self.store.running(name))
        self.locker.refuse_held(name, patience, over_kept=unfinished)
        if self._is_quiet(name):
            return ()
        try:
            with self.locker.holding(
                name, holder=self.actor, reason="recovery", patience=patience, over_kept=unfinished
            ) as held:
                # Another process may have done it while this one waited.
                left = held.store.running(name)
                return tuple(self._end(held, environment, deployment) for deployment in left)
        except StoreError as error:
            error.add(f"An interrupted deployment of {name} waits to be ended.")
            raise

    def _is_quiet(self, environment: str) -> bool:
        """Say whether nothing is unfinished and nobody holds, or left, the lock."""
        return not self.store.running(environment) and not self.store.locks(environment)

    def _end(self, held: Held, environment: Environment, deployment: Deployment) -> str:
        with telemetry.bound(environment=environment.name, deployment=deployment.id):
            effects = held.store.effects(deployment.id)
            chosen = way(deployment.steps, effects)
            told = self._ended(_case(self, held, environment, deployment), chosen)
            telemetry.log().info("deployment_recovered", way=chosen.value)
        return f"Deployment {deployment.id} of {environment.name} was interrupted {told}"

    def _ended(self, case: Case, chosen: Way) -> str:
        if chosen is Way.CLOSE:
            self._close(case)
            return "before anything was written; it is closed as aborted."
        if chosen is Way.VERIFY:
            return self._finished(case)
        return self._restored(case, "while it was being written")

    def _close(self, case: Case) -> None:
        store = case.held.store
        store.forget_effects(case.environment.name)
        store.end_maintenance(case.environment.name)
        name = case.environment.name
        told = Interrupted(f"The deployment was interrupted before anything in {name} was changed.")
        self.teller.failed(store, case.environment, case.deployment, told)
        store.finish(case.deployment.id, Phase.ABORTED, self.clock.now())
        self.teller.deliver(store, case.environment)

    def _finished(self, case: Case) -> str:
        try:
            with case.journal.step("verify"):
                self._verify(case)
        except PlatformError:
            raise
        except ReconcilerError as error:
            return self._restored(case, f"after everything was written, and {_lower(error.text)}")
        store, deployment = case.held.store, case.deployment
        with case.journal.step("record"):
            store.mark_live(deployment.id)
        with case.journal.step("unlock"):
            store.end_maintenance(case.environment.name)
        with case.journal.step("notify"):
            self.teller.ended(store, case.environment, deployment)
        store.forget_effects(case.environment.name)
        store.finish(deployment.id, Phase.SUCCEEDED, self.clock.now())
        return "after everything was written; it is finished now."

    def _verify(self, case: Case) -> None:
        """Read again what the deployment recorded as written."""
        name, backup = case.environment.name, case.deployment.backup
        now = case.held.store.applied(name).digests
        then: Mapping[ResourceKey, str] = {}
        # Without a backup that can be read all that is recorded has to be there.
        with contextlib.suppress(BackupRefused, NotFound):
            then = {} if backup is None else self.keeper.contents(backup, name).applied
        moved = {key for key in {*then, *now} if then.get(key) != now.get(key)}
        verify(case.platform, {key: now.get(key) for key in moved})

    def _restored(self, case: Case, when: str) -> str:
        # A platform that is away now may be back at the next run: nothing is given up for that.
        observation = case.platform.observe()
        if not observation.complete:
            name = case.environment.name
            raise PlatformError(
                f"Deployment {case.deployment.id} of {name} was interrupted {when}, and what runs "
                f"cannot be read: {observation.reason}.",
                hint="The next `reconciler reconcile` restores it.",
            )
        outcome = self.undoer.restore(case, Interrupted("The deployment was interrupted."))
        if not isinstance(outcome, Restored):
            raise outcome
        return f"{when}; {_lower(outcome.text.partition('. ')[2])}"


def _case(
    recoverer: Recoverer, held: Held, environment: Environment, deployment: Deployment
) -> Case:
    journal = Journal(clock=recoverer.clock, deployment=deployment.id, store=held.store)
    journal.begun.update(step.name for step in deployment.steps)
    return Case(
        held=held,
        journal=journal,
        environment=environment,
        platform=recoverer.platform(environment),
        deployment=deployment,
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
