"""Promotes release tags: in version order, one at a time, each when its gates are open.

It must not know how a plan is carried out, nor how answers are shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.core.errors import (
    EXIT_DONE,
    EXIT_HELD,
    Conflict,
    ReconcilerError,
)
from reconciler.core.gates.model import GateName
from reconciler.core.model import Environment
from reconciler.core.releases.model import ReleaseName
from reconciler.core.releases.records import TagState
from reconciler.services.deploying.applying import Applier
from reconciler.services.deploying.failures import attempt_of, has_failed
from reconciler.services.deploying.options import ApplyOptions, Released
from reconciler.services.notifying.announcing import announce_waiting
from reconciler.services.planning import Planned
from reconciler.services.releases.judging.gating import GateKeeper, Judged
from reconciler.services.releases.judging.standing import JudgedTag, Standing
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.promoting import idle
from reconciler.services.releases.promoting.desiring import ReleasedPlanner
from reconciler.services.releases.promoting.observing import SUPERSEDED, Observer
from reconciler.services.releases.promoting.promotion import Promotion, Request, outcome_of
from reconciler.services.releases.promoting.restarting import Restarter
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoter:
    """Promotes the releases of release-only environments."""

    catalog: Catalog
    judge: TagJudge
    keeper: GateKeeper
    observer: Observer
    restarter: Restarter
    released: ReleasedPlanner
    applier: Applier

    def promote(
        self, grounds: Grounds, environment: Environment, request: Request
    ) -> list[Promotion]:
        """Promote what may be promoted now; what is held says why.

        Raises:
            Conflict: the protected branch was rewritten, an accepted tag was moved, or it is not
                known what this environment runs.
        """
        told = list(self.observer.begin(grounds, environment))
        standing = self.judge.standing(grounds, environment)
        told += self.observer.gone(grounds, standing)
        told += grounds.workspace.git.oddities()
        self._refuse_moved(standing)
        told += self.observer.accept(standing)
        standing, recorded = self.restarter.restart(grounds, standing)
        told += recorded
        if self.observer.follow(grounds, standing):
            standing = self.judge.standing(grounds, environment)
        found = self._refused(standing, request)
        promoted, standing = self._pending(grounds, standing, request)
        found += [*promoted, *self._superseded(standing)]
        if not found:
            found = [idle.nothing(self.catalog, grounds, standing, request)]
        return [replace(found[0], told=(*told, *found[0].told)), *found[1:]]

    def content(self, grounds: Grounds, standing: Standing, *, told: bool = True) -> Planned | None:
        """Plan what is live against what runs, to see and heal drift."""
        live = standing.live
        if live is None or not live.from_store:
            return None
        return self.released.planned(grounds, standing, live.commit, live.tag, told=told)

    def _refuse_moved(self, standing: Standing) -> None:
        for tag in standing.tags:
            if tag.judgement.alarm:
                self.observer.judge(tag, TagState.REFUSED, tag.judgement.reason, reported=True)
                raise Conflict(tag.judgement.reason, hint=tag.judgement.hint)

    def _refused(self, standing: Standing, request: Request) -> list[Promotion]:
        """Tell the tags that are not accepted; a job tells each of them once."""
        found = []
        for tag in standing.refused:
            old = tag.known is not None and tag.known.reported
            if request.only not in (None, tag.name) or (request.scheduled and old):
                continue
            self.observer.judge(tag, TagState.REFUSED, tag.judgement.reason, reported=True)
            text = " ".join(filter(None, (tag.judgement.reason, tag.judgement.hint)))
            found.append(_of(tag, "refused", text, EXIT_HELD))
        return found

    def _pending(
        self, grounds: Grounds, standing: Standing, request: Request
    ) -> tuple[list[Promotion], Standing]:
        """Promote one after another; return what became of each, and how it stands then."""
        found: list[Promotion] = []
        done: set[ReleaseName] = set()
        waited = False
        while True:
            waiting = [tag for tag in standing.pending if tag.name not in done]
            if request.only is not None:
                waiting = [tag for tag in waiting if tag.name == request.only]
            if not waiting:
                return found, standing
            tag = waiting[0]
            judged = self._judged(grounds, standing, tag)
            if _is_busy(judged) and not waited:
                # Somebody began just now: this waits for them as anyone does, then looks again.
                waited = True
                self._wait(standing, request)
                standing = self.judge.standing(grounds, standing.environment)
                continue
            done.add(tag.name)
            if judged.verdict.open and self._overtaken(grounds, standing, tag, waiting[1:]):
                continue
            promotion = self._one(grounds, standing, tag, judged, request)
            told = tuple(n for n in judged.notices if not any(n in each.told for each in found))
            found.append(replace(promotion, told=told))
            if promotion.outcome == "applied":
                standing = self.judge.standing(grounds, standing.environment)
                self.observer.follow(grounds, standing)
            elif promotion.exit_code not in (EXIT_DONE, EXIT_HELD):
                return found, standing

    def _wait(self, standing: Standing, request: Request) -> None:
        """Wait for whoever holds the lock, as long as is allowed.

        Raises:
            Busy: they still hold it; names them.
        """
        patience = request.options.patience
        self.applier.tools.locker.refuse_held(standing.environment.name, patience)

    def _overtaken(
        self, grounds: Grounds, standing: Standing, tag: JudgedTag, higher: list[JudgedTag]
    ) -> bool:
        """Say whether a higher release, open too, was made to take this one's place.

        Both were made from what is live: applying this one first would only block the other.
        """
        base = None if tag.release is None else tag.release.base
        rivals = [h for h in higher if h.release is not None and h.release.base == base]
        return any(self._judged(grounds, standing, h).verdict.open for h in rivals)

    def _judged(self, grounds: Grounds, standing: Standing, tag: JudgedTag) -> Judged:
        if tag.release is None or tag.commit is None:
            raise ReconcilerError(f"{tag.ref.name} has no manifest.")
        loaded = self.catalog.content(self.catalog.at(tag.commit), standing.environment)
        judged = self.keeper.judged(grounds, standing, tag.release, loaded)
        self.observer.keep(tag.name, judged.evidence)
        return judged

    def _one(
        self,
        grounds: Grounds,
        standing: Standing,
        tag: JudgedTag,
        judged: Judged,
        request: Request,
    ) -> Promotion:
        verdict = judged.verdict
        if not verdict.open:
            held = _held(tag, judged, scheduled=request.scheduled)
            notifier, store = self.applier.tools.teller.notifier, self.applier.store
            announce_waiting(notifier, store, standing.environment, held, tag.ref.oid)
            return held
        planned = self._plan(grounds, standing, tag)
        attempt = attempt_of(tag.ref.oid, planned)
        if not request.retry and (failed := self._failed(tag, attempt)):
            return _of(tag, "refused", failed, EXIT_HELD)
        request.show(planned.plan)
        options = self._options(standing, tag, judged, request, attempt)
        try:
            applied = self.applier.apply(
                planned,
                lambda: self._plan(grounds, standing, tag, told=False),
                options,
            )
        except ReconcilerError as error:
            return replace(_of(tag, outcome_of(error), error.text, error.exit_code), error=error)
        unsigned = (
            ""
            if tag.judgement.signed
            else " (its tag is unsigned, which counts: signatures are optional)"
        )
        self._lift_hold(tag)
        return replace(_of(tag, "applied", f"it is live{unsigned}"), applied=applied)

    def _lift_hold(self, tag: JudgedTag) -> None:
        """End the hold that restoring a backup placed: a newer release has taken its place."""
        store, environment = self.applier.store, tag.name.environment
        if store.hold(environment) is not None:
            store.lift_hold(environment)

    def _plan(
        self, grounds: Grounds, standing: Standing, tag: JudgedTag, *, told: bool = True
    ) -> Planned:
        commit, name = tag.commit or "", tag.ref.name
        return self.released.planned(grounds, standing, commit, name, told=told)

    def _options(
        self,
        standing: Standing,
        tag: JudgedTag,
        judged: Judged,
        request: Request,
        attempt: str,
    ) -> ApplyOptions:
        release = judged.release
        return replace(
            request.options,
            type=release.type.value,
            heal=standing.environment.self_heal,
            settle=True,
            # The gate removal-budget is open: it is not exceeded, or somebody took it upon them.
            allow_removals=True,
            release=Released(
                version=release.version,
                tag=tag.ref.name,
                description=release.description,
                attempt=attempt,
            ),
        )

    def _failed(self, tag: JudgedTag, attempt: str) -> str | None:
        """Say why a version that failed is not tried again, None when it may be."""
        environment = tag.name.environment
        deployments = self.applier.store.deployments(environment)
        last = next((d for d in deployments if d.version == tag.name.version), None)
        if last is None or not has_failed(last) or last.attempt != attempt:
            return None
        return (
            f"Deployment {last.id} of {tag.name} failed ({last.phase.value}), and neither its tag, "
            f"its bindings nor what runs has changed since. Run `reconciler promote {tag.name} "
            "--retry` to try again."
        )

    def _superseded(self, standing: Standing) -> list[Promotion]:
        return [
            Promotion(
                environment=standing.environment.name,
                outcome="superseded",
                reason=f"{seen.name} is superseded: {SUPERSEDED}",
                version=self.observer.version(seen, standing),
                tag=seen.name,
            )
            for seen in self.observer.supersede(standing)
        ]


def _of(tag: JudgedTag, outcome: str, reason: str, exit_code: int = EXIT_DONE) -> Promotion:
    return Promotion(
        environment=tag.name.environment,
        version=tag.name.version,
        tag=tag.ref.name,
        outcome=outcome,
        reason=reason,
        exit_code=exit_code,
    )


def _is_busy(judged: Judged) -> bool:
    return [gate.name for gate in judged.verdict.closed] == [GateName.PLATFORM_IDLE]


def _held(tag: JudgedTag, judged: Judged, *, scheduled: bool) -> Promotion:
    verdict = judged.verdict
    names = ", ".join(gate.name.value for gate in verdict.closed)
    outcome = "refused" if verdict.is_blocked else "waiting"
    code = EXIT_DONE if scheduled and not verdict.is_blocked else EXIT_HELD
    earliest = None if verdict.earliest is None else verdict.earliest.isoformat(timespec="minutes")
    promotion = _of(tag, outcome, f"held by {names}", code)
    return replace(promotion, gates=verdict.closed, earliest=earliest)
