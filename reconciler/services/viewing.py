"""The read-only commands: plans of several environments, comparisons, validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.core import layout
from reconciler.core.errors import Invalid
from reconciler.core.model import Environment, Finding, Mode
from reconciler.core.plan import Plan
from reconciler.services import planning
from reconciler.services.loading import environment as loading
from reconciler.services.loading.documents import Documents
from reconciler.services.loading.environment import Loaded
from reconciler.services.planning import Planner
from reconciler.services.workspace import Chosen, Workspace, names


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What validation found, and how much it looked at."""

    findings: tuple[Finding, ...]
    environments: int
    resources: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Answers without writing anything."""

    workspace: Workspace
    planner: Planner

    def plans(
        self, chosen: Chosen, asked: Sequence[str], *, allow_empty: bool = False
    ) -> list[Plan]:
        """Plan each environment; findings of one do not hide the others."""
        return [
            self._plan(chosen, environment, allow_empty=allow_empty)
            for environment in names(chosen, asked)
        ]

    def plans_against(self, chosen: Chosen, ref: str, asked: Sequence[str]) -> list[Plan]:
        """Compare with another commit from git alone."""
        base = self.workspace.base(ref, isolated=asked)
        return [self._against(chosen, base, one) for one in names(chosen, asked)]

    def validate(self, chosen: Chosen) -> Report:
        """Collect every finding of every environment, isolated ones included."""
        workspace = self.workspace
        files = chosen.snapshot.files(layout.ROOT)
        folders = layout.environments_in(file.path for file in files)
        listed = {environment.name for environment in chosen.repository.environments}
        chosen = workspace.with_isolated(chosen, [n for n in folders if n not in listed])
        findings = list(chosen.repository.findings)
        findings += layout.strays([file.path for file in files], folders)
        resources = 0
        documents = Documents(workspace.manifests, workspace.cache, chosen.snapshot)
        for environment in chosen.repository.environments:
            alone = environment.name in chosen.repository.broken
            found, count = loading.survey(documents, environment, alone=alone)
            findings += found
            resources += count
        return Report(
            findings=tuple(sorted(set(findings))),
            environments=len(chosen.repository.environments),
            resources=resources,
        )

    def _plan(self, chosen: Chosen, environment: Environment, *, allow_empty: bool) -> Plan:
        try:
            chosen.repository.refuse_broken(environment.name)
            if environment.mode is Mode.RELEASE_ONLY and not chosen.explicit:
                return planning.waiting(environment, tag_example(chosen, environment))
            loaded = self.workspace.load(chosen, environment)
            others = chosen.repository.environments
            return self.planner.plan(loaded, others, allow_empty=allow_empty).plan
        except Invalid as error:
            return _errored(chosen, environment, error.findings)

    def _against(self, chosen: Chosen, base: Chosen | None, environment: Environment) -> Plan:
        try:
            loaded = self.workspace.load(chosen, environment)
            before = None if base is None else self._before(base, environment.name)
            return planning.between(before, loaded, chosen.repository.environments)
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
