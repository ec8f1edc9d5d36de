"""Compares desired, actual and last applied, and says what follows. Holds readers only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.core import adoption, canonical, compare, digests, facts, layout, order
from reconciler.core.canonical import Json
from reconciler.core.compare import Comparison
from reconciler.core.diff import field_changes
from reconciler.core.errors import Invalid
from reconciler.core.messages import registry
from reconciler.core.messages.review import Hotfix, Message, Review
from reconciler.core.model import (
    Action,
    Applied,
    Change,
    Difference,
    Environment,
    Finding,
    Observation,
    ResourceKey,
)
from reconciler.core.plan import Plan
from reconciler.ports import Clock, PlatformReader, SecretSource, StoreReader
from reconciler.services.loading.environment import Loaded

_Contents = Mapping[ResourceKey, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan with what it was made from, for those who carry it out."""

    plan: Plan
    loaded: Loaded
    observation: Observation
    applied: Applied
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Makes plans. It is given nothing that can write."""

    store: StoreReader
    platform: Callable[[Environment], PlatformReader]
    secrets: SecretSource
    clock: Clock

    def plan(
        self,
        loaded: Loaded,
        others: Iterable[Environment] = (),
        *,
        hotfixes: Iterable[Hotfix] = (),
        allow_empty: bool = False,
        told: bool = True,
    ) -> Planned:
        """Compare one environment's desired state with its platform.

        `hotfixes` are those that are live there. A plan that is made again only to be compared is
        not `told`: it has no counts and places.

        Raises:
            Invalid: the folder holds nothing although something was applied, or a workflow waits
                for an app event that never was there.
        """
        environment = loaded.environment
        platform = self.platform(environment)
        applied, observation = self._applied(loaded), platform.observe()
        if not allow_empty:
            refuse_empty(loaded, applied)
        refuse_dangling(loaded, applied)
        comparison = compare.compare(loaded.desired.digests, observation, applied)
        reviewed = _reviewed(loaded, applied, self._applied_contents(environment, applied.adopted))
        review = _review(loaded, reviewed, applied, others, self.secrets_present(environment))
        messages = registry.collect(replace(review, hotfixes=tuple(hotfixes)))
        plan = replace(
            _plan(loaded, applied, reviewed, comparison, messages),
            complete=observation.complete,
            incomplete_reason=observation.reason,
            drift=self._drift(loaded, comparison, platform),
            unmanaged=len(comparison.unmanaged),
            messages=self.counted(located(loaded, messages), platform) if told else messages,
        )
        return Planned(
            plan=plan,
            loaded=loaded,
            observation=observation,
            applied=applied,
            comparison=comparison,
        )

    def counted(self, messages: Iterable[Message], platform: PlatformReader) -> tuple[Message, ...]:
        """Return messages with how many users each concerns on a platform."""
        return tuple(self._counted(message, platform) for message in messages)

    def _applied(self, loaded: Loaded) -> Applied:
        name = loaded.environment.name
        marks = self.store.adopted(name)
        return adoption.with_marks(self.store.applied(name), marks, loaded.desired.entries)

    def _applied_contents(
        self, environment: Environment, adopted: Collection[ResourceKey]
    ) -> Callable[..., _Contents]:
        def contents(keys: Collection[ResourceKey]) -> _Contents:
            taken = [key for key in keys if key in adopted]
            found = self.store.adopted_contents(environment.name, taken) if taken else {}
            rest = [key for key in keys if key not in adopted]
            return {**self.store.applied_contents(environment.name, rest), **found}

        return contents

    def secrets_present(self, environment: Environment) -> dict[str, bool]:
        """Return which declared secrets have a value, without those that cannot be known here."""
        found = {
            name: self.secrets.present(environment.name, name, source)
            for name, source in environment.secrets.items()
        }
        return {name: present for name, present in found.items() if present is not None}

    def _drift(
        self, loaded: Loaded, comparison: Comparison, platform: PlatformReader
    ) -> tuple[Change, ...]:
        keys = [difference.key for difference in comparison.drift]
        before, after = platform.contents(keys), loaded.contents(keys)
        return tuple(_change(difference, before, after) for difference in comparison.drift)

    def _counted(self, message: Message, platform: PlatformReader) -> Message:
        """Add how many users are concerned."""
        count = None if message.affected is None else platform.count_affected(message.affected)
        if count is None:
            return message
        return replace(message, affected_users=count, as_of=self.clock.now())


def between(
    base: Loaded | None,
    desired: Loaded,
    others: Iterable[Environment] = (),
    *,
    hotfixes: Iterable[Hotfix] = (),
    secrets_present: Mapping[str, bool] | None = None,
) -> Plan:
    """Compare two commits from git alone: no platform, no store, no counts.

    `secrets_present` says which secrets have a value where that is known; it is no part of the
    plan's digest.
    """
    applied = Applied()
    if base is not None:
        applied = Applied(digests=base.desired.digests, content_digest=base.desired.content_digest)
    contents = base.contents if base is not None else lambda _keys: {}
    refuse_dangling(desired, applied)
    reviewed = _reviewed(desired, applied, contents)
    comparison = compare.compare(
        desired.desired.digests, Observation(digests=applied.digests), applied
    )
    review = _review(desired, reviewed, applied, others, secrets_present)
    messages = registry.collect(replace(review, hotfixes=tuple(hotfixes)))
    plan = _plan(desired, applied, reviewed, comparison, messages)
    return replace(plan, messages=located(desired, messages))


def waiting(environment: Environment, tag_example: str) -> Plan:
    """Return the plan of a release-only environment before its first release."""
    return Plan(environment=environment.name, waiting=f"its first release tag ({tag_example})")


def refuse_empty(loaded: Loaded, applied: Applied) -> None:
    """Refuse to read an empty folder as the wish to remove everything."""
    if loaded.desired.entries or not applied.digests:
        return
    name, count = loaded.environment.name, len(applied.digests)
    text = (
        f"holds no resource although {count} are deployed; nothing is planned. "
        "Restore the folder, or say with --allow-empty that all shall be removed"
    )
    raise Invalid((Finding(layout.environment_folder(name), 1, 1, text, "empty"),))


def refuse_dangling(loaded: Loaded, applied: Applied) -> None:
    """Refuse workflows that wait for an app event which never was there.

    One that was there and is removed now, or was removed before from under a workflow that has
    not changed since, is the consequence of a change: the message AppEventRemoved tells it.
    """
    digests_now = loaded.desired.digests if loaded.dangling else {}
    found = [
        each.finding
        for each in loaded.dangling
        if each.event not in applied.digests
        and applied.digests.get(each.workflow) != digests_now[each.workflow]
    ]
    if found:
        raise Invalid(tuple(found))


def located(loaded: Loaded, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Add the place that each message points to; what git no longer holds has none."""
    places = loaded.locations([(message.subject, message.pointer) for message in messages])
    return tuple(replace(m, location=place) for m, place in zip(messages, places, strict=True))


