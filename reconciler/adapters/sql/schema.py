"""The tables, as SQLAlchemy Core metadata.

The migrations make the same schema step by step (a test compares them). Times are RFC 3339 text,
JSON is text, names compare byte by byte.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    event,
    false,
    text,
)

from reconciler.adapters.sql import dialect

# The newest migration; known here so that checking it needs no Alembic.
VERSION = "0001"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _optional(name: str) -> Column[str]:
    return Column(name, Text)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=false())


def _of_user(name: str, *columns: Column[str] | Column[bool] | Index) -> Table:
    """Return a table about users, emptied with them."""
    return Table(
        name,
        metadata,
        _key("environment"),
        _key("user_id"),
        *columns,
        ForeignKeyConstraint(
            ["environment", "user_id"],
            ["platform_users.environment", "platform_users.id"],
            ondelete="CASCADE",
        ),
    )


# --- the store ----------------------------------------------------------------------------------

deployments = Table(
    "deployments",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    _text("environment"),
    _text("phase"),
    _text("type"),
    _text("actor"),
    _text("started_at"),
    _optional("finished_at"),
    _optional("version"),
    _optional("tag"),
    _optional("commit_id"),
    _optional("description"),
    _flag("live"),
    _optional("plan_digest"),
    _optional("content_digest"),
    _optional("backup"),
    _optional("attempt"),
    _text("summary"),
    _text("messages"),
    _text("owner"),
)
Index("ix_deployments_environment", deployments.c.environment, deployments.c.sequence)
_LIVE = text("live = 1")
_RUNNING = text("phase = 'Running'")
Index(
    "uq_deployments_live",
    deployments.c.environment,
    unique=True,
    sqlite_where=_LIVE,
    postgresql_where=text("live"),
)
Index(
    "uq_deployments_running",
    deployments.c.environment,
    unique=True,
    sqlite_where=_RUNNING,
    postgresql_where=_RUNNING,
)

journal = Table(
    "journal",
    metadata,
    Column("deployment", Text, ForeignKey("deployments.id"), primary_key=True),
    _key("name"),
    Column("position", Integer, nullable=False),
    _text("state"),
    _optional("started_at"),
    _optional("finished_at"),
    _optional("reason"),
    _text("log"),
)

last_applied = Table(
    "last_applied",
    metadata,
    _key("environment"),
    _key("kind"),
    _key("name"),
    _text("digest"),
    _text("content"),
    _text("deployment"),
    # Answers "what did we write?" without touching the contents.
    Index("ix_last_applied_digest", "environment", "kind", "name", "digest"),
)

applied_state = Table(
    "applied_state",
    metadata,
    _key("environment"),
    _text("content_digest"),
    _text("deployment"),
)

# What a person took over from a platform: ours as soon as git desires it.
adoptions = Table(
    "adoptions",
    metadata,
    _key("environment"),
    _key("kind"),
    _key("name"),
    _text("digest"),
    _text("content"),
    _text("at"),
)

secrets = Table(
    "secrets",
    metadata,
    _key("environment"),
    _key("name"),
    Column("sealed", LargeBinary, nullable=False),
    _text("fingerprint"),
    _text("updated_at"),
)

# Whom the messages of a deployment concerned; '' stands for no integration or workflow.
deployment_affected = Table(
    "deployment_affected",
    metadata,
    Column("deployment", Text, ForeignKey("deployments.id"), primary_key=True),
    _key("code"),
    _key("user_id"),
    *(_key(name) for name in ("kind", "name", "integration", "workflow")),
    # The rows lie in the order in which they are read.
    sqlite_with_rowid=False,
)

tags_seen = Table(
    "tags_seen",
    metadata,
    _key("name"),
    _key("object_id"),
    _text("environment"),
    _text("first_seen"),
    _text("state"),
    _optional("reason"),
    *(_flag(name) for name in ("reported", "pinned", "deletion_reported")),
)
Index("ix_tags_seen_environment", tags_seen.c.environment, tags_seen.c.first_seen)
Index(
    "uq_tags_seen_pinned",
    tags_seen.c.name,
    unique=True,
    sqlite_where=text("pinned = 1"),
    postgresql_where=text("pinned"),
)

trust = Table(
    "trust",
    metadata,
    _key("environment"),
    *(_text(name) for name in ("commit_id", "since", "by", "reason")),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", Integer, primary_key=True),
    *(_text(name) for name in ("at", "actor", "action")),
    _optional("environment"),
    _text("detail"),
)

# One row, written with the schema.
store_identity = Table("store_identity", metadata, _key("id"))

# --- the built-in platform ----------------------------------------------------------------------

platform_environments = Table(
    "platform_environments",
    metadata,
    _key("environment"),
    Column("revision", Integer, nullable=False),
)

platform_resources = Table(
    "platform_resources",
    metadata,
    _key("environment"),
    _key("kind"),
    _key("name"),
    _text("content"),
    # NULL: the content was changed by somebody else and is hashed when it is looked at.
    _optional("digest"),
    Column("state", Text, nullable=False, server_default=text("'enabled'")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    _optional("created_at"),
    _optional("updated_at"),
    _optional("removed_at"),
    # As it was last deployed: tells when a workflow comes to be on for users who made no choice.
    _flag("on_by_default"),
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
    _key("environment"),
    _key("kind"),
    _key("name"),
    _key("relation"),
    _key("to_kind"),
    _key("to_name"),
)

platform_secrets = Table(
    "platform_secrets",
    metadata,
    _key("environment"),
    _key("name"),
    Column("sealed", LargeBinary, nullable=False),
    _text("fingerprint"),
)

platform_users = Table(
    "platform_users", metadata, _key("environment"), _key("id"), _text("metadata")
)

platform_connections = _of_user(
    "platform_connections",
    _key("integration"),
    _text("status"),
    Index("ix_platform_connections", "environment", "integration", "status", "user_id"),
)

platform_scopes = _of_user("platform_scopes", _key("integration"), _key("scope"))

# `workflow` is '' for a setting of the integration itself, `integration` '' for a workflow's.
platform_settings = _of_user(
    "platform_settings",
    Column("integration", Text, primary_key=True, server_default=text("''")),
    Column("workflow", Text, primary_key=True, server_default=text("''")),
    _key("name"),
    _text("value"),
)

platform_user_workflows = _of_user(
    "platform_user_workflows",
    _key("workflow"),
    Column("enabled", Boolean, nullable=False),
    _optional("disabled_by"),
    Index("ix_platform_user_workflows", "environment", "workflow", "enabled", "user_id"),
)
