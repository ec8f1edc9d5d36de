"""`release propose`: prepares what a release day asks for, the last environment first.

It must not know how answers are shown, nor push anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.core.calendar import reading, today
from reconciler.core.calendar.calendar import Calendar
from reconciler.core.errors import Invalid, ReconcilerError, RepositoryError
from reconciler.core.model import Environment, Mode
from reconciler.core.releases import names
from reconciler.core.releases.model import Release, ReleaseName, ReleaseType, Source
from reconciler.core.render import proposals
from reconciler.core.render.pages import Page
from reconciler.ports import StoreReader
from reconciler.services.releases.judging import checking
from reconciler.services.releases.judging.gating import GateKeeper
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.making import asking, drafting
from reconciler.services.releases.making.asking import Ask
from reconciler.services.releases.making.drafting import Draft, Wanted
from reconciler.services.releases.making.preparing import Prepared, Preparer
from reconciler.services.releases.proposing import planned, proposal
from reconciler.services.releases.proposing.proposal import Outcome, Proposal
from reconciler.services.releases.reading.catalog import Catalog, Releases
from reconciler.services.releases.reading.grounds import Grounds

# Drift that is healed makes a deployment each time.
_LOOKED_AT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """The moment of a run, and why nothing is proposed then (None: it may be)."""

    at: datetime
    calendar: Calendar
    closed: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What the branch of a release holds already; `shared` when the remote has that commit."""

    commit: str
    release: Release
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposer:
    """Proposes the regular releases of a release day, each on its branch."""

    preparer: Preparer
    keeper: GateKeeper
    store: StoreReader

    def propose(
        self,
        grounds: Grounds,
        at: datetime,
        *,
        environments: Iterable[str] | None = None,
        any_day: bool = False,
    ) -> tuple[Proposal, ...]:
        """Propose what there is to release, in reverse order of the pipeline.

        What refuses one environment does not stop the others. The same again changes nothing.

        Raises:
            UsageError: an environment that is named is editable, or not in the pipeline.
        """
        calendar = reading.calendar_of(grounds.pipeline.raw)
        closed = today.closed(calendar, at, any_day=any_day)
        day = _Day(at=at, calendar=calendar, closed=closed)
        chosen = _chosen(grounds, environments)
        return tuple(self._guarded(grounds, day, name) for name in chosen)

    def _guarded(self, grounds: Grounds, day: _Day, name: str) -> Proposal:
        try:
            return self._one(grounds, day, grounds.release_only(name))
        except ReconcilerError as error:
            return Proposal(
                environment=name, outcome=Outcome.REFUSED, reason=str(error), error=error
            )

    def _one(self, grounds: Grounds, day: _Day, environment: Environment) -> Proposal:
        if day.closed is not None:
            return proposal.none(environment, Outcome.NOT_A_RELEASE_DAY, day.closed)
        standing = self.preparer.judge.standing(grounds, environment)
        replacing = self._replacing(grounds, day, standing)
        if replacing is not None:
            return proposal.none(environment, Outcome.REPLACED, replacing)
        releases = self._catalog.releases(grounds.snapshot, environment.name)
        merged = asking.merged(standing, releases)
        if merged:
            return proposal.pending(merged[0], planned.waits(standing, merged[0]))
        source = self._source(grounds, environment)
        if isinstance(source, str):
            return proposal.none(environment, Outcome.NOTHING, source)
        return self._drafted(grounds, day, standing, releases, source)

    # --- what takes a release's place -----------------------------------------------------------

    def _replacing(self, grounds: Grounds, day: _Day, standing: Standing) -> str | None:
        """Say which hotfix or warmfix of this week takes the planned release's place."""
        live, name = standing.live, standing.environment.name
        week = today.week(day.calendar, day.at)
        if live is None or live.version is None or week is None:
            return None
        release = self._catalog.release(grounds.snapshot, ReleaseName(name, live.version))
        if release is None or release.type not in planned.replacing_types(grounds, name):
            return None
        since = self._live_since(name, live.version, live.since)
        if since is None or not week[0] <= day.calendar.day(since) <= week[1]:
            return None
        on = f"{day.calendar.day(since):%a %Y-%m-%d}"
        return (
            f"{release.name} is a {release.type.value} and live since {on}: it replaces the "
            "release planned for this week"
        )

    def _live_since(self, name: str, version: str, recorded: str | None) -> datetime | None:
        """Return when a version went live: drift that was healed since is not counted."""
        since = recorded
        for deployment in self.store.deployments(name, limit=_LOOKED_AT):
            if not planned.was_live(deployment):
                continue
            if deployment.version != version:
                break
            since = deployment.finished_at or since
        return None if since is None else datetime.fromisoformat(since)

    # --- what there is to release ---------------------------------------------------------------

    def _source(self, grounds: Grounds, environment: Environment) -> Source | str:
        """Return what would be released, or a sentence that says why that is nothing yet."""
        before = environment.promotes_from
        previous = None if before is None else grounds.environment(before)
        if previous is not None and self._is_empty(grounds, previous):
            return f"nothing is live in {before} yet"
        source, loaded = self.preparer.source(grounds, environment, None)
        if not loaded.desired.entries:
            return (
                f"{before} holds no resources; if all shall be removed, "
                f"`reconciler release create --to {environment.name}` makes that release"
            )
        return source

    def _is_empty(self, grounds: Grounds, environment: Environment) -> bool:
        """Say whether nothing was ever released to an environment."""
        judge = self.preparer.judge
        return (
            environment.mode is Mode.RELEASE_ONLY
            and judge.standing(grounds, environment).live is None
        )

    def _drafted(
        self,
        grounds: Grounds,
        day: _Day,
        standing: Standing,
        releases: Releases,
        source: Source,
    ) -> Proposal:
        environment = standing.environment
        version = planned.version(standing, source, releases)
        name = ReleaseName(environment.name, version)
        made = self._made(grounds, name)
        draft = self._draft(grounds, name, source, made)
        nothing = planned.nothing(draft, standing, source, releases)
        if nothing is not None:
            return proposal.none(environment, Outcome.NOTHING, nothing)
        if made is not None and made.release.type is not ReleaseType.REGULAR:
            branch = self._branch(grounds, name)
            return proposal.pending(
                name, f"is on its branch {branch} as a {made.release.type.value}"
            )
        page = self._page(grounds, day, standing, draft)
        body = proposals.body(page)
        prepared = self._prepared(grounds, draft, made, body)
        new = prepared.is_new
        return Proposal(
            environment=environment.name,
            outcome=Outcome.PROPOSED if new else Outcome.UNCHANGED,
            reason=planned.reason(draft, source),
            version=version,
            prepared=prepared,
            draft=draft,
            page=page,
            body=body,
            shared=not new and made is not None and made.shared,
        )

    def _draft(
        self,
        grounds: Grounds,
        name: ReleaseName,
        source: Source,
        made: _Made | None,
    ) -> Draft:
        """Draft a release; what people wrote on its branch is kept."""
        said = made.release.description if made is not None else ""
        description = said or self._description(grounds, source)
        draft = self.preparer.draft(
            grounds, Ask(to=name.environment, version=name.version, description=description)
        )
        kept = () if made is None else made.release.acknowledgements
        given, _ = drafting.acknowledged(draft.plan.messages, Wanted(name=name, kept=kept))
        return replace(draft, release=replace(draft.release, acknowledgements=given))

    def _description(self, grounds: Grounds, source: Source) -> str:
        """Return the description of the release that is promoted, or one for what was merged."""
        if source.version is None:
            return f"What was merged to {source.environment}"
        name = ReleaseName(source.environment, source.version)
        release = self._catalog.release(grounds.snapshot, name)
        return (release and release.description) or f"What is live in {source.environment}"

    # --- the branch -----------------------------------------------------------------------------

    def _made(self, grounds: Grounds, name: ReleaseName) -> _Made | None:
        """Return what the branch holds: here, or on the remote where that has gone further."""
        git, branch = grounds.workspace.git, self._branch(grounds, name)
        here, there = self.preparer.writer.branch_commit(branch), self._remote(grounds, branch)
        ahead = here is not None and (there is None or git.is_ancestor(there, here))
        commit = here if ahead else there
        if commit is None:
            return None
        try:
            release = self._catalog.release(self._catalog.at(commit), name)
        except Invalid:
            return None
        shared = commit == there
        return None if release is None else _Made(commit=commit, release=release, shared=shared)

    def _remote(self, grounds: Grounds, branch: str) -> str | None:
        """Return a branch's commit on the remote; None without one, or when it was not asked."""
        if not grounds.chosen.fetched:
            return None
        try:
            return grounds.workspace.git.fetch(branch)
        except RepositoryError:
            return None

    def _prepared(self, grounds: Grounds, draft: Draft, made: _Made | None, body: str) -> Prepared:
        """Commit a draft, unless its branch holds the same release already."""
        name = draft.release.name
        if made is not None and planned.same(made.release, draft.release):
            environment = draft.environment
            _, problem = checking.at_commit(self._catalog, grounds, environment, name, made.commit)
            if problem is None:
                branch = self._branch(grounds, name)
                return Prepared(draft=draft, branch=branch, commit=made.commit, is_new=False)
        return self.preparer.commit(grounds, [draft], f"Release {name}", body)

    def _branch(self, grounds: Grounds, name: ReleaseName) -> str:
        return names.branch_name(grounds.pipeline.branch_format, name)

    def _page(self, grounds: Grounds, day: _Day, standing: Standing, draft: Draft) -> Page:
        """Return what reviewers read."""
        judged = self.keeper.judged(grounds, standing, draft.release, draft.loaded, day.at)
        return proposal.page(grounds, standing, draft, judged, day.at)

    @property
    def _catalog(self) -> Catalog:
        return self.preparer.catalog


def _chosen(grounds: Grounds, asked: Iterable[str] | None) -> Sequence[str]:
    """Return the environments to look at, the last one of the pipeline first."""
    wanted = {*asked} if asked else None
    for name in sorted(wanted or ()):
        try:
            grounds.release_only(name)
        except Invalid:
            # Told with the others, which it does not stop.
            continue
    known = grounds.chosen.repository
    return [
        name
        for name in reversed(grounds.pipeline.environments)
        if (wanted is None or name in wanted)
        and (name in known.broken or known.environment(name).mode is Mode.RELEASE_ONLY)
    ]
