"""Where things stand in a GitOps repository; pure, over lists of paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.model import RESOURCE_FOLDERS, Finding, Kind
from reconciler.core.names import nearest

ROOT = "environments"
PIPELINE = f"{ROOT}/pipeline.yaml"
SIGNERS = f"{ROOT}/allowed_signers"
STATE_FOLDER = ".reconciler"
FOLDERS = (*RESOURCE_FOLDERS, "releases")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def may_be_environment(name: str) -> bool:
    """Say whether an environment can have this name: what a user typed may be a path or worse."""
    return _NAME.fullmatch(name) is not None


def environment_folder(name: str) -> str:
    """Return the folder of an environment."""
    return f"{ROOT}/{name}"


def environment_file(name: str) -> str:
    """Return the path of an environment's own manifest."""
    return f"{ROOT}/{name}/environment.yaml"


def release_file(environment: str, version: str) -> str:
    """Return the path of a release's manifest."""
    return f"{ROOT}/{environment}/releases/{version}.yaml"


@dataclass(frozen=True, slots=True)
class Slot:
    """One manifest that a folder holds: its path, the kind expected there and its file name."""

    path: str
    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The manifests of one environment's folder by what they are, and what is out of place."""

    resources: tuple[Slot, ...]
    releases: tuple[Slot, ...]
    findings: tuple[Finding, ...]


def sort_out(environment: str, paths: Iterable[str]) -> Layout:
    """Tell manifests from other files below one environment's folder."""
    prefix = environment_folder(environment) + "/"
    resources: list[Slot] = []
    releases: list[Slot] = []
    findings: list[Finding] = []
    for path in paths:
        folder, _, rest = path.removeprefix(prefix).partition("/")
        stem = rest.rpartition("/")[2].removesuffix(".yaml")
        if path.endswith(".yaml") and rest and folder in RESOURCE_FOLDERS:
            resources.append(Slot(path, RESOURCE_FOLDERS[folder], stem))
        elif path.endswith(".yaml") and rest and folder == "releases":
            releases.append(Slot(path, Kind.RELEASE, stem))
        elif problem := _out_of_place(path, folder, rest):
            findings.append(Finding(path, 1, 1, problem, "layout"))
    return Layout(tuple(resources), tuple(releases), tuple(findings))


def _out_of_place(path: str, folder: str, rest: str) -> str | None:
    """Say why a file would be left out by mistake; other files are nobody's business."""
    if path.lower().endswith((".yml", ".yaml")) and not path.endswith(".yaml"):
        return "manifests end in .yaml; rename the file, or it is not read"
    if not path.endswith(".yaml") or (not rest and folder == "environment.yaml"):
        return None
    if rest:
        return f'unknown folder "{folder}"{nearest(folder, FOLDERS)}; wanted {_listed(FOLDERS)}'
    return f"a manifest stands in one of {_listed(FOLDERS)}; move it, or it is not read"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"{name}/" for name in names)


def twice(slots: Iterable[Slot]) -> tuple[Finding, ...]:
    """Return a finding for each second manifest of one kind and name."""
    first: dict[tuple[str, str], str] = {}
    findings = []
    for slot in slots:
        earlier = first.setdefault((slot.kind, slot.name), slot.path)
        if earlier != slot.path:
            text = f"{slot.kind} {slot.name} stands in {earlier} too; names are unique by kind"
            findings.append(Finding(slot.path, 1, 1, text, "layout"))
    return tuple(findings)


def finding(path: str, text: str) -> Finding:
    """Return a finding that concerns a whole file."""
    return Finding(path, 1, 1, text, "layout")


def resolve_beside(manifest: str, file: str) -> str:
    """Return the repository path of a file named relative to a manifest's folder."""
    return manifest.rpartition("/")[0] + "/" + file


def environments_in(paths: Iterable[str]) -> Mapping[str, None]:
    """Return the environments that have a folder with a manifest of their own, in order."""
    found: dict[str, None] = {}
    for path in paths:
        parts = path.split("/")
        if len(parts) == 3 and parts[0] == ROOT and parts[2] == "environment.yaml":
            found[parts[1]] = None
    return found


def strays(paths: Iterable[str], environments: Iterable[str]) -> tuple[Finding, ...]:
    """Return a finding for each folder with manifests that is no environment."""
    known = set(environments)
    folders = {
        parts[1]: path
        for path in paths
        if len(parts := path.split("/")) > 3 and parts[2] in FOLDERS and parts[1] not in known
    }
    text = "this folder holds manifests but has no environment.yaml; add one, or they are not read"
    return tuple(
        Finding(environment_folder(name), 1, 1, text, "layout") for name in sorted(folders)
    )
