"""Tries a backup: restores it into a platform that is thrown away, and compares everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import zip_longest
from typing import NamedTuple, Protocol

from reconciler.core import canonical
from reconciler.core.backup_format import damaged
from reconciler.core.backups import Drilled
from reconciler.core.canonical import Json
from reconciler.core.model import ResourceKey
from reconciler.core.users import normalised
from reconciler.ports import Operation, Store, UserPlatform
from reconciler.services.backups import reading
from reconciler.services.backups.restorable import Restorable

_BATCH = 500


class Scratch(NamedTuple):
    """A store and a platform that are thrown away."""

    store: Store
    platform: UserPlatform


class OpenScratch(Protocol):
    """Opens an empty platform for an environment; it is gone at the end."""

    def __call__(self, environment: str) -> AbstractContextManager[Scratch]:
        """Open it."""


def drill(saved: Restorable, open_scratch: OpenScratch) -> Drilled:
    """Restore a backup into a platform that is thrown away, and compare what runs there with it.

    Raises:
        BackupDamaged: a resource or a user did not come back as it was.
        PlatformError: the scratch platform refused something.
        StoreError: there is no room for it.
    """
    with open_scratch(saved.backup.environment) as scratch:
        resources = sum(_put(saved, scratch, keys) for keys in _batches(saved))
        with scratch.store.transaction() as unit:
            scratch.platform.put_users(unit, saved.users())
        _compare_digests(saved, scratch, resources)
        users = _compare_users(saved, scratch)
    return Drilled(resources=resources, users=users, unread=len(saved.unread))


def _batches(saved: Restorable) -> Iterator[list[ResourceKey]]:
    return reading.batches(sorted(saved.running.keys() - saved.unread), _BATCH)


def _put(saved: Restorable, scratch: Scratch, keys: list[ResourceKey]) -> int:
    """Write some resources, and read them again; return how many."""
    contents = saved.content(keys)
    operations = [
        Operation(key=key, content=contents[key], digest=saved.running[key].digest, expected=None)
        for key in keys
    ]
    with scratch.store.transaction() as unit:
        revision = scratch.platform.observe().revision
        scratch.platform.deploy(unit, operations, revision)
    found = scratch.platform.contents(keys)
    for key in keys:
        if canonical.digest(found.get(key)) != saved.running[key].address:
            raise damaged(saved.backup.id, f"{key} did not come back as it was")
    return len(keys)


def _compare_digests(saved: Restorable, scratch: Scratch, resources: int) -> None:
    found = scratch.platform.observe().digests
    if len(found) != resources or not found.items() <= saved.digests.items():
        raise damaged(saved.backup.id, "not every resource came back")


def _compare_users(saved: Restorable, scratch: Scratch) -> int:
    """Compare user by user, both in the order in which a platform tells them."""
    count = 0
    for then, now in zip_longest(saved.users(), scratch.platform.users()):
        if _whole(then) != _whole(now):
            raise damaged(saved.backup.id, "a user did not come back as it was")
        count += 1
    return count


def _whole(record: Mapping[str, Json] | None) -> Json:
    return None if record is None else normalised(record)
