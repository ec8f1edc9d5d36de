"""`ports.Platform` on the remote platform: one write at a time, each compared before it is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from reconciler.core import canonical
from reconciler.core.affected import AffectedQuery
from reconciler.core.canonical import Json
from reconciler.core.errors import PlatformError, StalePlan
from reconciler.core.model import Kind, Observation, ResourceKey
from reconciler.core.retention import is_earlier
from reconciler.ports import AffectedUser, Operation, SealedSecret, Unit
from reconciler.testing.remote.client import Client, Reply

_FEW = 20  # so many are looked up one by one, more are listed
_READS = 3  # how often a list is begun again when it changes while it is read
_OWN = ("uid", "savedAt")  # what the server writes into a document


@dataclass(frozen=True, slots=True)
class _Listed:
    """A list of resources as far as it could be read; `reason` says why it is not whole."""

    items: Sequence[Mapping[str, Json]]
    revision: str
    reason: str | None = None


class RemoteReader:
    """A `ports.PlatformReader` of one environment; it cannot write. It knows no users."""

    def __init__(self, client: Client, environment: str) -> None:
        """Read one environment through a client."""
        self._client = client
        self._environment = environment

    def observe(self) -> Observation:
        """Return the digest of every resource that runs, as far as they could be listed.

        Raises:
            PlatformError: nothing could be read.
        """
        listed = self._list()
        return Observation(
            digests={_key(each): canonical.digest(_content(each)) for each in listed.items},
            complete=listed.reason is None,
            revision=listed.revision,
            reason=listed.reason,
        )

    def contents(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return the contents of those of the keys that run.

        Raises:
            PlatformError: it cannot be said of each of them whether it runs.
        """
        asked = list(dict.fromkeys(keys))
        if len(asked) <= _FEW:
            with self._client.session():
                found = [each for key in asked if (each := self._look_up(key))]
            return {_key(each): _content(each) for each in found if not each["archived"]}
        listed, wanted = self._list(), set(asked)
        contents = {_key(each): _content(each) for each in listed.items if _key(each) in wanted}
        if listed.reason is not None and wanted - contents.keys():
            raise PlatformError(f"Not everything could be read: {listed.reason}.")
        return contents

    def count_affected(self, query: AffectedQuery) -> int | None:
        """Return None: it knows no users."""
        return None

    def affected(self, query: AffectedQuery) -> Iterator[AffectedUser]:
        """Yield nobody."""
        yield from ()

    def users(self, integration: str | None = None) -> Iterator[Mapping[str, Json]]:
        """Yield nobody."""
        yield from ()

    def secret_fingerprints(self) -> Mapping[str, str]:
        """Return the keyed fingerprint of each secret, by name."""
        found = _object(self._client.get(self._path("secrets")))
        return {str(name): str(fingerprint) for name, fingerprint in found.items()}

    def inactive(self) -> Mapping[ResourceKey, tuple[str, ...]]:
        """Return enabled workflows that do not run, with the secrets that they miss.

        None missing: the workflow's integration is off or absent.
        """
        there = {_key(each): each for each in self._list().items}
        secrets = self.secret_fingerprints()
        found: dict[ResourceKey, tuple[str, ...]] = {}
        for key, each in sorted(there.items()):
            if key.kind != Kind.WORKFLOW or not _is_on(each):
                continue
            related = [(how, ResourceKey(*to)) for how, *to in each["relationships"]]
            missing = {to.name for how, to in related if how == "secret"} - secrets.keys()
            needed = [there.get(to) for how, to in related if how == "integration"]
            if missing or not all(map(_is_on, needed)):
                found[key] = tuple(sorted(missing))
        return found

    def _list(self, *, archived: bool = False) -> _Listed:
        """List resources page by page, again from the start when they change meanwhile."""
        with self._client.session():
            for _ in range(_READS):
                listed = self._pages(archived=archived)
                if listed is not None:
                    return listed
        return _Listed((), "", "it changed each time it was read")

    def _pages(self, *, archived: bool) -> _Listed | None:
        items: list[Mapping[str, Json]] = []
        revision: Json = None
        after: str | None = "0"
        total = 0
        while after is not None:
            try:
                page = self._page(after, archived=archived)
            except PlatformError as error:
                if revision is None:
                    raise
                return _Listed(items, str(revision), f"after {len(items)} of {total}: {error.text}")
            if revision not in (None, page["revision"]):
                return None
            revision, total, after = page["revision"], page["total"], page["next"]
            items += page["items"]
        missing = None if len(items) == total else f"{len(items)} of {total} resources were listed"
        return _Listed(items, str(revision), missing)

    def _page(self, after: str, *, archived: bool) -> Mapping[str, Json]:
        query = {"after": after, "archived": str(archived).lower()}
        found = self._client.get(self._path("resources", **query))
        return _object(found, "items", "next", "total", "revision")

    def _look_up(self, key: ResourceKey) -> Mapping[str, Json] | None:
        """Return a resource by name, also an archived one."""
        found = self._client.get(self._path("resources", kind=key.kind, name=key.name))
        items: Sequence[Mapping[str, Json]] = _object(found, "items")["items"]
        return items[0] if items else None

    def _path(self, *parts: str, **query: str) -> str:
        try:
            where = "/".join(quote(part, safe="") for part in (self._environment, *parts))
            asked = f"?{urlencode(query)}" if query else ""
        except UnicodeEncodeError as error:
            raise PlatformError(
                "A name holds text that is not valid Unicode.", hint="Correct its manifest."
            ) from error
        return f"/environments/{where}{asked}"


