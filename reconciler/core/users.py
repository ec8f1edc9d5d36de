"""Connected users as records: what one may say, and how it is written down once it is right.

A record is the JSON object of `users import`: `id`, `metadata`, `connections` (integration, status,
scopes, settings) and `workflows` (name, enabled, disabledBy, settings). This module knows nothing
of files, tables and platforms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.core.canonical import Json
from reconciler.core.model import Kind
from reconciler.core.names import nearest, quoted

LONGEST_ID = 255
LONGEST_SCOPE = 1024
CONNECTED = "connected"

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_Record = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Known:
    """What a record may name: of each integration its user settings, of each workflow too.

    `owners` are the integrations that each workflow belongs to, empty where it has none.
    """

    environment: str
    integrations: Mapping[str, frozenset[str]] = field(default_factory=dict)
    workflows: Mapping[str, frozenset[str]] = field(default_factory=dict)
    owners: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What an integration or workflow offers to users, be it in git or on the platform."""

    kind: str
    name: str
    settings: tuple[str, ...] = ()
    integration: str | None = None

    @property
    def owner(self) -> frozenset[str]:
        """The integration that it belongs to, as a set."""
        return frozenset(() if self.integration is None else [self.integration])


def offer(content: _Record) -> Offer | None:
    """Return what the content of a resource offers, None where it cannot be understood.

    A hand may have written anything.
    """
    metadata, spec = content.get("metadata"), content.get("spec")
    if not isinstance(metadata, Mapping) or not isinstance(spec, Mapping):
        return None
    listed, owner = spec.get("userSettings"), spec.get("integration")
    settings = [s for s in listed if isinstance(s, Mapping)] if isinstance(listed, list) else []
    return Offer(
        kind=str(content.get("kind")),
        name=str(metadata.get("name")),
        settings=tuple(str(setting.get("name")) for setting in settings),
        integration=owner if isinstance(owner, str) else None,
    )


def known(environment: str, offers: Iterable[Offer]) -> Known:
    """Return what records of an environment may name: all that any of the offers names."""
    integrations: dict[str, frozenset[str]] = {}
    workflows: dict[str, frozenset[str]] = {}
    owners: dict[str, frozenset[str]] = {}
    for each in offers:
        table = integrations if each.kind == Kind.INTEGRATION else workflows
        table[each.name] = table.get(each.name, frozenset()).union(each.settings)
        if each.kind == Kind.WORKFLOW:
            owners[each.name] = owners.get(each.name, frozenset()) | each.owner
    return Known(environment, integrations, workflows, owners)


def is_on_by_default(content: _Record) -> bool:
    """Say whether a workflow is on for users who made no choice: enabled, and by default."""
    spec = content.get("spec", {})
    return bool(spec.get("enabled", True) and spec.get("enabledByDefault", False))


# --- what is wrong with a record -----------------------------------------------------------------

_USER = ("id", "metadata", "connections", "workflows")
_CONNECTION = ("integration", "status", "scopes", "settings")
_WORKFLOW = ("name", "enabled", "disabledBy", "settings")
_Check = Callable[[_Record, Known], Iterator[str]]


def problems(user: Json, known: Known) -> Iterator[str]:
    """Yield everything that is wrong with a record."""
    if not isinstance(user, Mapping):
        yield 'a user is one JSON object, such as {"id": "u-1"}'
        return
    yield from _unknown_keys("a user", user, _USER)
    yield from id_problems(user.get("id"))
    if not isinstance(user.get("metadata") or {}, Mapping):
        yield "metadata is a JSON object"
    yield from _each(user, "connections", "integration", known, _connection_problems)
    yield from _each(user, "workflows", "name", known, _workflow_problems)


def id_problems(user: Json) -> Iterator[str]:
    """Yield what is wrong with the id of a user."""
    if not isinstance(user, str):
        yield "a user needs an id, which is a text" if user is None else "the id is not a text"
    elif not user.strip():
        yield "the id is empty"
    elif len(user) > LONGEST_ID:
        yield f"the id is longer than {LONGEST_ID} characters"
    elif not user.isprintable():
        yield f"the id {quoted(user)} has characters that cannot be seen"


def _unknown_keys(what: str, given: _Record, keys: tuple[str, ...]) -> Iterator[str]:
    for key in given:
        if key not in keys:
            yield f"{what} has no {quoted(key)}{nearest(key, keys)}; it has {', '.join(keys)}"


