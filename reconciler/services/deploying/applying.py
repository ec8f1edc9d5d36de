"""Applies a plan: what it comes to, and then one attempt at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.core.errors import StalePlan
from reconciler.core.model import Action, Deployment, Difference, Environment, Phase, Reason, Step
from reconciler.core.render import json as render_json
from reconciler.ports import Operation, Platform, Store
from reconciler.services.deploying import operations as writes
from reconciler.services.deploying.affected import store_affected
from reconciler.services.deploying.attempt import Attempt, Tools
from reconciler.services.deploying.guarding import guard, refuse_incomplete, stale, verify
from reconciler.services.deploying.options import NOTHING, Applied, ApplyOptions, Released
from reconciler.services.deploying.secrets import ResolvedSecrets, SecretResolver
from reconciler.services.deploying.writing import Write
from reconciler.services.planning import Planned

_FROM_OUTSIDE = (Reason.CHANGED_OUTSIDE, Reason.CONFLICT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applier:
    """Carries a plan out. `replan` makes it again just before it is applied."""

    tools: Tools
    platform: Callable[[Environment], Platform]
    secrets: SecretResolver

    @property
    def store(self) -> Store:
        """The reconciler's own records."""
        return self.tools.store

    def apply(
        self, planned: Planned, replan: Callable[[], Planned], options: ApplyOptions
    ) -> Applied:
        """Apply a plan.

        Raises:
            Held: the removal budget is exceeded.
            Conflict: the plan is stale, a name belongs to somebody else's resource, or somebody
                else works on the environment.
            Restored: it failed, and what ran before runs again.
            NotRestored: it failed, and so did putting back what ran before.
            ReconcilerError: nothing was written, unless the error says otherwise.
        """
        guard(planned, options)
        environment = planned.loaded.environment
        platform = self.platform(environment)
        differences = writes.chosen(planned, heal=options.heal, settle=options.settle)
        resolved = self.secrets.resolve(planned.loaded, platform)
        found = planned.comparison
        to_write = differences or resolved.changed or found.gone or found.settled
        if not to_write and (options.release is None or options.type == "reconcile"):
            return NOTHING
        work = _PlannedWork(
            planned=planned,
            replanned=replan,
            differences=differences,
            operations=writes.operations(planned, differences),
            resolved=resolved,
            platform=platform,
            options=options,
        )
        deployment = self._record(planned, differences, options)
        Attempt(
            tools=self.tools,
            work=work,
            environment=environment,
            platform=platform,
            deployment=deployment,
            progress=options.progress,
            patience=options.patience,
        ).run()
        return Applied(
            summary=deployment.summary,
            healed=sum(1 for d in differences if d.reason in _FROM_OUTSIDE),
            secrets=resolved.changed,
            deployment=deployment.id,
        )

    def _record(
        self, planned: Planned, differences: tuple[Difference, ...], options: ApplyOptions
    ) -> Deployment:
        plan, clock = planned.plan, self.tools.clock
        release = options.release or Released(version=None, tag=None)
        return Deployment(
            id=clock.new_id(),
            environment=plan.environment,
            phase=Phase.RUNNING,
            type=options.type,
            actor=options.actor,
            started_at=clock.now(),
            version=release.version,
            tag=release.tag,
            description=release.description,
            attempt=release.attempt,
            commit=plan.commit,
            plan_digest=plan.digest,
            content_digest=plan.content_digest,
            summary=summary(differences),
            messages=tuple(render_json.message(m) for m in plan.messages),
            owner=self.tools.processes.owner(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlannedWork:
    """What a plan comes to; a `Work`."""

    planned: Planned
    replanned: Callable[[], Planned]
    differences: tuple[Difference, ...]
    operations: tuple[Operation, ...]
    resolved: ResolvedSecrets
    platform: Platform
    options: ApplyOptions

    def check(self) -> None:
        """Refuse what must not be applied."""
        guard(self.planned, self.options)

    def replan(self, store: Store, deployment: str) -> None:
        """Make the plan again: it must be the same, and so must the platform it compares with.

        Whom its messages concern is stored while nobody is affected yet.
        """
        again = self.replanned()
        refuse_incomplete(again.plan)
        if again.plan.digest != self.planned.plan.digest:
            raise stale(render_json.plan(self.planned.plan), again.plan)
        if again.observation.revision != self.planned.observation.revision:
            raise StalePlan(
                f"{again.plan.environment} was changed while the plan was being reviewed.",
                hint="Plan again.",
            )
        store_affected(store, self.platform, deployment, again.plan.messages)

    def write(self, deployment: str, step: Step) -> Write:
        """Return what is to be written."""
        return Write(
            environment=self.planned.plan.environment,
            deployment=deployment,
            revision=self.planned.observation.revision,
            operations=self.operations,
            records=(*self.operations, *writes.settled(self.planned)),
            forget=self.planned.comparison.gone,
            content_digest=self.planned.plan.content_digest,
            step=step,
            sealed=self.resolved.sealed,
        )

    def lines(self) -> list[str]:
        """Return what was written, for the log."""
        return [
            *(f"{d.action} {d.key}" for d in self.differences),
            *(f"secret {name} changed" for name in self.resolved.changed),
        ]

    def verify(self) -> None:
        """Read again: everything that was written must be there as it was written."""
        verify(self.platform, {op.key: op.digest for op in self.operations})


def summary(differences: tuple[Difference, ...]) -> dict[str, int]:
    """Count differences by action."""
    return {a.value: sum(1 for d in differences if d.action is a) for a in Action}
