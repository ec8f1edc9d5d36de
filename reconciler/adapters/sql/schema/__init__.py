"""The tables, as SQLAlchemy Core metadata.

The migrations make the same schema step by step (a test compares them). Times are RFC 3339 text,
JSON is text, names compare byte by byte.
"""

from __future__ import annotations

from reconciler.adapters.sql.schema.backups import backup_blobs, backups
from reconciler.adapters.sql.schema.base import metadata
from reconciler.adapters.sql.schema.coordination import (
    activities,
    effects,
    holds,
    locks,
    maintenance,
    notices,
)
from reconciler.adapters.sql.schema.forge import forge_evidence, forge_told
from reconciler.adapters.sql.schema.platform import (
    platform_connections,
    platform_environments,
    platform_relationships,
    platform_resources,
    platform_scopes,
    platform_secrets,
    platform_settings,
    platform_user_workflows,
    platform_users,
)
from reconciler.adapters.sql.schema.store import (
    adoptions,
    applied_state,
    audit,
    deployment_affected,
    deployments,
    journal,
    last_applied,
    secrets,
    store_identity,
    tags_seen,
    trust,
)

# The newest migration; known here so that checking it needs no Alembic.
VERSION = "0003"

__all__ = [
    "VERSION",
    "activities",
    "adoptions",
    "applied_state",
    "audit",
    "backup_blobs",
    "backups",
    "deployment_affected",
    "deployments",
    "effects",
    "forge_evidence",
    "forge_told",
    "holds",
    "journal",
    "last_applied",
    "locks",
    "maintenance",
    "metadata",
    "notices",
    "platform_connections",
    "platform_environments",
    "platform_relationships",
    "platform_resources",
    "platform_scopes",
    "platform_secrets",
    "platform_settings",
    "platform_user_workflows",
    "platform_users",
    "secrets",
    "store_identity",
    "tags_seen",
    "trust",
]
