"""Applies a plan: guards, then the steps; one transaction on a transactional platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reconciler import telemetry
from reconciler.core.canonical import Json
from reconciler.core.errors import (
    Held,
    PlatformError,
    ReconcilerError,
    StalePlan,
    Unmanaged,
    VerificationFailed,
)
from reconciler.core.model import (
    Action,
    Deployment,
    Difference,
    Environment,
    Phase,
    Reason,
    ResourceKey,
)
from reconciler.core.plan import Plan
from reconciler.core.render import json as render_json
from reconciler.core.render import text as render_text
from reconciler.ports import Clock, Operation, Platform, Processes, Store
from reconciler.services.deploying import operations as writes
from reconciler.services.deploying.journal import Journal, Progress, phase_of, silent
from reconciler.services.deploying.secrets import ResolvedSecrets, SecretResolver
from reconciler.services.planning import Planned

BUDGET = "RemovalBudgetExceeded"
_FROM_OUTSIDE = (Reason.CHANGED_OUTSIDE, Reason.CONFLICT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """What a person or job allows.

    `heal` overwrites what was changed outside; `reviewed` is the plan JSON that was agreed to;
    `patience` is how many seconds another deployment is waited for.
    """

    type: str = "apply"
    heal: bool = True
    allow_removals: bool = False
    patience: float = 0
    reviewed: Mapping[str, Json] | None = None
    actor: str = "unknown"
    progress: Progress = silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an apply wrote; `deployment` is None when there was nothing to write."""

    summary: Mapping[str, int]
    healed: int = 0
    secrets: tuple[str, ...] = ()
    deployment: str | None = None


NOTHING = Applied(summary={action.value: 0 for action in Action})


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
        differences = writes.chosen(planned, heal=options.heal)
        resolved = self.secrets.resolve(planned.loaded, platform)
        found = planned.comparison
        if not (differences or resolved.changed or found.gone or found.settled):
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


def guard(planned: Planned, options: ApplyOptions) -> None:
    """Refuse, before anything is written, what must not be applied."""
    plan = planned.plan
    if not plan.complete:
        reason = plan.incomplete_reason or "not everything could be read"
        raise PlatformError(
            f"The platform of {plan.environment} was not read completely: {reason}.",
            hint="Nothing was written; try again when it answers.",
        )
    if theirs := writes.unmanaged_conflicts(planned):
        raise Unmanaged(
            f"{_some(theirs)} exists in {plan.environment} and was not made by reconciler.",
            hint="Rename one of the two, or take it off the platform.",
        )
    if options.reviewed is not None and options.reviewed.get("digest") != plan.digest:
        raise stale(options.reviewed, plan)
    for message in plan.messages:
        if message.code == BUDGET and not options.allow_removals:
            raise Held(message.text, hint=message.action)


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
                    "replan": lambda: self._replan(replan),
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
        return Deployment(
            id=clock.new_id(),
            environment=plan.environment,
            phase=Phase.RUNNING,
            type=self.options.type,
            actor=self.options.actor,
            started_at=clock.now(),
            commit=plan.commit,
            plan_digest=plan.digest,
            content_digest=plan.content_digest,
            summary=summary(self.differences),
            messages=tuple(render_json.message(m) for m in plan.messages),
            owner=self.applier.processes.owner(),
        )

    def _replan(self, replan: Callable[[], Planned]) -> None:
        """Make the plan again: it must be the same, and so must the platform it compares with."""
        again = replan()
        if again.plan.digest != self.planned.plan.digest:
            raise stale(render_json.plan(self.planned.plan), again.plan)
        if again.observation.revision != self.planned.observation.revision:
            raise StalePlan(
                f"{again.plan.environment} was changed while the plan was being reviewed.",
                hint="Plan again.",
            )

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


def verify(platform: Platform, written: Mapping[ResourceKey, str | None]) -> None:
    """Compare what runs with what was written (None: removed).

    Raises:
        VerificationFailed: naming the first resources that differ, or why it cannot be said.
    """
    observation = platform.observe()
    if not observation.complete:
        raise VerificationFailed(
            f"What was written could not be read again: {observation.reason}.",
            hint="Run `reconciler drift` when the platform answers.",
        )
    seen = observation.digests
    wrong = [key for key, digest in written.items() if seen.get(key) != digest]
    if wrong:
        raise VerificationFailed(
            f"Read again after the apply, {_some(wrong)} is not as it was written.",
            hint="Run `reconciler drift` to see the difference.",
        )


def summary(differences: tuple[Difference, ...]) -> dict[str, int]:
    """Count differences by action."""
    return {a.value: sum(1 for d in differences if d.action is a) for a in Action}


def stale(reviewed: Mapping[str, Json], now: Plan) -> StalePlan:
    """Return the error that tells in what a plan differs from the reviewed one."""
    difference = render_text.plan_difference(reviewed, render_json.plan(now))
    return StalePlan(
        f"The plan of {now.environment} is no longer the reviewed one.\n{difference}",
        hint="Review the new plan, then apply again.",
    )


def _some(keys: Sequence[ResourceKey]) -> str:
    """Return the first of many resources, and how many more there are."""
    more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
    return ", ".join(str(key) for key in keys[:5]) + more
