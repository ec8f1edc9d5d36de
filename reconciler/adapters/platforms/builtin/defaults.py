"""Workflows that come to be on by default are switched on for the users whom the plan counted."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Text, bindparam, null, select, true

from reconciler.adapters.platforms.builtin.affected import switched_on
from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.chunks import chunks
from reconciler.adapters.sql.schema import platform_resources, platform_user_workflows
from reconciler.core.model import Kind
from reconciler.core.users import is_on_by_default
from reconciler.ports import Operation

_TABLE = platform_resources.c
_PARAMETERS = ("environment", "of_integration", "of_workflow")
_ENVIRONMENT, _INTEGRATION, _WORKFLOW = (bindparam(name, type_=Text) for name in _PARAMETERS)
_WHO = switched_on(_WORKFLOW, _INTEGRATION).subquery()
_SWITCH_ON = dialect.upsert(platform_user_workflows).from_select(
    ["environment", "user_id", "workflow", "enabled", "disabled_by"],
    # SQLite takes ON CONFLICT for part of a join where no condition stands before it.
    select(_ENVIRONMENT, _WHO.c.id, _WORKFLOW, true(), null()).where(true()),
)


def newly_on(
    connection: Connection, environment: str, operations: Sequence[Operation]
) -> list[tuple[str, str, str]]:
    """Return (environment, integration, workflow) of what the operations will put on by default.

    To be asked before they are written. What was deployed like that before is left as it is, also
    when a hand changed it in between.
    """
    wanted = {
        operation.key.name: integration
        for operation in operations
        if (integration := _reached(operation)) is not None
    }
    for names in chunks(wanted):
        query = select(_TABLE.name).where(
            _TABLE.environment == environment,
            _TABLE.kind == Kind.WORKFLOW.value,
            _TABLE.name.in_(names),
            _TABLE.state == "enabled",
            _TABLE.on_by_default,
        )
        for name in connection.execute(query).scalars().all():
            del wanted[name]
    return [(environment, integration, workflow) for workflow, integration in wanted.items()]


def _reached(operation: Operation) -> str | None:
    """Return the integration whose users a workflow is on for by default, None for no one."""
    content = operation.content
    if operation.key.kind != Kind.WORKFLOW or content is None or not is_on_by_default(content):
        return None
    integration: str | None = content["spec"].get("integration")
    return integration


def switch_on(connection: Connection, found: Sequence[tuple[str, str, str]]) -> None:
    """Switch workflows on for connected users who do not have them on and never said no."""
    dialect.execute_many(connection, _SWITCH_ON, _PARAMETERS, found)
