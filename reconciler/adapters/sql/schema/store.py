"""The reconciler's own records."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table
from sqlalchemy import text as sql

from reconciler.adapters.sql.dialect import TEXT
from reconciler.adapters.sql.schema.base import data, flag, key, metadata, optional, text

deployments = Table(
    "deployments",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("id", TEXT, nullable=False, unique=True),
    text("environment"),
    text("phase"),
    text("type"),
    text("actor"),
    text("started_at"),
    optional("finished_at"),
    optional("version"),
    optional("tag"),
    optional("commit_id"),
    optional("description"),
    flag("live"),
    optional("plan_digest"),
    optional("content_digest"),
    optional("backup"),
    optional("attempt"),
    text("summary"),
    text("messages"),
    text("owner"),
)
Index("ix_deployments_environment", deployments.c.environment, deployments.c.sequence)
_LIVE = sql("live = 1")
_RUNNING = sql("phase = 'Running'")
Index(
    "uq_deployments_live",
    deployments.c.environment,
    unique=True,
    sqlite_where=_LIVE,
    postgresql_where=sql("live"),
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
    Column("deployment", TEXT, ForeignKey("deployments.id"), primary_key=True),
    key("name"),
    Column("position", Integer, nullable=False),
    text("state"),
    optional("started_at"),
    optional("finished_at"),
    optional("reason"),
    text("log"),
)

last_applied = Table(
    "last_applied",
    metadata,
    key("environment"),
    key("kind"),
    key("name"),
    text("digest"),
    text("content"),
    text("deployment"),
    # Answers "what did we write?" without touching the contents.
    Index("ix_last_applied_digest", "environment", "kind", "name", "digest"),
)

applied_state = Table(
    "applied_state",
    metadata,
    key("environment"),
    text("content_digest"),
    text("deployment"),
)

# What a person took over from a platform: ours as soon as git desires it.
adoptions = Table(
    "adoptions",
    metadata,
    key("environment"),
    key("kind"),
    key("name"),
    text("digest"),
    text("content"),
    text("at"),
)

secrets = Table(
    "secrets",
    metadata,
    key("environment"),
    key("name"),
    data("sealed"),
    text("fingerprint"),
    text("updated_at"),
)

# Whom the messages of a deployment concerned; '' stands for no integration or workflow.
deployment_affected = Table(
    "deployment_affected",
    metadata,
    Column("deployment", TEXT, ForeignKey("deployments.id"), primary_key=True),
    key("code"),
    key("user_id"),
    *(key(name) for name in ("kind", "name", "integration", "workflow")),
    # The rows lie in the order in which they are read.
    sqlite_with_rowid=False,
)

tags_seen = Table(
    "tags_seen",
    metadata,
    key("name"),
    key("object_id"),
    text("environment"),
    text("first_seen"),
    text("state"),
    optional("reason"),
    *(flag(name) for name in ("reported", "pinned", "deletion_reported")),
)
Index("ix_tags_seen_environment", tags_seen.c.environment, tags_seen.c.first_seen)
Index(
    "uq_tags_seen_pinned",
    tags_seen.c.name,
    unique=True,
    sqlite_where=sql("pinned = 1"),
    postgresql_where=sql("pinned"),
)

trust = Table(
    "trust",
    metadata,
    key("environment"),
    *(text(name) for name in ("commit_id", "since", "by", "reason")),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", Integer, primary_key=True),
    *(text(name) for name in ("at", "actor", "action")),
    optional("environment"),
    text("detail"),
)

# One row, written with the schema.
store_identity = Table("store_identity", metadata, key("id"))
