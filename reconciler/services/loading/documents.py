"""Manifests of one snapshot by blob id: parsed and validated once, then remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid
from reconciler.core.model import Facts, Finding, Location
from reconciler.ports import (
    CachedDocument,
    DocumentCache,
    Manifests,
    Parsed,
    ParseRequest,
    Snapshot,
    TreeFile,
)


class Item(NamedTuple):
    """A file and what it shall be read as: a kind, or `definition:<format>`."""

    kind: str
    file: TreeFile

    @property
    def key(self) -> tuple[str, str]:
        """What it is remembered by."""
        return (self.kind, self.file.oid)


class Documents:
    """Reads manifests and definition files of one snapshot through the cache."""

    def __init__(self, manifests: Manifests, cache: DocumentCache, snapshot: Snapshot) -> None:
        """Take what parses, what remembers, and the snapshot that is read."""
        self.manifests = manifests
        self.cache = cache
        self.snapshot = snapshot
        self._recent: dict[tuple[str, str], Json] = {}

    def know(
        self, items: Sequence[Item]
    ) -> tuple[dict[tuple[str, str], CachedDocument], list[Finding]]:
        """Return what each valid file holds, and every finding in the others."""
        known = dict(self.cache.documents({item.key for item in items}))
        unseen = [item for item in items if item.key not in known]
        findings: list[Finding] = []
        fresh = {}
        for item, data, answer in self._parsed(unseen):
            if isinstance(answer, Parsed):
                known[item.key] = document_of(data, answer)
                fresh[item.key] = (known[item.key], answer.content)
            else:
                findings.extend(answer)
        self.remember([(key, document, content) for key, (document, content) in fresh.items()])
        return known, findings

    def remember(self, fresh: Sequence[tuple[tuple[str, str], CachedDocument, Json]]) -> None:
        """Remember documents for other runs, and their contents for the rest of this one."""
        self._recent.update((key, content) for key, _, content in fresh)
        self.cache.remember(fresh)

    def contents(self, items: Iterable[Item]) -> dict[tuple[str, str], Json]:
        """Return contents of valid files, from memory or by reading them again."""
        wanted = {item.key: item for item in items}
        found = self.remembered(wanted)
        missing = [item for key, item in wanted.items() if key not in found]
        for item, _, answer in self._parsed(missing):
            if not isinstance(answer, Parsed):
                raise Invalid(answer)
            found[item.key] = answer.content
        return found

    def remembered(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Json]:
        """Return those of the contents that need not be read again."""
        wanted = list(keys)
        found = {key: self._recent[key] for key in wanted if key in self._recent}
        missing = [key for key in wanted if key not in found]
        return {**found, **self.cache.contents(missing)} if missing else found

    def locations(self, wanted: Sequence[tuple[TreeFile, str]]) -> list[Location]:
        """Return the places of fields (JSON Pointers) in order; each file is read once."""
        if not wanted:
            return []
        files = {file.path: file for file, _ in wanted}
        data = {file.path: read for file, read in self.snapshot.read(files.values())}
        return [
            Location(file.path, *self.manifests.position(data[file.path], pointer))
            for file, pointer in wanted
        ]

    def _parsed(
        self, items: Sequence[Item]
    ) -> Iterable[tuple[Item, bytes, Parsed | tuple[Finding, ...]]]:
        if not items:
            return
        blobs = [data for _, data in self.snapshot.read([item.file for item in items])]
        manifests = [
            (item, data)
            for item, data in zip(items, blobs, strict=True)
            if not item.kind.startswith("definition:")
        ]
        requests = [ParseRequest(item.file.path, data, item.kind) for item, data in manifests]
        answers = self.manifests.parse(requests)
        for (item, data), answer in zip(manifests, answers, strict=True):
            yield item, data, answer
        for item, data in zip(items, blobs, strict=True):
            if item.kind.startswith("definition:"):
                yield item, data, self._definition(item, data)

    def _definition(self, item: Item, data: bytes) -> Parsed | tuple[Finding, ...]:
        engine = item.kind.partition(":")[2]
        content = self.manifests.parse_definition(item.file.path, data, engine)
        if isinstance(content, tuple):
            return content
        return Parsed({"content": content}, Facts())


def document_of(data: bytes, parsed: Parsed) -> CachedDocument:
    """Return what is remembered of a manifest; its digest only when nothing fills it in later."""
    facts = parsed.facts
    metadata: Mapping[str, Json] = parsed.content.get("metadata", {})
    whole = not facts.values and facts.definition is None
    return CachedDocument(
        name=str(metadata.get("name", "")),
        bytes_digest=canonical.sha256(data),
        digest=canonical.digest(parsed.content) if whole else None,
        facts=facts,
    )
