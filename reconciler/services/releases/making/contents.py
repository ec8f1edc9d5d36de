"""What a release would hold: the manifests of its source, taken byte for byte.

It must not know versions, tags or messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.core import layout
from reconciler.core.diff import field_changes
from reconciler.core.errors import UsageError
from reconciler.core.model import RESOURCE_FOLDERS, FieldChange, ResourceKey
from reconciler.core.names import nearest
from reconciler.core.releases.model import Source
from reconciler.core.render.values import inline
from reconciler.ports import Snapshot, TreeFile
from reconciler.services.loading.environment import Loaded
from reconciler.services.releases.reading.overlay import Replacement


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a release is made of.

    `files` are all its resource files by path within the environment's folder; `environment_file`
    replaces environment.yaml where the release brings values of its own.
    """

    source: Source
    files: Mapping[str, TreeFile | bytes]
    environment_file: bytes | None = None
    notices: tuple[str, ...] = field(default=())

    def replacements(self, tip: Snapshot, environment: str) -> dict[str, Replacement]:
        """Return what the folder of an environment at the tip must have instead, by full path."""
        folder = layout.environment_folder(environment)
        wanted: dict[str, Replacement] = {f"{folder}/{p}": file for p, file in self.files.items()}
        for name in RESOURCE_FOLDERS:
            for file in tip.files(f"{folder}/{name}"):
                here = wanted.get(file.path)
                if here is None:
                    wanted[file.path] = None
                elif isinstance(here, TreeFile) and here.oid == file.oid:
                    del wanted[file.path]
        if self.environment_file is not None:
            wanted[layout.environment_file(environment)] = self.environment_file
        return wanted


def whole(loaded: Loaded) -> dict[str, TreeFile | bytes]:
    """Return every file of a content."""
    return dict(loaded.files())


def part(
    base: Loaded | None, source: Loaded, chosen: Iterable[ResourceKey]
) -> dict[str, TreeFile | bytes]:
    """Return the files of a base with some resources as the source has them.

    Raises:
        UsageError: neither side has such a resource.
    """
    files = {} if base is None else dict(base.files())
    old = {} if base is None else base.desired.entries
    for key in chosen:
        if key not in old and key not in source.desired.entries:
            raise unknown_resource(key, [*source.desired.entries, *old])
        if base is not None and key in old:
            for path in base.files([key]):
                files.pop(path, None)
        if key in source.desired.entries:
            files.update(source.files([key]))
    return dict(files)


def unknown_resource(key: ResourceKey, known: Iterable[ResourceKey]) -> UsageError:
    """Return the error for a resource that is nowhere, with the nearest name."""
    return UsageError(f"There is no {key}{nearest(str(key), map(str, known))}.")


def resource_key(text: str) -> ResourceKey:
    """Read `kind/name`, the kind in any case.

    Raises:
        UsageError: it is something else.
    """
    kind, _, name = text.partition("/")
    kinds = {str(one).lower(): str(one) for one in RESOURCE_FOLDERS.values()}
    if kind.lower() not in kinds or not name:
        raise UsageError(
            f'"{text[:100]}" names no resource.',
            hint=f"Write KIND/NAME; kinds are {', '.join(kinds.values())}.",
        )
    return ResourceKey(kinds[kind.lower()], name)


def value_changes(base: Loaded | None, loaded: Loaded) -> tuple[str, ...]:
    """Return a sentence for each value that a release changes, be it used by a resource or not."""
    if base is None:
        return ()
    return tuple(
        f"The value {change.path[1:].replace('/', '.')} {_became(change)}."
        for change in field_changes(base.desired.values, loaded.desired.values)
    )


def _became(change: FieldChange) -> str:
    if change.before is None:
        return f"is new: {inline(change.after)}"
    if change.after is None:
        return f"is taken away; it was {inline(change.before)}"
    return f"changes from {inline(change.before)} to {inline(change.after)}"
