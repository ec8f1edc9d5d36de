"""The scheduled job over all environments: recover, apply what is pending, heal or report drift."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.core.errors import EXIT_DONE, ReconcilerError
from reconciler.core.model import Environment, Mode, Reason
from reconciler.core.plan import Plan
from reconciler.services.deploying.applying import Applied, Applier, ApplyOptions
from reconciler.services.deploying.recovering import Recoverer
from reconciler.services.planning import Planned, Planner
from reconciler.services.viewing import tag_example
from reconciler.services.workspace import Chosen, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What happened to one environment."""

    environment: str
    outcome: str
    reason: str
    exit_code: int = EXIT_DONE
    plan: Plan | None = None
    applied: Applied | None = None
    recovered: tuple[str, ...] = ()
    error: ReconcilerError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Converges environments one after another; a broken one does not stop the others."""

    workspace: Workspace
    planner: Planner
    recoverer: Recoverer
    applier: Applier

    def reconcile(
        self,
        chosen: Chosen,
        environment: Environment,
        options: ApplyOptions,
        show: Callable[[Plan], None],
    ) -> Reconciled:
        """Converge one environment and say what happened; `show` gets the plan before it runs."""
        told: list[str] = []
        try:
            chosen.repository.refuse_broken(environment.name)
            if environment.mode is Mode.RELEASE_ONLY:
                return _waiting(environment, tag_example(chosen, environment))
            told.extend(self.recoverer.recover(environment.name, options.patience))
            done = self._converge(chosen, environment, options, show)
        except ReconcilerError as error:
            done = Reconciled(
                environment=environment.name,
                outcome="refused",
                reason=error.text,
                exit_code=error.exit_code,
                error=error,
            )
        return replace(done, recovered=tuple(told))

    def _converge(
        self,
        chosen: Chosen,
        environment: Environment,
        options: ApplyOptions,
        show: Callable[[Plan], None],
    ) -> Reconciled:
        planned = self._plan(chosen, environment)
        show(planned.plan)
        options = replace(options, type="reconcile", heal=environment.self_heal)
        applied = self.applier.apply(
            planned, lambda: self._plan(chosen, environment, told=False), options
        )
        unhealed = [d for d in planned.plan.drift if d.reason is not Reason.UNFINISHED]
        left = 0 if environment.self_heal else len(unhealed)
        return Reconciled(
            environment=environment.name,
            outcome="nothing" if applied.deployment is None else "applied",
            reason=_reason(applied, left),
            plan=planned.plan,
            applied=applied,
        )

    def _plan(self, chosen: Chosen, environment: Environment, *, told: bool = True) -> Planned:
        loaded = self.workspace.load(chosen, environment)
        return self.planner.plan(loaded, chosen.repository.environments, told=told)


def _waiting(environment: Environment, example: str) -> Reconciled:
    return Reconciled(
        environment=environment.name,
        outcome="waiting",
        reason=f"waits for its first release tag ({example})",
    )


def _reason(applied: Applied, left: int) -> str:
    parts = []
    if applied.deployment is None:
        parts.append("nothing to apply" if left else "converged, nothing to do")
    else:
        counts = applied.summary
        parts.append(
            f"{counts['add']} added, {counts['modify']} modified, {counts['remove']} removed"
        )
    if applied.healed:
        parts.append(f"{applied.healed} of them healed after a change outside")
    if applied.secrets:
        parts.append(f"secrets given or changed: {', '.join(applied.secrets)}")
    if left:
        parts.append(f"{left} changed outside and left alone, since selfHeal is off")
    return "; ".join(parts)
