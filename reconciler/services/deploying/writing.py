"""Writes operations to a platform: in one transaction, or one resource after another.

It must not know why something is written: a release, a person's apply, or a backup put back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core import canonical
from reconciler.core.coordination import Effect, EffectState
from reconciler.core.errors import Interrupted, OutcomeUnknown, PlatformError, StalePlan
from reconciler.core.model import ResourceKey, Step
from reconciler.ports import Clock, Operation, Platform, SealedSecret, Store, Unit
from reconciler.services.deploying.journal import never

# Seconds before a write whose reply was lost is tried again: a server may be away for a moment.
_PAUSES = (0.5, 2.0, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What is to be written, and what the store is to remember of it.

    `records` are what we shall have applied last, `forget` what not any more. `step` is journaled
    in the transaction of the write. `first` writes something else in it, before the resources.
    """

    environment: str
    deployment: str
    revision: str
    operations: Sequence[Operation]
    records: Sequence[Operation]
    forget: Iterable[ResourceKey]
    content_digest: str | None
    step: Step
    sealed: Mapping[str, SealedSecret | None] = field(default_factory=dict)
    first: Callable[[Unit], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes to one platform; `stopping` says whether somebody asked to stop between two writes."""

    store: Store
    platform: Platform
    clock: Clock
    stopping: Callable[[], bool] = never

    def write(self, write: Write) -> None:
        """Write everything, and its record.

        Raises:
            StalePlan: something is no longer what the operations expect.
            PlatformError: the platform refused, or did not answer.
            Interrupted: it was asked to stop between two resources.
        """
        if not self.platform.transactional:
            self.platform.give_secrets(None, write.sealed)
            _Stepwise(self.store, self.platform, self.clock, self.stopping).write(write)
        try:
            self._commit(write)
        except OutcomeUnknown:
            if not self._arrived(write):
                raise

    def _commit(self, write: Write) -> None:
        with self.store.transaction() as unit:
            if write.first is not None:
                write.first(unit)
            if self.platform.transactional:
                self.platform.deploy(unit, write.operations, write.revision)
                self.platform.give_secrets(unit, write.sealed)
            self.store.record_applied(
                unit,
                write.environment,
                write.records,
                write.forget,
                write.content_digest,
                write.deployment,
            )
            self.store.journal(write.deployment, write.step, unit=unit)

    def _arrived(self, write: Write) -> bool:
        """Read whether a transaction took place whose end nobody saw; never guess."""
        running = self.store.running(write.environment)
        steps = next((each.steps for each in running if each.id == write.deployment), ())
        return any(s.name == write.step.name and s.state == write.step.state for s in steps)


@dataclass(frozen=True, slots=True)
class _Stepwise:
    """Resource by resource, each journaled before and after."""

    store: Store
    platform: Platform
    clock: Clock
    stopping: Callable[[], bool]

    def write(self, write: Write) -> None:
        done: list[Effect] = []
        position = 1 + max((e.position for e in self.store.effects(write.deployment)), default=-1)
        for operation in write.operations:
            if self.stopping():
                self._record(write, done[-1:])
                raise Interrupted
            # The end of one and the beginning of the next are written together.
            self._record(write, [*done[-1:], _effect(position, operation, EffectState.BEGUN)])
            try:
                self._one(operation)
            except StalePlan:
                # It was refused: what stands there is somebody else's and is not ours to undo.
                self._record(write, [_effect(position, operation, EffectState.UNDONE)])
                raise
            done.append(_effect(position, operation, EffectState.DONE))
            position += 1
        self._record(write, done[-1:])

    def _record(self, write: Write, effects: Sequence[Effect]) -> None:
        if effects:
            self.store.record_effects(write.deployment, write.environment, effects)

    def _one(self, operation: Operation) -> None:
        """Write one resource; what became of a write whose reply was lost is looked at."""
        for pause in (*_PAUSES, None):
            try:
                self.platform.write(operation)
            except StalePlan:
                raise
            except PlatformError as error:
                found = _digest(self.platform, operation.key)
                if found == operation.digest:
                    return
                if found != operation.expected and self._is_certain(operation.key, found):
                    text = f"Changed since the plan was made: {operation.key}."
                    raise StalePlan(text, hint="Plan again.") from error
                if found != operation.expected or pause is None or self.stopping():
                    raise
                self.clock.wait(pause)
            else:
                return

    def _is_certain(self, key: ResourceKey, digest: str | None) -> bool:
        """Say whether a whole read has it like that too: then it is somebody else's."""
        observed = self.platform.observe()
        return observed.complete and observed.digests.get(key) == digest


def _digest(platform: Platform, key: ResourceKey) -> str | None:
    content = platform.contents([key]).get(key)
    return None if content is None else canonical.digest(content)


def _effect(position: int, operation: Operation, state: EffectState) -> Effect:
    return Effect(
        position=position,
        key=operation.key,
        before=operation.expected,
        after=operation.digest,
        state=state,
    )
