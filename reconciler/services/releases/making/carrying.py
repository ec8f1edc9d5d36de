"""Carries a change of one content into another one: three-way, field by field, text kept.

It must not know releases, tags or which environment stands below which.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.core import canonical, layout
from reconciler.core.canonical import Json
from reconciler.core.errors import Conflict
from reconciler.core.model import ResourceKey
from reconciler.core.releases import merging
from reconciler.core.releases.merging import FieldConflict
from reconciler.ports import GitWriter, Manifests, ManifestWriter, ParseRequest, TreeFile
from reconciler.services.loading.documents import Item
from reconciler.services.loading.environment import Loaded


class Clash(NamedTuple):
    """A field of a resource that cannot be merged into an environment."""

    environment: str
    key: ResourceKey
    field: FieldConflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A content with the change in it: all its files by path within the folder.

    Files that stay are those of the content; with clashes they mean nothing.
    """

    files: Mapping[str, TreeFile | bytes]
    clashes: tuple[Clash, ...] = ()


class _File(NamedTuple):
    """A file of a resource: its path within the folder and its bytes."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """A resource in one of the three contents: as it is written, with its definition in it.

    Everything is None where the resource is not there.
    """

    content: Mapping[str, Json] | None = None
    manifest: _File | None = None
    definition: _File | None = None


_NOTHING = _Side()


def differing(base: Loaded, changed: Loaded) -> tuple[ResourceKey, ...]:
    """Return the resources of which any file has another path or other bytes."""
    before, after = base.desired.entries, changed.desired.entries
    return tuple(key for key in sorted({*before, *after}) if _ids(base, key) != _ids(changed, key))


def _ids(loaded: Loaded, key: ResourceKey) -> dict[str, str]:
    if key not in loaded.desired.entries:
        return {}
    return {path: file.oid for path, file in loaded.files([key]).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Merges what changed between two contents into a third one."""

    manifests: Manifests
    writer: ManifestWriter
    git: GitWriter

    def carry(
        self, base: Loaded, changed: Loaded, other: Loaded, keys: Collection[ResourceKey]
    ) -> Carried:
        """Bring what `changed` made of some resources of `base` into `other`.

        Raises:
            Conflict: a definition file is shared with a resource that stays as it is.
        """
        sides = [_sides(loaded, keys) for loaded in (base, changed, other)]
        kept = [key for key in other.desired.entries if key not in keys]
        files: dict[str, TreeFile | bytes] = dict(other.files(kept))
        clashes = []
        for key in sorted(keys):
            three = [side.get(key, _NOTHING) for side in sides]
            merged = merging.merge(*(side.content for side in three))
            where = other.environment.name
            clashes += [Clash(where, key, field) for field in merged.conflicts]
            if merged.conflicts or merged.content is None:
                continue
            there = {} if key not in other.desired.entries else other.files([key])
            for made in self._files(key, merged.content, *three):
                file = _kept_or_made(made, three[2], there)
                if files.setdefault(made.path, file) != file:
                    raise _shared(where, made.path, key)
        return Carried(files=files, clashes=tuple(clashes))

    def _files(
        self,
        key: ResourceKey,
        content: Mapping[str, Json],
        base: _Side,
        changed: _Side,
        other: _Side,
    ) -> Iterator[_File]:
        """Yield manifest and definition of a merged content, in the text that is nearest."""
        manifest = other.manifest or changed.manifest or _File("", b"")
        plain, definition = _apart(content)
        written = self.writer.write(content)
        for data in self._texts(base.manifest, changed.manifest, other.manifest, written):
            if data is written or self._manifest_says(key, data, plain):
                yield _File(manifest.path, data)
                break
        shown = self.writer.write_definition(content)
        if definition is None or shown is None:
            return
        path = layout.resolve_beside(manifest.path, definition["file"])
        for data in self._texts(base.definition, changed.definition, other.definition, shown):
            if data is shown or self._definition_says(data, definition):
                yield _File(path, data)
                break

    def _texts(
        self, base: _File | None, changed: _File | None, other: _File | None, written: bytes
    ) -> Iterator[bytes]:
        """Yield texts that may have the merged content, the best first, a sure one last."""
        ours, theirs = other and other.data, changed and changed.data
        before = base and base.data
        if theirs is not None and ours in (None, before):
            yield theirs
        if ours is not None and theirs is not None and before is not None:
            merged = self.git.merge_text(ours, before, theirs)
            if merged is not None:
                yield merged
        if ours is not None:
            yield ours
        yield written

    def _manifest_says(self, key: ResourceKey, data: bytes, content: Mapping[str, Json]) -> bool:
        (answer,) = self.manifests.parse([ParseRequest(str(key), data, key.kind)])
        return not isinstance(answer, tuple) and _same(answer.content, content)

    def _definition_says(self, data: bytes, definition: Mapping[str, Json]) -> bool:
        read = self.manifests.parse_definition(definition["file"], data, definition["format"])
        return _same([read], [definition["content"]]) if not isinstance(read, tuple) else False


def _sides(loaded: Loaded, keys: Collection[ResourceKey]) -> dict[ResourceKey, _Side]:
    """Return resources as they are written, with the bytes of their files."""
    reading = loaded.reading
    filling, documents = reading.filling, reading.documents
    entries = {key: loaded.desired.entries[key] for key in keys if key in loaded.desired.entries}
    prefix = f"{layout.environment_folder(loaded.environment.name)}/"
    items = {
        key: Item(key.kind, filling.by_path[prefix + entry.path]) for key, entry in entries.items()
    }
    definitions = {key: filling.definition(entry) for key, entry in entries.items()}
    wanted = [*items.values(), *(item for item in definitions.values() if item)]
    contents = documents.contents(wanted)
    data = {file.path: read for file, read in documents.snapshot.read([w.file for w in wanted])}

    def file(item: Item | None) -> _File | None:
        return item and _File(item.file.path.removeprefix(prefix), data[item.file.path])

    return {
        key: _Side(
            content=_together(contents[item.key], contents, definitions[key]),
            manifest=file(item),
            definition=file(definitions[key]),
        )
        for key, item in items.items()
    }


def _together(
    manifest: Mapping[str, Json], contents: Mapping[tuple[str, str], Json], item: Item | None
) -> Mapping[str, Json]:
    """Return a manifest with the content of its definition in it, and no value filled in."""
    if item is None:
        return manifest
    definition = {**manifest["spec"]["definition"], "content": contents[item.key]["content"]}
    return {**manifest, "spec": {**manifest["spec"], "definition": definition}}


def _apart(content: Mapping[str, Json]) -> tuple[Mapping[str, Json], Mapping[str, Json] | None]:
    """Return a manifest as it stands in its file, and its definition where that has a content."""
    spec = content.get("spec")
    definition = spec.get("definition") if isinstance(spec, Mapping) else None
    if not isinstance(definition, Mapping) or "content" not in definition:
        return content, None
    bare = {name: value for name, value in definition.items() if name != "content"}
    return {**content, "spec": {**content["spec"], "definition": bare}}, definition


def _kept_or_made(made: _File, other: _Side, there: Mapping[str, TreeFile]) -> TreeFile | bytes:
    """Return the file that is there when it has these very bytes."""
    same = made in (other.manifest, other.definition)
    return there[made.path] if same else made.data


def _shared(environment: str, path: str, key: ResourceKey) -> Conflict:
    return Conflict(
        f"{key} cannot be merged into {environment}: another resource there uses {path} too.",
        hint="Give each workflow a definition file of its own first.",
    )


def _same(one: Json, other: Json) -> bool:
    return canonical.dumps(one) == canonical.dumps(other)
