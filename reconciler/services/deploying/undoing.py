"""Undoes a deployment that failed, and says which is true: aborted, restored, or not restored.

It must not know why it failed, nor whether this process or one that is gone had begun it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler import telemetry
from reconciler.core.canonical import Json
from reconciler.core.coordination import EffectState
from reconciler.core.errors import (
    Interrupted,
    NotRestored,
    PlatformError,
    ReconcilerError,
    Restored,
    RestoredWithDifferences,
    VerificationFailed,
)
from reconciler.core.messages.outcome import arisen
from reconciler.core.model import Deployment, Environment, Phase, ResourceKey, Step
from reconciler.core.render import json as render_json
from reconciler.core.steps import RESTORE
from reconciler.ports import Clock, Platform
from reconciler.services.backups.keeping import Keeper
from reconciler.services.deploying.failing import as_failures
from reconciler.services.deploying.journal import Journal
from reconciler.services.deploying.locking import Held
from reconciler.services.deploying.restoring import PutBack, put_back, way_back
from reconciler.services.deploying.telling import Teller

_SHOWN = 10
# Seconds before a restore is tried again: whoever is away for longer has to be looked after.
_PAUSES = (1.0, 5.0, 15.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A deployment that has to be undone, and whoever holds its lock."""

    held: Held
    journal: Journal
    environment: Environment
    platform: Platform
    deployment: Deployment


def nothing_written(case: Case) -> bool:
    """Say whether the platform has nothing of the deployment."""
    if "verify" in case.journal.begun:
        return False
    if case.platform.transactional:
        return True
    effects = case.held.store.effects(case.deployment.id)
    return all(effect.state is EffectState.UNDONE for effect in effects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoer:
    """Undoes deployments."""

    keeper: Keeper
    clock: Clock
    teller: Teller

    def abort(self, case: Case, error: ReconcilerError) -> ReconcilerError:
        """End a deployment that wrote nothing to the platform."""
        error.add(f"Nothing in {case.environment.name} was changed.")
        try:
            with as_failures():
                self._end(case, Phase.ABORTED, error, "DeploymentFailed")
        except ReconcilerError:
            error.add("`reconciler reconcile` closes its record.")
        return error

    def left(self, case: Case, error: ReconcilerError) -> ReconcilerError:
        """Leave a deployment to the next `reconcile` that is done but for its record."""
        case.held.keep = True
        error.add(
            f"Everything was written to {case.environment.name}; how it ended could not be "
            "recorded. `reconciler reconcile` finishes it."
        )
        return error

    def restore(self, case: Case, error: ReconcilerError) -> ReconcilerError:
        """Put back what ran before, and say how that went."""
        name, backup = case.environment.name, case.deployment.backup
        try:
            with as_failures(), case.journal.step(RESTORE.name):
                done = self._patiently_put_back(case)
        except ReconcilerError as failure:
            return self._not_restored(case, error, failure)
        code = _code(error)
        outcome: ReconcilerError
        if done.left:
            outcome = RestoredWithDifferences(
                f"{error.text} {name} was restored from backup {backup}, with differences: "
                f"{_some(done.left)}.",
                hint=f"Run `reconciler drift --environment {name}` to see them.",
            )
        else:
            outcome = Restored(
                f"{error.text} {name} was restored from backup {backup}; read again, it runs as "
                "before.",
                hint=f"Mend the cause, then run {_again(case.deployment)}.",
            )
        try:
            with as_failures():
                self._end(case, Phase.RESTORED, outcome, code)
        except ReconcilerError:
            outcome.add("`reconciler reconcile` records it.")
        return outcome

    def _patiently_put_back(self, case: Case) -> PutBack:
        """Put back what ran before; a platform that is away for a moment is waited for."""
        for pause in _PAUSES:
            try:
                return self._put_back(case)
            except PlatformError:
                self.clock.wait(pause)
        return self._put_back(case)

    def _put_back(self, case: Case) -> PutBack:
        deployment, store = case.deployment, case.held.store
        saved = self.keeper.contents(
            deployment.backup or "", case.environment.name, deployment=deployment.id
        )
        way = way_back(store, case.platform, saved, case.environment.name, deployment.id)
        step = Step(name=RESTORE.name, state="done")
        done = put_back(store, case.platform, way, deployment.id, step, self.clock)
        case.journal.log.append(
            f"backup {deployment.backup}: {len(done.operations)} resources put back"
        )
        case.journal.log.extend(f"differs: {key}" for key in done.left)
        return done

    def _not_restored(
        self, case: Case, error: ReconcilerError, failure: ReconcilerError
    ) -> ReconcilerError:
        """Keep lock and maintenance: an operator has to look before anything else happens."""
        name, backup = case.environment.name, case.deployment.backup
        case.held.keep = True
        told = f"{error.text} {name} could not be restored from backup {backup}: {failure.text}"
        next_command = f"reconciler backup restore {backup}"
        outcome = NotRestored(
            f"{told} Lock and maintenance stay.",
            hint=f"When that is mended: `{next_command}`.",
        )
        try:
            with as_failures():
                case.held.store.keep_lock(
                    case.held.lock,
                    f"deployment {case.deployment.id} failed and could not be restored; "
                    f"next: `{next_command}`",
                )
                self._record(case, Phase.FAILED, outcome, "RestoreFailed")
        except ReconcilerError:
            # Its record says Running: what is left of it is for the next job to judge.
            return NotRestored(
                f"{told} That could not be recorded either; {name} stays in maintenance.",
                hint="When that is mended: `reconciler reconcile` finishes or undoes it, and says "
                "which.",
            )
        return outcome

    def _end(self, case: Case, phase: Phase, error: ReconcilerError, code: str | None) -> None:
        store, name = case.held.store, case.environment.name
        try:
            store.forget_effects(name)
            store.end_maintenance(name)
            self._record(case, phase, error, code)
        except ReconcilerError:
            case.held.keep = True  # its record says Running: the lease runs out by itself
            raise

    def _record(self, case: Case, phase: Phase, error: ReconcilerError, code: str | None) -> None:
        """Record the end with a message about it, and tell whoever wants to know."""
        store, deployment = case.held.store, case.deployment
        self.teller.failed(store, case.environment, replace(deployment, phase=phase), error)
        messages = [] if code is None else [_message(case, error, code)]
        masked = telemetry.redactor().value(messages)
        store.finish(deployment.id, phase, self.clock.now(), messages=masked)
        self.teller.deliver(store, case.environment)


def _message(case: Case, error: ReconcilerError, code: str) -> Mapping[str, Json]:
    message = arisen(
        code,
        ResourceKey("Environment", case.environment.name),
        text=error.text,
        action=error.hint or "Mend the cause, then run it again.",
        cause=case.deployment.id,
    )
    found: Mapping[str, Json] = render_json.message(message)
    return found


def _code(error: ReconcilerError) -> str | None:
    """Return the code of the message about a failure; what was interrupted did not fail."""
    if isinstance(error, Interrupted):
        return None
    return "VerificationFailed" if isinstance(error, VerificationFailed) else "DeploymentFailed"


def _again(deployment: Deployment) -> str:
    """Return the command that tries a deployment again."""
    if deployment.type == "restore":
        return "`reconciler backup restore` again"
    if deployment.version is not None and deployment.type != "reconcile":
        return f"`reconciler promote {deployment.environment}/{deployment.version} --retry`"
    return f"`reconciler reconcile --environment {deployment.environment}`"


def _some(keys: tuple[ResourceKey, ...]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(map(str, keys[:_SHOWN])) + more
