"""Prepares releases: what `release create`, `release preview` and `rollback` draft and commit.

It must not know how answers are shown, nor push anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.core import layout
from reconciler.core.errors import Conflict, Invalid, NotFound, ReconcilerError, UsageError
from reconciler.core.model import Environment, Mode
from reconciler.core.releases import names
from reconciler.core.releases.model import (
    Acknowledgement,
    Release,
    ReleaseName,
    ReleaseType,
    Source,
)
from reconciler.ports import Commit, GitWriter, ManifestWriter
from reconciler.services.loading.environment import Loaded
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.making import asking, contents, mixing
from reconciler.services.releases.making.asking import Ask
from reconciler.services.releases.making.contents import Content
from reconciler.services.releases.making.drafting import Draft, Drafter, Wanted
from reconciler.services.releases.reading import branches
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.files import read_file
from reconciler.services.releases.reading.grounds import Grounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What was committed: `commit` is None when the branch was this already."""

    draft: Draft
    branch: str
    commit: str
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparer:
    """Drafts releases from what people ask for, and commits them on their branch."""

    catalog: Catalog
    judge: TagJudge
    drafter: Drafter
    writer: GitWriter
    manifests: ManifestWriter

    def draft(self, grounds: Grounds, ask: Ask) -> Draft:
        """Draft what is asked for; nothing is written.

        Raises:
            UsageError: the version or the environment cannot be meant.
            Held: another release is merged and not live yet.
        """
        asking.refuse_text(ask.description)
        environment = grounds.release_only(ask.to)
        standing = self.judge.standing(grounds, environment)
        content = self._content(grounds, environment, standing, ask)
        return self._drafted(grounds, standing, content, ask)

    def rollback(self, grounds: Grounds, name: ReleaseName, version: str | None, ask: Ask) -> Draft:
        """Draft a release of an older content of the same environment.

        Raises:
            NotFound: there is no such release.
        """
        environment = grounds.release_only(name.environment)
        standing = self.judge.standing(grounds, environment)
        old = self.released(grounds, standing, name)
        commit = self._commit_of(grounds, standing, name)
        loaded = self.catalog.content(self.catalog.at(commit), environment)
        workspace, then = self.catalog.workspace, self.catalog.at(commit)
        content = Content(
            source=Source(environment=name.environment, commit=commit, version=old.version),
            files=contents.whole(loaded),
            environment_file=mixing.with_values(
                workspace, grounds.snapshot, then, environment, loaded
            ),
        )
        return self._drafted(grounds, standing, content, ask, version)

    def _commit_of(self, grounds: Grounds, standing: Standing, name: ReleaseName) -> str:
        """Return the commit of a release that was accepted: what its tag points to."""
        tag = self.judge.tag(grounds, standing, name)
        tagged = None if tag is None else tag.commit
        return tagged or self.catalog.introduced(grounds.tip, name) or ""

    def released(self, grounds: Grounds, standing: Standing, name: ReleaseName) -> Release:
        """Return a release that was accepted.

        Raises:
            NotFound: there is none of this name, or no tag of it was ever accepted.
        """
        release = self.catalog.release(grounds.snapshot, name)
        if release is None:
            known = ", ".join(self.catalog.releases(grounds.snapshot, name.environment)) or "none"
            raise NotFound(f"There is no release {name}; releases there: {known}.")
        tag = grounds.tag_name(name)
        live = standing.live
        was_live = live is not None and live.version == name.version
        judged = standing.tag(name)
        accepted = judged is not None and judged.judgement.accepted
        if not (was_live or tag in standing.pinned or accepted):
            raise NotFound(
                f"{name} was never live: it has no accepted tag {tag}.",
                hint=f"See `reconciler release list --environment {name.environment}`.",
            )
        return release

    def commit(
        self, grounds: Grounds, drafts: Iterable[Draft], title: str, body: str | None = None
    ) -> Prepared:
        """Commit drafts on the branch of the first one, on top of the protected tip.

        The same content again leaves the branch as it is. The commit's message says what the
        descriptions say, unless there is a `body`.

        Raises:
            Conflict: the branch moved meanwhile, or holds a release of another type.
            RepositoryError: it is checked out, or git knows no user.
        """
        many = list(drafts)
        first = many[0]
        self._refuse_another(grounds, first)
        branch = names.branch_name(grounds.pipeline.branch_format, first.release.name)
        files: dict[str, bytes | None] = {}
        for draft in many:
            files |= _files(draft, self.manifests)
        before = self.writer.branch_commit(branch)
        if before is not None and self._is_already(before, grounds.tip, files):
            return Prepared(draft=first, branch=branch, commit=before, is_new=False)
        commit = self.writer.commit_files(
            Commit(
                branch=branch,
                message=_message(title, many) if body is None else f"{title}\n\n{body}\n",
                files=files,
                parent=grounds.tip,
                expected=before,
            )
        )
        return Prepared(draft=first, branch=branch, commit=commit, is_new=True)

    def _refuse_another(self, grounds: Grounds, draft: Draft) -> None:
        """Refuse to take the branch of somebody's release that is for something else."""
        name, found = draft.release.name, self.on_branch(grounds, draft.release.name)
        if found is None or found[1].type is draft.release.type:
            return
        branch = names.branch_name(grounds.pipeline.branch_format, name)
        raise Conflict(
            f"The branch {branch} holds {name} as a {found[1].type.value} already, and this would "
            f"make a {draft.release.type.value} of it.",
            hint=f"Give another --version, or delete that branch if nobody wants its {name}.",
        )

    def on_branch(self, grounds: Grounds, name: ReleaseName) -> tuple[str, Release] | None:
        """Return head and manifest of a release's branch, None where there is no such branch."""
        branch = names.branch_name(grounds.pipeline.branch_format, name)
        commit = branches.head(grounds, self.writer, branch)
        if commit is None:
            return None
        try:
            release = self.catalog.release(self.catalog.at(commit), name)
        except Invalid:
            return None
        return None if release is None else (commit, release)

    def _content(
        self, grounds: Grounds, environment: Environment, standing: Standing, ask: Ask
    ) -> Content:
        source, loaded = self.source(grounds, environment, ask.content)
        if not ask.only:
            return Content(source=source, files=contents.whole(loaded))
        live = standing.live
        base = None if live is None else self.drafter.base(environment, live)
        return Content(source=source, files=contents.part(base, loaded, ask.only))

    def source(
        self, grounds: Grounds, environment: Environment, content: str | None
    ) -> tuple[Source, Loaded]:
        """Return what a release of this environment is made from, and its content.

        Raises:
            ReconcilerError: nothing is live there yet.
            NotFound: there is no accepted release of that version.
        """
        before = environment.promotes_from
        if before is None:
            raise ReconcilerError(
                f"{environment.name} promotes from no environment.",
                hint=f"Set spec.promotesFrom in {layout.environment_file(environment.name)}.",
            )
        previous = grounds.environment(before)
        if previous.mode is Mode.EDITABLE:
            if content is not None:
                raise UsageError(f"{before} is editable: it has no version {content}.")
            loaded = self.catalog.workspace.load(grounds.chosen, previous)
            return Source(environment=before, commit=grounds.tip), loaded
        standing = self.judge.standing(grounds, previous)
        if content is not None:
            name = ReleaseName(before, content)
            self.released(grounds, standing, name)
            commit = self._commit_of(grounds, standing, name)
            version: str | None = content
        elif standing.live is not None:
            commit, version = standing.live.commit, standing.live.version
        else:
            raise ReconcilerError(
                f"Nothing is live in {before} yet, so nothing can be released to "
                f"{environment.name}.",
                hint=f"Release to {before} first.",
            )
        loaded = self.catalog.content(self.catalog.at(commit), previous)
        return Source(environment=before, commit=commit, version=version), loaded

    def _drafted(
        self,
        grounds: Grounds,
        standing: Standing,
        content: Content,
        ask: Ask,
        version: str | None = None,
    ) -> Draft:
        environment = standing.environment
        releases = self.catalog.releases(grounds.snapshot, environment.name)
        named = version or ask.version
        default = asking.default_version(standing.live, content.source, ask.type, releases)
        name = ReleaseName(environment.name, named or default)
        if named:
            asking.refuse_version(name, standing.live, releases)
        draft = self.drafter.draft(
            grounds,
            environment,
            standing.live,
            content,
            Wanted(
                name=name,
                type=ask.type,
                description=ask.description,
                acknowledged=ask.acknowledged,
                kept=self._kept(grounds, name),
            ),
        )
        if draft.is_nothing:
            return draft
        asking.refuse_version(name, standing.live, releases)
        if ask.type is ReleaseType.REGULAR and not ask.supersede:
            asking.refuse_pending(standing, releases)
        return draft

    def _kept(self, grounds: Grounds, name: ReleaseName) -> tuple[Acknowledgement, ...]:
        found = self.on_branch(grounds, name)
        return () if found is None else found[1].acknowledgements

    def _is_already(self, commit: str, tip: str, files: Mapping[str, bytes | None]) -> bool:
        """Say whether a branch holds just these files on top of the tip."""
        git = self.catalog.workspace.git
        if git.is_ancestor(tip, commit) is not True or git.ahead(commit, tip) != 1:
            return False
        snapshot = self.catalog.at(commit)
        return all(read_file(snapshot, path) == data for path, data in files.items())


def _files(draft: Draft, manifests: ManifestWriter) -> dict[str, bytes | None]:
    """Return what a release changes in the repository: its content and its manifest."""
    snapshot = draft.snapshot
    files: dict[str, bytes | None] = {}
    there = []
    for path, replacement in snapshot.files_at.items():
        if replacement is None:
            files[path] = None
        else:
            there += [file for file in snapshot.files(path) if file.path == path]
    files |= {file.path: data for file, data in snapshot.read(there)}
    release = draft.release
    path = layout.release_file(release.environment, release.version)
    return {**draft.more, **files, path: manifests.write_release(release)}


def _message(title: str, drafts: Iterable[Draft]) -> str:
    body = "\n".join(
        f"{draft.release.name}: {draft.release.description}".rstrip(": ") for draft in drafts
    )
    return f"{title}\n\n{body}\n"
