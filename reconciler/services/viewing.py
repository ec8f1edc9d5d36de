"""The read-only commands: plans of several environments, comparisons, validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from reconciler.core import layout, zoned
from reconciler.core.errors import Invalid, PlatformError
from reconciler.core.messages.review import Hotfix
from reconciler.core.model import Environment, Finding, Kind, Mode
from reconciler.core.plan import Plan
from reconciler.ports import Snapshot
from reconciler.services import planning
from reconciler.services.loading import environment as loading
from reconciler.services.loading.documents import Documents, Item
from reconciler.services.loading.environment import Loaded
from reconciler.services.planning import Planned, Planner
from reconciler.services.validating import folders, history, policies
from reconciler.services.workspace import HEAD, Chosen, Workspace, names, zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What validation found, and how much it looked at."""

    findings: tuple[Finding, ...]
    environments: int
    resources: int


class ReleasedPlans(Protocol):
    """Plans what release tags say."""

    def plan(self, chosen: Chosen, environment: Environment) -> Planned | None:
        """Plan a release-only environment, None before its first accepted tag."""

    def hotfixes(self, snapshot: Snapshot, environment: Environment) -> tuple[Hotfix, ...]:
        """Return what the hotfixes did that a commit holds for an environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Answers without writing anything."""

    workspace: Workspace
    planner: Planner
    released: ReleasedPlans

    def plans(
        self, chosen: Chosen, asked: Sequence[str], *, allow_empty: bool = False
    ) -> list[Plan]:
        """Plan each environment; findings of one do not hide the others."""
        found = [
            self._plan(chosen, environment, allow_empty=allow_empty)
            for environment in names(chosen, asked)
        ]
        return zoned.local(found, zone_of(chosen))

    def plans_against(self, chosen: Chosen, ref: str, asked: Sequence[str]) -> list[Plan]:
        """Compare with another commit from git alone."""
        base = self.workspace.base(ref, isolated=asked)
        return [self._against(chosen, base, one) for one in names(chosen, asked)]

    def examine(
        self, *, ref: str | None = None, worktree: bool = False, against: str | None = None
    ) -> Report:
        """Validate what is named, HEAD by default, even where its pipeline cannot be read.

        Raises:
            NotFound: there is no such ref, or no pipeline.
        """
        git = self.workspace.git
        if against is not None:
            git.snapshot(against)  # an unknown ref is told before all findings
        try:
            chosen = self.workspace.choose(ref=ref, worktree=worktree, head=True)
        except Invalid as error:
            snapshot = git.worktree() if worktree else git.snapshot(ref or HEAD)
            return self._unreadable(snapshot, error.findings)
        return self.validate(chosen, against=against)

    def validate(self, chosen: Chosen, *, against: str | None = None) -> Report:
        """Collect every finding of every environment, isolated ones included.

        `against` names an older commit whose releases must still be as they were.
        """
        workspace = self.workspace
        files = chosen.snapshot.files(layout.ROOT)
        found_in = layout.environments_in(file.path for file in files)
        listed = {environment.name for environment in chosen.repository.environments}
        chosen = workspace.with_isolated(chosen, [n for n in found_in if n not in listed])
        findings = list(chosen.repository.findings)
        findings += layout.strays([file.path for file in files], found_in)
        resources = 0
        documents = Documents(workspace.manifests, workspace.cache, chosen.snapshot)
        for environment in chosen.repository.environments:
            alone = environment.name in chosen.repository.broken
            found, count = loading.survey(documents, environment, alone=alone)
            findings += found
            resources += count
        findings += folders.findings(workspace, chosen)
        findings += policies.findings(workspace, chosen)
        if against is not None:
            findings += history.findings(workspace, chosen, against)
        return Report(
            findings=tuple(sorted(set(findings))),
            environments=len(chosen.repository.environments),
            resources=resources,
        )

    def _unreadable(self, snapshot: Snapshot, wrong: Sequence[Finding]) -> Report:
        """Look at each file by itself, for nothing is known of the pipeline."""
        workspace = self.workspace
        documents = Documents(workspace.manifests, workspace.cache, snapshot)
        paths = [file.path for file in snapshot.files(layout.ROOT)]
        names = [n for n in layout.environments_in(paths) if layout.may_be_environment(n)]
        findings = [*wrong, *layout.strays(paths, names), *policies.strays(paths)]
        resources = 0
        for name in names:
            own = snapshot.files(layout.environment_file(name))
            sound = [f for f in own if not loading.path_findings([f])]
            findings += documents.know([Item(Kind.ENVIRONMENT, file) for file in sound])[1]
            found, count = loading.survey(documents, Environment(name=name), alone=True)
            findings += found
            resources += count
        return Report(
            findings=tuple(sorted(set(findings))), environments=len(names), resources=resources
        )

    def _plan(self, chosen: Chosen, environment: Environment, *, allow_empty: bool) -> Plan:
        try:
            chosen.repository.refuse_broken(environment.name)
            if environment.mode is Mode.RELEASE_ONLY and not chosen.explicit:
                return self._released(chosen, environment)
            loaded = self.workspace.load(chosen, environment)
            others = chosen.repository.environments
            return self.planner.plan(loaded, others, allow_empty=allow_empty).plan
        except Invalid as error:
            return _errored(chosen, environment, error.findings)
        except PlatformError as error:
            # One platform that does not answer hides no other environment's plan.
            file = layout.environment_file(environment.name)
            finding = Finding(file, 1, 1, error.text.rstrip("."))
            return _errored(chosen, environment, (finding,))

    def _released(self, chosen: Chosen, environment: Environment) -> Plan:
        planned = self.released.plan(chosen, environment)
        if planned is None:
            return planning.waiting(environment, tag_example(chosen, environment))
        return planned.plan

    def _against(self, chosen: Chosen, base: Chosen | None, environment: Environment) -> Plan:
        try:
            loaded = self.workspace.load(chosen, environment)
            before = None if base is None else self._before(base, environment.name)
            others = chosen.repository.environments
            known = () if base is None else self.released.hotfixes(base.snapshot, environment)
            return planning.between(before, loaded, others, hotfixes=known)
        except Invalid as error:
            return _errored(chosen, environment, error.findings)

    def _before(self, base: Chosen, name: str) -> Loaded | None:
        """Return the older side, None when it had no such environment.

        Raises:
            Invalid: with findings that name the older side.
        """
        known = {one.name: one for one in base.repository.environments}
        if name not in known or not base.snapshot.files(layout.environment_file(name)):
            return None
        try:
            return self.workspace.load(base, known[name])
        except Invalid as error:
            where = base.snapshot.ref or base.snapshot.commit
            raise Invalid(
                tuple(replace(f, text=f"{f.text} (in {where})") for f in error.findings)
            ) from error


def tag_example(chosen: Chosen, environment: Environment) -> str:
    """Return the form of an environment's release tags, such as `staging/v…`."""
    form = chosen.repository.pipeline.tag_format
    return form.replace("{environment}", environment.name).replace("{version}", "…")


def _errored(chosen: Chosen, environment: Environment, findings: tuple[Finding, ...]) -> Plan:
    return Plan(
        environment=environment.name,
        commit=chosen.snapshot.commit,
        ref=chosen.snapshot.ref,
        findings=findings,
    )
