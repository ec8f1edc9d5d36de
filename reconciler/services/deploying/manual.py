"""`apply`: a person or a script deploys one editable environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from reconciler.core.canonical import Json
from reconciler.core.errors import ReconcilerError
from reconciler.core.model import Environment, Mode
from reconciler.core.plan import Plan
from reconciler.services.deploying.applying import Applier
from reconciler.services.deploying.journal import Progress
from reconciler.services.deploying.options import Applied, ApplyOptions
from reconciler.services.deploying.recovering import Recoverer
from reconciler.services.planning import Planned, Planner
from reconciler.services.workspace import Chosen, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A plan that is shown before it is applied."""

    planned: Planned
    chosen: Chosen
    allow_empty: bool
    recovered: tuple[str, ...]
    patience: float = 0

    @property
    def plan(self) -> Plan:
        """What would be applied."""
        return self.planned.plan

    @property
    def needs_a_word(self) -> bool:
        """True when there is something that a person should agree to."""
        return self.plan.has_differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployer:
    """Plans one environment for an apply, and applies it."""

    workspace: Workspace
    planner: Planner
    applier: Applier
    recoverer: Recoverer
    refuse_loosened: Callable[[Chosen, Environment], None]
    actor: str

    def prepare(
        self,
        name: str,
        *,
        worktree: bool = False,
        allow_empty: bool = False,
        patience: float = 0,
    ) -> Attempt:
        """Close what was interrupted and plan; wait so many seconds for one that is at work.

        Raises:
            ReconcilerError: the environment changes through releases alone.
        """
        chosen = self.workspace.choose(worktree=worktree, isolated=[name])
        environment = chosen.repository.environment(name)
        refuse_release_only(environment)
        self.refuse_loosened(chosen, environment)
        recovered = self.recoverer.recover(environment, patience)
        planned = self._plan(chosen, environment, allow_empty=allow_empty)
        return Attempt(
            planned=planned,
            chosen=chosen,
            allow_empty=allow_empty,
            recovered=recovered,
            patience=patience,
        )

    def apply(
        self,
        attempt: Attempt,
        *,
        reviewed: Mapping[str, Json] | None,
        allow_removals: bool,
        progress: Progress,
    ) -> Applied:
        """Apply what was shown; it is planned again just before."""
        environment = attempt.planned.loaded.environment
        applied = self.applier.apply(
            attempt.planned,
            lambda: self._plan(
                attempt.chosen, environment, allow_empty=attempt.allow_empty, told=False
            ),
            ApplyOptions(
                reviewed=reviewed,
                allow_removals=allow_removals,
                actor=self.actor,
                patience=attempt.patience,
                progress=progress,
            ),
        )
        store = self.applier.store
        # A person decided what runs: what they restored before is no longer to be guarded.
        lifted = store.hold(environment.name) is not None and store.lift_hold(environment.name)
        return replace(applied, lifted=lifted)

    def _plan(
        self, chosen: Chosen, environment: Environment, *, allow_empty: bool, told: bool = True
    ) -> Planned:
        loaded = self.workspace.load(chosen, environment)
        others = chosen.repository.environments
        return self.planner.plan(loaded, others, allow_empty=allow_empty, told=told)


def refuse_release_only(environment: Environment) -> None:
    """Refuse to deploy an environment that changes through releases alone."""
    if environment.mode is Mode.RELEASE_ONLY:
        raise ReconcilerError(
            f"{environment.name} is release-only: it changes through releases alone.",
            hint=f"Make one: `reconciler release create --to {environment.name} --version V`.",
        )
