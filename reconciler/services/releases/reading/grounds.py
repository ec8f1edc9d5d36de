"""What everything about releases is judged on in one run: the protected tip and the tags.

It must not know which tag is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.core import layout
from reconciler.core.commits import TagRef
from reconciler.core.errors import Invalid, NotFound, RepositoryError, UsageError
from reconciler.core.model import Environment, Mode, Pipeline
from reconciler.core.names import nearest
from reconciler.core.releases import names, trust
from reconciler.core.releases.evidence import SignatureFinding
from reconciler.core.releases.model import ReleaseName
from reconciler.core.releases.outside import Outside
from reconciler.core.releases.tags import TagObject, parse_tag_object
from reconciler.core.releases.trust import Authority, WhoKeys
from reconciler.ports import Snapshot
from reconciler.services.releases.reading.files import read_file
from reconciler.services.workspace import Chosen, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The protected branch and the tags, as the remote names them now or as this checkout has them.

    `tags` are by name, without `refs/tags/`. `authorities` remembers who decides, by environment
    and trusted commit, and `signatures` whose each tag's is by their keys: nothing of it changes
    while the tip is the same. `outside` remembers what the forge showed of releases, by tag name
    and digests.
    """

    workspace: Workspace
    chosen: Chosen
    tags: Mapping[str, TagRef]
    authorities: dict[tuple[str, str | None], Authority] = field(default_factory=dict)
    signatures: dict[tuple[str, str | None, TagRef], SignatureFinding] = field(default_factory=dict)
    outside: dict[tuple[str, str], Outside] = field(default_factory=dict)
    _objects: dict[str, TagObject | str] = field(default_factory=dict)

    @property
    def snapshot(self) -> Snapshot:
        """The files at the protected tip."""
        return self.chosen.snapshot

    @property
    def tip(self) -> str:
        """The commit at the protected branch's tip."""
        commit = self.chosen.snapshot.commit
        if commit is None:
            raise RepositoryError("The working tree holds no release.", hint="Commit it first.")
        return commit

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline at the tip."""
        return self.chosen.repository.pipeline

    def environment(self, name: str) -> Environment:
        """Return one environment of the pipeline, with its manifest in order.

        Raises:
            UsageError: the pipeline has none of that name.
            Invalid: its manifest has findings.
        """
        listed = self.pipeline.environments
        if name not in listed:
            raise UsageError(
                f'No environment "{name}" in the pipeline{nearest(name, listed)}; '
                f"there are: {', '.join(listed)}."
            )
        self.chosen.repository.refuse_broken(name)
        return self.chosen.repository.environment(name)

    def release_only(self, name: str) -> Environment:
        """Return an environment that changes through releases alone.

        Raises:
            UsageError: it is editable, or there is none of that name.
        """
        environment = self.environment(name)
        if environment.mode is not Mode.RELEASE_ONLY:
            raise UsageError(
                f"{name} is editable: it has no releases, what is merged is deployed.",
                hint="Name a release-only environment.",
            )
        return environment

    def release_only_environments(self) -> tuple[Environment, ...]:
        """Return the environments of the pipeline that change through releases alone."""
        found = self.chosen.repository.environments
        return tuple(e for e in found if e.listed and e.mode is Mode.RELEASE_ONLY)

    def named(self, text: str) -> ReleaseName:
        """Return the release that a person names.

        Raises:
            UsageError: the text names none.
        """
        pipeline = self.pipeline
        name = names.parse_release(text, pipeline.tag_format, pipeline.environments)
        self.release_only(name.environment)
        return name

    def tag_name(self, name: ReleaseName) -> str:
        """Return the name of a release's tag."""
        return names.tag_name(self.pipeline.tag_format, name)

    def with_own(self, name: str) -> Grounds:
        """Return the same with a tag of this checkout that was just made."""
        own = [ref for ref in self.workspace.git.tags(fetched=False) if ref.name == name]
        return replace(self, tags={**self.tags, **{ref.name: ref for ref in own}})

    def read(self, refs: Iterable[TagRef]) -> None:
        """Read annotated tags at once, for those who ask for them one by one later."""
        wanted = [ref.oid for ref in refs if ref.kind == "tag" and ref.oid not in self._objects]
        if not wanted:
            return
        found = self.workspace.git.tag_objects(wanted)
        for oid in wanted:
            data = found.get(oid)
            self._objects[oid] = "it is too large" if data is None else parse_tag_object(oid, data)

    def tag_object(self, ref: TagRef) -> TagObject | str | None:
        """Return an annotated tag, the reason why it cannot be read, None for another kind."""
        self.read([ref])
        return self._objects.get(ref.oid)


def remote_grounds(workspace: Workspace) -> Grounds:
    """Ask the remote, and judge by what it names now; without one by what is here."""
    chosen = workspace.choose_from_remote()
    return grounds_of(workspace, chosen)


def local_grounds(workspace: Workspace, chosen: Chosen | None = None) -> Grounds:
    """Judge by the refs that this checkout has, without touching the network."""
    return grounds_of(workspace, workspace.choose() if chosen is None else chosen)


def grounds_of(workspace: Workspace, chosen: Chosen) -> Grounds:
    """Judge by what was chosen; tags are the remote's where it was asked and answered."""
    known = {ref.name: ref for ref in workspace.git.tags(fetched=chosen.fetched)}
    return Grounds(workspace=workspace, chosen=chosen, tags=known)


def who_keys(chosen: Chosen, name: str) -> WhoKeys:
    """Return what one commit says of who may release to an environment.

    Raises:
        NotFound: that commit has no such environment.
        Invalid: its manifests have findings.
    """
    repository, snapshot = chosen.repository, chosen.snapshot
    if name not in repository.pipeline.environments:
        raise NotFound(f"{name} is not in the pipeline at {(snapshot.commit or '')[:12]}.")
    repository.refuse_broken(name)
    return trust.who_keys(repository.pipeline, repository.environment(name), signers_text(snapshot))


def signers_text(snapshot: Snapshot) -> str | None:
    """Return the text of allowed_signers, None where there is no such file.

    Raises:
        Invalid: it is not UTF-8.
    """
    data = read_file(snapshot, layout.SIGNERS)
    try:
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid((layout.finding(layout.SIGNERS, "is not UTF-8 text"),)) from error