def _plan(
    loaded: Loaded,
    applied: Applied,
    reviewed: tuple[Change, ...],
    comparison: Comparison,
    messages: tuple[Message, ...],
) -> Plan:
    desired = loaded.desired
    pending = {difference.key for difference in comparison.pending}
    return Plan(
        environment=desired.environment,
        commit=desired.commit,
        ref=desired.ref,
        changes=tuple(change for change in reviewed if change.key in pending),
        digest=digests.plan_digest(
            desired.environment, applied.content_digest, desired.content_digest, reviewed, messages
        ),
        content_digest=desired.content_digest,
        base_content_digest=applied.content_digest,
    )


def _reviewed(
    loaded: Loaded, applied: Applied, base_contents: Callable[..., _Contents]
) -> tuple[Change, ...]:
    """Return what differs between what was last applied and what is desired, in order."""
    differences = compare.changed(applied.digests, loaded.desired.digests)
    before = base_contents([d.key for d in differences if d.action is not Action.ADD])
    known = {key: entry.facts for key, entry in loaded.desired.entries.items()}
    known |= {key: facts.facts(content) for key, content in before.items() if key not in known}
    after = loaded.contents([d.key for d in differences if d.action is not Action.REMOVE])
    found = loaded.desired.digests
    ordered = order.by_dependency(differences, known)
    return tuple(_change(d, before, after, found.get(d.key)) for d in ordered)


def _change(
    difference: Difference, before: _Contents, after: _Contents, digest: str | None = None
) -> Change:
    old, new = before.get(difference.key), after.get(difference.key)
    modified = difference.action is Action.MODIFY
    if modified:
        # What was just read and what was remembered have their keys in another order.
        old, new = canonical.ordered(old), canonical.ordered(new)
    return Change(
        action=difference.action,
        key=difference.key,
        reason=difference.reason,
        fields=field_changes(old or {}, new or {}) if modified else (),
        before=old,
        after=new,
        digest=digest if new is not None else None,
    )


def _review(
    loaded: Loaded,
    reviewed: tuple[Change, ...],
    applied: Applied,
    others: Iterable[Environment],
    secrets_present: Mapping[str, bool] | None,
) -> Review:
    return Review(
        environment=loaded.environment,
        changes=reviewed,
        desired=loaded.desired.entries,
        base=applied.digests,
        content=loaded.content,
        secrets_present=secrets_present,
        others=tuple(o for o in others if o.listed and o.name != loaded.environment.name),
    )
