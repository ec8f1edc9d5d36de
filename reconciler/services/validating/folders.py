"""Read-only folders at one commit: each fits one of its release manifests, or holds none yet.

It must not know tags, stores or what stood there before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.core import layout
from reconciler.core.errors import Invalid
from reconciler.core.model import Environment, Finding, Mode
from reconciler.core.releases import versions
from reconciler.core.releases.model import Release
from reconciler.ports import TreeFile
from reconciler.services.releases.reading.catalog import Catalog, is_manifest
from reconciler.services.workspace import Chosen, Workspace

_SHOWN = len("sha256:") + 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What an environment's folder holds; `releases` by version, the newest first.

    `digest` is that of its content, None where the content has findings. `findings` are what is
    wrong in the release manifests.
    """

    environment: str
    releases: Mapping[str, Release]
    digest: str | None
    findings: tuple[Finding, ...] = ()

    @property
    def fitting(self) -> tuple[str, ...]:
        """The versions whose manifests say what the folder holds, the newest first."""
        return tuple(v for v, r in self.releases.items() if r.content_digest == self.digest)

    @property
    def unfit(self) -> bool:
        """True when it is certain that no manifest says what the folder holds."""
        known = self.digest is not None and bool(self.releases) and not self.findings
        return known and not self.fitting


def read(workspace: Workspace, chosen: Chosen, environment: Environment) -> Folder:
    """Read the releases and the content of one environment's folder."""
    releases, findings = _releases(workspace, chosen, environment.name)
    try:
        digest = workspace.load(chosen, environment).desired.content_digest
    except Invalid:
        digest = None  # its findings are told where the folder is looked through
    return Folder(environment=environment.name, releases=releases, digest=digest, findings=findings)


def release_only(chosen: Chosen) -> tuple[Environment, ...]:
    """Return the environments of the pipeline that change through releases alone."""
    found = chosen.repository.environments
    sound = (e for e in found if e.name not in chosen.repository.broken)
    return tuple(e for e in sound if e.listed and e.mode is Mode.RELEASE_ONLY)


def manifests(chosen: Chosen, environment: str) -> dict[str, TreeFile]:
    """Return the files of an environment's release manifests by path."""
    files = chosen.snapshot.files(f"{layout.environment_folder(environment)}/releases")
    return {file.path: file for file in files if is_manifest(file)}


def findings(workspace: Workspace, chosen: Chosen) -> Iterator[Finding]:
    """Yield what keeps read-only folders from being what was released."""
    for environment in release_only(chosen):
        if not manifests(chosen, environment.name):
            continue
        folder = read(workspace, chosen, environment)
        yield from folder.findings
        if folder.unfit:
            where = layout.environment_folder(environment.name)
            yield Finding(where, 1, 1, _unfit(folder), "release")


def short(digest: str | None) -> str:
    """Return enough of a digest to tell two apart."""
    return str(digest)[:_SHOWN]


def _releases(
    workspace: Workspace, chosen: Chosen, name: str
) -> tuple[Mapping[str, Release], tuple[Finding, ...]]:
    wrong = []
    for path in manifests(chosen, name):
        problem = versions.problem(path.rpartition("/")[2].removesuffix(".yaml"))
        if problem is not None:
            wrong.append(Finding(path, 1, 1, problem, "release"))
    if wrong:
        return {}, tuple(wrong)  # what is no version has no place in their order
    return Catalog(workspace=workspace).readable(chosen.snapshot, name)


def _unfit(folder: Folder) -> str:
    create = f"`reconciler release create --to {folder.environment}`"
    found = short(folder.digest)
    newest = [f"{v} ({short(r.content_digest)})" for v, r in folder.releases.items()][:2]
    if len(newest) == 1:
        return (
            f"the folder (content {found}) does not fit its release {newest[0]}: put it back as "
            f"it was released, or release the change with {create}"
        )
    return (
        f"the folder (content {found}) fits none of its releases, the newest being "
        f"{newest[0]} and {newest[1]}: where it was edited, put it back; where two release pull "
        f"requests were merged into one another, revert one merge, or run {create} for a new "
        "version"
    )
