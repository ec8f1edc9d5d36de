"""From a plan to the writes that make the platform run the deploy list, as the set difference."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core import order
from reconciler.core.facts import facts_of_running
from reconciler.core.model import Action, Difference, Facts, Reason, ResourceKey
from reconciler.ports import Operation
from reconciler.services.planning import Planned


def chosen(planned: Planned, *, heal: bool, settle: bool = False) -> tuple[Difference, ...]:
    """Return the differences to act on: pending and unfinished always, drift only when healing.

    `settle` also acts on what was changed outside and in git: a release brings all of its content.
    """
    drift = planned.comparison.drift
    always = {Reason.UNFINISHED, *([Reason.CONFLICT] if settle else [])}
    kept = [d for d in drift if d.reason in always or heal]
    known = {key: entry.facts for key, entry in planned.loaded.desired.entries.items()}
    removed = (c for c in planned.plan.changes if c.action is Action.REMOVE and c.before)
    known |= {change.key: facts_of_running(change.before or {}) for change in removed}
    return order.by_dependency((*planned.comparison.pending, *kept), known)


def unmanaged_conflicts(planned: Planned) -> tuple[ResourceKey, ...]:
    """Return desired resources whose name somebody else's resource has on the platform."""
    ours = planned.applied.digests
    return tuple(
        d.key for d in planned.comparison.drift if d.reason is Reason.CONFLICT and d.key not in ours
    )


def operations(planned: Planned, differences: Iterable[Difference]) -> tuple[Operation, ...]:
    """Return the writes for some differences, with what each expects to find."""
    differences = tuple(differences)
    wanted = [d.key for d in differences if d.action is not Action.REMOVE]
    contents = planned.loaded.contents(wanted)
    entries, seen = planned.loaded.desired.entries, planned.observation.digests
    return tuple(
        Operation(
            key=d.key,
            content=contents.get(d.key),
            digest=entries[d.key].digest if d.key in contents else None,
            expected=seen.get(d.key),
            relationships=relationships(d.key, entries[d.key].facts) if d.key in contents else (),
        )
        for d in differences
    )


def settled(planned: Planned) -> tuple[Operation, ...]:
    """Return what runs as desired although we last wrote something else: to be noted only."""
    keys, entries = planned.comparison.settled, planned.loaded.desired.entries
    contents = planned.loaded.contents(keys)
    return tuple(
        Operation(
            key=key,
            content=contents[key],
            digest=entries[key].digest,
            expected=entries[key].digest,
            relationships=relationships(key, entries[key].facts),
        )
        for key in keys
    )


def relationships(key: ResourceKey, facts: Facts) -> tuple[tuple[str, ResourceKey], ...]:
    """Return what a resource is related to: what it needs, and the secrets it requires."""
    needed = [(other.kind.lower(), other) for other in order.requirements(key, facts)]
    secrets = [("secret", ResourceKey("Secret", name)) for name in facts.secrets]
    return (*needed, *secrets)
