"""One release-only environment in the scheduled job: promote what may be, then heal drift.

It must not know editable environments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.core.coordination import Hold, held_text
from reconciler.core.errors import EXIT_DONE, EXIT_HELD, Conflict
from reconciler.core.model import Environment, Mode, Reason
from reconciler.core.releases import names, versions
from reconciler.core.releases.records import TagState
from reconciler.ports import StoreReader
from reconciler.services.deploying.applying import Applier
from reconciler.services.deploying.failures import attempt_at, later
from reconciler.services.deploying.options import Applied, Released
from reconciler.services.deploying.recovering import Recoverer
from reconciler.services.notifying.announcing import announce_drift
from reconciler.services.planning import Planned
from reconciler.services.releases.judging import checking
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.promoting.promoter import Promoter
from reconciler.services.releases.promoting.promotion import Promotion, Request
from reconciler.services.releases.reading.grounds import Grounds, grounds_of, who_keys
from reconciler.services.workspace import Chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Converged:
    """What became of a release-only environment.

    `left` counts drift that was left alone; `paused` says why nothing is healed.
    """

    promotions: tuple[Promotion, ...]
    healed: Applied | None = None
    left: int = 0
    paused: str | None = None
    recovered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Converger:
    """Promotes and heals release-only environments."""

    promoter: Promoter
    applier: Applier
    recoverer: Recoverer
    judge: TagJudge
    store: StoreReader

    def promote(self, grounds: Grounds, environment: Environment, request: Request) -> Converged:
        """Finish what was interrupted, then promote, and tell who wants to know."""
        done = self._promote(grounds, environment, request)
        if not grounds.chosen.unreachable:
            self.applier.tools.teller.deliver(self.applier.store, environment)
        return done

    def _promote(self, grounds: Grounds, environment: Environment, request: Request) -> Converged:
        if grounds.chosen.unreachable:
            return Converged(promotions=(self._unreachable(grounds, environment),))
        recovered = self.recoverer.recover(environment, request.options.patience)
        done = self.promoter.promote(grounds, environment, request)
        return Converged(promotions=tuple(done), recovered=recovered)

    def converge(self, grounds: Grounds, environment: Environment, request: Request) -> Converged:
        """Promote, then heal what was changed outside, where that is wanted."""
        done = self._promote(grounds, environment, request)
        if grounds.chosen.unreachable:
            return done
        if any(promotion.exit_code not in (EXIT_DONE, EXIT_HELD) for promotion in done.promotions):
            return done
        standing = self.judge.standing(grounds, environment)
        planned = self.promoter.content(grounds, standing)
        if planned is None or standing.live is None:
            return done
        live, tools = standing.live, self.applier.tools
        announce_drift(tools.teller.notifier, tools.store, environment, planned)
        if (hold := self.store.hold(environment.name)) is not None:
            # The gate not-held tells it of promotions; healing would undo what was restored too.
            return replace(done, paused=_held(planned, hold))
        attempt = attempt_at(planned)
        pause = later(self.store, tools.clock, environment.name, attempt)
        if pause is not None:
            return replace(done, paused=pause)
        options = replace(
            request.options,
            type="reconcile",
            heal=environment.self_heal,
            allow_removals=True,
            release=Released(
                version=live.version, tag=live.tag, description=_done(planned), attempt=attempt
            ),
        )
        if planned.plan.drift and environment.self_heal:
            request.show(planned.plan)
        healed = self.applier.apply(
            planned,
            lambda: self.promoter.content(grounds, standing, told=False) or planned,
            options,
        )
        drift = [d for d in planned.plan.drift if d.reason is not Reason.UNFINISHED]
        return replace(done, healed=healed, left=0 if environment.self_heal else len(drift))

    def refuse_loosened(self, chosen: Chosen, environment: Environment) -> None:
        """Refuse to deploy as editable what only releases may change by the trusted commit.

        Raises:
            Conflict: it was release-only when it was last trusted.
        """
        name, known = environment.name, self.store.trust(environment.name)
        if known is None:
            return
        catalog = self.judge.catalog
        if chosen.snapshot.commit is None:
            chosen = catalog.workspace.choose()
        grounds = grounds_of(catalog.workspace, chosen)
        if name in grounds.pipeline.environments:
            mode, now = self.judge.authority(grounds, environment)[0].mode, "editable"
            hint = f"If that is meant: `reconciler trust accept {grounds.tip[:12]} "
            hint += f"--environment {name}`."
        else:
            checking.refuse_rewritten(grounds, known.commit, "the trusted commit of", environment)
            trusted = who_keys(catalog.chosen(known.commit), name)
            mode, now = trusted.mode, "not in the pipeline"
            hint = "Put it back. To take it out, make it editable first, and have that accepted."
        if mode is Mode.RELEASE_ONLY:
            raise Conflict(
                f"{name} is release-only at its trusted commit {known.commit[:12]}, and {now} at "
                f"the tip of {grounds.pipeline.protected_branch}. Nothing is deployed.",
                hint=hint,
            )

    def _unreachable(self, grounds: Grounds, environment: Environment) -> Promotion:
        """Leave an environment alone whose tags the remote did not name."""
        live = self.store.live(environment.name)
        known = live.version if live is not None else None
        pending = []
        for seen in self.store.tags_seen(environment.name):
            name = names.parse_tag(grounds.pipeline.tag_format, seen.name, [environment.name])
            if name is None or seen.state is not TagState.ACCEPTED:
                continue
            if known is None or versions.higher(name.version, known):
                pending.append(name.version)
        reason = "left alone, since the remote did not answer"
        if pending:
            reason += f"; pending: {', '.join(pending)}"
        return Promotion(
            environment=environment.name,
            outcome="waiting",
            reason=reason,
            version=known,
            exit_code=EXIT_HELD if pending else EXIT_DONE,
        )


def _held(planned: Planned, hold: Hold) -> str | None:
    """Say what a hold keeps from being healed; None where nothing differs."""
    differs = len(planned.plan.changes) + len(planned.plan.drift)
    return f"{held_text(hold)}; {differs} resources differ and are left alone" if differs else None


def _done(planned: Planned) -> str:
    """Return what a deployment between two releases does."""
    return "Drift healed" if planned.plan.drift else "Secrets and records brought up to date"
