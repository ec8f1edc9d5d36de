"""`copy`: manifests from one environment's folder into another's, byte for byte.

It works on the files of the working tree; what is committed is nobody's business here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.core import layout, order
from reconciler.core.errors import Conflict, Invalid, NotFound, UsageError
from reconciler.core.model import Entry, Mode, ResourceKey
from reconciler.ports import Snapshot
from reconciler.services.adopting import naming
from reconciler.services.loading.environment import Loaded
from reconciler.services.releases.reading.overlay import Overlay
from reconciler.services.workspace import Chosen, Workspace

Write = Callable[[Mapping[str, bytes]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied, and the files that were written; equal ones are not written again."""

    keys: tuple[ResourceKey, ...]
    written: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copier:
    """Copies within the working tree; `write` gets all files at once, by path."""

    workspace: Workspace
    write: Write

    def copy(
        self,
        asked: Sequence[str],
        source: str,
        target: str,
        *,
        with_dependencies: bool = False,
        overwrite: bool = False,
    ) -> Copied:
        """Copy resources; nothing is written unless all of it can be.

        Raises:
            UsageError: the two are one, or one of them is no environment.
            NotFound: there is no such resource, or a dependency is missing in the target.
            Conflict: the target is release-only, or holds a different file.
            Invalid: what was copied would have findings in the target.
        """
        if source == target:
            raise UsageError(f"--from and --to are both {source}.", hint="Name two environments.")
        chosen = self._chosen()
        there, here = (chosen.repository.environment(name) for name in (source, target))
        if here.mode is Mode.RELEASE_ONLY:
            raise Conflict(
                f"{target} is release-only: its folder changes through releases alone.",
                hint=f"Run `reconciler release create --to {target}`.",
            )
        origin, before = self.workspace.load(chosen, there), self.workspace.load(chosen, here)
        keys = naming.pick(asked, list(origin.desired.entries), f"in {source}")
        keys = _completed(keys, origin, before, with_dependencies=with_dependencies)
        files = _files(chosen.snapshot, origin, target, keys)
        new = _different(chosen.snapshot, files)
        _refuse_overwriting(chosen.snapshot, new, overwrite=overwrite)
        self._refuse_findings(chosen, target, new)
        self.write(new)
        return Copied(keys=tuple(keys), written=tuple(new))

    def _chosen(self) -> Chosen:
        """Choose the working tree with every environment in it, isolated ones included."""
        chosen = self.workspace.choose(worktree=True)
        paths = (file.path for file in chosen.snapshot.files(layout.ROOT))
        return self.workspace.with_isolated(chosen, layout.environments_in(paths))

    def _refuse_findings(self, chosen: Chosen, target: str, new: Mapping[str, bytes]) -> None:
        """Load the target as it would be."""
        overlay = Overlay(base=chosen.snapshot, files_at=new)
        then = self.workspace.of_snapshot(overlay, [target])
        loaded = self.workspace.load(then, then.repository.environment(target))
        wrong = [each.finding for each in loaded.dangling if each.finding.file in new]
        if wrong:
            raise Invalid(tuple(wrong))


def _completed(
    keys: Sequence[ResourceKey], origin: Loaded, target: Loaded, *, with_dependencies: bool
) -> list[ResourceKey]:
    """Return the keys with all that they need and the target lacks.

    Raises:
        NotFound: something is missing, and is not to be copied too.
    """
    entries, wanted = origin.desired.entries, dict.fromkeys(keys)
    open_keys = list(keys)
    while open_keys:
        key = open_keys.pop()
        for needed in order.requirements(key, entries[key].facts):
            if needed in entries and needed not in wanted and needed not in target.desired.entries:
                wanted[needed] = None
                open_keys.append(needed)
    missing = [key for key in wanted if key not in keys]
    if missing and not with_dependencies:
        names = ", ".join(map(str, sorted(missing)))
        raise NotFound(
            f"{target.environment.name} lacks what is needed: {names}.",
            hint="Copy these too, with --with-dependencies.",
        )
    return sorted(wanted)


def _files(
    snapshot: Snapshot, origin: Loaded, target: str, keys: Iterable[ResourceKey]
) -> dict[str, bytes]:
    """Return the files of resources by the path that they get."""
    source = layout.environment_folder(origin.environment.name)
    paths = [path for key in keys for path in _paths(origin.desired.entries[key], source)]
    found = {file.path: file for file in snapshot.files(source)}
    prefix = layout.environment_folder(target)
    read = snapshot.read([found[path] for path in dict.fromkeys(paths)])
    return {prefix + file.path.removeprefix(source): data for file, data in read}


def _paths(entry: Entry, folder: str) -> list[str]:
    path = f"{folder}/{entry.path}"
    if entry.facts.definition is None:
        return [path]
    return [path, layout.resolve_beside(path, entry.facts.definition.partition(":")[2])]


def _different(snapshot: Snapshot, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files that are not there as they shall be."""
    there = [file for path in files for file in snapshot.files(path) if file.path == path]
    same = {file.path for file, data in snapshot.read(there) if files[file.path] == data}
    return {path: data for path, data in files.items() if path not in same}


def _refuse_overwriting(snapshot: Snapshot, new: Mapping[str, bytes], *, overwrite: bool) -> None:
    stand = {file.path: path for path in new for file in snapshot.files(path)}
    for found, path in stand.items():
        if found != path:
            raise Conflict(f"{found} stands in the way of {path}; nothing was written.")
    in_the_way = list(stand)
    if in_the_way and not overwrite:
        shown = ", ".join(in_the_way[:3])
        more = f" and {len(in_the_way) - 3} more" if len(in_the_way) > 3 else ""
        raise Conflict(
            f"{shown}{more} would be replaced by other content; nothing was written.",
            hint="Say with --overwrite that it shall.",
        )
