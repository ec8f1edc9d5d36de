"""Loads one environment of a snapshot: layout, manifests, references between them, digests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.core import crossrefs, digests, layout, paths, references
from reconciler.core.canonical import Json
from reconciler.core.crossrefs import Problem
from reconciler.core.errors import Invalid
from reconciler.core.model import Desired, Entry, Environment, Finding, Kind, Location, ResourceKey
from reconciler.ports import CachedDocument, DocumentCache, Manifests, Snapshot, TreeFile
from reconciler.services.loading import index
from reconciler.services.loading.documents import Documents, Item
from reconciler.services.loading.filling import Filling

# What messages are about beside resources; it stands in environment.yaml.
IN_ENVIRONMENT_FILE = ("Environment", "Secret")


@dataclass(frozen=True, slots=True)
class Dangling:
    """A workflow that waits for an app event which is not there, and the finding that says so."""

    workflow: ResourceKey
    event: ResourceKey
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One environment as git has it; contents and places are read on demand.

    `dangling` are uses of app events that are gone: whether they are a mistake or the consequence
    of a removal that a message tells is seen only against what was there before.
    """

    environment: Environment
    desired: Desired
    reading: Reading
    dangling: tuple[Dangling, ...] = ()

    def contents(self, keys: Iterable[ResourceKey]) -> dict[ResourceKey, Json]:
        """Return the contents that would be deployed: values filled in, definitions included."""
        wanted = [self.desired.entries[key] for key in keys if key in self.desired.entries]
        if not wanted:
            return {}  # without listing a folder of which nothing is asked
        filled = self.reading.filling.contents(wanted)
        return {entry.key: content for entry, content in zip(wanted, filled, strict=True)}

    def content(self, key: ResourceKey) -> Mapping[str, Json]:
        """Return one content."""
        found: Mapping[str, Json] = self.contents([key])[key]
        return found

    def files(self, keys: Iterable[ResourceKey] | None = None) -> dict[str, TreeFile]:
        """Return the files of resources (all by default), by path within the folder.

        A workflow's definition file is one of them.
        """
        entries = self.desired.entries
        chosen = entries.values() if keys is None else [entries[key] for key in keys]
        prefix = layout.environment_folder(self.environment.name) + "/"
        filling = self.reading.filling
        found = {entry.path: filling.by_path[prefix + entry.path] for entry in chosen}
        for item in filling.definitions(chosen):
            found[item.file.path.removeprefix(prefix)] = item.file
        return found

    def locations(self, wanted: Sequence[tuple[ResourceKey, str]]) -> list[Location | None]:
        """Return the places of fields (JSON Pointers) of resources, in order.

        None where git does not hold the resource. The environment and its secrets stand in
        environment.yaml.
        """
        files = self.reading.files_of(self.desired.entries, {key for key, _ in wanted})
        found = [(files[key], pointer) for key, pointer in wanted if key in files]
        places = iter(self.reading.documents.locations(found))
        return [next(places) if key in files else None for key, _ in wanted]


def load(
    manifests: Manifests, cache: DocumentCache, snapshot: Snapshot, environment: Environment
) -> Loaded:
    """Load one environment; one that was loaded before is known by its tree id.

    Raises:
        Invalid: with every finding in its folder.
    """
    reading = Reading(Documents(manifests, cache, snapshot), environment)
    tree = snapshot.tree_id(layout.environment_folder(environment.name))
    text = None if tree is None else cache.value(index.key(tree))
    if text is not None:
        entries, content_digest = index.load(text)
    else:
        entries, content_digest = reading.entries()
        if reading.findings:
            raise Invalid(reading.all_findings())
        if tree is not None and not reading.dangling:
            cache.remember_value(index.key(tree), index.dump(entries, content_digest))
    desired = Desired(
        environment=environment.name,
        commit=snapshot.commit,
        ref=snapshot.ref,
        entries=entries,
        values=environment.values,
        content_digest=content_digest,
    )
    dangling = tuple(reading.dangling)
    return Loaded(environment=environment, desired=desired, reading=reading, dangling=dangling)


def survey(
    documents: Documents, environment: Environment, *, alone: bool = False
) -> tuple[tuple[Finding, ...], int]:
    """Return every finding in an environment's folder, and how many resources were looked at.

    `alone` looks at each manifest by itself, where too little is known of the environment.
    """
    reading = Reading(documents, environment, alone=alone)
    reading.entries()
    return reading.all_findings(), reading.looked_at


