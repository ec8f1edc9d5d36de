"""The store in memory: the same promises as the one on a database, without one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.coordination import Maintenance
from reconciler.core.errors import Busy, NotFound, ReconcilerError
from reconciler.core.locks import Lock
from reconciler.core.model import Applied, Deployment, Phase, ResourceKey, Step
from reconciler.ports import AffectedUser, Operation, SealedSecret, Store, StoreReader, Unit
from reconciler.testing.backups import MemoryBackups
from reconciler.testing.coordination import MemoryCoordination
from reconciler.testing.forge_records import MemoryForgeRecords
from reconciler.testing.notices import MemoryNotices
from reconciler.testing.release_records import MemoryReleaseRecords
from reconciler.testing.unit import MemoryUnit, joined


@dataclass
class _Environment:
    digests: dict[ResourceKey, str] = field(default_factory=dict)
    contents: dict[ResourceKey, str] = field(default_factory=dict)
    content_digest: str | None = None
    unfinished: frozenset[ResourceKey] = frozenset()
    adopted: dict[ResourceKey, tuple[str, str]] = field(default_factory=dict)
    secrets: dict[str, SealedSecret] = field(default_factory=dict)


@dataclass
class _Records:
    environments: dict[str, _Environment] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)

    def of(self, environment: str) -> _Environment:
        return self.environments.setdefault(environment, _Environment())


class MemoryStore(
    MemoryReleaseRecords, MemoryCoordination, MemoryNotices, MemoryForgeRecords, MemoryBackups
):
    """A `ports.Store` in memory.

    `fail_commit` is raised instead of committing the next transaction; `free` is its room.
    """

    def __init__(
        self, identity: str | None = "store-in-memory", *, now: Callable[[], str] | None = None
    ) -> None:
        """Begin empty; without an identity it is one that was never set up."""
        MemoryReleaseRecords.__init__(self)
        MemoryCoordination.__init__(self, now)
        MemoryNotices.__init__(self)
        MemoryForgeRecords.__init__(self)
        MemoryBackups.__init__(self)
        self._identity = identity
        self.fail_commit: ReconcilerError | None = None
        self.free: int | None = None
        self._records = _Records()

    def fenced(self, lock: Lock) -> FencedMemoryStore:
        """Return the same store for the holder of a lock; it writes nothing once that is lost."""
        return FencedMemoryStore(self, lock)

    def applied(self, environment: str) -> Applied:
        """Return digests of what was last recorded for an environment."""
        found = self._records.of(environment)
        return Applied(
            digests=dict(found.digests),
            content_digest=found.content_digest,
            unfinished=found.unfinished | self._unfinished(environment),
        )

    def applied_contents(
        self, environment: str, keys: Iterable[ResourceKey]
    ) -> Mapping[ResourceKey, Json]:
        """Return contents of what was last recorded."""
        contents = self._records.of(environment).contents
        return {key: json.loads(contents[key]) for key in keys if key in contents}

    def adopted(self, environment: str) -> Mapping[ResourceKey, str]:
        """Return digests of what was adopted."""
        return {key: digest for key, (digest, _) in self._records.of(environment).adopted.items()}

    def adopted_contents(
        self, environment: str, keys: Iterable[ResourceKey]
    ) -> Mapping[ResourceKey, Json]:
        """Return contents that were adopted."""
        found = self._records.of(environment).adopted
        return {key: json.loads(found[key][1]) for key in keys if key in found}

    def adopt(
        self, environment: str, running: Mapping[ResourceKey, tuple[str, Json]], at: str
    ) -> None:
        """Mark resources as adopted with digest and content."""
        marks = {key: (digest, json.dumps(content)) for key, (digest, content) in running.items()}
        self._records.of(environment).adopted.update(marks)

    def deployments(
        self, environment: str | None = None, limit: int | None = None
    ) -> Sequence[Deployment]:
        """Return deployments with their steps, newest first."""
        found = [
            each
            for each in reversed(self._records.deployments.values())
            if environment in (None, each.environment)
        ]
        return found[:limit]

    def running(self, environment: str) -> Sequence[Deployment]:
        """Return deployments that did not finish."""
        return [each for each in self.deployments(environment) if each.phase is Phase.RUNNING]

    def live(self, environment: str) -> Deployment | None:
        """Return the deployment that bears the Live mark."""
        return next((each for each in self.deployments(environment) if each.live), None)

    def identity(self) -> str | None:
        """Return the store's own id."""
        return self._identity

    def room(self) -> int | None:
        """Return the bytes that are said to be free."""
        return self.free

    def secret(self, environment: str, name: str) -> SealedSecret | None:
        """Return a stored secret, still sealed."""
        return self._records.of(environment).secrets.get(name)

    def secret_names(self, environment: str) -> Sequence[str]:
        """Return the names of stored secrets, sorted."""
        return sorted(self._records.of(environment).secrets)

    def begin(self, deployment: Deployment) -> None:
        """Record a deployment as Running, and its environment as being in maintenance."""
        self._refuse_second(deployment)
        self._records.deployments[deployment.id] = replace(
            deployment, phase=Phase.RUNNING, live=False
        )
        self._begin_maintenance(
            Maintenance(
                environment=deployment.environment,
                deployment=deployment.id,
                since=deployment.started_at,
                reason=" ".join(filter(None, (deployment.type, deployment.version))),
            )
        )

    def journal(self, deployment: str, step: Step, unit: Unit | None = None) -> None:
        """Record a step, inserted or updated by name."""
        if unit is not None:
            self._keep_for(unit)
        found = self._deployment(deployment)
        names = [each.name for each in found.steps]
        if step.name in names:
            steps = tuple(step if each.name == step.name else each for each in found.steps)
        else:
            steps = (*found.steps, step)
        self._records.deployments[deployment] = replace(found, steps=steps)

    @contextmanager
    def transaction(self) -> Iterator[MemoryUnit]:
        """Open a write transaction; leaving it by an exception takes everything back."""
        unit = MemoryUnit()
        try:
            yield unit
            self._commit()
        except BaseException:
            unit.roll_back()
            raise

    def record_applied(
        self,
        unit: Unit,
        environment: str,
        operations: Sequence[Operation],
        forget: Iterable[ResourceKey],
        content_digest: str | None,
        deployment: str,
    ) -> None:
        """Write down what was applied."""
        self._deployment(deployment)
        self._keep_for(unit)
        record = self._records.of(environment)
        for operation in operations:
            _record(record, operation)
        for key in forget:
            record.digests.pop(key, None)
            record.contents.pop(key, None)
        record.content_digest = content_digest
        record.unfinished = frozenset()

    def note_backup(self, deployment: str, backup: str) -> None:
        """Record which backup a deployment took."""
        self._change(deployment, backup=backup)

    def mark_live(self, deployment: str) -> None:
        """Give a deployment the Live mark, taken from the one that had it."""
        for other in self.deployments(self._deployment(deployment).environment):
            self._change(other.id, live=other.id == deployment)

    def finish(
        self,
        deployment: str,
        phase: Phase,
        finished_at: str,
        messages: Sequence[Mapping[str, Json]] = (),
    ) -> None:
        """End a deployment; messages are added to those that it has."""
        told = (*self._deployment(deployment).messages, *messages)
        self._change(deployment, phase=phase, finished_at=finished_at, messages=told)

    def record_affected(
        self, deployment: str, code: str, subject: ResourceKey, rows: Iterable[AffectedUser]
    ) -> int:
        """Store whom a message concerns; return how many were given."""
        self._deployment(deployment)
        return self._store_affected(deployment, code, subject, rows)

    def record_live(
        self, deployment: Deployment, operations: Sequence[Operation], content_digest: str
    ) -> None:
        """Record that a release runs which this store did not deploy."""
        self._refuse_second(deployment)
        record = self._records.of(deployment.environment)
        record.digests.clear()
        record.contents.clear()
        for operation in operations:
            _record(record, operation)
        record.content_digest, record.unfinished = content_digest, frozenset()
        self._records.deployments[deployment.id] = replace(deployment, steps=())
        at = deployment.finished_at or deployment.started_at
        self.mark_live(deployment.id)
        self.finish(deployment.id, Phase.SUCCEEDED, at)

    def put_secret(self, environment: str, name: str, sealed: SealedSecret, at: str) -> None:
        """Store a sealed secret."""
        self._records.of(environment).secrets[name] = sealed

    def delete_secret(self, environment: str, name: str) -> bool:
        """Delete a stored secret; False when there was none."""
        return self._records.of(environment).secrets.pop(name, None) is not None

    def mark_unfinished(self, environment: str, keys: Iterable[ResourceKey]) -> None:
        """Pretend that a deployment of these keys did not complete."""
        self._records.of(environment).unfinished = frozenset(keys)

    def _commit(self) -> None:
        if self.fail_commit is not None:
            failure, self.fail_commit = self.fail_commit, None
            raise failure

    def _refuse_second(self, deployment: Deployment) -> None:
        for other in self.running(deployment.environment):
            raise Busy(
                f"Deployment {other.id} works on {other.environment} since {other.started_at}"
                f" ({json.dumps(other.owner)})."
            )

    def _change(self, deployment: str, **values: Any) -> None:
        found = self._deployment(deployment)
        self._records.deployments[deployment] = replace(found, **values)

    def _deployment(self, id: str) -> Deployment:
        try:
            return self._records.deployments[id]
        except KeyError:
            raise NotFound(f"There is no deployment {id}.") from None

    def _keep_for(self, unit: Unit) -> None:
        before = copy.deepcopy(self._records)
        joined(unit).on_roll_back(lambda: setattr(self, "_records", before))


_READS = frozenset(dir(StoreReader)) | {"fenced", "release_lock"}
_WRITES = frozenset(name for name in dir(Store) if not name.startswith("_")) - _READS


class FencedMemoryStore(MemoryStore):
    """A `MemoryStore` whose every write checks first that a lock is still held."""

    __slots__ = ("_fence", "_store")

    def __init__(self, store: MemoryStore, fence: Lock) -> None:
        """Share everything with the store."""
        self.__dict__ = store.__dict__
        self._fence = fence
        self._store = store

    def __getattribute__(self, name: str) -> Any:
        """Return what is asked for; of what writes, something that checks the lock first."""
        if name not in _WRITES:
            return super().__getattribute__(name)
        found = getattr(self._store, name)  # which may be that of a class a test derived

        def checked(*given: Any, **named: Any) -> Any:
            self._check(self._fence)
            return found(*given, **named)

        return checked


def _record(record: _Environment, operation: Operation) -> None:
    record.adopted.pop(operation.key, None)
    if operation.content is None:
        record.digests.pop(operation.key, None)
        record.contents.pop(operation.key, None)
        return
    digest = operation.digest or canonical.digest(operation.content)
    record.digests[operation.key] = digest
    record.contents[operation.key] = json.dumps(operation.content)
