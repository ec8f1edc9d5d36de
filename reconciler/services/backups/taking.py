"""Takes backups: what runs and what is recorded of it, stored by content, and read back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from reconciler import telemetry
from reconciler.core import backup_format, backups, canonical
from reconciler.core.backup_format import damaged
from reconciler.core.backups import (
    Backup,
    BackupState,
    Content,
    Live,
    Manifest,
    Piece,
    Row,
    SealedBy,
)
from reconciler.core.canonical import Json
from reconciler.core.errors import Conflict, PlatformError, SecretError
from reconciler.core.model import Deployment, Observation, ResourceKey
from reconciler.ports import Clock, PlatformReader, Sealer, Store
from reconciler.services.backups import reading
from reconciler.services.backups.checking import PURPOSE

_CONTENTS = 200  # contents that are in memory at once
_CHUNKS = 8  # chunks of users
_UNREADABLE = {"unreadable"}

Contents = Mapping[ResourceKey, Json]
Read = Callable[[Iterable[ResourceKey]], Contents]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """Takes backups of one platform."""

    store: Store
    platform: PlatformReader
    sealer: Sealer
    clock: Clock

    def take(self, environment: str, deployment: str | None) -> Backup:
        """Take a backup; twice when what runs was changed meanwhile.

        Raises:
            Conflict: it was changed twice.
            BackupDamaged: what was stored is not what was read back.
            PlatformError: the platform could not be read, or not as a whole.
            StoreError: the store cannot be written.
            SecretError: the key of the environment cannot be used.
        """
        begun = self.store.begin_backup(
            Backup(
                id=self.clock.new_id(),
                environment=environment,
                created_at=self.clock.now(),
                deployment=deployment,
            )
        )
        added = 0
        for _ in range(2):
            before = self._observe(environment)
            drawing = _Drawing(store=self.store, platform=self.platform, backup=begun)
            manifest = drawing.draw(before)
            added += drawing.added
            if not drawing.moved and self._observe(environment) == before:
                drawing.refuse_incomplete()
                return self._complete(replace(begun, bytes=added), manifest)
        raise Conflict(
            f"{environment} is being changed while it is backed up.",
            hint="Wait until nobody changes it, then run this again.",
        )

    def _observe(self, environment: str) -> Observation:
        found = self.platform.observe()
        if not found.complete:
            raise PlatformError(
                f"{environment} cannot be backed up: it could not be read as a whole"
                f"{'' if found.reason is None else f' ({found.reason})'}.",
                hint="Run this again when the platform answers completely.",
            )
        return found

    def _warn_of_new_key(self, environment: str) -> None:
        """Tell when a key is made although older backups were sealed with one that is gone."""
        try:
            self.sealer.keyed_digest(environment, PURPOSE, b"")
        except SecretError as error:
            known = self.store.backups(environment)
            older = sum(1 for each in known if each.sealed_by is SealedBy.ENVIRONMENT)
            if older:
                telemetry.log().warning(
                    "backup_key_renewed",
                    environment=environment,
                    reason=f"{error.text} A new one is made; {older} older backups cannot be "
                    "verified until the old one is put back.",
                )

    def _complete(self, begun: Backup, manifest: Manifest) -> Backup:
        """Store the manifest, list the backup as usable, and read both back."""
        data = backup_format.write_manifest(manifest)
        self._warn_of_new_key(begun.environment)
        seal = self.sealer.keyed_digest(begun.environment, PURPOSE, data, create=True)
        by = SealedBy.STORE if seal is None else SealedBy.ENVIRONMENT
        complete = self.store.complete_backup(
            replace(
                begun,
                resources=manifest.resources,
                users=manifest.users,
                digest=canonical.sha256(data),
                seal=seal or backups.store_seal(manifest.store, data),
                sealed_by=by.value,
            ),
            data,
        )
        listed = self.store.backups(begun.environment)
        if complete not in listed or self.store.backup_manifest(begun.id) != data:
            self.store.mark_backup(begun.id, BackupState.DAMAGED)
            raise damaged(begun.id, "it is not in the store as it was written")
        return complete


class _Aspect(NamedTuple):
    """One thing that is known of resources: their digests, and where contents are read."""

    digests: Mapping[ResourceKey, str]
    read: Read


@dataclass(slots=True, kw_only=True)
class _Drawing:
    """One attempt. `moved` says that something went away while it was read."""

    store: Store
    platform: PlatformReader
    backup: Backup
    added: int = 0
    moved: bool = False
    _addresses: dict[str, str | None] = field(default_factory=dict)
    _stored: set[str] = field(default_factory=set)

    def draw(self, before: Observation) -> Manifest:
        """Store everything, and return the manifest that names it."""
        environment, store = self.backup.environment, self.store
        applied = store.applied(environment)
        rows = self._rows(before, applied.digests)
        chunks = tuple(self._users())
        live = store.live(environment)
        return Manifest(
            id=self.backup.id,
            environment=environment,
            store=store.identity(),
            sequence=self.backup.sequence,
            deployment=self.backup.deployment,
            created_at=self.backup.created_at,
            resources=len(before.digests),
            users=sum(chunk.number for chunk in chunks),
            content_digest=applied.content_digest,
            live=None if live is None else _live(live),
            pages=tuple(self._pieces(backup_format.write_pages(rows))),
            chunks=chunks,
        )

    def refuse_incomplete(self) -> None:
        """Look once more whether everything is there.

        Raises:
            BackupDamaged: something is not.
        """
        missing = len(self._stored) - len(self.store.known_contents(self._stored))
        if missing:
            raise damaged(self.backup.id, f"{missing} of its contents are gone")

    def _rows(
        self, before: Observation, applied: Mapping[ResourceKey, str]
    ) -> dict[ResourceKey, Row]:
        environment, store = self.backup.environment, self.store
        running = self._contents(_Aspect(before.digests, self.platform.contents), vital=True)
        recorded = self._contents(
            _Aspect(applied, lambda keys: store.applied_contents(environment, keys))
        )
        taken_over = self._contents(
            _Aspect(
                store.adopted(environment),
                lambda keys: store.adopted_contents(environment, keys),
            )
        )
        return {
            key: Row(
                key=key,
                running=running.get(key),
                applied=recorded.get(key),
                adopted=taken_over.get(key),
            )
            for key in {*running, *recorded, *taken_over}
        }

    def _contents(self, aspect: _Aspect, *, vital: bool = False) -> dict[ResourceKey, Content]:
        """Store the contents that are not stored yet, and return where all of them are."""
        unknown = set(aspect.digests.values()) - self._addresses.keys()
        known = self.store.known_contents(unknown)
        self._addresses |= {digest: digest for digest in known}
        self._stored |= known
        to_read = {
            digest: key for key, digest in aspect.digests.items() if digest not in self._addresses
        }
        for keys in reading.batches(to_read.values(), _CONTENTS):
            found = aspect.read(keys)
            self.moved |= vital and len(found) < len(keys)
            self._keep({aspect.digests[key]: content for key, content in found.items()})
        return {
            key: Content(digest, self._addresses.get(digest))
            for key, digest in aspect.digests.items()
        }

    def _keep(self, contents: Mapping[str, Json]) -> None:
        written = {
            digest: backup_format.content_bytes(content)
            for digest, content in contents.items()
            if content.keys() != _UNREADABLE
        }
        addresses = {digest: canonical.sha256(data) for digest, data in written.items()}
        self._store({addresses[digest]: data for digest, data in written.items()})
        self._addresses |= {digest: addresses.get(digest) for digest in contents}

    def _users(self) -> Iterator[Piece]:
        yield from self._pieces(backup_format.write_users(self.platform.users()))

    def _pieces(self, written: Iterable[tuple[bytes, int]]) -> Iterator[Piece]:
        for batch in reading.batches(written, _CHUNKS):
            addressed = [(canonical.sha256(data), data, count) for data, count in batch]
            self._store({address: data for address, data, _ in addressed})
            yield from (Piece(address, count) for address, _, count in addressed)

    def _store(self, contents: Mapping[str, bytes]) -> None:
        """Store contents, and read back those that are new."""
        new = contents.keys() - self.store.known_contents(contents)
        self.added += self.store.store_contents((each, contents[each]) for each in sorted(new))
        reading.check(self.store, self.backup.id, new)
        self._stored |= contents.keys()


def _live(deployment: Deployment) -> Live:
    return Live(deployment=deployment.id, version=deployment.version, tag=deployment.tag)
