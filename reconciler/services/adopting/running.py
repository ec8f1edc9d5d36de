"""What runs on a platform as files: written, read back, and left out where that is not possible.

A platform may hold anything, also what a hand wrote into it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.core import layout
from reconciler.core.canonical import Json
from reconciler.core.errors import PlatformError
from reconciler.core.model import RESOURCE_FOLDERS, Environment, Facts, Observation, ResourceKey
from reconciler.core.names import quoted
from reconciler.ports import Manifests, ManifestWriter, Parsed, ParseRequest, PlatformReader

_FOLDERS = {str(kind): folder for folder, kind in RESOURCE_FOLDERS.items()}

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One resource as files by path, relative to an environment's folder."""

    key: ResourceKey
    files: Mapping[str, bytes]
    digest: str
    content: Json
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What runs, as files; `refused` says why a resource cannot be one."""

    items: Mapping[ResourceKey, Item] = field(default_factory=dict)
    refused: Mapping[ResourceKey, str] = field(default_factory=dict)

    def files(self, environment: str, keys: Collection[ResourceKey]) -> Files:
        """Return the files of some resources by their path in the repository."""
        folder = layout.environment_folder(environment)
        return {
            f"{folder}/{path}": data for key in keys for path, data in self.items[key].files.items()
        }

    def marks(self, keys: Collection[ResourceKey]) -> dict[ResourceKey, tuple[str, Json]]:
        """Return digest and content of some resources as they run."""
        return {key: (self.items[key].digest, self.items[key].content) for key in keys}


def observe(environment: Environment, platform: PlatformReader) -> Observation:
    """Return what runs.

    Raises:
        PlatformError: it was not read completely.
    """
    observation = platform.observe()
    if not observation.complete:
        reason = observation.reason or "not everything could be read"
        raise PlatformError(
            f"The platform of {environment.name} was not read completely: {reason}.",
            hint="Nothing was written; try again when it answers.",
        )
    return observation


def as_files(
    writer: ManifestWriter,
    manifests: Manifests,
    platform: PlatformReader,
    digests: Mapping[ResourceKey, str],
) -> Running:
    """Write resources as manifests; each is read back, and kept only if the reader takes it."""
    contents = platform.contents(digests)
    items: dict[ResourceKey, Item] = {}
    refused: dict[ResourceKey, str] = {}
    taken: Files = {}
    for key in sorted(digests):
        found = _as_item(writer, manifests, key, digests[key], contents.get(key))
        if isinstance(found, Item):
            other = [
                path
                for path in found.files
                if taken.get(path, found.files[path]) != found.files[path]
            ]
            if not other:
                items[key] = found
                taken.update(found.files)
                continue
            found = f"its file {other[0]} is that of another workflow, with other content"
        refused[key] = found
    return Running(items=items, refused=refused)


def _as_item(
    writer: ManifestWriter, manifests: Manifests, key: ResourceKey, digest: str, content: Json
) -> Item | str:
    """Return the files of a resource, or why it has none."""
    wrong = _misfit(key, content)
    if wrong is not None:
        return wrong
    path = f"{_FOLDERS[key.kind]}/{key.name}.yaml"
    data = writer.write(content)
    (parsed,) = manifests.parse([ParseRequest(path, data, key.kind)])
    if not isinstance(parsed, Parsed):
        return f"its content is no manifest: {parsed[0].text}"
    files, problem = {path: data}, None
    definition = parsed.content["spec"].get("definition")
    if definition is not None:
        found = layout.resolve_beside(path, definition["file"])
        held = writer.write_definition(content)
        problem = "the platform holds no definition for it" if held is None else None
        files[found] = held or b""
        problem = problem or next(
            _unlike(manifests, definition, content, found, files[found]), None
        )
    return problem or Item(key=key, files=files, digest=digest, content=content, facts=parsed.facts)


def _misfit(key: ResourceKey, content: Json) -> str | None:
    if key.kind not in _FOLDERS:
        return f"{quoted(key.kind)} is no kind of manifest"
    if not isinstance(content, Mapping):
        return "it is not there any more"
    if [*content] == ["unreadable"]:
        return f"its content cannot be read: {content['unreadable']}"
    metadata = content.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if content.get("kind") != key.kind or name != key.name:
        return "its content bears another kind or name"
    return None


def _unlike(
    manifests: Manifests, definition: Mapping[str, Json], content: Json, path: str, data: bytes
) -> Iterator[str]:
    """Yield why a definition file would not be read as what runs."""
    read = manifests.parse_definition(path, data, definition["format"])
    if isinstance(read, tuple):
        yield f"its definition cannot be a file: {read[0].text}"
    elif read != content["spec"]["definition"]["content"]:
        yield "its definition would not be kept as it is"
