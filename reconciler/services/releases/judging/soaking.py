"""When the very content of each changed resource was live in the previous environment.

Content is compared by the blob of its manifest, since values differ between environments. It must
not know gates, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.core import layout
from reconciler.core.errors import ReconcilerError
from reconciler.core.gates.model import LiveSpan, SourceState
from reconciler.core.model import (
    RESOURCE_FOLDERS,
    Deployment,
    Environment,
    Kind,
    ResourceKey,
)
from reconciler.core.plan import Plan
from reconciler.ports import StoreReader
from reconciler.services.loading.environment import Loaded
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.live import WAS_LIVE

_FOLDER_OF = {kind: folder for folder, kind in RESOURCE_FOLDERS.items()}
Blobs = Mapping[str, str]  # path within the environment's folder -> blob id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    """One deployment's time of being live."""

    deployment: Deployment
    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaking:
    """Looks through the deployments of the previous environment."""

    catalog: Catalog
    store: StoreReader
    _listed: dict[tuple[str, str], Blobs] = field(default_factory=dict)

    def sources(
        self, environment: Environment, loaded: Loaded, plan: Plan
    ) -> tuple[SourceState, ...] | None:
        """Return, for each changed resource, when it was live in the previous environment.

        None where this store knows nothing of that environment.
        """
        before = environment.promotes_from
        if before is None or not plan.changes:
            return ()
        periods = list(_periods(self.store.deployments(before)))
        if not periods and self.store.identity() is None:
            return None
        return tuple(
            SourceState(
                subject=str(change.key),
                spans=tuple(self._spans(periods, before, change.key, loaded)),
            )
            for change in plan.changes
        )

    def _spans(
        self, periods: Iterable[_Period], before: str, key: ResourceKey, loaded: Loaded
    ) -> Iterator[LiveSpan]:
        """Yield when that content ran, times that touch made one."""
        wanted = _files_of(key, loaded)
        running: LiveSpan | None = None
        for period in periods:
            theirs = self._blobs(period.deployment.commit or "", before)
            if _same(key, wanted, theirs):
                begin = period.begin if running is None else running.begin
                running = LiveSpan(begin=begin, end=period.end)
            elif running is not None:
                yield running
                running = None
        if running is not None:
            yield running

    def _blobs(self, commit: str, environment: str) -> Blobs:
        """List an environment's resource files at a commit; nothing where it is not here."""
        key = (commit, environment)
        if key not in self._listed:
            self._listed[key] = self._list(commit, environment)
        return self._listed[key]

    def _list(self, commit: str, environment: str) -> Blobs:
        prefix = layout.environment_folder(environment)
        try:
            files = self.catalog.at(commit).files(prefix) if commit else ()
        except ReconcilerError:
            files = ()
        return {file.path.removeprefix(prefix + "/"): file.oid for file in files}


def _periods(newest_first: Sequence[Deployment]) -> Iterator[_Period]:
    """Yield when each deployment was live, the oldest first."""
    lived = [d for d in reversed(newest_first) if d.phase in WAS_LIVE and d.finished_at]
    ends = [datetime.fromisoformat(d.finished_at or "") for d in lived]
    for number, deployment in enumerate(lived):
        following = ends[number + 1] if number + 1 < len(ends) else None
        yield _Period(deployment=deployment, begin=ends[number], end=following)


def _files_of(key: ResourceKey, loaded: Loaded) -> Blobs:
    """Return manifest and definition file of a resource; nothing for one that is removed."""
    if key not in loaded.desired.entries:
        return {}
    return {path: file.oid for path, file in loaded.files([key]).items()}


def _same(key: ResourceKey, wanted: Blobs, theirs: Blobs) -> bool:
    """Say whether an environment had these files, or none of a resource that is removed.

    Of a commit that is not here nothing is known.
    """
    if wanted:
        return all(theirs.get(path) == oid for path, oid in wanted.items())
    folder, name = _FOLDER_OF[Kind(key.kind)], f"/{key.name}.yaml"
    return bool(theirs) and not any(
        path.startswith(f"{folder}/") and path.endswith(name) for path in theirs
    )
