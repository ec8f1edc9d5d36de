"""What was seen on the forge and counted, and what it was told."""

from __future__ import annotations

from sqlalchemy import Table

from reconciler.adapters.sql.schema.base import key, metadata, optional, text

# Reviews and checks that count as approvals of a release, as they were last looked at.
forge_evidence = Table(
    "forge_evidence",
    metadata,
    *map(key, ("environment", "version", "role", "evidence", "name", "by")),
    *map(text, ("commit_id", "link", "at", "seen_at", "content_digest", "plan_digest")),
)

# Each deployment that the forge was told of, once.
forge_told = Table(
    "forge_told",
    metadata,
    key("deployment"),
    text("environment"),
    optional("url"),
    text("at"),
)
