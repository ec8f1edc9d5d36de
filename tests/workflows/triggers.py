"""Events of a forge, and which workflows they start."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.workflows.expressions import UnknownForm

_DEFAULT_TYPES = {
    "pull_request": ("opened", "synchronize", "reopened"),
    "merge_group": ("checks_requested",),
}
_FILTERS = {
    "push": {"branches", "tags"},
    "pull_request": {"branches", "types"},
    "merge_group": {"branches", "types"},
    "schedule": set[str](),
    "workflow_dispatch": {"inputs"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened: the ref and commit of the run, and whose workflow files run.

    `base` and `head` are the branches of a pull request. `file` is the one file that a dispatch
    names, or whose schedule it is.
    """

    name: str
    ref: str
    commit: str
    workflows_at: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    actor: str = "ana"
    base: str = ""
    head: str = ""
    from_fork: bool = False
    file: str | None = None


def fits(on: object, event: Event, file: str) -> bool:
    """Say whether the `on:` of a workflow asks for an event."""
    asked = _asked(on)
    if event.name not in asked or event.file not in {None, file}:
        return False
    filters = asked[event.name]
    if isinstance(filters, list):  # the times of a schedule
        return True
    if unknown := set(filters) - _FILTERS[event.name]:
        raise UnknownForm(f"{file}: filters not known to this runner: {sorted(unknown)}")
    if event.name == "push":
        return _pushed(filters, event.ref)
    types = filters.get("types", _DEFAULT_TYPES.get(event.name, ()))
    branches = filters.get("branches", ["**"])
    into = event.base or event.ref.removeprefix("refs/heads/")
    return matches(branches, into) and (not types or event.payload["action"] in types)


def _asked(on: object) -> dict[str, Any]:
    if isinstance(on, str):
        return {on: {}}
    if isinstance(on, list):
        return {name: {} for name in on}
    assert isinstance(on, dict)
    return {name: filters or {} for name, filters in on.items()}


def _pushed(filters: Mapping[str, Sequence[str]], ref: str) -> bool:
    """Judge the ref of a push; a filter for branches alone leaves tags out, and the reverse."""
    kind, name = ref.split("/", 2)[1:]
    own, other = ("branches", "tags") if kind == "heads" else ("tags", "branches")
    return matches(filters[own], name) if own in filters else other not in filters


def matches(patterns: Sequence[str], name: str) -> bool:
    """Say whether a name fits the patterns, of which later ones with `!` take away."""
    found = False
    for pattern in patterns:
        if re.fullmatch(_expression(pattern.removeprefix("!")), name):
            found = not pattern.startswith("!")
    return found


def _expression(pattern: str) -> str:
    """Return a filter pattern as a regular expression; only `*`, `**` and literal text occur."""
    if unknown := set("?+[]\\") & set(pattern):
        raise UnknownForm(f"in a filter, not known to this runner: {sorted(unknown)}")
    parts = re.split(r"(\*\*|\*)", pattern)
    signs = {"**": ".*", "*": "[^/]*"}
    return "".join(signs.get(part, re.escape(part)) for part in parts)


def granted(permissions: object, *, event: Event) -> dict[str, str]:
    """Return what a job's token may do: what its file says, and for a fork no writing."""
    if not isinstance(permissions, Mapping):
        raise UnknownForm(f"permissions not known to this runner: {permissions!r}")
    given = {str(name): str(level) for name, level in permissions.items() if level != "none"}
    return dict.fromkeys(given, "read") if event.from_fork else given
