"""What fills a manifest in before it is deployed: the environment's values, a definition file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.core import canonical, layout, paths, references
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid
from reconciler.core.model import Entry, Environment
from reconciler.ports import CachedDocument, TreeFile
from reconciler.services.loading.documents import Documents, Item


class Misfit(NamedTuple):
    """A manifest that cannot be filled in: where, and why."""

    file: TreeFile
    pointer: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Fills in the manifests of one environment; what was filled in is remembered too."""

    documents: Documents
    environment: Environment
    by_path: Mapping[str, TreeFile]
    contexts: dict[tuple[str, ...], str] = field(default_factory=dict)

    def definition(self, entry: Entry) -> Item | None:
        """Return the definition file of a workflow, None when it has none or it is missing."""
        if entry.facts.definition is None:
            return None
        file = self.by_path.get(self._definition_path(entry))
        if file is None or paths.path_problem(file) is not None:
            return None
        engine = entry.facts.definition.partition(":")[0]
        return Item(f"definition:{engine}", file)

    def definitions(self, entries: Iterable[Entry]) -> list[Item]:
        """Return the definition files of workflows, each once."""
        found = (self.definition(entry) for entry in entries)
        return list({(*item.key, item.file.path): item for item in found if item}.values())

    def missing_definitions(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return the workflows whose definition file is not there."""
        return [
            entry
            for entry in entries
            if entry.facts.definition and self._definition_path(entry) not in self.by_path
        ]

    def digests(self, entries: Sequence[Entry]) -> tuple[dict[str, str], list[Misfit]]:
        """Return the digest of each filled-in entry by its path, and what cannot be filled in."""
        items = {entry.path: self._item(entry) for entry in entries}
        cache = self.documents.cache
        known = {
            key: document.digest or ""
            for key, document in cache.documents({item.key for item in items.values()}).items()
        }
        fresh, misfits = [], []
        for entry, content in self._tried([e for e in entries if items[e.path].key not in known]):
            if isinstance(content, Misfit):
                misfits.append(content)
                continue
            key, digest = items[entry.path].key, canonical.digest(content)
            known[key] = digest
            document = CachedDocument(entry.key.name, entry.bytes_digest, digest, entry.facts)
            fresh.append((key, document, content))
        self.documents.remember(fresh)
        return {p: known[item.key] for p, item in items.items() if item.key in known}, misfits

    def contents(self, entries: Sequence[Entry]) -> list[Json]:
        """Return the contents that would be deployed, in order."""
        items = [self._item(entry) for entry in entries]
        known = self.documents.remembered({item.key for item in items})
        missing = [e for e, item in zip(entries, items, strict=True) if item.key not in known]
        filled = dict(zip([e.path for e in missing], self._filled(missing), strict=True))
        return [
            known[item.key] if item.key in known else filled[entry.path]
            for entry, item in zip(entries, items, strict=True)
        ]

    def _filled(self, entries: Sequence[Entry]) -> list[Json]:
        """Fill in manifests, reading them and their definitions."""
        values = self.environment.values
        return [fill(content, values, definition) for content, definition in self._read(entries)]

    def _tried(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Json | Misfit]]:
        """Fill in manifests, and tell those that a value does not fit into."""
        for entry, (content, definition) in zip(entries, self._read(entries), strict=True):
            try:
                yield entry, fill(content, self.environment.values, definition)
            except Invalid as error:
                pointer = references.pointer_to(content, f"values.{self._suspect(entry)}")
                yield entry, Misfit(self._manifest(entry).file, pointer, error.findings[0].text)

    def _suspect(self, entry: Entry) -> str:
        """Return the first value that a manifest uses and that looks like a reference."""
        used = entry.facts.values
        found = {path: references.lookup(self.environment.values, path) for path in used}
        looks = (p for p, value in found.items() if isinstance(value, str) and {*"${"} & {*value})
        return next(looks, used[0])

    def _read(self, entries: Sequence[Entry]) -> list[tuple[Json, Json | None]]:
        """Return manifests as they are written, each with its definition."""
        manifests = [self._manifest(entry) for entry in entries]
        definitions = [self.definition(entry) for entry in entries]
        read = self.documents.contents([*manifests, *(item for item in definitions if item)])
        return [
            (read[manifest.key], definition and read[definition.key])
            for manifest, definition in zip(manifests, definitions, strict=True)
        ]

    def _definition_path(self, entry: Entry) -> str:
        manifest = f"{layout.environment_folder(self.environment.name)}/{entry.path}"
        return layout.resolve_beside(manifest, str(entry.facts.definition).partition(":")[2])

    def _manifest(self, entry: Entry) -> Item:
        folder = layout.environment_folder(self.environment.name)
        return Item(entry.key.kind, self.by_path[f"{folder}/{entry.path}"])

    def _item(self, entry: Entry) -> Item:
        """Return what the filled-in manifest is remembered by: its kind and what goes into it."""
        manifest = self._manifest(entry)
        if not entry.facts.values and entry.facts.definition is None:
            return manifest
        return Item(f"{manifest.kind}@{self._context(entry)}", manifest.file)

    def _context(self, entry: Entry) -> str:
        """Return a digest of what is filled in; many manifests have it in common."""
        definition, paths_used = self.definition(entry), entry.facts.values
        known_by = (*paths_used, "", *(definition.key if definition else ()))
        if known_by not in self.contexts:
            used = {path: references.lookup(self.environment.values, path) for path in paths_used}
            self.contexts[known_by] = canonical.digest([used, definition and definition.key])
        return self.contexts[known_by]


def fill(content: Json, values: Mapping[str, Json], definition: Json | None) -> Json:
    """Return a manifest with values filled in and its definition's content included."""
    filled = references.fill(content, values)
    if definition is not None:
        spec = {**filled["spec"]}
        spec["definition"] = {**spec["definition"], "content": definition["content"]}
        filled = {**filled, "spec": spec}
    return filled
