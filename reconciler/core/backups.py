"""Backups as values: what is listed of one, what stands in its manifest, and how it is sealed."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from reconciler.core.errors import ReconcilerError
from reconciler.core.model import ResourceKey

FORMAT = 1  # of manifests; a program refuses those of a newer one


class BackupState(StrEnum):
    """Whether a backup can be restored."""

    USABLE = "usable"
    DAMAGED = "damaged"
    INCOMPLETE = "incomplete"


class SealedBy(StrEnum):
    """Whose key sealed a backup."""

    ENVIRONMENT = "environment"
    STORE = "store"  # there was no key for the environment: it tells stores apart, no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What is listed of a backup; `deployment` is None for one that was made by hand.

    `digest` is the SHA-256 of the manifest, `seal` a keyed digest of it, and `sealed_by` whose key
    it was: "environment" or "store". `bytes` is what was added to the store for it.
    """

    id: str
    environment: str
    created_at: str
    sequence: int = 0
    deployment: str | None = None
    resources: int = 0
    users: int = 0
    bytes: int = 0
    digest: str | None = None
    seal: str | None = None
    sealed_by: str | None = None
    state: BackupState = BackupState.INCOMPLETE


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What was live when a backup was taken; without a version in an editable environment."""

    deployment: str
    version: str | None = None
    tag: str | None = None


class Content(NamedTuple):
    """A content by its digest; `address` is where it is stored, None for what nobody could read."""

    digest: str
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a backup knows of one resource: what ran, and what the store had written down of it."""

    key: ResourceKey
    running: Content | None = None
    applied: Content | None = None
    adopted: Content | None = None

    @property
    def addresses(self) -> set[str]:
        """Where its contents are stored."""
        held = (each for each in (self.running, self.applied, self.adopted) if each is not None)
        return {each.address for each in held if each.address is not None}


class Piece(NamedTuple):
    """A stored content that holds many rows or users."""

    address: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup consists of; `store` is the identity of the store that it belongs to.

    `pages` hold the rows, `chunks` the users. Everything is named by its SHA-256, so the seal of
    the manifest covers it all.
    """

    id: str
    environment: str
    store: str | None
    sequence: int
    deployment: str | None
    created_at: str
    resources: int
    users: int
    content_digest: str | None = None
    live: Live | None = None
    pages: tuple[Piece, ...] = ()
    chunks: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """What came back as it was; `unread` are resources that nobody could read when it was taken."""

    resources: int
    users: int
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What verifying a backup found: it is in order where there is no `problem`.

    `skipped`: it was never completed, and nobody asked for it by name.
    """

    backup: Backup
    problem: ReconcilerError | None = None
    drilled: Drilled | None = None
    skipped: bool = False


def store_seal(identity: str | None, manifest: bytes) -> str:
    """Return the seal of a store where the environment has no key.

    It keeps a backup from being taken for one of another store; whoever can read the store can
    make it.
    """
    key = hashlib.sha256(f"reconciler backup of store {identity}".encode()).digest()
    return hmac.new(key, manifest, hashlib.sha256).hexdigest()
