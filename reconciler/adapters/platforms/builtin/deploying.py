"""The deploy operation as set operations.

Its end state is that of disabling everything and then enabling, by name, what is listed; only what
differs is written. A resource that is not listed is never touched.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, insert, update

from reconciler.adapters.platforms.builtin import defaults
from reconciler.adapters.platforms.builtin.resources import read_digests_of
from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.database import SqlUnit
from reconciler.adapters.sql.schema import platform_relationships, platform_resources
from reconciler.core import canonical
from reconciler.core.errors import PlatformError, StalePlan
from reconciler.core.model import Kind, ResourceKey
from reconciler.core.users import is_on_by_default
from reconciler.ports import Operation

_TABLE = platform_resources.c
_COLUMNS = tuple(column.name for column in platform_resources.columns)
_KEY = ("at", "of_kind", "named")
_UPSERT = dialect.upsert(platform_resources, keep=("created_at",), version=_TABLE.version + 1)
_REMOVE = (
    update(platform_resources)
    .where(
        _TABLE.environment == bindparam("at"),
        _TABLE.kind == bindparam("of_kind"),
        _TABLE.name == bindparam("named"),
        _TABLE.state == "enabled",
    )
    .values(
        state="removed",
        removed_at=bindparam("now"),
        updated_at=bindparam("now"),
        version=_TABLE.version + 1,
    )
)
_UNRELATE = delete(platform_relationships).where(
    platform_relationships.c.environment == bindparam("at"),
    platform_relationships.c.kind == bindparam("of_kind"),
    platform_relationships.c.name == bindparam("named"),
)


def refuse_moved(unit: SqlUnit, environment: str, operations: Sequence[Operation]) -> None:
    """Compare what the operations expect with what runs.

    Raises:
        StalePlan: a resource is no longer what was observed; names the first ones.
    """
    keys = [each.key for each in operations]
    present = read_digests_of(unit.connection, environment, keys)
    moved = [str(each.key) for each in operations if present.get(each.key) != each.expected]
    if not moved:
        return
    named = ", ".join(moved[:3]) + (f" and {len(moved) - 3} more" if len(moved) > 3 else "")
    raise StalePlan(
        f"The plan for {environment} is stale: {named} changed on the platform since it was made.",
        hint="Plan again and review what it shows.",
    )


def write(unit: SqlUnit, environment: str, operations: Sequence[Operation], now: str) -> None:
    """Remove, enable again, insert and update, and relate what was written.

    A workflow that comes to be on by default is switched on for users who made no choice.
    """
    newly_on = defaults.newly_on(unit.connection, environment, operations)
    written = [each for each in operations if each.content is not None]
    removed = [each for each in operations if each.content is None]
    gone = [(environment, *each.key, now) for each in removed]
    dialect.execute_many(unit.connection, _REMOVE, (*_KEY, "now"), gone)
    rows = [_row(unit, environment, each, now) for each in written]
    dialect.execute_many(unit.connection, _UPSERT, _COLUMNS, rows)
    _relate(unit, environment, written)
    defaults.switch_on(unit.connection, newly_on)


def _row(unit: SqlUnit, environment: str, operation: Operation, now: str) -> tuple[object, ...]:
    content = operation.content or {}
    text = unit.text(content)
    _check_unicode(operation.key, text)
    digest = operation.digest or canonical.digest(content)
    on = operation.key.kind == Kind.WORKFLOW and is_on_by_default(content)
    return (environment, *operation.key, text, digest, "enabled", 1, now, now, None, on)


def _check_unicode(key: ResourceKey, text: str) -> None:
    try:
        f"{key}{text}".encode()
    except UnicodeEncodeError as error:
        raise PlatformError(
            f"{key!a} holds text that is not valid Unicode.", hint="Correct its manifest."
        ) from error


def _relate(unit: SqlUnit, environment: str, written: Sequence[Operation]) -> None:
    keys = [(environment, *each.key) for each in written]
    dialect.execute_many(unit.connection, _UNRELATE, _KEY, keys)
    related = dict.fromkeys(
        (environment, *each.key, relation, *target)
        for each in written
        for relation, target in each.relationships
    )
    columns = [column.name for column in platform_relationships.columns]
    dialect.execute_many(unit.connection, insert(platform_relationships), columns, list(related))
