"""Forgetting for good what was removed: its row, and what users had of it.

Until then the row hides all of that, and brings it back when a resource of its name comes back.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from reconciler.adapters.sql.chunks import by_kind
from reconciler.adapters.sql.schema import (
    platform_connections,
    platform_relationships,
    platform_resources,
    platform_scopes,
    platform_settings,
    platform_user_workflows,
)
from reconciler.core.model import Kind, ResourceKey
from reconciler.core.retention import is_earlier

_TABLE = platform_resources.c
# Where a kind's name stands in what users have.
_OF_USERS = {
    Kind.INTEGRATION.value: tuple(
        table.c.integration for table in (platform_connections, platform_scopes, platform_settings)
    ),
    Kind.WORKFLOW.value: (platform_user_workflows.c.workflow, platform_settings.c.workflow),
}


def find_removed(connection: Connection, environment: str, before: str) -> tuple[ResourceKey, ...]:
    """Return what was removed before a time, sorted; what bears no date is kept."""
    query = select(_TABLE.kind, _TABLE.name, _TABLE.removed_at).where(
        _TABLE.environment == environment,
        _TABLE.state == "removed",
        _TABLE.removed_at.is_not(None),
    )
    found = connection.execute(query)
    return tuple(
        sorted(ResourceKey(kind, name) for kind, name, at in found if is_earlier(at, before))
    )


def forget(connection: Connection, environment: str, keys: Iterable[ResourceKey]) -> None:
    """Delete removed resources, with connections, settings and enablement that belong to them."""
    for kind, names in by_kind(keys):
        for table in (platform_resources, platform_relationships):
            same = (table.c.environment == environment, table.c.kind == kind)
            connection.execute(delete(table).where(*same, table.c.name.in_(names)))
        for column in _OF_USERS.get(kind, ()):
            owner = column.table
            theirs = (owner.c.environment == environment, column.in_(names))
            connection.execute(delete(owner).where(*theirs))
