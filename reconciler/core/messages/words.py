"""How messages put names, numbers and lists into sentences; it knows no rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.model import Kind, ResourceKey
from reconciler.core.names import quoted

SHOWN = 5
NOUNS: Mapping[str, str] = {
    Kind.INTEGRATION: "integration",
    Kind.WORKFLOW: "workflow",
    Kind.APP_EVENT: "app event",
}


def plural(count: int, noun: str) -> str:
    """Return `1 workflow`, `2 workflows`, `1,203 workflows`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(items: Sequence[str], limit: int = SHOWN) -> str:
    """Return `a`, `a and b`, `a, b and c`, or the first few `and 3 more`."""
    if len(items) > limit:
        return f"{', '.join(items[:limit])} and {len(items) - limit:,} more"
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def called(key: ResourceKey) -> str:
    """Return `workflow sync-contacts`, the name with what it is."""
    return f"{NOUNS.get(key.kind, key.kind)} {key.name}"


def all_called(keys: Iterable[ResourceKey]) -> str:
    """Return resources with what they are, the first five of them: `workflow a and workflow b`."""
    return listed([called(key) for key in keys])


def workflows(names: Sequence[str]) -> str:
    """Return `workflow a`, or `workflows a and b`."""
    return f"{'workflow' if len(names) == 1 else 'workflows'} {listed(names)}"


def shown(value: Json) -> str:
    """Return a value from a manifest as a person reads it: safe, on one line, cut when long."""
    return quoted(value) if isinstance(value, str) else quoted(canonical.dumps(value))[1:-1]


def verb(count: int, one: str, many: str) -> str:
    """Return the form of a verb that fits a number of subjects."""
    return one if count == 1 else many
