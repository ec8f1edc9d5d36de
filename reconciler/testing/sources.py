"""Fakes of what is read: time, files, manifests, caches and secrets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from reconciler.core.canonical import Json
from reconciler.core.errors import RepositoryError, SecretError
from reconciler.core.locks import Liveness
from reconciler.core.model import Facts, Finding
from reconciler.ports import (
    CachedDocument,
    Parsed,
    ParseRequest,
    SealedSecret,
    TreeFile,
)


class FakeClock:
    """Time that moves only when told to, and ids that count; `passed` are seconds that did pass."""

    def __init__(self, start: str = "2026-01-06T09:00:00+00:00") -> None:
        """Begin at this time."""
        self._now = datetime.fromisoformat(start)
        self._ids = 0
        self.passed = 0.0

    def now(self) -> str:
        """Return the time as RFC 3339 in UTC."""
        return self._now.astimezone(UTC).isoformat()

    def new_id(self) -> str:
        """Return `id-0001` and so on."""
        self._ids += 1
        return f"id-{self._ids:04}"

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)
        self.passed += seconds

    def set_back(self, seconds: float) -> None:
        """Turn the clock back (or forward, below zero) although no time passes."""
        self._now -= timedelta(seconds=seconds)

    def wait(self, seconds: float) -> None:
        """Let time pass at once."""
        self.advance(seconds)


class MemorySnapshot:
    """The files of a commit, given as paths and bytes (or text).

    A path in `modes` has another git mode than a plain file. Object ids are true git blob ids.
    """

    def __init__(
        self,
        files: Mapping[str, bytes | str],
        *,
        commit: str | None = "c" * 40,
        ref: str | None = "main",
        modes: Mapping[str, str] | None = None,
        objects: Mapping[str, bytes] | None = None,
    ) -> None:
        """Take the files; `commit` None stands for the working tree.

        `objects` are blobs of the repository by id: they can be read under any path.
        """
        self.commit = commit
        self.ref = ref
        self.reads: list[str] = []
        self._modes = modes or {}
        self._objects = {} if objects is None else objects
        self._bytes = {
            path: data.encode() if isinstance(data, str) else data for path, data in files.items()
        }

    def files(self, folder: str) -> Sequence[TreeFile]:
        """List every file below a folder, sorted by path.

        A file in the folder's own place, or in that of a folder above it, is listed alone.
        """
        paths = [path for path in self._bytes if path.startswith(f"{folder}/")]
        paths = paths or [path for path in self._bytes if f"{folder}/".startswith(f"{path}/")]
        return [
            TreeFile(
                path, git_object_id("blob", self._bytes[path]), self._modes.get(path, "100644")
            )
            for path in sorted(paths)
        ]

    def tree_id(self, folder: str) -> str | None:
        """Return an id that changes with the folder; None when missing or in the working tree."""
        files = self.files(folder)
        if not files or self.commit is None:
            return None
        return git_object_id("tree", repr(files).encode())

    def read(self, files: Iterable[TreeFile]) -> Iterator[tuple[TreeFile, bytes]]:
        """Yield the bytes of the files, in their order."""
        for file in files:
            data = self._objects.get(file.oid, self._bytes.get(file.path))
            if data is None:
                raise RepositoryError(f"Object {file.oid} ({file.path}) is missing.")
            self.reads.append(file.path)
            yield file, data


def git_object_id(type: str, data: bytes) -> str:
    """Return the id that git gives to an object."""
    header = f"{type} {len(data)}\0".encode()
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()


class MemoryManifests:
    """Reads manifests that are written as JSON and already normalised.

    `facts` are those of the paths that have any; anything that is not a JSON object is a finding.
    """

    def __init__(self, facts: Mapping[str, Facts] | None = None) -> None:
        """Know these facts by path."""
        self.rules_version = "memory"
        self.parsed: list[str] = []
        self._facts = facts or {}

    def parse(self, requests: Sequence[ParseRequest]) -> Iterator[Parsed | tuple[Finding, ...]]:
        """Yield the manifests or their findings, in order."""
        for request in requests:
            self.parsed.append(request.path)
            content = self.parse_definition(request.path, request.data, "n8n")
            if isinstance(content, dict):
                yield Parsed(content, self._facts.get(request.path, Facts()))
            else:
                yield (Finding(request.path, 1, 1, "Not a manifest."),)

    def parse_definition(self, path: str, data: bytes, format: str) -> Json | tuple[Finding, ...]:
        """Return JSON for n8n, text for anything else."""
        try:
            text = data.decode()
            return json.loads(text) if format == "n8n" else text
        except ValueError as error:
            return (Finding(path, 1, 1, f"Cannot be read: {error}."),)

    def position(self, data: bytes, pointer: str) -> tuple[int, int]:
        """Return the beginning of the file, wherever the pointer points."""
        return (1, 1)

    def with_member(self, data: bytes, donor: bytes, pointer: str) -> bytes | None:
        """Return the JSON of `data` with one member as in `donor`."""
        made, given = json.loads(data), json.loads(donor)
        *parents, name = pointer.split("/")[1:]
        place = made
        for token in parents:
            place, given = place.get(token), given.get(token, {})
            if not isinstance(place, dict):
                return None
        place.pop(name, None)
        if name in given:
            place[name] = given[name]
        return json.dumps(made).encode()


class MemoryCache:
    """Remembers documents and values while it lives."""

    def __init__(self) -> None:
        """Begin with nothing remembered."""
        self._documents: dict[tuple[str, str], CachedDocument] = {}
        self._contents: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}

    def documents(
        self, blobs: Iterable[tuple[str, str]]
    ) -> Mapping[tuple[str, str], CachedDocument]:
        """Return what is remembered of these."""
        return {blob: self._documents[blob] for blob in blobs if blob in self._documents}

    def contents(self, blobs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Json]:
        """Return the contents of those that are remembered."""
        return {blob: json.loads(self._contents[blob]) for blob in blobs if blob in self._contents}

    def remember(self, documents: Iterable[tuple[tuple[str, str], CachedDocument, Json]]) -> None:
        """Remember documents with their contents."""
        for blob, document, content in documents:
            self._documents[blob] = document
            self._contents[blob] = json.dumps(content)

    def value(self, key: str) -> str | None:
        """Return a remembered text."""
        return self._values.get(key)

    def remember_value(self, key: str, text: str) -> None:
        """Remember a text."""
        self._values[key] = text


class MemorySecrets:
    """Secret values by (environment, name), whatever source they are declared with.

    Names in `unknowable` answer None to `present`; those in `broken` raise SecretError.
    """

    def __init__(
        self,
        values: Mapping[tuple[str, str], str] | None = None,
        *,
        unknowable: Iterable[str] = (),
        broken: Iterable[str] = (),
    ) -> None:
        """Know these values."""
        self.values = dict(values or {})
        self._unknowable = frozenset(unknowable)
        self._broken = frozenset(broken)

    def present(self, environment: str, name: str, source: Mapping[str, Json]) -> bool | None:
        """Say whether there is a value."""
        return None if name in self._unknowable else (environment, name) in self.values

    def value(self, environment: str, name: str, source: Mapping[str, Json]) -> str | None:
        """Return the value, None when there is none."""
        if name in self._broken:
            raise SecretError(f"The source of secret {name} did not answer.")
        return self.values.get((environment, name))


class FakeProcesses:
    """This process is number 1 of the machine `here`; numbers in `alive` run on it.

    A given clock moves `ticks` too, whatever time it shows; `uptime` is where they begin.
    """

    def __init__(
        self, alive: Iterable[int] = (1,), *, clock: FakeClock | None = None, host: str = "here"
    ) -> None:
        """Let these process ids be alive."""
        self.alive = set(alive)
        self.host = host
        self.uptime = 1000.0
        self._clock = clock

    def owner(self) -> Mapping[str, Json]:
        """Return a host and process id 1."""
        return {"host": self.host, "boot": f"boot-of-{self.host}", "pid": 1}

    def liveness(self, owner: Mapping[str, Json]) -> Liveness:
        """Say whether the owner's process id is among the living of this machine."""
        if owner.get("host", self.host) != self.host:
            return Liveness.UNKNOWN
        return Liveness.ALIVE if owner.get("pid") in self.alive else Liveness.DEAD

    def ticks(self) -> float:
        """Return the seconds since this machine was started."""
        return self.uptime + (0 if self._clock is None else self._clock.passed)