class Reading:
    """One pass over an environment's folder, collecting every finding."""

    def __init__(
        self, documents: Documents, environment: Environment, *, alone: bool = False
    ) -> None:
        """Take the documents of a snapshot; files are listed when first needed."""
        self.documents = documents
        self.environment = environment
        self.findings: list[Finding] = []
        self.dangling: list[Dangling] = []
        self.looked_at = 0
        self._alone = alone
        self._filling: Filling | None = None
        self._folder = layout.environment_folder(environment.name)

    @property
    def filling(self) -> Filling:
        """What fills in the manifests of this environment."""
        if self._filling is None:
            files = self.documents.snapshot.files(self._folder)
            self._filling = Filling(
                documents=self.documents,
                environment=self.environment,
                by_path={file.path: file for file in files},
            )
        return self._filling

    def all_findings(self) -> tuple[Finding, ...]:
        """Return every finding once, by file and line."""
        found = {*self.findings, *(each.finding for each in self.dangling)}
        return tuple(sorted(found))

    def files_of(
        self, entries: Mapping[ResourceKey, Entry], keys: Collection[ResourceKey]
    ) -> dict[ResourceKey, TreeFile]:
        """Return the file of each key that has one."""
        found = {key: self._file(entries[key]) for key in keys if key in entries}
        others = [key for key in keys if key.kind in IN_ENVIRONMENT_FILE]
        if others:
            path = layout.environment_file(self.environment.name)
            for file in self.documents.snapshot.files(path):
                found.update(dict.fromkeys(others, file))
        return found

    def entries(self) -> tuple[dict[ResourceKey, Entry], str]:
        """Return every desired resource and the content digest; problems become findings."""
        by_path = self.filling.by_path
        self.findings += path_findings(by_path.values())
        places = layout.sort_out(self.environment.name, by_path)
        manifests = (*places.resources, *places.releases)
        self.findings += [*places.findings, *layout.twice(manifests)]
        slots = [s for s in manifests if paths.path_problem(by_path[s.path]) is None]
        self.looked_at = len(places.resources)
        read, wrong = self.documents.know([Item(s.kind, by_path[s.path]) for s in slots])
        self.findings += wrong
        known = {s: d for s in slots if (d := read.get((s.kind, by_path[s.path].oid))) is not None}
        self._check_names(known)
        found = [
            self._entry(slot, by_path[slot.path], document)
            for slot, document in known.items()
            if slot.kind is not Kind.RELEASE
        ]
        self._check_definitions(found)
        self._check_references(found, [ResourceKey(s.kind, s.name) for s in places.resources])
        return self._completed(found)

    def _entry(self, slot: layout.Slot, file: TreeFile, document: CachedDocument) -> Entry:
        return Entry(
            key=ResourceKey(slot.kind, slot.name),
            path=slot.path.removeprefix(self._folder + "/"),
            blob=file.oid,
            bytes_digest=document.bytes_digest,
            digest=document.digest or "",
            facts=document.facts,
        )

    def _completed(self, found: Sequence[Entry]) -> tuple[dict[ResourceKey, Entry], str]:
        """Give the digest of what would be deployed to entries that something fills in."""
        if self.findings:
            return {}, ""
        filled, misfits = self.filling.digests([entry for entry in found if not entry.digest])
        self._find([(file, pointer, text) for file, pointer, text in misfits])
        entries = {
            entry.key: replace(entry, digest=filled[entry.path]) if entry.path in filled else entry
            for entry in found
        }
        return entries, self._content_digest(found)

    def _content_digest(self, found: Sequence[Entry]) -> str:
        files = {entry.path: entry.bytes_digest for entry in found}
        items = self.filling.definitions(found)
        known, _ = self.documents.know(items)
        for item in items:
            path = item.file.path.removeprefix(self._folder + "/")
            files[path] = known[item.key].bytes_digest
        return digests.content_digest(files, self.environment.values)

    def _check_names(self, known: Mapping[layout.Slot, CachedDocument]) -> None:
        text = 'metadata.name is "{}" but the file is named "{}.yaml"; give both one name'
        self._find(
            (self.filling.by_path[s.path], "/metadata/name", text.format(document.name, s.name))
            for s, document in known.items()
            if document.name != s.name
        )

    def _check_definitions(self, found: Sequence[Entry]) -> None:
        text = 'definition file "{}" is not there; it stands beside its manifest'
        self._find(
            (self._file(entry), "/spec/definition/file", text.format(_definition_name(entry)))
            for entry in self.filling.missing_definitions(found)
        )
        _, wrong = self.documents.know(self.filling.definitions(found))
        self.findings += wrong

    def _check_references(self, found: Sequence[Entry], there: Iterable[ResourceKey]) -> None:
        if self._alone:
            return
        entries = {entry.key: entry for entry in found}
        problems = crossrefs.problems(entries, self.environment, there)
        items = {p.key: Item(p.key.kind, self._file(entries[p.key])) for p in problems}
        contents = self.documents.contents([items[p.key] for p in problems if p.reference])
        told = self._findings(
            (items[p.key].file, _pointer(p, contents.get(items[p.key].key)), p.text)
            for p in problems
        )
        for problem, finding in zip(problems, told, strict=True):
            if problem.event is None:
                self.findings.append(finding)
            else:
                event = ResourceKey(Kind.APP_EVENT, problem.event)
                self.dangling.append(Dangling(problem.key, event, finding))

    def _file(self, entry: Entry) -> TreeFile:
        return self.filling.by_path[f"{self._folder}/{entry.path}"]

    def _find(self, found: Iterable[tuple[TreeFile, str, str]]) -> None:
        """Add findings at fields (JSON Pointers) of files."""
        self.findings += self._findings(found)

    def _findings(self, found: Iterable[tuple[TreeFile, str, str]]) -> list[Finding]:
        found = list(found)
        places = self.documents.locations([(file, pointer) for file, pointer, _ in found])
        return [
            Finding(*place, text, "reference")
            for place, (_, _, text) in zip(places, found, strict=True)
        ]


def _definition_name(entry: Entry) -> str:
    return str(entry.facts.definition).partition(":")[2]


def _pointer(problem: Problem, content: Json | None) -> str:
    """Return where a problem stands in its manifest."""
    if problem.reference is None or content is None:
        return problem.pointer
    return references.pointer_to(content, problem.reference)


def path_findings(files: Iterable[TreeFile]) -> list[Finding]:
    """Return a finding for each path that is refused by name or kind, never following any."""
    files = list(files)
    found = [
        Finding(file.path, 1, 1, problem, "path")
        for file in files
        if (problem := paths.path_problem(file)) is not None
    ]
    for one, other in paths.colliding([file.path for file in files]):
        text = f"collides with {other}: the two are one file on some systems; rename one"
        found.append(Finding(one, 1, 1, text, "path"))
    return found
