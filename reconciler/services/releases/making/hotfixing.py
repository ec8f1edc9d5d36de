"""Hotfixes: a change of what is live in one environment, merged into every environment below it.

It must not know how a change is told apart field by field, nor commit anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.core import layout
from reconciler.core.errors import Invalid, ReconcilerError, UsageError
from reconciler.core.model import Environment
from reconciler.core.releases import names, versions
from reconciler.core.releases.model import Acknowledgement, ReleaseName, ReleaseType, Source
from reconciler.ports import GitWriter, Snapshot, TreeFile
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.making import asking, carrying, contents, mixing
from reconciler.services.releases.making.asking import Ask
from reconciler.services.releases.making.contents import Content
from reconciler.services.releases.making.drafting import Draft, Drafter, Wanted
from reconciler.services.releases.making.lowering import Change, Edited, Lowerer, Released
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds
from reconciler.services.releases.reading.live import Live
from reconciler.services.releases.telling import debts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hotfix:
    """What a hotfix makes of the content that is live; its files are in `snapshot`."""

    standing: Standing
    live: Live
    change: Change
    snapshot: Snapshot
    takes_values: bool

    @property
    def environment(self) -> Environment:
        """The environment that it is for."""
        return self.standing.environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotfixer:
    """Drafts hotfixes for an environment and all below it."""

    catalog: Catalog
    judge: TagJudge
    drafter: Drafter
    lowerer: Lowerer
    writer: GitWriter

    def drafts(self, grounds: Grounds, ask: Ask, change: Snapshot) -> tuple[Draft, ...]:
        """Draft a hotfix: what an environment's folder in `change` differs from what is live.

        The first draft is that of the environment itself (see `Draft.is_nothing`); it tells of the
        others, and its `more` are the files of the editable environment. All are for the branch of
        the first one. Nothing is written.

        Raises:
            Conflict: a field has another value in an environment below.
            Invalid: the changed folder, or a merged one, has findings.
            ReconcilerError: nothing is live, or a version cannot be the next one.
        """
        _refuse(ask)
        hotfix = self._hotfix(grounds, ask, change)
        name = self._name(grounds, hotfix.standing, ask.version)
        first = self._draft(
            grounds, hotfix.standing, self._content(grounds, hotfix, ask), ask, name
        )
        return (first,) if first.is_nothing else self._with_lower(grounds, ask, hotfix, first)

    def _with_lower(
        self, grounds: Grounds, ask: Ask, hotfix: _Hotfix, first: Draft
    ) -> tuple[Draft, ...]:
        """Draft what the environments below get too."""
        below, told = self.lowerer.below(grounds, hotfix.change)
        _refuse_versions(ask.versions, below, ask.to)
        told += self._of_environment_file(grounds, hotfix)
        others: list[Draft] = []
        more: dict[str, bytes | None] = {}
        for lower in below:
            if isinstance(lower, Edited):
                more |= self.lowerer.edited(grounds, lower)
                told.append(lower.notice)
                continue
            draft = self._lower(grounds, lower, ask, first.release.name)
            if draft.is_nothing:
                told.append(f"{lower.environment.name} has the change already: no release there.")
            else:
                others.append(draft)
                told.append(f"{draft.release.name} brings the change to {lower.environment.name}.")
        told += self._waiting(grounds, hotfix, below)
        return _together(replace(first, more=more, notices=(*first.notices, *told)), others)

    def _hotfix(self, grounds: Grounds, ask: Ask, snapshot: Snapshot) -> _Hotfix:
        """Return what changed since what is live."""
        environment = grounds.release_only(ask.to)
        standing = self.judge.standing(grounds, environment)
        if standing.live is None:
            raise ReconcilerError(
                f"Nothing is live in {environment.name} yet, so there is nothing to fix.",
                hint=f"Release to it first: `reconciler release create --to {environment.name}`.",
            )
        base = self.drafter.base(environment, standing.live)
        changed = self.catalog.content(snapshot, environment)
        keys = carrying.differing(base, changed)
        if ask.only:
            keys = tuple(key for key in keys if key in ask.only)
        return _Hotfix(
            standing=standing,
            live=standing.live,
            change=Change(environment=environment, base=base, changed=changed, keys=keys),
            snapshot=snapshot,
            takes_values=not ask.only and base.desired.values != changed.desired.values,
        )

    def _content(self, grounds: Grounds, hotfix: _Hotfix, ask: Ask) -> Content:
        """Return the content for the environment itself, with bytes that git may not have."""
        base, changed = hotfix.change.base, hotfix.change.changed
        wanted = contents.part(base, changed, ask.only) if ask.only else contents.whole(changed)
        there = {file.oid for file in base.files().values()}
        foreign = [f for f in wanted.values() if isinstance(f, TreeFile) and f.oid not in there]
        data = {file.path: read for file, read in hotfix.snapshot.read(foreign)}
        prefix = f"{layout.environment_folder(hotfix.environment.name)}/"
        values, at = base, self.catalog.at(hotfix.live.commit)
        if hotfix.takes_values:
            values, at = changed, hotfix.snapshot
        return Content(
            source=_source(hotfix.environment, hotfix.live),
            files={path: data.get(prefix + path, file) for path, file in wanted.items()},
            environment_file=mixing.with_values(
                self.catalog.workspace, grounds.snapshot, at, hotfix.environment, values
            ),
        )

    def _lower(self, grounds: Grounds, lower: Released, ask: Ask, first: ReleaseName) -> Draft:
        """Draft the release that brings the hotfix to an environment below."""
        environment = lower.environment
        at = self.catalog.at(lower.live.commit)
        content = Content(
            source=_source(environment, lower.live),
            files=lower.carried.files,
            environment_file=mixing.with_values(
                self.catalog.workspace, grounds.snapshot, at, environment, lower.content
            ),
        )
        name = self._name(grounds, lower.standing, ask.versions.get(environment.name))
        return self._draft(grounds, lower.standing, content, ask, name, first)

    def _draft(
        self,
        grounds: Grounds,
        standing: Standing,
        content: Content,
        ask: Ask,
        name: ReleaseName,
        first: ReleaseName | None = None,
    ) -> Draft:
        """Draft one release; acknowledgements are kept that stand on the first one's branch."""
        wanted = Wanted(
            name=name,
            type=ReleaseType.HOTFIX,
            description=ask.description,
            acknowledged=ask.acknowledged,
            kept=self._kept(grounds, first or name, name),
        )
        return self.drafter.draft(grounds, standing.environment, standing.live, content, wanted)

    def _name(self, grounds: Grounds, standing: Standing, version: str | None) -> ReleaseName:
        """Return the name of the release: the next unused patch unless a version is given."""
        environment, live = standing.environment.name, standing.live
        releases = self.catalog.releases(grounds.snapshot, environment)
        if version is None:
            version = asking.FIRST_VERSION
            if live is not None and live.version is not None:
                version = versions.next_patch(live.version)
            while version in releases:
                version = versions.next_patch(version)
        name = ReleaseName(environment, version)
        asking.refuse_version(name, live, releases)
        return name

    def _kept(
        self, grounds: Grounds, first: ReleaseName, name: ReleaseName
    ) -> tuple[Acknowledgement, ...]:
        branch = names.branch_name(grounds.pipeline.branch_format, first)
        commit = self.writer.branch_commit(branch)
        try:
            release = commit and self.catalog.release(self.catalog.at(commit), name)
        except Invalid:
            return ()
        return release.acknowledgements if release else ()

    def _waiting(
        self, grounds: Grounds, hotfix: _Hotfix, below: Iterable[Released | Edited]
    ) -> list[str]:
        """Tell of releases that are merged and not live: they were made without this change."""
        standings = [hotfix.standing, *(e.standing for e in below if isinstance(e, Released))]
        return [
            f"{name} is merged and not live yet; it was made without this change."
            for standing in standings
            for name in debts.waiting(
                standing,
                (
                    release.name
                    for release in self.catalog.releases(
                        grounds.snapshot, standing.environment.name
                    ).values()
                ),
            )
        ]

    def _of_environment_file(self, grounds: Grounds, hotfix: _Hotfix) -> list[str]:
        """Tell what of environment.yaml goes no further, and what is not part of a release."""
        told, where = [], hotfix.environment.name
        if hotfix.takes_values:
            told.append(
                f"Values are each environment's own: those of {where} were not merged elsewhere."
            )
        written = self.catalog.workspace.of_snapshot(hotfix.snapshot).repository.environment(where)
        if replace(written, values={}) != replace(grounds.environment(where), values={}):
            told.append(
                f"{layout.environment_file(where)} differs from the protected branch in more than "
                "values; that is no part of a release, merge it by itself."
            )
        return told


def _refuse(ask: Ask) -> None:
    asking.refuse_text(ask.description)
    if ask.content is not None:
        raise UsageError(
            "--content does not go with --type hotfix: its content is that of the checkout, or of "
            "--from.",
            hint="To go back to an earlier release, use `reconciler rollback`.",
        )


def _together(first: Draft, others: Iterable[Draft]) -> tuple[Draft, ...]:
    """Return all drafts; an acknowledgement that fits any of them is used."""
    lower = tuple(others)
    unused = tuple(text for text in first.unused if all(text in each.unused for each in lower))
    return (replace(first, unused=unused), *(replace(draft, unused=()) for draft in lower))


def _source(environment: Environment, live: Live) -> Source:
    return Source(environment=environment.name, commit=live.commit, version=live.version)


def _refuse_versions(
    given: Mapping[str, str], below: Iterable[Released | Edited], environment: str
) -> None:
    released = [lower.environment.name for lower in below if isinstance(lower, Released)]
    unknown = [name for name in given if name not in released]
    if unknown:
        raise UsageError(
            f"A hotfix to {environment} makes no release of {unknown[0]}.",
            hint=f"Versions can be given for: {', '.join([environment, *released])}.",
        )