class FakeInterruptions:
    """Signals that a test notes by setting `noted`."""

    def __init__(self) -> None:
        """Begin with none."""
        self.noted: int | None = None

    @contextmanager
    def deferred(self) -> Iterator[Callable[[], bool]]:
        """Say whether a signal was noted."""
        yield lambda: self.noted is not None


class FakeSealer:
    """Turns values around instead of encrypting them, so that tests can see what was sealed.

    `keys` are those of environments, by name; None in it: that environment has none.
    """

    def __init__(self, keys: Mapping[str, str | None] | None = None) -> None:
        """Give every environment that is not named a key."""
        self.keys: dict[str, str | None] = dict(keys or {})

    def keyed_digest(
        self, environment: str, purpose: str, data: bytes, *, create: bool = False
    ) -> str | None:
        """Return a digest that depends on the key; None where the environment has none."""
        key = self.keys.get(environment, environment)
        if key is None:
            return None
        return hashlib.sha256(json.dumps([key, purpose]).encode() + data).hexdigest()

    def seal(self, environment: str, name: str, value: str) -> SealedSecret:
        """Seal a value for an environment and name."""
        text = json.dumps([environment, name, value[::-1]])
        return SealedSecret(text.encode(), hashlib.sha256(text.encode()).hexdigest())

    def open(self, environment: str, name: str, sealed: SealedSecret) -> str:
        """Open it again."""
        sealed_for, sealed_as, turned = json.loads(sealed.sealed)
        if (sealed_for, sealed_as) != (environment, name):
            raise SecretError(f"Secret {name} was not sealed for {environment}.")
        return str(turned)[::-1]
