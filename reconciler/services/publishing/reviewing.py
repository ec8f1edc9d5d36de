"""What a pull request would do: a report for its reviewers, from git alone or with what runs.

What a pull request brings is data. Platforms, secrets, roles and rules are always those of the
protected branch, so that nothing in a pull request decides where this program connects to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.core import layout
from reconciler.core.errors import Invalid, ReconcilerError
from reconciler.core.model import Environment, Finding, Mode
from reconciler.core.plan import Plan
from reconciler.core.releases.model import Release
from reconciler.core.render.comment import Report
from reconciler.core.render.pages import Page
from reconciler.core.rules import RuleChange
from reconciler.ports import Clock, Snapshot
from reconciler.services.publishing.ruling import rule_changes
from reconciler.services.releases.judging import checking
from reconciler.services.releases.judging.gating import GateKeeper
from reconciler.services.releases.making.drafting import Drafter
from reconciler.services.releases.proposing import proposal
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds
from reconciler.services.releases.telling.debts import Debts
from reconciler.services.viewing import Viewer
from reconciler.services.workspace import Chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Says what commits would do that are not merged. It is given nothing that can write."""

    catalog: Catalog
    drafter: Drafter
    keeper: GateKeeper
    viewer: Viewer
    debts: Debts
    clock: Clock
    remote: str | None = None
    link: str | None = None

    def from_git(
        self, grounds: Grounds | None, chosen: Chosen, against: str, plans: Sequence[Plan]
    ) -> Report:
        """Report on plans that compare a commit with another one from git alone.

        Without grounds (there is no protected branch here) its releases are shown as plans.
        """
        base = self.catalog.workspace.git.snapshot(against)
        pages = {} if grounds is None else self._alone.releases(grounds, chosen.snapshot, base)
        report = Report(
            plans=[each for each in plans if each.environment not in pages],
            releases=[page for many in pages.values() for page in many],
            rules=self._rules(chosen, base),
            findings=self._findings(grounds, chosen, base, plans),
            commit=chosen.snapshot.commit,
            against=base.commit,
            at=self.clock.now(),
        )
        return self._placed(report, grounds)

    @property
    def _alone(self) -> Reviewer:
        """The same, knowing nothing but git."""
        drafter = replace(self.drafter, git_alone=True)
        return replace(self, drafter=drafter, keeper=replace(self.keeper, drafter=drafter))

    def live(
        self, grounds: Grounds, head: Snapshot, base: Snapshot, *, is_fresh: bool = True
    ) -> Report:
        """Compare a commit with what runs: users are counted, drift and gates are known.

        Of one that is not fresh, since it lacks commits of the older side, only the releases that
        it brings are looked at: all else would look as if it were taken back.
        """
        pages = self.releases(grounds, head, base)
        changed = self.concerned(grounds, head, base) if is_fresh else ()
        plans = [
            self._plan(grounds, head, grounds.environment(n)) for n in changed if n not in pages
        ]
        try:
            chosen = self.catalog.workspace.of_snapshot(head)
            changes = self._rules(chosen, base) if is_fresh else ()
            found = self._findings(grounds, chosen, base, plans, is_fresh=is_fresh)
        except Invalid as error:
            changes, found = (), error.findings
        report = Report(
            plans=plans,
            releases=[page for many in pages.values() for page in many],
            rules=changes,
            findings=found,
            live=True,
            commit=head.commit,
            against=base.commit,
            at=self.clock.now(),
        )
        return self._placed(report, grounds)

    def releases(
        self, grounds: Grounds, head: Snapshot, base: Snapshot
    ) -> dict[str, tuple[Page, ...]]:
        """Return the previews of releases that only the newer side holds, by environment."""
        found = {}
        for name in self.concerned(grounds, head, base):
            environment = grounds.environment(name)
            if environment.mode is not Mode.RELEASE_ONLY:
                continue
            made = self._made(environment, head, base)
            try:
                pages = tuple(self._page(grounds, environment, each, head) for each in made)
            except Invalid:
                continue  # the plan of that environment tells it
            if pages:
                found[name] = pages
        return found

    def _rules(self, chosen: Chosen, base: Snapshot) -> tuple[RuleChange, ...]:
        """Return what acts when it is merged; nothing where the older side cannot be read."""
        try:
            return rule_changes(self.catalog.workspace.of_snapshot(base), chosen)
        except ReconcilerError:
            return ()

    def _findings(
        self,
        grounds: Grounds | None,
        chosen: Chosen,
        base: Snapshot,
        plans: Sequence[Plan],
        *,
        is_fresh: bool = True,
    ) -> tuple[Finding, ...]:
        """Return what is invalid, but for what the plans tell."""
        told = {finding for plan in plans for finding in plan.findings}
        against = base.commit if is_fresh else None
        found = [*self.viewer.validate(chosen, against=against).findings]
        if grounds is not None:
            found += self._untrue(grounds, chosen.snapshot, base)
        return tuple(dict.fromkeys(finding for finding in found if finding not in told))

    def _untrue(self, grounds: Grounds, head: Snapshot, base: Snapshot) -> Iterator[Finding]:
        """Yield what a new release says that is not so: its tag would be refused for it."""
        for name in self.concerned(grounds, head, base):
            environment = grounds.environment(name)
            if environment.mode is not Mode.RELEASE_ONLY:
                continue
            for release in self._made(environment, head, base):
                _, problem = checking.at_commit(
                    self.catalog, grounds, environment, release.name, head.commit or ""
                )
                if problem is not None:
                    file = layout.release_file(name, release.version)
                    yield Finding(file, 1, 1, problem, "release")

    def _placed(self, report: Report, grounds: Grounds | None) -> Report:
        """Return a report with what is known of the repository around it."""
        report = replace(report, remote=self.remote, link=self.link)
        if grounds is None:
            return report
        unsigned = []
        if grounds.pipeline.signatures != "required":
            unsigned = [each.name for each in grounds.release_only_environments()]
        debts = [str(each) for each in self.debts.open(grounds)]
        return replace(report, unsigned=unsigned, debts=debts)

    def concerned(self, grounds: Grounds, head: Snapshot, base: Snapshot) -> tuple[str, ...]:
        """Return the environments whose folders differ, in the order of the pipeline."""
        known = grounds.chosen.repository
        return tuple(
            name
            for name in grounds.pipeline.environments
            if name not in known.broken
            and head.tree_id(layout.environment_folder(name))
            != base.tree_id(layout.environment_folder(name))
        )

    def _plan(self, grounds: Grounds, head: Snapshot, environment: Environment) -> Plan:
        """Plan what a commit holds for an environment, on the platform that it has now."""
        planner = self.drafter.planner
        try:
            loaded = self.catalog.content(head, environment)
            return planner.plan(loaded, grounds.chosen.repository.environments).plan
        except ReconcilerError as error:
            return _errored(head, environment, error)

    def _made(self, environment: Environment, head: Snapshot, base: Snapshot) -> Iterator[Release]:
        known = self.catalog.readable(base, environment.name)[0]
        there = self.catalog.readable(head, environment.name)[0]
        yield from (release for version, release in there.items() if version not in known)

    def _page(
        self, grounds: Grounds, environment: Environment, release: Release, head: Snapshot
    ) -> Page:
        keeper = self.keeper
        standing = keeper.judge.standing(grounds, environment)
        draft = self.drafter.made(grounds, environment, standing.live, release, head.commit or "")
        judged = keeper.judged(grounds, standing, release, draft.loaded)
        return proposal.page(
            grounds, standing, draft, judged, datetime.fromisoformat(self.clock.now())
        )


def _errored(head: Snapshot, environment: Environment, error: ReconcilerError) -> Plan:
    """Return the plan of an environment that cannot be planned."""
    findings = error.findings if isinstance(error, Invalid) else ()
    if not findings:
        file = layout.environment_file(environment.name)
        findings = (Finding(file, 1, 1, error.text.rstrip(".")),)
    return Plan(environment=environment.name, commit=head.commit, ref=head.ref, findings=findings)
