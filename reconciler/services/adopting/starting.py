"""`init --adopt`: a new repository that holds what an environment's platform runs already.

The platform is only read; marks of what was taken over go into the store beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reconciler.core import layout
from reconciler.core.canonical import Json
from reconciler.core.errors import Conflict, Invalid, ReconcilerError, UsageError
from reconciler.core.model import API_VERSION, Environment, Kind, Mode
from reconciler.core.names import nearest, quoted
from reconciler.core.releases.model import Release, Source
from reconciler.ports import (
    Clock,
    Manifests,
    ManifestWriter,
    Parsed,
    ParseRequest,
    PlatformReader,
    Store,
)
from reconciler.services.adopting import running
from reconciler.services.adopting.draft import NoCache, NoFiles
from reconciler.services.adopting.releasing import adoption
from reconciler.services.adopting.running import Files, Running
from reconciler.services.initialising import BRANCH, NewRepository, named, refuse_existing
from reconciler.services.loading import environment as loading
from reconciler.services.loading import repository
from reconciler.services.planning import Planner
from reconciler.services.releases.reading.overlay import Overlay

VERSION = "1.0.0"
_SECRETS = "spec"


class AdoptingRepository(NewRepository, Protocol):
    """What is needed of git beside a first commit: one more, and who makes them."""

    def identity(self) -> tuple[str, str]:
        """Return name and address of the user that the commits would bear.

        Raises:
            RepositoryError: git knows none; the hint says how to tell it.
        """

    def next_commit(
        self, folder: Path, branch: str, message: str, files: Mapping[str, bytes]
    ) -> str:
        """Make another commit of files that lie in the checkout; return its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What was made: the files, how many resources, and the releases to tag in this order."""

    root: Path
    written: tuple[str, ...]
    adopted: int
    releases: tuple[Release, ...]
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """Makes a repository of what runs."""

    manifests: Manifests
    writer: ManifestWriter
    planner: Planner
    store: Store
    platform: Callable[[Environment], PlatformReader]
    git: AdoptingRepository
    write: Callable[[Path, Mapping[str, bytes]], None]
    clock: Clock

    def start(self, folder: Path, name: str, starter: Mapping[str, bytes]) -> Started:
        """Make the repository; nothing is written when anything that runs cannot be in it.

        Raises:
            UsageError: there is no environment of that name.
            Conflict: the folder lies in a repository, or holds a file of these names.
            ReconcilerError: nothing runs, or git knows no user.
            Invalid: what runs does not fit together.
        """
        self._refuse_repository(folder)
        draft = self._draft(name, starter)
        found = self._running(draft[name])
        files = self._files(named(starter, folder), draft, name, found)
        refuse_existing(folder, files)
        self._loaded(files, [*draft])
        self.git.identity()
        self.store.adopt(name, found.marks([*found.items]), self.clock.now())
        self.write(folder, files)
        commit = self.git.first_commit(folder, BRANCH, files)
        releases = self._releases(files, _up_to(draft, name), commit)
        told = {
            layout.release_file(each.environment, each.version): self.writer.write_release(each)
            for each in releases
        }
        if told:
            self.write(folder, told)
            message = f"Release what {name} runs as {VERSION}\n"
            commit = self.git.next_commit(folder, BRANCH, message, {**files, **told})
        return Started(
            root=folder,
            written=(*files, *told),
            adopted=len(found.items),
            releases=tuple(releases),
            commit=commit,
        )

    def _refuse_repository(self, folder: Path) -> None:
        root = self.git.root_of(folder)
        if root is not None:
            raise Conflict(
                f"{folder} lies in the repository {root}; nothing was written.",
                hint="Adopt into an empty folder, or run `reconciler import` in the repository.",
            )

    def _draft(self, name: str, starter: Mapping[str, bytes]) -> dict[str, dict[str, Json]]:
        """Return the manifests of the starter's environments, in the order of its pipeline."""
        pipeline = named({layout.PIPELINE: starter[layout.PIPELINE]}, Path())
        order = self._content(layout.PIPELINE, pipeline, Kind.PIPELINE)["spec"]["environments"]
        if name not in order:
            known = ", ".join(order)
            raise UsageError(
                f"No environment {quoted(name)}{nearest(name, order)}; there are: {known}."
            )
        return {
            each: _bare(self._content(layout.environment_file(each), starter, Kind.ENVIRONMENT))
            for each in order
        }

    def _content(self, path: str, files: Mapping[str, bytes], kind: Kind) -> dict[str, Json]:
        (parsed,) = self.manifests.parse([ParseRequest(path, files[path], kind)])
        if not isinstance(parsed, Parsed):
            raise Invalid(parsed)
        return dict(parsed.content)

    def _running(self, draft: Mapping[str, Json]) -> Running:
        """Return what runs.

        Raises:
            ReconcilerError: nothing does, or something cannot be a manifest.
        """
        environment = Environment(name=draft["metadata"]["name"])
        platform = self.platform(environment)
        digests = running.observe(environment, platform).digests
        if not digests:
            raise ReconcilerError(
                f"The platform of {environment.name} runs nothing; nothing was written.",
                hint="Name its store with --store, or run `reconciler init` without --adopt.",
            )
        found = running.as_files(self.writer, self.manifests, platform, digests)
        for key, reason in found.refused.items():
            more = f" ({len(found.refused) - 1} more)" if len(found.refused) > 1 else ""
            raise ReconcilerError(
                f"{key} cannot be adopted: {reason}{more}; nothing was written.",
                hint="Change it on the platform, or take it off.",
            )
        return found

    def _files(
        self,
        starter: Mapping[str, bytes],
        draft: Mapping[str, dict[str, Json]],
        name: str,
        found: Running,
    ) -> Files:
        """Return all files of the first commit: without the starter's example."""
        files = {
            path: data
            for path, data in starter.items()
            if path == layout.PIPELINE or not path.startswith(f"{layout.ROOT}/")
        }
        for each, content in draft.items():
            is_filled = each in _up_to(draft, name)
            secrets = _secrets(found) if is_filled else ()
            spec = {**content["spec"], "secrets": {s: {"from": "store"} for s in secrets}}
            manifest = {**content, "spec": spec}
            files[layout.environment_file(each)] = self.writer.write(manifest)
            files |= found.files(each, [*found.items]) if is_filled else {}
        return dict(sorted(files.items()))

    def _loaded(
        self, files: Mapping[str, bytes], names: Iterable[str]
    ) -> dict[str, loading.Loaded]:
        """Load environments as they will be.

        Raises:
            Invalid: with every finding.
        """
        snapshot = Overlay(base=NoFiles(), files_at=files)
        read = repository.load(self.manifests, NoCache(), snapshot)
        loaded = {
            name: loading.load(self.manifests, NoCache(), snapshot, read.environment(name))
            for name in names
        }
        findings = [d.finding for each in loaded.values() for d in each.dangling]
        if findings or read.findings:
            raise Invalid((*read.findings, *findings))
        return loaded

    def _first_commit(self, folder: Path, files: Mapping[str, bytes]) -> str:
        return self.git.first_commit(folder, BRANCH, files)

    def _releases(
        self, files: Mapping[str, bytes], names: Iterable[str], commit: str
    ) -> list[Release]:
        """Return an adoption for each environment that only releases change."""
        loaded = self._loaded(files, names)
        others = [each.environment for each in loaded.values()]
        return [
            adoption(
                self.planner,
                each,
                others,
                version=VERSION,
                source=_source(each.environment, others, commit),
            )
            for each in loaded.values()
            if each.environment.mode is Mode.RELEASE_ONLY
        ]


def _source(environment: Environment, others: Iterable[Environment], commit: str) -> Source:
    """Return the environment before, which holds the same."""
    name = environment.promotes_from or environment.name
    before = next((each for each in others if each.name == name), environment)
    version = VERSION if before.mode is Mode.RELEASE_ONLY else None
    return Source(environment=name, commit=commit, version=version)


def _bare(content: dict[str, Json]) -> dict[str, Json]:
    """Return an environment without what belongs to the starter's example."""
    spec = {k: v for k, v in content["spec"].items() if k in ("mode", "promotesFrom", "platform")}
    return {
        "apiVersion": API_VERSION,
        "kind": Kind.ENVIRONMENT.value,
        "metadata": content["metadata"],
        "spec": {**spec, "values": {}, "secrets": {}, "appConfiguration": {}},
    }


def _up_to(draft: Iterable[str], name: str) -> list[str]:
    """Return the environments before one, and that one."""
    names = [*draft]
    return names[: names.index(name) + 1]


def _secrets(found: Running) -> list[str]:
    """Return the names of the secrets that anything refers to."""
    return sorted({name for item in found.items.values() for name in item.facts.secrets})
