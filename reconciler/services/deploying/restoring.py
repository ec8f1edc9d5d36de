"""Puts a backup back: after a failed deployment what that wrote, for a person all that is ours.

Credentials, settings and enablement that are newer than the backup are never overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.core import order
from reconciler.core.canonical import Json
from reconciler.core.coordination import EffectState
from reconciler.core.errors import PlatformError
from reconciler.core.facts import facts_of_running
from reconciler.core.model import Action, Difference, Observation, Reason, ResourceKey, Step
from reconciler.core.restoring import (
    Before,
    Now,
    differences,
    managed,
    to_put_back,
    written_since,
)
from reconciler.ports import Clock, Operation, Platform, Store, StoreReader
from reconciler.services.backups.restorable import Restorable
from reconciler.services.deploying import operations as writes
from reconciler.services.deploying.writing import Write, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """The way back to a backup: the differences to what runs now, and the writes that undo them."""

    environment: str
    observation: Observation
    saved: Restorable
    changes: tuple[Difference, ...]
    operations: tuple[Operation, ...]
    records: tuple[Operation, ...]
    forget: tuple[ResourceKey, ...]
    moved: frozenset[ResourceKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """What was put back, and what still does not run as it did (`left`)."""

    operations: tuple[Operation, ...] = ()
    left: tuple[ResourceKey, ...] = ()


def way_back(
    store: StoreReader,
    platform: Platform,
    saved: Restorable,
    environment: str,
    deployment: str | None = None,
) -> Return:
    """Return the way back: what one deployment wrote, or all that is ours without one.

    Raises:
        PlatformError: what runs cannot be read completely.
    """
    observation = _observed(platform)
    effects = () if deployment is None else store.effects(deployment)
    before = Before(running=saved.digests, applied=saved.applied)
    now = Now(
        running=observation.digests,
        applied=store.applied(environment).digests,
        written=frozenset(e.key for e in effects if e.state is not EffectState.UNDONE),
    )
    keys = managed(before, now) if deployment is None else written_since(before, now)
    # What nobody could read when the backup was taken cannot be put back; it is left and listed.
    changed = tuple(k for k in to_put_back(before, now, keys) if k not in saved.unread)
    changes = _ordered(before, now, saved, platform, changed)
    moved = [k for k in keys if before.applied.get(k) != now.applied.get(k)]
    return Return(
        environment=environment,
        observation=observation,
        saved=saved,
        changes=changes,
        operations=_operations(saved, now, [each.key for each in changes]),
        records=_records(saved, [k for k in moved if k in before.applied]),
        forget=tuple(k for k in moved if k not in before.applied),
        moved=frozenset(moved),
    )


def return_write(
    platform: Platform, way: Return, deployment: str, step: Step, given: list[int]
) -> Write:
    """Return the write that goes the way back; `given` gets how many users got something."""
    keys = [each.key for each in way.operations if each.content is not None]
    users = way.saved.users()
    return Write(
        environment=way.environment,
        deployment=deployment,
        revision=way.observation.revision,
        operations=way.operations,
        records=way.records,
        forget=way.forget,
        content_digest=way.saved.content_digest,
        step=step,
        first=lambda unit: given.append(platform.give_back(unit, users, keys)),
    )


def put_back(
    store: Store, platform: Platform, way: Return, deployment: str, step: Step, clock: Clock
) -> PutBack:
    """Go the way back, and read again whether everything runs as it did.

    Raises:
        StalePlan: what runs moved meanwhile.
        PlatformError: the platform refused, or did not answer.
    """
    given: list[int] = []
    write = return_write(platform, way, deployment, step, given)
    Writer(store=store, platform=platform, clock=clock).write(write)
    if taken_over := way.saved.adopted_content(k for k in way.saved.adopted if k in way.moved):
        marks = {key: (way.saved.adopted[key], content) for key, content in taken_over.items()}
        store.adopt(way.environment, marks, clock.now())
    after = Now(running=_observed(platform).digests, applied={})
    before = Before(running=way.saved.digests, applied={})
    return PutBack(operations=way.operations, left=differences(before, after))


def _observed(platform: Platform) -> Observation:
    observation = platform.observe()
    if not observation.complete:
        raise PlatformError(f"What runs could not be read completely: {observation.reason}.")
    return observation


def _ordered(
    before: Before, now: Now, saved: Restorable, platform: Platform, keys: Iterable[ResourceKey]
) -> tuple[Difference, ...]:
    keys = list(keys)
    contents = dict(platform.contents([k for k in keys if k not in before.running]))
    contents |= saved.content([k for k in keys if k in before.running])
    found = (
        Difference(action=_action(before, now, key), key=key, reason=Reason.PENDING) for key in keys
    )
    return order.by_dependency(found, {k: facts_of_running(c) for k, c in contents.items()})


def _action(before: Before, now: Now, key: ResourceKey) -> Action:
    if key not in before.running:
        return Action.REMOVE
    return Action.MODIFY if key in now.running else Action.ADD


def _operations(saved: Restorable, now: Now, keys: Iterable[ResourceKey]) -> tuple[Operation, ...]:
    keys = list(keys)
    contents = saved.content([key for key in keys if key in saved.digests])
    return tuple(
        Operation(
            key=key,
            content=contents.get(key),
            digest=saved.digests.get(key),
            expected=now.running.get(key),
            relationships=_related(key, contents.get(key)),
        )
        for key in keys
    )


def _related(
    key: ResourceKey, content: Mapping[str, Json] | None
) -> tuple[tuple[str, ResourceKey], ...]:
    return () if content is None else writes.relationships(key, facts_of_running(content))


def _records(saved: Restorable, keys: Iterable[ResourceKey]) -> tuple[Operation, ...]:
    """Return what we shall have applied last, as it was recorded when the backup was taken."""
    keys = list(keys)
    contents = saved.applied_content(keys)
    return tuple(
        Operation(key=key, content=contents[key], digest=saved.applied[key], expected=None)
        for key in keys
        if key in contents
    )
