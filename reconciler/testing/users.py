"""Connected users in memory, told plainly: what the SQL must agree with."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping

from reconciler.core.affected import SwitchedOnBy
from reconciler.core.canonical import Json
from reconciler.core.model import Kind, ResourceKey
from reconciler.core.users import normalised
from reconciler.testing.affected import concerns

_LISTS = (("connections", "integration", Kind.INTEGRATION), ("workflows", "name", Kind.WORKFLOW))


def visible(record: Mapping[str, Json], removed: Collection[ResourceKey]) -> dict[str, Json]:
    """Return a record as `users list` shows it, without what belongs to removed resources."""
    shown = normalised(record)
    for key, name, kind in _LISTS:
        shown[key] = [each for each in shown[key] if (kind, each[name]) not in removed]
    return shown


def replaced(
    before: Mapping[str, Json] | None, after: Mapping[str, Json], removed: Collection[ResourceKey]
) -> dict[str, Json]:
    """Return a record with what is hidden of the one before, where it does not name it itself."""
    whole, old = normalised(after), normalised(before or after)
    for key, name, kind in _LISTS:
        named = {each[name] for each in whole[key]}
        hidden = [each for each in old[key] if (kind, each[name]) in removed]
        whole[key] += [each for each in hidden if each[name] not in named]
    return whole


def given_back(
    now: Mapping[str, Json], then: Mapping[str, Json], keys: Collection[ResourceKey]
) -> dict[str, Json]:
    """Return a record with what it had of some resources, where it has nothing of them now."""
    whole, old = normalised(now), normalised(then)
    for key, name, kind in _LISTS:
        there = {each[name] for each in whole[key]}
        missing = [each for each in old[key] if each[name] not in there]
        whole[key] += [each for each in missing if (kind, each[name]) in keys]
    return normalised(whole)


def switched_on(
    record: Mapping[str, Json], removed: Collection[ResourceKey], workflow: str, integration: str
) -> dict[str, Json]:
    """Return a record with a workflow on that came to be on by default."""
    changed = normalised(record)
    if not concerns(record, removed, SwitchedOnBy(workflow=workflow, integration=integration)):
        return changed
    mine = [each for each in changed["workflows"] if each["name"] == workflow]
    settings = mine[0]["settings"] if mine else {}
    others = [each for each in changed["workflows"] if each["name"] != workflow]
    changed["workflows"] = [*others, {"name": workflow, "enabled": True, "settings": settings}]
    return changed


class MemoryStaging:
    """A `ports.UserStaging` in memory."""

    def __init__(self) -> None:
        """Begin empty."""
        self._lines: dict[str, int] = {}
        self._records: list[tuple[str, str]] = []

    def add(self, line: int, user: str, record: Mapping[str, Json] | None) -> int | None:
        """Keep a user; return the line where the id stood before."""
        if user in self._lines:
            return self._lines[user]
        self._lines[user] = line
        if record is not None:
            self._records.append((user, json.dumps(record)))
        return None

    def records(self) -> Iterator[Mapping[str, Json]]:
        """Yield the records ordered by id."""
        for _, text in sorted(self._records):
            yield json.loads(text)
