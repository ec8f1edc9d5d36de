"""Loads what stands around the resources: the pipeline and each environment's own manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.core import layout, policy
from reconciler.core.errors import Invalid, NotFound, UsageError
from reconciler.core.model import Environment, Finding, Kind, Pipeline
from reconciler.core.names import nearest
from reconciler.ports import CachedDocument, DocumentCache, Manifests, Snapshot, TreeFile
from reconciler.services.loading.documents import Documents, Item
from reconciler.services.loading.environment import path_findings

_FEW = 8  # paths that are looked up one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The pipeline and environments of one snapshot.

    `environments` are those of the pipeline in its order, then the isolated ones that were asked
    for. Of one whose own manifest has findings (`broken`, by name) nothing but the name is known.
    """

    snapshot: Snapshot
    pipeline: Pipeline
    environments: tuple[Environment, ...]
    broken: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding in the environments' own manifests."""
        return tuple(sorted({finding for found in self.broken.values() for finding in found}))

    def environment(self, name: str) -> Environment:
        """Return one environment, be it broken or not.

        Raises:
            UsageError: there is none of that name.
        """
        for environment in self.environments:
            if environment.name == name:
                return environment
        known = [environment.name for environment in self.environments]
        raise UsageError(
            f'No environment "{name}"{nearest(name, known)}; there are: {", ".join(known)}.'
        )

    def refuse_broken(self, name: str) -> None:
        """Refuse to go on with an environment whose own manifest has findings.

        Raises:
            Invalid: with these findings.
        """
        if name in self.broken:
            raise Invalid(self.broken[name])


def pipeline_of(manifests: Manifests, cache: DocumentCache, snapshot: Snapshot) -> Pipeline:
    """Return the pipeline of a snapshot.

    Raises:
        NotFound: the snapshot has no pipeline.
        Invalid: the pipeline has findings.
    """
    documents = Documents(manifests, cache, snapshot)
    found = _read(documents, {layout.PIPELINE: Kind.PIPELINE})
    if found.findings:
        raise Invalid(tuple(found.findings[layout.PIPELINE]))
    if layout.PIPELINE in found.missing:
        raise NotFound(
            f"{layout.PIPELINE} is missing.",
            hint="Run `reconciler init` to write a repository, or name another one with --repo.",
        )
    return policy.pipeline(found.contents[layout.PIPELINE])


def load(
    manifests: Manifests,
    cache: DocumentCache,
    snapshot: Snapshot,
    isolated: Iterable[str] = (),
) -> Repository:
    """Load the pipeline and its environments, and isolated ones by name where they are there."""
    pipeline = pipeline_of(manifests, cache, snapshot)
    refuse_committed_state(snapshot)
    asked = filter(layout.may_be_environment, isolated)
    names = list(dict.fromkeys([*pipeline.environments, *asked]))
    files = {layout.environment_file(name): name for name in names}
    documents = Documents(manifests, cache, snapshot)
    found = _read(documents, dict.fromkeys(files, Kind.ENVIRONMENT))
    broken = {files[path]: list(findings) for path, findings in found.findings.items()}
    environments = []
    for path, name in files.items():
        environment = Environment(name=name)
        if path in found.contents:
            environment = policy.environment(found.contents[path], name=name)
        elif path in found.missing and name in pipeline.environments:
            text = f'environment "{name}" has no {path}'
            broken[name] = [Finding(layout.PIPELINE, 1, 1, text, "layout")]
        elif path in found.missing:
            continue
        environments.append(replace(environment, listed=name in pipeline.environments))
    for name, text in _promotion_problems(pipeline, environments):
        broken.setdefault(name, []).append(_found_at(documents, name, "/spec/promotesFrom", text))
    return Repository(
        snapshot=snapshot,
        pipeline=pipeline,
        environments=tuple(environments),
        broken={name: tuple(sorted(set(findings))) for name, findings in broken.items()},
    )


def refuse_committed_state(snapshot: Snapshot) -> None:
    """Refuse a commit that brings its own `.reconciler`, be it a folder, a file or a symlink.

    On a checkout it would stand in the place of the store and the cache.
    """
    if snapshot.commit is not None and snapshot.files(layout.STATE_FOLDER):
        text = "this folder holds the store and the cache and is never committed; remove it"
        raise Invalid((Finding(layout.STATE_FOLDER, 1, 1, text, "path"),))


@dataclass(frozen=True, slots=True)
class _Found:
    """What stands in single manifests, by the path that was asked for."""

    contents: dict[str, dict[str, object]]
    findings: dict[str, list[Finding]]
    missing: set[str]


def _read(documents: Documents, wanted: Mapping[str, Kind]) -> _Found:
    """Read single manifests by path."""
    found = _Found({}, {}, set())
    items = []
    for path, files in _files(documents.snapshot, [*wanted]):
        kind = wanted[path]
        if wrong := path_findings(files):
            found.findings[path] = wrong
        elif here := [file for file in files if file.path == path]:
            items.append(Item(kind, here[0]))
        else:
            found.missing.add(path)
    known, wrong = documents.know(items)
    for finding in wrong:
        found.findings.setdefault(finding.file, []).append(finding)
    _check_names(documents, [item for item in items if item.key in known], known, found)
    contents = documents.contents([item for item in items if item.key in known])
    found.contents.update(
        {item.file.path: contents[item.key] for item in items if item.key in known}
    )
    return found


def _files(snapshot: Snapshot, paths: list[str]) -> Iterator[tuple[str, Sequence[TreeFile]]]:
    """Yield what stands at each path, or in the place of a folder above it."""
    if len(paths) <= _FEW:
        yield from ((path, snapshot.files(path)) for path in paths)
        return
    # One listing costs less than a git process for each of many environments.
    listed = {file.path: file for file in snapshot.files(layout.ROOT)}
    for path in paths:
        parts = path.split("/")
        places = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        yield path, [listed[place] for place in places if place in listed]


def _check_names(
    documents: Documents,
    items: Iterable[Item],
    known: Mapping[tuple[str, str], CachedDocument],
    found: _Found,
) -> None:
    """Find environments that bear another name than their folder."""
    for item in items:
        path, name = item.file.path, known[item.key].name
        folder = path.split("/")[-2]
        if item.kind == Kind.ENVIRONMENT and name != folder:
            text = f'metadata.name is "{name}" but its folder is "{folder}"; give both one name'
            finding = _found_at(documents, folder, "/metadata/name", text)
            found.findings.setdefault(path, []).append(finding)


def _found_at(documents: Documents, environment: str, pointer: str, text: str) -> Finding:
    """Return a finding at a field of an environment's own manifest."""
    files = documents.snapshot.files(layout.environment_file(environment))
    [place] = documents.locations([(files[0], pointer)])
    return Finding(*place, text, "reference")


def _promotion_problems(
    pipeline: Pipeline, environments: Iterable[Environment]
) -> Iterable[tuple[str, str]]:
    """Check that promotion follows the order of the pipeline; texts by environment."""
    order = {name: place for place, name in enumerate(pipeline.environments)}
    for environment in environments:
        name, source = environment.name, environment.promotes_from
        if source is not None and source not in order:
            yield (
                name,
                f'promotesFrom names "{source}"{nearest(source, order)}, not in the pipeline',
            )
        elif source is not None and order[source] >= order.get(name, len(order)):
            yield name, f'promotesFrom names "{source}", which does not come before {name}'
