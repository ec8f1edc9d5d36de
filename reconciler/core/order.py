"""The order in which changes are made: what is needed first, what needs it removed first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from reconciler.core.model import KIND_ORDER, Action, Difference, Facts, Kind, ResourceKey


def requirements(key: ResourceKey, facts: Facts) -> tuple[ResourceKey, ...]:
    """Return the resources that one needs to be there."""
    needed = []
    if facts.integration is not None:
        needed.append(ResourceKey(Kind.INTEGRATION, facts.integration))
    if facts.event is not None:
        needed.append(ResourceKey(Kind.APP_EVENT, facts.event))
    needed.extend(ResourceKey(Kind.WORKFLOW, name) for name in facts.workflows)
    return tuple(n for n in needed if n != key)


def by_dependency(
    differences: Iterable[Difference], facts: Mapping[ResourceKey, Facts]
) -> tuple[Difference, ...]:
    """Order changes: adds and modifies with what they need first, then removals in reverse."""
    items = list(differences)
    kept = [d for d in items if d.action is not Action.REMOVE]
    removed = [d for d in items if d.action is Action.REMOVE]
    ordered = _sorted({d.key: d for d in kept}, facts)
    return (*ordered, *reversed(_sorted({d.key: d for d in removed}, facts)))


def _sorted(
    items: Mapping[ResourceKey, Difference], facts: Mapping[ResourceKey, Facts]
) -> list[Difference]:
    if not any(len(facts[k].workflows) for k in items if k in facts):
        return [items[k] for k in sorted(items, key=_rank)]
    sorter: TopologicalSorter[ResourceKey] = TopologicalSorter()
    for key in items:
        needed = requirements(key, facts[key]) if key in facts else ()
        sorter.add(key, *(n for n in needed if n in items))
    return [items[k] for k in _static_order(sorter, items)]


def _static_order(
    sorter: TopologicalSorter[ResourceKey], items: Mapping[ResourceKey, Difference]
) -> list[ResourceKey]:
    """Return a stable order: level by level, each by kind and name; workflows alone have levels."""
    try:
        sorter.prepare()
    except CycleError:
        # Cycles are findings of loading; removed resources may still hold an old one.
        return sorted(items, key=_rank)
    ordered: list[ResourceKey] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=_rank)
        ordered.extend(ready)
        sorter.done(*ready)
    return ordered


def _rank(key: ResourceKey) -> tuple[int, str]:
    return (KIND_ORDER.get(key.kind, 9), key.name)
