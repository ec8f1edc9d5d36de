"""The scheduled job over all environments: recover, apply what is pending, heal or report drift."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from reconciler.core.coordination import Hold, held_text
from reconciler.core.errors import EXIT_DONE, EXIT_HELD, ReconcilerError, worst_exit
from reconciler.core.model import Environment, Mode, Reason
from reconciler.core.plan import Plan
from reconciler.services.deploying.applying import Applier
from reconciler.services.deploying.failing import as_failures
from reconciler.services.deploying.failures import attempt_at, later
from reconciler.services.deploying.options import Applied, ApplyOptions, Released
from reconciler.services.deploying.purging import Purger
from reconciler.services.deploying.recovering import Recoverer
from reconciler.services.notifying.announcing import announce_drift
from reconciler.services.planning import Planned, Planner
from reconciler.services.releases.promoting.converging import Converger
from reconciler.services.releases.promoting.promotion import Promotion, Request, outcome_of
from reconciler.services.releases.reading.grounds import Grounds, grounds_of
from reconciler.services.workspace import Chosen, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What happened to one environment; `beside` is the part that its promotions do not say."""

    environment: str
    outcome: str
    reason: str
    beside: str = ""
    exit_code: int = EXIT_DONE
    plan: Plan | None = None
    applied: Applied | None = None
    recovered: tuple[str, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    error: ReconcilerError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Converges environments one after another; a broken one does not stop the others."""

    workspace: Workspace
    planner: Planner
    recoverer: Recoverer
    applier: Applier
    converger: Converger
    purger: Purger
    _grounds: list[Grounds] = field(default_factory=list)

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
            with as_failures():
                chosen.repository.refuse_broken(environment.name)
                if environment.mode is Mode.RELEASE_ONLY:
                    grounds = self._grounds_of(chosen)
                    done = self._released(grounds, environment, options, show)
                else:
                    self.converger.refuse_loosened(chosen, environment)
                    told.extend(self.recoverer.recover(environment, options.patience))
                    done = self._converge(chosen, environment, options, show)
                told.extend(done.recovered)
                self.purger.purge(environment, options.actor)
        except ReconcilerError as error:
            done = Reconciled(
                environment=environment.name,
                outcome=outcome_of(error),
                reason=error.text,
                exit_code=error.exit_code,
                error=error,
            )
        self._deliver(environment)
        return replace(done, recovered=tuple(told))

    def _deliver(self, environment: Environment) -> None:
        with contextlib.suppress(ReconcilerError):  # what was not sent waits in the store
            self.applier.tools.teller.deliver(self.applier.store, environment)

    def _grounds_of(self, chosen: Chosen) -> Grounds:
        """Return the tags beside what was chosen, listed once for all environments of a run."""
        if not self._grounds or self._grounds[0].chosen is not chosen:
            self._grounds[:] = [grounds_of(self.workspace, chosen)]
        return self._grounds[0]

    def _released(
        self,
        grounds: Grounds,
        environment: Environment,
        options: ApplyOptions,
        show: Callable[[Plan], None],
    ) -> Reconciled:
        request = Request(options=options, show=show, scheduled=True)
        done = self.converger.converge(grounds, environment, request)
        main = done.promotions[-1]
        parts = [main.reason]
        if done.healed is not None and done.healed.healed:
            parts.append(f"{done.healed.healed} healed after a change outside")
        if done.paused is not None:
            parts.append(done.paused)
        if done.left:
            parts.append(f"{done.left} changed outside and left alone, since selfHeal is off")
        return Reconciled(
            environment=environment.name,
            outcome=main.outcome,
            reason="; ".join(parts),
            beside="; ".join(parts[1:]),
            exit_code=worst_exit(promotion.exit_code for promotion in done.promotions),
            applied=done.healed,
            recovered=done.recovered,
            promotions=done.promotions,
        )

    def _converge(
        self,
        chosen: Chosen,
        environment: Environment,
        options: ApplyOptions,
        show: Callable[[Plan], None],
    ) -> Reconciled:
        planned = self._plan(chosen, environment)
        show(planned.plan)
        teller = self.applier.tools.teller
        announce_drift(teller.notifier, self.applier.store, environment, planned)
        if (hold := self.applier.store.hold(environment.name)) is not None:
            return _held(planned.plan, hold)
        attempt = attempt_at(planned)
        pause = later(self.applier.store, self.applier.tools.clock, environment.name, attempt)
        if pause is not None:
            # Red as long as it stays broken: nobody looks at a job that is green.
            return Reconciled(
                environment=environment.name, outcome="waiting", reason=pause, exit_code=EXIT_HELD
            )
        options = replace(
            options,
            type="reconcile",
            heal=environment.self_heal,
            release=Released(version=None, tag=None, attempt=attempt),
        )
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


def _held(plan: Plan, hold: Hold) -> Reconciled:
    """Return what is told of an environment that automation leaves alone."""
    differs = len(plan.changes) + len(plan.drift)
    return Reconciled(
        environment=plan.environment,
        outcome="refused",
        reason=f"{held_text(hold)}; {differs} resources differ and are left alone",
        exit_code=EXIT_HELD,
        plan=plan,
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
