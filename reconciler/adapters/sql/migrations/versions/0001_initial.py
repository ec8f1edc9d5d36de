"""The first schema: the store's records and the built-in platform."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from reconciler.adapters.sql import dialect

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Make every table."""
    _deployments()
    _records()
    _affected()
    _releases()
    _identity()
    _resources()
    _beside_resources()
    _users()


def _key(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, dialect.TEXT, nullable=False, **options)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, dialect.TEXT, nullable=False)


def _optional(name: str) -> sa.Column[str]:
    return sa.Column(name, dialect.TEXT)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _deployments() -> None:
    op.create_table(
        "deployments",
        sa.Column("sequence", sa.Integer, nullable=False),
        *(_text(name) for name in ("id", "environment", "phase", "type", "actor", "started_at")),
        *(_optional(name) for name in ("finished_at", "version", "tag", "commit_id")),
        _optional("description"),
        _flag("live"),
        *(_optional(name) for name in ("plan_digest", "content_digest", "backup", "attempt")),
        *(_text(name) for name in ("summary", "messages", "owner")),
        _primary("deployments", "sequence"),
        sa.UniqueConstraint("id", name="uq_deployments_id"),
    )
    op.create_index("ix_deployments_environment", "deployments", ["environment", "sequence"])
    for name, on_sqlite, on_postgresql in (
        ("live", "live = 1", "live"),
        ("running", "phase = 'Running'", "phase = 'Running'"),
    ):
        op.create_index(
            f"uq_deployments_{name}",
            "deployments",
            ["environment"],
            unique=True,
            sqlite_where=sa.text(on_sqlite),
            postgresql_where=sa.text(on_postgresql),
        )
    op.create_table(
        "journal",
        _key("deployment"),
        _key("name"),
        sa.Column("position", sa.Integer, nullable=False),
        _text("state"),
        *(_optional(name) for name in ("started_at", "finished_at", "reason")),
        _text("log"),
        _primary("journal", "deployment", "name"),
        sa.ForeignKeyConstraint(["deployment"], ["deployments.id"], name="fk_journal_deployment"),
    )


def _records() -> None:
    op.create_table(
        "last_applied",
        *(_key(name) for name in ("environment", "kind", "name")),
        *(_text(name) for name in ("digest", "content", "deployment")),
        _primary("last_applied", "environment", "kind", "name"),
    )
    op.create_index(
        "ix_last_applied_digest", "last_applied", ["environment", "kind", "name", "digest"]
    )
    op.create_table(
        "applied_state",
        _key("environment"),
        _text("content_digest"),
        _text("deployment"),
        _primary("applied_state", "environment"),
    )
    op.create_table(
        "adoptions",
        *(_key(name) for name in ("environment", "kind", "name")),
        *(_text(name) for name in ("digest", "content", "at")),
        _primary("adoptions", "environment", "kind", "name"),
    )
    op.create_table(
        "secrets",
        _key("environment"),
        _key("name"),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        _text("fingerprint"),
        _text("updated_at"),
        _primary("secrets", "environment", "name"),
    )


def _affected() -> None:
    keys = ("deployment", "code", "user_id", "kind", "name", "integration", "workflow")
    op.create_table(
        "deployment_affected",
        *map(_key, keys),
        _primary("deployment_affected", *keys),
        sa.ForeignKeyConstraint(
            ["deployment"], ["deployments.id"], name="fk_deployment_affected_deployment"
        ),
        sqlite_with_rowid=False,
    )


def _releases() -> None:
    op.create_table(
        "tags_seen",
        *map(_key, ("name", "object_id")),
        *map(_text, ("environment", "first_seen", "state")),
        _optional("reason"),
        *map(_flag, ("reported", "pinned", "deletion_reported")),
        _primary("tags_seen", "name", "object_id"),
    )
    op.create_index("ix_tags_seen_environment", "tags_seen", ["environment", "first_seen"])
    op.create_index(
        "uq_tags_seen_pinned",
        "tags_seen",
        ["name"],
        unique=True,
        sqlite_where=sa.text("pinned = 1"),
        postgresql_where=sa.text("pinned"),
    )
    op.create_table(
        "trust",
        _key("environment"),
        *map(_text, ("commit_id", "since", "by", "reason")),
        _primary("trust", "environment"),
    )
    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer, nullable=False),
        *map(_text, ("at", "actor", "action")),
        _optional("environment"),
        _text("detail"),
        _primary("audit", "sequence"),
    )


def _identity() -> None:
    table = op.create_table("store_identity", _key("id"), _primary("store_identity", "id"))
    op.execute(sa.insert(table).values(id=str(uuid4())))


def _resources() -> None:
    op.create_table(
        "platform_environments",
        _key("environment"),
        sa.Column("revision", sa.Integer, nullable=False),
        _primary("platform_environments", "environment"),
    )
    op.create_table(
        "platform_resources",
        *(_key(name) for name in ("environment", "kind", "name")),
        _text("content"),
        _optional("digest"),
        sa.Column("state", dialect.TEXT, nullable=False, server_default=sa.text("'enabled'")),
        sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
        *(_optional(name) for name in ("created_at", "updated_at", "removed_at")),
        _flag("on_by_default"),
        _primary("platform_resources", "environment", "kind", "name"),
        sa.CheckConstraint(
            "state IN ('enabled', 'removed')", name=op.f("ck_platform_resources_state")
        ),
    )
    op.create_index(
        "ix_platform_resources_digest",
        "platform_resources",
        ["environment", "state", "kind", "name", "digest"],
    )
    for trigger in dialect.resource_triggers(op.get_bind().dialect.name):
        op.execute(trigger)


def _beside_resources() -> None:
    relationship = ("environment", "kind", "name", "relation", "to_kind", "to_name")
    op.create_table(
        "platform_relationships",
        *(_key(name) for name in relationship),
        _primary("platform_relationships", *relationship),
    )
    op.create_table(
        "platform_secrets",
        _key("environment"),
        _key("name"),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        _text("fingerprint"),
        _primary("platform_secrets", "environment", "name"),
    )


def _of_user(table: str, keys: list[sa.Column[str]], *others: sa.Column[Any]) -> None:
    op.create_table(
        table,
        _key("environment"),
        _key("user_id"),
        *keys,
        *others,
        _primary(table, "environment", "user_id", *(key.name for key in keys)),
        sa.ForeignKeyConstraint(
            ["environment", "user_id"],
            ["platform_users.environment", "platform_users.id"],
            name=f"fk_{table}_environment",
            ondelete="CASCADE",
        ),
    )


def _users() -> None:
    op.create_table(
        "platform_users",
        _key("environment"),
        _key("id"),
        _text("metadata"),
        _primary("platform_users", "environment", "id"),
    )
    _of_user("platform_connections", [_key("integration")], _text("status"))
    _of_user("platform_scopes", [_key("integration"), _key("scope")])
    empty = {"server_default": sa.text("''")}
    settings = [_key("integration", **empty), _key("workflow", **empty), _key("name")]
    _of_user("platform_settings", settings, _text("value"))
    enabled = sa.Column("enabled", sa.Boolean, nullable=False)
    _of_user("platform_user_workflows", [_key("workflow")], enabled, _optional("disabled_by"))
    for table, columns in (
        ("platform_connections", ["integration", "status"]),
        ("platform_user_workflows", ["workflow", "enabled"]),
    ):
        op.create_index(f"ix_{table}", table, ["environment", *columns, "user_id"])
