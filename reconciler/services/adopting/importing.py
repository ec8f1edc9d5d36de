"""`import`: what runs and is not ours becomes manifests on a branch, and ours with its merge.

The platform is only read. What was taken over is marked in the store, with the content it had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from reconciler.core import layout
from reconciler.core.errors import Conflict, Invalid, NotFound, UsageError
from reconciler.core.model import Environment, Mode, ResourceKey
from reconciler.core.releases import versions
from reconciler.core.releases.model import Release, ReleaseName, Source
from reconciler.ports import Clock, Commit, GitWriter, ManifestWriter, PlatformReader, Store
from reconciler.services.adopting import naming, running
from reconciler.services.adopting.releasing import adoption
from reconciler.services.adopting.running import Files, Running
from reconciler.services.loading.environment import Loaded
from reconciler.services.planning import Planner
from reconciler.services.releases.reading.overlay import Overlay
from reconciler.services.workspace import Chosen, Workspace

_FIRST = "1.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What was taken over. `differing` stand in git with other content and were left alone.

    `kept` were adopted without a new file: git has one already. `refused` cannot be manifests.
    """

    environment: str
    adopted: tuple[ResourceKey, ...] = ()
    kept: tuple[ResourceKey, ...] = ()
    differing: tuple[ResourceKey, ...] = ()
    refused: dict[ResourceKey, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    branch: str | None = None
    commit: str | None = None
    release: ReleaseName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selection:
    """What of that which runs gets a file, has one, or stands in its way."""

    written: tuple[ResourceKey, ...]
    kept: tuple[ResourceKey, ...]
    differing: tuple[ResourceKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """Takes over what runs in one environment."""

    workspace: Workspace
    planner: Planner
    store: Store
    platform: Callable[[Environment], PlatformReader]
    writer: ManifestWriter
    git: GitWriter
    clock: Clock

    def import_from(
        self, name: str, asked: Sequence[str] = (), version: str | None = None
    ) -> Imported:
        """Take over resources, all that are not ours by default.

        Raises:
            UsageError: there is no such environment, or the version cannot be used.
            NotFound: one that was asked for does not run, or is ours already.
            Invalid: with what was written, the environment would have findings.
            Conflict: the branch has commits of somebody else.
        """
        chosen = self.workspace.choose(isolated=[name])
        environment = chosen.repository.environment(name)
        _refuse_version(environment, version)
        loaded = self.workspace.load(chosen, environment)
        found = self._unmanaged(loaded, asked)
        if not found.items and not found.refused:
            return Imported(environment=name)
        selection = _selected(loaded, found, named=bool(asked))
        taken = (*selection.written, *selection.kept)
        done = Imported(
            environment=name,
            adopted=taken,
            kept=selection.kept,
            differing=selection.differing,
            refused=dict(found.refused),
        )
        return self._written(chosen, loaded, found, done, version) if taken else done

    def _unmanaged(self, loaded: Loaded, asked: Sequence[str]) -> Running:
        """Return what runs and is not ours, of what was asked for."""
        environment = loaded.environment
        platform = self.platform(environment)
        seen = running.observe(environment, platform).digests
        ours = set(self.store.applied(environment.name).digests)
        ours |= set(self.store.adopted(environment.name)) & set(loaded.desired.entries)
        theirs = {key: digest for key, digest in seen.items() if key not in ours}
        if asked:
            _refuse_ours(asked, [key for key in seen if key in ours], environment.name)
            keys = naming.pick(asked, list(theirs), f"to import from {environment.name}")
            theirs = {key: theirs[key] for key in keys}
        return running.as_files(self.writer, self.workspace.manifests, platform, theirs)

    def _written(
        self, chosen: Chosen, loaded: Loaded, found: Running, done: Imported, version: str | None
    ) -> Imported:
        """Mark what is taken over and commit its manifests."""
        name, tip = done.environment, str(chosen.snapshot.commit)
        files = found.files(name, [key for key in done.adopted if key not in done.kept])
        _refuse_in_the_way(chosen, files)
        after = self._after(chosen, name, files)
        is_released = loaded.environment.mode is Mode.RELEASE_ONLY
        number = self._version(chosen, name, version) if is_released else None
        branch = f"import/{name}"
        expected = self._expected(branch, tip)
        self.git.identity()
        self.store.adopt(name, found.marks(done.adopted), self.clock.now())
        if number is not None:
            release = self._release(chosen, after, number)
            files[layout.release_file(name, number)] = self.writer.write_release(release)
            done = replace(done, release=release.name)
        if not files:
            return done
        commit = Commit(
            branch=branch, message=_message(done), files=files, parent=tip, expected=expected
        )
        return replace(
            done, files=tuple(files), branch=branch, commit=self.git.commit_files(commit)
        )

    def _after(self, chosen: Chosen, name: str, files: Files) -> Loaded:
        """Load the environment as it will be.

        Raises:
            Invalid: with every finding.
        """
        overlay = Overlay(base=chosen.snapshot, files_at=files)
        then = self.workspace.of_snapshot(overlay, [name])
        loaded = self.workspace.load(then, then.repository.environment(name))
        wrong = [each.finding for each in loaded.dangling if each.finding.file in files]
        if wrong:
            raise Invalid(tuple(wrong))
        return loaded

    def _release(self, chosen: Chosen, after: Loaded, version: str) -> Release:
        environment = after.environment
        return adoption(
            self.planner,
            after,
            chosen.repository.environments,
            version=version,
            source=Source(
                environment=environment.promotes_from or environment.name,
                commit=str(chosen.snapshot.commit),
            ),
            live=self.store.live(environment.name),
        )

    def _version(self, chosen: Chosen, name: str, version: str | None) -> str:
        """Return the version of the adoption: the next patch of the highest, 1.0.0 at first.

        Raises:
            Conflict: it is not higher than what there is.
        """
        live = self.store.live(name)
        prefix = f"{layout.environment_folder(name)}/releases/"
        files = chosen.snapshot.files(prefix.rstrip("/"))
        there = [f.path.removeprefix(prefix).removesuffix(".yaml") for f in files]
        known = [live.version] if live and live.version else []
        highest = versions.newest([*known, *(v for v in there if versions.parse(v))])
        if version is None:
            return _FIRST if highest is None else versions.next_patch(highest)
        if highest is not None and not versions.higher(version, highest):
            raise Conflict(
                f"{name}/{version} is not above {name}/{highest}; nothing was written.",
                hint=f"Take {versions.next_patch(highest)}, or leave --version out.",
            )
        return version

    def _expected(self, branch: str, tip: str) -> str | None:
        """Return where the branch stands; one commit of an earlier import is made anew.

        Raises:
            Conflict: it has other commits.
        """
        there = self.git.branch_commit(branch)
        if there is not None and self.workspace.git.ahead(there, tip) > 1:
            raise Conflict(
                f"The branch {branch} has commits beside an import; nothing was written.",
                hint=f"Merge it, or delete it with `git branch -D {branch}`.",
            )
        return there


def _selected(loaded: Loaded, found: Running, *, named: bool) -> _Selection:
    """Tell what git does not have from what it has; that with other content only by name."""
    desired = loaded.desired.digests
    there = [key for key in found.items if key in desired]
    differing = [key for key in there if desired[key] != found.items[key].digest]
    return _Selection(
        written=tuple(key for key in found.items if key not in desired),
        kept=tuple(key for key in there if named or key not in differing),
        differing=tuple(differing),
    )


def _refuse_version(environment: Environment, version: str | None) -> None:
    if version is None:
        return
    if environment.mode is not Mode.RELEASE_ONLY:
        raise UsageError(
            f"{environment.name} is editable and has no versions.", hint="Leave --version out."
        )
    if (problem := versions.problem(version)) is not None:
        raise UsageError(problem)


def _refuse_ours(asked: Sequence[str], ours: Sequence[ResourceKey], where: str) -> None:
    by_name = {str(key).casefold(): key for key in ours}
    for text in asked:
        if (key := by_name.get(text.casefold())) is not None:
            raise NotFound(f"{key} of {where} is managed already; there is nothing to import.")


def _refuse_in_the_way(chosen: Chosen, files: Files) -> None:
    """Refuse to replace a file of git, such as another workflow's definition."""
    for path, data in files.items():
        there = [file for file in chosen.snapshot.files(path) if file.path == path]
        if there and next(chosen.snapshot.read(there))[1] != data:
            raise Conflict(
                f"{path} is there already with other content; nothing was written.",
                hint="Rename that file first.",
            )


def _message(done: Imported) -> str:
    lines = [f"Import what {done.environment} runs", ""]
    return "\n".join([*lines, *(f"- {key}" for key in done.adopted)]) + "\n"
