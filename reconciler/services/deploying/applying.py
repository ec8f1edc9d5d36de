"""Applies a plan: guards, then the steps; one transaction on a transactional platform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler import telemetry
from reconciler.core.errors import (
    ReconcilerError,
    StalePlan,
    VerificationFailed,
)
from reconciler.core.model import (
    Action,
    Deployment,
    Difference,
    Environment,
    Phase,
    Reason,
)
from reconciler.core.render import json as render_json
from reconciler.ports import Clock, Operation, Platform, Processes, Store
from reconciler.services.deploying import operations as writes
from reconciler.services.deploying.affected import store_affected
from reconciler.services.deploying.guarding import guard, stale, verify
from reconciler.services.deploying.journal import Journal, phase_of
from reconciler.services.deploying.options import NOTHING, Applied, ApplyOptions, Released
from reconciler.services.deploying.secrets import ResolvedSecrets, SecretResolver
from reconciler.services.planning import Planned

_FROM_OUTSIDE = (Reason.CHANGED_OUTSIDE, Reason.CONFLICT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applier:
    """Carries a plan out. `replan` makes it again just before it is applied."""

    store: Store
    platform: Callable[[Environment], Platform]
    secrets: SecretResolver
    clock: Clock
    processes: Processes

    def apply(
        self, planned: Planned, replan: Callable[[], Planned], options: ApplyOptions
    ) -> Applied:
        """Apply a plan.

        Raises:
            Held: the removal budget is exceeded.
            Conflict: the plan is stale, or a name belongs to somebody else's resource.
            ReconcilerError: nothing was written, unless the error says otherwise.
        """
        guard(planned, options)
        platform = self.platform(planned.loaded.environment)
        differences = writes.chosen(planned, heal=options.heal, settle=options.settle)
        resolved = self.secrets.resolve(planned.loaded, platform)
        found = planned.comparison
        to_write = differences or resolved.changed or found.gone or found.settled
        if not to_write and (options.release is None or options.type == "reconcile"):
            return NOTHING
        attempt = _Attempt(
            applier=self,
            planned=planned,
            differences=differences,
            operations=writes.operations(planned, differences),
            resolved=resolved,
            platform=platform,
            options=options,
        )
        return attempt.run(replan)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """One deployment, from its record to its end."""

    applier: Applier
    planned: Planned
    differences: tuple[Difference, ...]
    operations: tuple[Operation, ...]
    resolved: ResolvedSecrets
    platform: Platform
    options: ApplyOptions

    def run(self, replan: Callable[[], Planned]) -> Applied:
        deployment = self._record()
        with telemetry.bound(environment=deployment.environment, deployment=deployment.id):
            return self._logged(deployment, replan)

    def _logged(self, deployment: Deployment, replan: Callable[[], Planned]) -> Applied:
        """Run the steps between two events that tell an operator how it went."""
        summary = dict(deployment.summary)
        telemetry.log().info("deployment_started", plan=deployment.plan_digest, **summary)
        try:
            applied = self._steps(deployment, replan)
        except ReconcilerError as error:
            telemetry.log().info("deployment_failed", error=error.code, reason=error.text)
            raise
        telemetry.log().info("deployment_succeeded", healed=applied.healed)
        return applied

    def _steps(self, deployment: Deployment, replan: Callable[[], Planned]) -> Applied:
        store, clock = self.applier.store, self.applier.clock
        store.begin(deployment)
        journal = Journal(
            store=store, clock=clock, deployment=deployment.id, progress=self.options.progress
        )
        try:
            journal.run(
                {
                    "check": lambda: guard(self.planned, self.options),
                    "replan": lambda: self._replan(deployment.id, replan),
                    "apply": lambda: self._write(deployment.id, journal),
                    "verify": self._verify,
                    "record": lambda: self._finish(deployment.id, Phase.SUCCEEDED),
                }
            )
        except VerificationFailed:
            self._finish(deployment.id, Phase.FAILED)
            raise
        except ReconcilerError as error:
            self._finish(deployment.id, phase_of(error))
            raise
        return self._outcome(deployment)

    def _record(self) -> Deployment:
        plan, clock = self.planned.plan, self.applier.clock
        release = self.options.release or Released(version=None, tag=None)
        return Deployment(
            id=clock.new_id(),
            environment=plan.environment,
            phase=Phase.RUNNING,
            type=self.options.type,
            actor=self.options.actor,
            started_at=clock.now(),
            version=release.version,
            tag=release.tag,
            description=release.description,
            attempt=release.attempt,
            commit=plan.commit,
            plan_digest=plan.digest,
            content_digest=plan.content_digest,
            summary=summary(self.differences),
            messages=tuple(render_json.message(m) for m in plan.messages),
            owner=self.applier.processes.owner(),
        )

    def _replan(self, deployment: str, replan: Callable[[], Planned]) -> None:
        """Make the plan again: it must be the same, and so must the platform it compares with.

        Whom its messages concern is stored while nobody is affected yet.
        """
        again = replan()
        if again.plan.digest != self.planned.plan.digest:
            raise stale(render_json.plan(self.planned.plan), again.plan)
        if again.observation.revision != self.planned.observation.revision:
            raise StalePlan(
                f"{again.plan.environment} was changed while the plan was being reviewed.",
                hint="Plan again.",
            )
        store_affected(self.applier.store, self.platform, deployment, again.plan.messages)

    def _write(self, deployment: str, journal: Journal) -> None:
        environment = self.planned.plan.environment
        with self.applier.store.transaction() as unit:
            self.platform.deploy(unit, self.operations, self.planned.observation.revision)
            self.platform.give_secrets(unit, self.resolved.sealed)
            self.applier.store.record_applied(
                unit,
                environment,
                (*self.operations, *writes.settled(self.planned)),
                self.planned.comparison.gone,
                self.planned.plan.content_digest or "",
                deployment,
            )
        journal.log.extend(f"{d.action} {d.key}" for d in self.differences)
        journal.log.extend(f"secret {name} changed" for name in self.resolved.changed)

    def _verify(self) -> None:
        """Read again: everything that was written must be there as it was written."""
        verify(self.platform, {op.key: op.digest for op in self.operations})

    def _finish(self, deployment: str, phase: Phase) -> None:
        clock, live = self.applier.clock, phase is Phase.SUCCEEDED
        self.applier.store.finish(deployment, phase, clock.now(), live=live)

    def _outcome(self, deployment: Deployment) -> Applied:
        return Applied(
            summary=deployment.summary,
            healed=sum(1 for d in self.differences if d.reason in _FROM_OUTSIDE),
            secrets=self.resolved.changed,
            deployment=deployment.id,
        )


def summary(differences: tuple[Difference, ...]) -> dict[str, int]:
    """Count differences by action."""
    return {a.value: sum(1 for d in differences if d.action is a) for a in Action}
