"""Which users a message concerns: one set-based query each.

Removed resources hide their connections, settings and enablement. JSON null is no value.
What fits a type, and what equals an option, is decided strictly: a number is a JSON number.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.schema import (
    platform_connections,
    platform_resources,
    platform_scopes,
    platform_settings,
    platform_user_workflows,
)
from reconciler.core.affected import (
    AffectedQuery,
    ConnectedTo,
    HavingOn,
    HoldingSetting,
    LackingScopes,
    SwitchedOnBy,
    WithoutSetting,
)
from reconciler.core.model import Kind

_CONNECTION = platform_connections.c
_CHOICE = platform_user_workflows.c
_DECISION = platform_user_workflows.alias("decision").c
_SETTING = platform_settings.c
_ENVIRONMENT = bindparam("environment", type_=_CONNECTION.environment.type)
_Condition = ColumnElement[bool]
_User = ColumnElement[str]  # the user id of the row that a condition is about
Name = str | ColumnElement[str]


def users_of(query: AffectedQuery) -> Select[Any]:
    """Return the select of user ids; `environment` is its one free parameter.

    It begins with the index of those who are connected, else of those who have the workflow on,
    so its cost follows them and not all users; their ids come in order.
    """
    integration, workflow = query.integration, getattr(query, "workflow", None)
    if integration is not None:
        user: _User = _CONNECTION.user_id
        reached = _connected(integration)
    else:
        user = _CHOICE.user_id
        reached = _on(workflow) if workflow is not None else false()
    return select(user.label("id")).where(reached, _condition(query, user))


def switched_on(workflow: Name, integration: Name) -> Select[Any]:
    """Return the select of those whom `SwitchedOnBy` is about, for names that may be parameters."""
    user: _User = _CONNECTION.user_id
    found = select(user.label("id")).where(_connected(integration))
    return found.where(_made_no_choice(user, workflow))


def not_removed(kind: Kind, name: Name, environment: Name = _ENVIRONMENT) -> _Condition:
    """Say that a resource was not removed; one that was never there was not."""
    table = platform_resources.c
    removed = exists().where(
        table.environment == environment,
        table.kind == kind.value,
        table.name == name,
        table.state == "removed",
    )
    return not_(removed)


def _condition(query: AffectedQuery, user: _User) -> _Condition:
    match query:
        case ConnectedTo():
            return true()
        case LackingScopes(integration=integration, scopes=scopes):
            return _lacks_scopes(user, integration, scopes)
        case WithoutSetting():
            return and_(_has_on(user, query.workflow), not_(_holds(user, query)))
        case HoldingSetting():
            return _holds(user, query, _unfit(query))
        case HavingOn(workflow=workflow):
            return _has_on(user, workflow)
        case SwitchedOnBy(workflow=workflow):
            return _made_no_choice(user, workflow)


def _connected(integration: Name) -> _Condition:
    return and_(
        _CONNECTION.environment == _ENVIRONMENT,
        _CONNECTION.integration == integration,
        _CONNECTION.status == "connected",
        not_removed(Kind.INTEGRATION, integration),
    )


def _on(workflow: str) -> _Condition:
    return and_(
        _CHOICE.environment == _ENVIRONMENT,
        _CHOICE.workflow == workflow,
        _CHOICE.enabled,
        not_removed(Kind.WORKFLOW, workflow),
    )


def _lacks_scopes(user: _User, integration: str, scopes: tuple[str, ...]) -> _Condition:
    wanted = set(scopes)
    table = platform_scopes.c
    granted = select(func.count()).where(
        table.environment == _ENVIRONMENT,
        table.user_id == user,
        table.integration == integration,
        table.scope.in_(wanted),
    )
    return granted.scalar_subquery() < len(wanted)


def _made_no_choice(user: _User, workflow: Name) -> _Condition:
    # What was chosen before a removal returns with the workflow: it is not hidden.
    decided = or_(_DECISION.enabled, _DECISION.disabled_by == "user")
    return not_(_decided(user, workflow, decided))


def _decided(user: _User, workflow: Name, how: _Condition) -> _Condition:
    return exists().where(
        _DECISION.environment == _ENVIRONMENT,
        _DECISION.user_id == user,
        _DECISION.workflow == workflow,
        how,
    )


def _has_on(user: _User, workflow: str | None) -> _Condition:
    """Say that the user has the workflow on; without one there is nothing to ask."""
    if workflow is None:
        return true()
    return and_(_decided(user, workflow, _DECISION.enabled), not_removed(Kind.WORKFLOW, workflow))


def _holds(user: _User, query: WithoutSetting | HoldingSetting, *unfit: _Condition) -> _Condition:
    """Say that the user has a value of the setting, and that it does not fit."""
    of_workflow = query.workflow is not None
    held = exists().where(
        _SETTING.environment == _ENVIRONMENT,
        _SETTING.user_id == user,
        _SETTING.workflow == (query.workflow or ""),
        _SETTING.integration == ("" if of_workflow else query.integration),
        _SETTING.name == query.setting,
        _SETTING.value != "null",
        *unfit,
    )
    if query.workflow is None:
        return held
    return and_(held, not_removed(Kind.WORKFLOW, query.workflow))


def _unfit(query: HoldingSetting) -> _Condition:
    unfit = []
    if query.options is not None:
        unfit.append(_equals_option(query.options))
    if query.type is not None:
        unfit.append(not_(_fits(query.type)))
    return or_(*unfit) if unfit else true()


def _fits(type: str) -> _Condition:
    """Say that a value is one that a setting of this type can have."""
    kind = dialect.json_kind(_SETTING.value)
    text = dialect.json_text(_SETTING.value)
    kinds = {
        "text": ("text",),
        "textarea": ("text",),
        "password": ("text",),
        "email": ("text",),
        "url": ("text",),
        "number": ("integer", "real"),
        "boolean": ("true", "false"),
        "enum": ("text", "integer", "real", "true", "false"),
        "fieldMapping": ("object",),
    }
    plausible = {"email": dialect.plausible_email, "url": dialect.plausible_url}
    fits = kind.in_(kinds.get(type, ()))
    return and_(fits, plausible[type](text)) if type in plausible else fits


def _equals_option(options: tuple[str, ...]) -> _Condition:
    member = dialect.json_members(_SETTING.value)
    kind, atom, value = member.c.type, member.c.atom, member.c.value
    numbers = [number for each in options if (number := _number(each)) is not None]
    same = or_(
        and_(kind == "text", atom.in_(options)),
        and_(kind.in_(("integer", "real")), dialect.is_number_of(value, numbers)),
        kind.in_([each for each in ("true", "false") if each in options]),
    )
    return exists(select(member.c.type).where(same))


def _number(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 2**63 else float(value)
