"""Who may write, what stands in the way of writing, and what was to be written."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from reconciler.adapters.sql.dialect import TEXT
from reconciler.adapters.sql.schema.base import key, metadata, optional, seconds, text

# One row for each environment that was ever locked: the fencing token only rises. Free: id NULL.
locks = Table(
    "locks",
    metadata,
    key("environment"),
    Column("token", Integer, nullable=False),
    *(optional(name) for name in ("id", "owner", "holder", "reason", "since")),
    # NULL in a lock that is held: it stays until somebody releases it.
    optional("expires_at"),
    # Seconds since the owner's machine was started, when the lease was renewed.
    seconds("ticks"),
)

# While a row is there the environment is in maintenance, for every process that serves it.
maintenance = Table(
    "maintenance", metadata, key("environment"), *map(text, ("deployment", "since", "reason"))
)

# What runs in an environment and blocks deployments: a long-running import.
activities = Table(
    "activities",
    metadata,
    key("id"),
    *map(text, ("environment", "kind", "description", "owner", "since", "expires_at")),
    seconds("ticks"),
    Index("ix_activities_environment", "environment"),
)

# What keeps automation from undoing what a person restored.
holds = Table(
    "holds",
    metadata,
    key("environment"),
    *map(text, ("since", "actor", "reason")),
    *map(optional, ("backup", "version")),
)

# What a deployment to a platform without transactions has written, one resource after another.
effects = Table(
    "effects",
    metadata,
    Column("deployment", TEXT, ForeignKey("deployments.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    *map(text, ("environment", "kind", "name")),
    *map(optional, ("before", "after")),
    text("state"),
    Index("ix_effects_environment", "environment", "kind", "name"),
)

# What is to be told, once for each event and receiver.
notices = Table(
    "notices",
    metadata,
    key("event"),
    key("receiver"),
    *map(text, ("environment", "occasion", "subject", "body", "created_at", "state")),
    Column("attempts", Integer, nullable=False),
    *map(optional, ("claimed_at", "sent_at", "reason")),
    Index("ix_notices_state", "state", "environment"),
)
