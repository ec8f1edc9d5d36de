"""How rules look at a review: pairs of specs, settings by name, who uses an event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from reconciler.core.canonical import Json
from reconciler.core.messages.review import Review
from reconciler.core.model import Action, Change, Kind, ResourceKey
from reconciler.core.pointers import escaped

Spec = Mapping[str, Json]


class Pair(NamedTuple):
    """One modified resource: its spec before and after."""

    key: ResourceKey
    before: Spec
    after: Spec


class SettingPair(NamedTuple):
    """One user setting of a modified resource; None on the side where it is not there.

    `integration` and `workflow` say whose answers are meant, as an AffectedQuery takes them.
    """

    key: ResourceKey
    name: str
    before: Spec | None
    after: Spec | None
    integration: str | None
    workflow: str | None

    @property
    def pointer(self) -> str:
        """The JSON Pointer of the setting, of the list when it is gone."""
        return pointer("userSettings", *(() if self.after is None else (self.name,)))


def pointer(*parts: str) -> str:
    """Return the JSON Pointer of a field below `/spec`."""
    return "".join(f"/{escaped(part)}" for part in ("spec", *parts))


def spec_of(content: Mapping[str, Json] | None) -> Spec:
    """Return the spec of a manifest, empty where there is no manifest."""
    found: Spec = (content or {}).get("spec") or {}
    return found


def modified(review: Review, kind: Kind) -> Iterator[Pair]:
    """Yield the resources of a kind that were there before and still are."""
    for change in _of_kind(review, kind, Action.MODIFY):
        yield Pair(change.key, spec_of(change.before), spec_of(change.after))


def added(review: Review, kind: Kind) -> Iterator[tuple[ResourceKey, Spec]]:
    """Yield the new resources of a kind with their spec."""
    for change in _of_kind(review, kind, Action.ADD):
        yield change.key, spec_of(change.after)


def removed(review: Review, kind: Kind) -> Iterator[tuple[ResourceKey, Spec]]:
    """Yield the resources of a kind that are taken away, with the spec that they had."""
    for change in _of_kind(review, kind, Action.REMOVE):
        yield change.key, spec_of(change.before)


def changed_settings(review: Review) -> Iterator[SettingPair]:
    """Yield each user setting that differs between before and after, of what is modified."""
    for kind in (Kind.INTEGRATION, Kind.WORKFLOW):
        for pair in modified(review, kind):
            yield from _settings(pair)


def users_by_event(review: Review) -> dict[str, list[ResourceKey]]:
    """Return the workflows that each app event starts, sorted."""
    users: dict[str, list[ResourceKey]] = {}
    for key, entry in review.desired.items():
        if entry.facts.event is not None and key.kind == Kind.WORKFLOW:
            users.setdefault(entry.facts.event, []).append(key)
    return {event: sorted(keys) for event, keys in users.items()}


def trigger_type(spec: Spec) -> str | None:
    """Return what starts a workflow."""
    found: str | None = (spec.get("trigger") or {}).get("type")
    return found


def _of_kind(review: Review, kind: Kind, action: Action) -> Iterator[Change]:
    return (c for c in review.changes if c.key.kind == kind and c.action is action)


def _settings(pair: Pair) -> Iterator[SettingPair]:
    before, after = _by_name(pair.before), _by_name(pair.after)
    is_workflow = pair.key.kind == Kind.WORKFLOW
    # Who has it on now has it on for the integration that it belonged to until now.
    integration = pair.before.get("integration") if is_workflow else pair.key.name
    workflow = pair.key.name if is_workflow else None
    for name in sorted(before.keys() | after.keys()):
        left, right = before.get(name), after.get(name)
        if left != right:
            yield SettingPair(pair.key, name, left, right, integration, workflow)


def _by_name(spec: Spec) -> dict[str, Spec]:
    return {setting["name"]: setting for setting in spec.get("userSettings") or ()}
