"""Which users a message concerns, told plainly in Python: what the SQL must agree with.

A user is the JSON object of `users import`. Removed resources hide their connections, settings and
enablement. A JSON null counts as no value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reconciler.core.affected import (
    AffectedQuery,
    ConnectedTo,
    HavingOn,
    HoldingSetting,
    LackingScopes,
    SwitchedOnBy,
    WithoutSetting,
)
from reconciler.core.canonical import Json
from reconciler.core.model import Kind, ResourceKey

_SPACE = re.compile(r"[ \t\n\r\f\v]")
_URL = re.compile(r"https?://.", re.ASCII | re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class _User:
    record: Mapping[str, Json]
    removed: Collection[ResourceKey]

    def connection(self, integration: str | None) -> Mapping[str, Json] | None:
        if integration is None or (Kind.INTEGRATION, integration) in self.removed:
            return None
        found = None
        for each in self.record.get("connections", ()):
            if each["integration"] == integration:
                found = each
        connected = found is not None and found.get("status", "connected") == "connected"
        return found if connected else None

    def workflow(self, name: str) -> Mapping[str, Json] | None:
        found = None
        for each in self.record.get("workflows", ()):
            found = each if each["name"] == name else found
        return found

    def has_on(self, name: str) -> bool:
        if (Kind.WORKFLOW, name) in self.removed:
            return False
        found = self.workflow(name)
        return found is not None and found.get("enabled", True)

    def setting(self, integration: str | None, workflow: str | None, name: str) -> Json:
        """Return the value, None where there is none or it is hidden."""
        if workflow is None:
            holder = self.connection(integration)
        elif (Kind.WORKFLOW, workflow) in self.removed:
            holder = None
        else:
            holder = self.workflow(workflow)
        return None if holder is None else holder.get("settings", {}).get(name)


def concerns(
    record: Mapping[str, Json], removed: Collection[ResourceKey], query: AffectedQuery
) -> bool:
    """Say whether the query's message concerns this user."""
    user = _User(record, removed)
    match query:
        case ConnectedTo(integration=integration):
            return user.connection(integration) is not None
        case LackingScopes(integration=integration, scopes=scopes):
            connection = user.connection(integration)
            return connection is not None and not set(scopes) <= set(connection.get("scopes", ()))
        case WithoutSetting():
            return _lacks_setting(user, query)
        case HoldingSetting():
            return _holds_unfit(user, query)
        case HavingOn(workflow=workflow, integration=integration):
            reached = integration is None or user.connection(integration) is not None
            return reached and user.has_on(workflow)
        case SwitchedOnBy(workflow=workflow, integration=integration):
            return user.connection(integration) is not None and _would_switch_on(user, workflow)


def _lacks_setting(user: _User, query: WithoutSetting) -> bool:
    if query.integration is not None and user.connection(query.integration) is None:
        return False
    if query.workflow is None and query.integration is None:
        return False
    if query.workflow is not None and not user.has_on(query.workflow):
        return False
    return user.setting(query.integration, query.workflow, query.setting) is None


def _holds_unfit(user: _User, query: HoldingSetting) -> bool:
    if query.integration is not None:
        reached = user.connection(query.integration) is not None
    else:
        reached = query.workflow is not None and user.has_on(query.workflow)
    value = user.setting(query.integration, query.workflow, query.setting)
    if not reached or value is None:
        return False
    if query.options is None and query.type is None:
        return True
    removed = query.options is not None and _holds_option(value, query.options)
    return removed or (query.type is not None and not fits(query.type, value))


def _would_switch_on(user: _User, workflow: str) -> bool:
    # What was chosen before a removal returns with the workflow, so a removed one is not hidden.
    found = user.workflow(workflow)
    if found is None:
        return True
    return not found.get("enabled", True) and found.get("disabledBy") != "user"


def fits(type: str, value: Json) -> bool:
    """Say whether a user's value is one that a setting of this type can have."""
    if type in ("text", "textarea", "password"):
        return isinstance(value, str)
    if type == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if type == "boolean":
        return isinstance(value, bool)
    if type == "enum":
        return isinstance(value, str | int | float)
    if type == "fieldMapping":
        return isinstance(value, Mapping)
    plausible = {"email": _is_email, "url": _is_url}.get(type)
    return plausible is not None and isinstance(value, str) and plausible(value)


def _is_email(value: str) -> bool:
    local, _, domain = value.partition("@")
    one_at = value.count("@") == 1 and local != "" and "." in domain[1:-1]
    return one_at and _SPACE.search(value) is None


def _is_url(value: str) -> bool:
    return _URL.match(value) is not None and _SPACE.search(value) is None


def _holds_option(value: Json, options: tuple[str, ...]) -> bool:
    members = value if isinstance(value, list) else [value]
    return any(_is_option(member, options) for member in members)


def _is_option(value: Json, options: tuple[str, ...]) -> bool:
    if isinstance(value, str):
        return value in options
    if isinstance(value, bool):
        return json.dumps(value) in options
    if isinstance(value, int | float):
        return any(_number(option) == value for option in options)
    return False


def _number(text: str) -> int | float | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