class RemotePlatform(RemoteReader):
    """A `ports.Platform` that knows no transactions."""

    transactional = False

    def deploy(self, unit: Unit, operations: Sequence[Operation], revision: str) -> None:
        """Write the operations one after another; those before a failure stay written.

        Raises:
            StalePlan: a resource is no longer what was observed.
            PlatformError: the platform refused or did not answer.
        """
        with self._client.session():
            for operation in operations:
                self.write(operation)

    def write(self, operation: Operation) -> None:
        """Write one resource, if what is there is what is expected and not yet what is written.

        Raises:
            StalePlan: it is neither.
            PlatformError: the platform refused, or did not answer: then it may have arrived.
        """
        with self._client.session():
            found = self._look_up(operation.key)
            runs = found is not None and not found["archived"]
            digest = canonical.digest(_content(found)) if found is not None and runs else None
            if digest == operation.digest:
                return
            if digest != operation.expected:
                raise _stale(self._environment, operation.key)
            self._settle(self._put(operation, found), operation.key)

    def give_secrets(
        self, unit: Unit | None, sealed: Mapping[str, SealedSecret | None]
    ) -> tuple[str, ...]:
        """Tell the fingerprints of secrets (None takes one away); return those that changed."""
        with self._client.session():
            present = self.secret_fingerprints()
            wanted = {name: secret and secret.fingerprint for name, secret in sealed.items()}
            changed = sorted(name for name, one in wanted.items() if one != present.get(name))
            for name in changed:
                where, one = self._path("secrets", name), wanted[name]
                body = None if one is None else {"fingerprint": one}
                reply = self._client.send("DELETE" if one is None else "PUT", where, body)
                self._settle(reply, ResourceKey("Secret", name))
        return tuple(changed)

    def removed(self, before: str) -> tuple[ResourceKey, ...]:
        """Return what was removed before a time and is still kept hidden, sorted."""
        return tuple(sorted(map(_key, self._removed(before))))

    def purge(self, unit: Unit, before: str) -> tuple[ResourceKey, ...]:
        """Forget for good what was removed before a time; return it, sorted.

        Raises:
            StalePlan: one of them came back meanwhile.
        """
        with self._client.session():
            gone = self._removed(before)
            for each in gone:
                where = self._path("resources", each["id"])
                reply = self._client.send("DELETE", where, None, each["version"])
                if reply.status != 404:
                    self._settle(reply, _key(each))
        return tuple(sorted(map(_key, gone)))

    def give_back(
        self, unit: Unit, records: Iterable[Mapping[str, Json]], keys: Sequence[ResourceKey]
    ) -> int:
        """Return 0: it knows no users."""
        return 0

    def _put(self, operation: Operation, found: Mapping[str, Json] | None) -> Reply:
        if operation.content is None:
            body: dict[str, Json] = {"archived": True}
        else:
            related = [[how, *to] for how, to in operation.relationships]
            body = {"document": operation.content, "relationships": related}
        if found is None:
            body |= {"kind": operation.key.kind, "name": operation.key.name}
            return self._client.send("POST", self._path("resources"), body)
        where = self._path("resources", found["id"])
        return self._client.send("PUT", where, body, found["version"])

    def _removed(self, before: str) -> list[Mapping[str, Json]]:
        items = self._list(archived=True).items
        return [each for each in items if is_earlier(each["archivedAt"], before)]

    def _settle(self, reply: Reply, key: ResourceKey) -> None:
        if reply.status in (404, 409, 412):
            raise _stale(self._environment, key)
        if reply.status not in (200, 201):
            raise self._client.refusal(reply)


def _stale(environment: str, key: ResourceKey) -> StalePlan:
    return StalePlan(
        f"The plan for {environment} is stale: {key} changed on the platform since it was made.",
        hint="Plan again and review what it shows.",
    )


def _object(found: Json, *fields: str) -> Mapping[str, Json]:
    if not isinstance(found, dict) or not found.keys() >= set(fields):
        raise PlatformError("The platform answered something else than what it was asked for.")
    return found


def _key(resource: Mapping[str, Json]) -> ResourceKey:
    return ResourceKey(resource["kind"], resource["name"])


def _content(resource: Mapping[str, Json]) -> Json:
    """Return a document as it was written: without what the server added, numbers as we have them.

    One that is no manifest at all is `{"unreadable": "<reason>"}`.
    """
    document = canonical.canonical_numbers(resource["document"])
    if not isinstance(document, dict):
        return {"unreadable": "it is not a JSON object"}
    metadata = document.get("metadata")
    if isinstance(metadata, dict):
        own = {name: value for name, value in metadata.items() if name not in _OWN}
        document = {**document, "metadata": own}
    return document


def _is_on(resource: Mapping[str, Json] | None) -> bool:
    if resource is None:
        return False
    spec = _content(resource).get("spec")
    return not isinstance(spec, dict) or spec.get("enabled") is not False
