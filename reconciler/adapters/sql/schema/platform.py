"""The tables of the built-in platform."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    event,
)
from sqlalchemy import text as sql

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.dialect import TEXT
from reconciler.adapters.sql.schema.base import data, flag, key, metadata, optional, text


def _of_user(name: str, *columns: Column[str] | Column[bool] | Index) -> Table:
    """Return a table about users, emptied with them."""
    return Table(
        name,
        metadata,
        key("environment"),
        key("user_id"),
        *columns,
        ForeignKeyConstraint(
            ["environment", "user_id"],
            ["platform_users.environment", "platform_users.id"],
            ondelete="CASCADE",
        ),
    )


platform_environments = Table(
    "platform_environments",
    metadata,
    key("environment"),
    Column("revision", Integer, nullable=False),
)

platform_resources = Table(
    "platform_resources",
    metadata,
    key("environment"),
    key("kind"),
    key("name"),
    text("content"),
    # NULL: the content was changed by somebody else and is hashed when it is looked at.
    optional("digest"),
    Column("state", TEXT, nullable=False, server_default=sql("'enabled'")),
    Column("version", Integer, nullable=False, server_default=sql("1")),
    optional("created_at"),
    optional("updated_at"),
    optional("removed_at"),
    # As it was last deployed: tells when a workflow comes to be on for users who made no choice.
    flag("on_by_default"),
    CheckConstraint("state IN ('enabled', 'removed')", name="state"),
    # Answers "what runs?" without touching the contents.
    Index("ix_platform_resources_digest", "environment", "state", "kind", "name", "digest"),
)


@event.listens_for(platform_resources, "after_create")
def _create_triggers(_: Table, connection: Connection, **__: object) -> None:
    for statement in dialect.resource_triggers(connection.dialect.name):
        connection.exec_driver_sql(statement)


platform_relationships = Table(
    "platform_relationships",
    metadata,
    key("environment"),
    key("kind"),
    key("name"),
    key("relation"),
    key("to_kind"),
    key("to_name"),
)

platform_secrets = Table(
    "platform_secrets",
    metadata,
    key("environment"),
    key("name"),
    data("sealed"),
    text("fingerprint"),
)

platform_users = Table("platform_users", metadata, key("environment"), key("id"), text("metadata"))

platform_connections = _of_user(
    "platform_connections",
    key("integration"),
    text("status"),
    Index("ix_platform_connections", "environment", "integration", "status", "user_id"),
)

platform_scopes = _of_user("platform_scopes", key("integration"), key("scope"))

# `workflow` is '' for a setting of the integration itself, `integration` '' for a workflow's.
platform_settings = _of_user(
    "platform_settings",
    Column("integration", TEXT, primary_key=True, server_default=sql("''")),
    Column("workflow", TEXT, primary_key=True, server_default=sql("''")),
    key("name"),
    text("value"),
)

platform_user_workflows = _of_user(
    "platform_user_workflows",
    key("workflow"),
    Column("enabled", Boolean, nullable=False),
    optional("disabled_by"),
    Index("ix_platform_user_workflows", "environment", "workflow", "enabled", "user_id"),
)