def _each(user: _Record, key: str, name: str, known: Known, check: _Check) -> Iterator[str]:
    """Yield what is wrong with the members of a list, each of which is named once."""
    members = user.get(key)
    if members is None:
        return
    if not isinstance(members, list):
        yield f"{key} is a list"
        return
    seen = set()
    for member in members:
        named = member.get(name) if isinstance(member, Mapping) else None
        if not isinstance(named, str):
            yield f'each of {key} is a JSON object with "{name}", a text'
            continue
        if named in seen:
            yield f"{key} names {quoted(named)} twice"
        seen.add(named)
        yield from check(member, known)


def _connection_problems(connection: _Record, known: Known) -> Iterator[str]:
    name = connection["integration"]
    yield from _unknown_keys("a connection", connection, _CONNECTION)
    yield from _named(Kind.INTEGRATION, name, known)
    status = connection.get("status")
    if status is not None:
        yield from _status_problems(name, status)
    yield from _scope_problems(name, connection.get("scopes"))
    yield from _setting_problems(name, connection, known.integrations.get(name))


def _workflow_problems(workflow: _Record, known: Known) -> Iterator[str]:
    name, enabled = workflow["name"], workflow.get("enabled")
    yield from _unknown_keys("a workflow", workflow, _WORKFLOW)
    yield from _named(Kind.WORKFLOW, name, known)
    if not isinstance(enabled, bool | None):
        yield f"{quoted(name)}: enabled is true or false"
    by = workflow.get("disabledBy")
    if by is not None and not (isinstance(by, str) and _WORD.fullmatch(by)):
        yield f"{quoted(name)}: disabledBy is one word, such as user"
    elif by is not None and enabled is not False:
        yield f"{quoted(name)}: disabledBy says who switched it off; enabled must be false then"
    yield from _setting_problems(name, workflow, known.workflows.get(name))


def _named(kind: Kind, name: str, known: Known) -> Iterator[str]:
    there = known.integrations if kind is Kind.INTEGRATION else known.workflows
    if name not in there:
        what = kind.value.lower()
        yield f"{known.environment} has no {what} {quoted(name)}{nearest(name, there)}"


def _status_problems(name: str, status: Json) -> Iterator[str]:
    if not isinstance(status, str) or not _WORD.fullmatch(status):
        yield f"{quoted(name)}: status is one word, such as {CONNECTED} or expired"
    elif status != CONNECTED and status.lower() == CONNECTED:
        yield f"{quoted(name)}: status is {quoted(status)}; write {CONNECTED}"


def _scope_problems(name: str, scopes: Json) -> Iterator[str]:
    if scopes is None:
        return
    if not isinstance(scopes, list):
        yield f"{quoted(name)}: scopes is a list of texts"
    elif not all(isinstance(scope, str) and _is_scope(scope) for scope in scopes):
        longest = f"at most {LONGEST_SCOPE:,} characters"
        yield f"{quoted(name)}: each scope is a text without spaces, of {longest}"


def _is_scope(scope: str) -> bool:
    return 0 < len(scope) <= LONGEST_SCOPE and scope.isprintable() and " " not in scope


def _setting_problems(name: str, holder: _Record, there: frozenset[str] | None) -> Iterator[str]:
    settings = holder.get("settings")
    if settings is None:
        return
    if not isinstance(settings, Mapping):
        yield f"{quoted(name)}: settings is a JSON object"
    elif there is not None:
        for key in sorted(settings.keys() - there):
            yield f"{quoted(name)} has no user setting {quoted(key)}{nearest(key, there)}"


# --- a record that is right ----------------------------------------------------------------------


def normalised(user: _Record) -> dict[str, Json]:
    """Return a record with its defaults written out, by name; what stands twice counts once."""
    connections = {each["integration"]: each for each in user.get("connections") or ()}
    workflows = {each["name"]: each for each in user.get("workflows") or ()}
    return {
        "id": user["id"],
        "metadata": dict(user.get("metadata") or {}),
        "connections": [_connection(connections[name]) for name in sorted(connections)],
        "workflows": [_workflow(workflows[name]) for name in sorted(workflows)],
    }


def _connection(given: _Record) -> dict[str, Json]:
    return {
        "integration": given["integration"],
        "status": given.get("status") or CONNECTED,
        "scopes": sorted(set(given.get("scopes") or ())),
        "settings": dict(given.get("settings") or {}),
    }


def _workflow(given: _Record) -> dict[str, Json]:
    enabled, by = given.get("enabled"), given.get("disabledBy")
    return {
        "name": given["name"],
        "enabled": True if enabled is None else enabled,
        **({} if by is None else {"disabledBy": by}),
        "settings": dict(given.get("settings") or {}),
    }
