"""Evidence from the forge, and what it was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reconciler.adapters.sql import dialect

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Make what is remembered of the forge."""
    op.create_table(
        "forge_evidence",
        *_texts("environment", "version", "role", "evidence", "name", "by"),
        *_texts("commit_id", "link", "at", "seen_at", "content_digest", "plan_digest"),
        sa.PrimaryKeyConstraint(
            *("environment", "version", "role", "evidence", "name", "by"), name="pk_forge_evidence"
        ),
    )
    op.create_table(
        "forge_told",
        *_texts("deployment", "environment"),
        sa.Column("url", dialect.TEXT),
        *_texts("at"),
        sa.PrimaryKeyConstraint("deployment", name="pk_forge_told"),
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, dialect.TEXT, nullable=False) for name in names]
