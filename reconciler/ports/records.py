"""The reconciler's own records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from reconciler.core.canonical import Json
from reconciler.core.locks import Lock
from reconciler.core.model import Applied, Deployment, Phase, ResourceKey, Step
from reconciler.core.releases.records import AuditEntry, SeenTag, TagState, Trust
from reconciler.ports.backups import BackupReader, Backups
from reconciler.ports.coordination import Coordination, CoordinationReader
from reconciler.ports.forge_records import ForgeRecords, ForgeRecordsReader
from reconciler.ports.notices import NoticeReader, Notices
from reconciler.ports.platforms import AffectedUser, Operation, Unit
from reconciler.ports.secrets import SealedSecret


class Concerned(NamedTuple):
    """A user whom a message of a deployment concerned when it was planned."""

    code: str
    subject: ResourceKey
    user: AffectedUser


class StoreReader(CoordinationReader, BackupReader, NoticeReader, ForgeRecordsReader, Protocol):
    """The reconciler's own records of all environments. It cannot write."""

    def applied(self, environment: str) -> Applied:
        """Return digests of what we last wrote to an environment."""

    def applied_contents(
        self, environment: str, keys: Iterable[ResourceKey]
    ) -> Mapping[ResourceKey, Json]:
        """Return contents of what we last wrote."""

    def adopted(self, environment: str) -> Mapping[ResourceKey, str]:
        """Return the digest with which each adopted resource ran when it was adopted."""

    def adopted_contents(
        self, environment: str, keys: Iterable[ResourceKey]
    ) -> Mapping[ResourceKey, Json]:
        """Return the contents that were adopted."""

    def deployments(
        self, environment: str | None = None, limit: int | None = None
    ) -> Sequence[Deployment]:
        """Return deployments with their steps, newest first."""

    def running(self, environment: str) -> Sequence[Deployment]:
        """Return deployments that did not finish (phase Running)."""

    def secret(self, environment: str, name: str) -> SealedSecret | None:
        """Return a stored secret, still sealed."""

    def secret_names(self, environment: str) -> Sequence[str]:
        """Return the names of stored secrets, sorted."""

    def live(self, environment: str) -> Deployment | None:
        """Return the deployment that bears the Live mark."""

    def tags_seen(self, environment: str) -> Sequence[SeenTag]:
        """Return the tag objects that were seen, ordered by when, then by name and object id."""

    def accepted(self, name: str) -> str | None:
        """Return the object id that is pinned to a tag name since it was accepted."""

    def trust(self, environment: str) -> Trust | None:
        """Return the trusted commit; None until it is first written down."""

    def identity(self) -> str | None:
        """Return the store's own random id, made with its schema; None where there is no store."""

    def room(self) -> int | None:
        """Return the bytes that are free where the store lies; None where that is not known."""

    def audit(
        self, environment: str | None = None, limit: int | None = None
    ) -> Sequence[AuditEntry]:
        """Return audit entries, newest first; of one environment or of all."""

    def affected(
        self, deployment: str, code: str | None = None, subject: ResourceKey | None = None
    ) -> Iterator[Concerned]:
        """Stream the affected users stored for a deployment, ordered by user, with flat memory."""


class Store(StoreReader, Coordination, Backups, Notices, ForgeRecords, Protocol):
    """The store as the writing commands see it."""

    def fenced(self, lock: Lock) -> Store:
        """Return the same store for the holder of a lock.

        Each write transaction of it checks the fencing token first, and renews the lease. It
        raises LockLost, and writes nothing, when the lock was taken over or released.
        """

    def begin(self, deployment: Deployment) -> None:
        """Record a deployment as Running with the steps that it brings, committed at once.

        The environment goes into maintenance in the same transaction.

        Raises:
            Busy: another deployment of the environment is Running.
        """

    def journal(self, deployment: str, step: Step, unit: Unit | None = None) -> None:
        """Record a step (inserted or updated by name), committed at once or with a transaction."""

    def transaction(self) -> AbstractContextManager[Unit]:
        """Open a write transaction; leaving without an exception commits it."""

    def record_applied(
        self,
        unit: Unit,
        environment: str,
        operations: Sequence[Operation],
        forget: Iterable[ResourceKey],
        content_digest: str | None,
        deployment: str,
    ) -> None:
        """Write down what was applied, in the transaction of the apply.

        `forget` are records of resources that are gone on both sides. A content digest of None
        says that nothing was ever applied.
        """

    def note_backup(self, deployment: str, backup: str) -> None:
        """Record which backup a deployment took before it wrote anything."""

    def mark_live(self, deployment: str) -> None:
        """Give a deployment the Live mark, taken from the one that had it."""

    def finish(
        self,
        deployment: str,
        phase: Phase,
        finished_at: str,
        messages: Sequence[Mapping[str, Json]] = (),
    ) -> None:
        """End a deployment; messages about how it ended are added to those that it has."""

    def adopt(
        self, environment: str, running: Mapping[ResourceKey, tuple[str, Json]], at: str
    ) -> None:
        """Mark resources as adopted with digest and content; a later mark replaces an earlier.

        What is applied to a resource afterwards takes its mark away.
        """

    def put_secret(self, environment: str, name: str, sealed: SealedSecret, at: str) -> None:
        """Store a sealed secret."""

    def delete_secret(self, environment: str, name: str) -> bool:
        """Delete a stored secret; False when there was none."""

    def see_tags(self, tags: Iterable[SeenTag]) -> None:
        """Remember tag objects that were never seen; of the others nothing changes.

        One that is given as accepted is pinned. When all are known nothing is written.

        Raises:
            Conflict: another object is pinned to the name of one that is given as accepted.
        """

    def judge_tag(
        self, name: str, object_id: str, state: TagState, reason: str | None, *, reported: bool
    ) -> None:
        """Write down what became of a tag object; when that is known already nothing is written.

        An accepted one is pinned and stays accepted unless superseded; a superseded one stays so.

        Raises:
            NotFound: the object was never seen under that name.
            Conflict: another object is pinned to the name.
        """

    def report_deleted(self, name: str, object_id: str) -> None:
        """Remember that the deletion of a tag was told.

        Raises:
            NotFound: the object was never seen under that name.
        """

    def set_trust(self, trust: Trust) -> None:
        """Write the trusted commit of an environment, and an audit entry, in one transaction."""

    def add_audit(self, entry: AuditEntry) -> None:
        """Write an audit entry."""

    def record_affected(
        self, deployment: str, code: str, subject: ResourceKey, rows: Iterable[AffectedUser]
    ) -> int:
        """Store whom a message concerns, each row once; return how many were given.

        Streams with flat memory, some thousand rows in a transaction, so `rows` may come from
        the same store.

        Raises:
            NotFound: no such deployment.
        """

    def record_live(
        self, deployment: Deployment, operations: Sequence[Operation], content_digest: str
    ) -> None:
        """Record that a release runs which this store did not deploy, in one transaction.

        The deployment is written as Succeeded, live and without steps, and takes the mark from
        the one that had it; what the operations say becomes all that was last applied.
        Nothing is written to a platform.

        Raises:
            Busy: a deployment of the environment is Running.
        """
