"""Collects what the gates of one release are judged by; the judging stands in `core/gates`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.core import policy
from reconciler.core.calendar import reading as calendars
from reconciler.core.calendar.calendar import Calendar
from reconciler.core.errors import ReconcilerError
from reconciler.core.forge.records import ForgeEvidence
from reconciler.core.gates import engine
from reconciler.core.gates.model import (
    GateFacts,
    GateState,
    Proof,
    Verdict,
)
from reconciler.core.model import Change
from reconciler.core.plan import Plan
from reconciler.core.releases.approvals import Approval
from reconciler.core.releases.model import Release, ReleaseType
from reconciler.ports import Clock, Processes, StoreReader
from reconciler.services.loading.environment import Loaded
from reconciler.services.releases.judging import obstacles, proofs
from reconciler.services.releases.judging.soaking import Soaking
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.judging.witnessing import Witness
from reconciler.services.releases.making.drafting import Drafter
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds

BUDGET = "RemovalBudgetExceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A release with its plan as it is now, and what its gates say.

    `evidence` is all that counts on the forge now, None where it was not asked.
    """

    release: Release
    loaded: Loaded
    plan: Plan
    facts: GateFacts
    verdict: Verdict
    approvals: Mapping[str, Approval | None]
    evidence: tuple[ForgeEvidence, ...] | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateKeeper:
    """Judges the gates of releases."""

    catalog: Catalog
    drafter: Drafter
    judge: TagJudge
    witness: Witness
    store: StoreReader
    soaking: Soaking
    clock: Clock
    processes: Processes

    def judged(
        self,
        grounds: Grounds,
        standing: Standing,
        release: Release,
        loaded: Loaded,
        at: datetime | None = None,
    ) -> Judged:
        """Judge every gate of a release, at this moment or another one."""
        now = datetime.fromisoformat(self.clock.now())
        moment = now if at is None else at
        calendar = calendars.calendar_of(grounds.pipeline.raw)
        here = moment.astimezone(calendar.zone)
        releases = self.catalog.readable(grounds.snapshot, release.environment)[0]
        plan = self.drafter.plan(grounds, loaded, standing.live, releases)
        found = self.witness.approvals(grounds, standing, release)
        said = self.witness.acknowledgements(grounds, standing, release, here)
        holds = self.witness.holds(grounds, standing, now.astimezone(calendar.zone))
        open_warnings = [proofs.warning(m, release.name, said) for m in proofs.warnings(plan)]
        facts = self._facts(grounds, standing, (release, loaded, plan), calendar)
        facts = replace(
            facts,
            approvals=proofs.approvals(standing, found, calendar, here),
            holds=(
                *obstacles.after_restore(self.store, release.name),
                *(proofs.hold(h, calendar) for h in holds if proofs.applies(h, release.name)),
            ),
            warnings=tuple(w for w in open_warnings if w.code != BUDGET),
            removal_budget=next((w for w in open_warnings if w.code == BUDGET), None),
        )
        return Judged(
            release=release,
            loaded=loaded,
            plan=plan,
            facts=facts,
            verdict=engine.evaluate(facts, moment),
            approvals=found.given,
            evidence=found.evidence,
            notices=found.notices,
        )

    def _facts(
        self,
        grounds: Grounds,
        standing: Standing,
        judged: tuple[Release, Loaded, Plan],
        calendar: Calendar,
    ) -> GateFacts:
        release, loaded, plan = judged
        environment = standing.environment
        adopted = self._adopted(grounds, standing, judged)
        tag = self.judge.tag(grounds, standing, release.name)
        promotion = environment.raw.get("promotion", {})
        managers = proofs.release_managers(
            standing, calendar, datetime.fromisoformat(self.clock.now())
        )
        return GateFacts(
            environment=environment.name,
            version=release.version,
            type=release.type,
            tag=proofs.tag(grounds, standing, release.name, managers, tag),
            version_increases=proofs.version(standing, release.name),
            plan_unchanged=proofs.plan_unchanged(standing, release, plan, adopted),
            platform_idle=obstacles.idle(self.store, self.processes, environment.name, plan),
            store_healthy=self._healthy(grounds, standing),
            promotes_from=environment.promotes_from,
            sources=self.soaking.sources(environment, loaded, plan),
            soak=policy.duration(promotion.get("soak", "0s")) or timedelta(0),
            calendar=calendar,
            policy=calendars.policy_of(environment.raw),
            release_managers=managers,
        )

    def _adopted(
        self, grounds: Grounds, standing: Standing, judged: tuple[Release, Loaded, Plan]
    ) -> tuple[Change, ...] | None:
        """Return what an adoption would still change on the platform."""
        release, loaded, _ = judged
        if release.type is not ReleaseType.ADOPTION or not self.drafter.knows(standing.live):
            return None
        others = grounds.chosen.repository.environments
        seen = self.drafter.planner.plan(loaded, others, allow_empty=True, told=False).plan
        return (*seen.changes, *seen.drift)

    def _healthy(self, grounds: Grounds, standing: Standing) -> Proof:
        """Say whether this store may promote the environment at all."""
        wanted = grounds.pipeline.raw.get("store")
        try:
            here = self.store.identity()
        except ReconcilerError as error:
            return Proof(state=GateState.BLOCKED, reason=error.text)
        if wanted is not None and here is not None and wanted != here:
            return Proof(
                state=GateState.BLOCKED,
                reason=f"the store {wanted} owns the release-only environments, and this is {here}",
            )
        if standing.live is not None and not standing.live.from_store:
            return Proof(
                state=GateState.UNKNOWN,
                reason=f"this store has no record of {standing.environment.name}",
            )
        return Proof()
