"""The releases that stand in git, and the content of each: read by commit, never from a platform.

It must not know tags, stores or who may release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.core import layout
from reconciler.core.errors import Invalid, NotFound, RepositoryError
from reconciler.core.messages.review import Hotfix
from reconciler.core.model import Action, Environment, Finding, Kind, ResourceKey
from reconciler.core.releases import manifest, versions
from reconciler.core.releases.model import Release, ReleaseName, ReleaseType
from reconciler.ports import Snapshot, TreeFile
from reconciler.services.loading.documents import Documents, Item
from reconciler.services.loading.environment import Loaded
from reconciler.services.workspace import Chosen, Workspace

Releases = Mapping[str, Release]  # by version


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Reads release manifests, and what they release."""

    workspace: Workspace

    def releases(self, snapshot: Snapshot, environment: str) -> dict[str, Release]:
        """Return the releases of an environment that a snapshot holds, the newest first.

        Raises:
            Invalid: a manifest has findings.
        """
        found, findings = self.readable(snapshot, environment)
        if findings:
            raise Invalid(findings)
        return found

    def readable(
        self, snapshot: Snapshot, environment: str
    ) -> tuple[dict[str, Release], tuple[Finding, ...]]:
        """Return the releases whose manifests are sound, the newest first, and what is wrong."""
        folder = f"{layout.environment_folder(environment)}/releases"
        files = [file for file in snapshot.files(folder) if is_manifest(file)]
        found, findings = self._read(snapshot, files, environment)
        order = sorted(found, key=versions.precedence, reverse=True)
        return {version: found[version] for version in order}, findings

    def release(self, snapshot: Snapshot, name: ReleaseName) -> Release | None:
        """Return one release, None where the snapshot does not hold it.

        Raises:
            Invalid: its manifest has findings.
        """
        path = layout.release_file(name.environment, name.version)
        files = [file for file in snapshot.files(path) if file.path == path and is_manifest(file)]
        found, findings = self._read(snapshot, files, name.environment)
        if findings:
            raise Invalid(findings)
        return found.get(name.version)

    def at(self, commit: str) -> Snapshot:
        """Return the files of a commit.

        Raises:
            NotFound: it is not in this repository.
        """
        try:
            return self.workspace.commit(commit)
        except (NotFound, RepositoryError) as error:
            raise NotFound(f"The commit {commit[:12]} is not in this repository.") from error

    def chosen(self, commit: str) -> Chosen:
        """Return the pipeline and environments of a commit.

        Raises:
            NotFound: it is not in this repository.
            Invalid: its pipeline has findings.
        """
        return self.workspace.of_snapshot(self.at(commit))

    def content(
        self, snapshot: Snapshot, environment: Environment, tag: str | None = None
    ) -> Loaded:
        """Load an environment's content from one commit, with the bindings it has now.

        Content (manifests and values) is read at the commit; platform, secrets and app
        configuration are those of `environment`. `tag` is the tag that the commit is known by.

        Raises:
            Invalid: the folder at that commit has findings.
        """
        chosen = self.workspace.of_snapshot(snapshot)
        then = chosen.repository.environment(environment.name)
        loaded = self.workspace.load(chosen, then)
        ref = loaded.desired.ref if tag is None else f"refs/tags/{tag}"
        return replace(
            loaded,
            environment=replace(environment, values=then.values),
            desired=replace(loaded.desired, ref=ref),
        )

    def introduced(self, tip: str, name: ReleaseName) -> str | None:
        """Return the commit on the protected branch that brought a release's manifest."""
        return self.workspace.git.introduced(
            tip, layout.release_file(name.environment, name.version)
        )

    def _read(
        self, snapshot: Snapshot, files: Sequence[TreeFile], environment: str
    ) -> tuple[dict[str, Release], tuple[Finding, ...]]:
        documents = Documents(self.workspace.manifests, self.workspace.cache, snapshot)
        items = [Item(Kind.RELEASE, file) for file in files]
        known, wrong = documents.know(items)
        contents = documents.contents([item for item in items if item.key in known])
        found: dict[str, Release] = {}
        findings = list(wrong)
        for item in items:
            if item.key not in contents:
                continue
            release = manifest.from_content(contents[item.key])
            problem = misplaced(release, environment, item.file.path)
            if problem is None:
                found[release.version] = release
            else:
                findings.append(Finding(item.file.path, 1, 1, problem, "release"))
        return found, tuple(findings)


def is_manifest(file: TreeFile) -> bool:
    """Say whether a file can be a manifest: a plain file with the right ending."""
    return file.path.endswith(".yaml") and file.mode.startswith("100")


def misplaced(release: Release, environment: str, path: str) -> str | None:
    """Say why a manifest does not belong where it stands, None where it does."""
    problem = versions.problem(release.version)
    if problem is not None:
        return problem
    if release.environment != environment:
        return f'spec.environment is "{release.environment}" but it stands under {environment}/'
    if path != layout.release_file(environment, release.version):
        return f'spec.version is "{release.version}"; the file is named after it'
    return None


def hotfixes(releases: Releases, base_version: str | None) -> tuple[Hotfix, ...]:
    """Return what the hotfixes up to a version did, the newest first."""
    if base_version is None:
        return ()
    return tuple(
        _hotfix(release.version, change)
        for release in releases.values()
        if release.type is ReleaseType.HOTFIX and not versions.higher(release.version, base_version)
        for change in release.changes
    )


def _hotfix(version: str, change: Mapping[str, object]) -> Hotfix:
    fields = change.get("fields") or ()
    return Hotfix(
        version=version,
        key=ResourceKey(str(change["kind"]), str(change["name"])),
        action=Action(str(change["action"])),
        fields=tuple(dict(field) for field in fields if isinstance(field, Mapping))
        if isinstance(fields, Iterable)
        else (),
    )
