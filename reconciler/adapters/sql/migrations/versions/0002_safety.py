"""Locks, maintenance, activities, holds, effects, notices and backups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reconciler.adapters.sql import dialect

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Make what safe deployments need."""
    _locks()
    _standing_in_the_way()
    _effects()
    _notices()
    _backups()


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, dialect.TEXT, nullable=False) for name in names]


def _optionals(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, dialect.TEXT) for name in names]


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _locks() -> None:
    op.create_table(
        "locks",
        *_texts("environment"),
        _number("token"),
        *_optionals("id", "owner", "holder", "reason", "since", "expires_at"),
        sa.Column("ticks", sa.Float),
        _primary("locks", "environment"),
    )


def _standing_in_the_way() -> None:
    op.create_table(
        "maintenance",
        *_texts("environment", "deployment", "since", "reason"),
        _primary("maintenance", "environment"),
    )
    op.create_table(
        "activities",
        *_texts("id", "environment", "kind", "description", "owner", "since", "expires_at"),
        sa.Column("ticks", sa.Float),
        _primary("activities", "id"),
    )
    op.create_index("ix_activities_environment", "activities", ["environment"])
    op.create_table(
        "holds",
        *_texts("environment", "since", "actor", "reason"),
        *_optionals("backup", "version"),
        _primary("holds", "environment"),
    )


def _effects() -> None:
    op.create_table(
        "effects",
        *_texts("deployment"),
        _number("position"),
        *_texts("environment", "kind", "name"),
        *_optionals("before", "after"),
        *_texts("state"),
        _primary("effects", "deployment", "position"),
        sa.ForeignKeyConstraint(["deployment"], ["deployments.id"], name="fk_effects_deployment"),
    )
    op.create_index("ix_effects_environment", "effects", ["environment", "kind", "name"])


def _notices() -> None:
    op.create_table(
        "notices",
        *_texts("event", "receiver"),
        *_texts("environment", "occasion", "subject", "body", "created_at", "state"),
        _number("attempts"),
        *_optionals("claimed_at", "sent_at", "reason"),
        _primary("notices", "event", "receiver"),
    )
    op.create_index("ix_notices_state", "notices", ["state", "environment"])


def _backups() -> None:
    op.create_table(
        "backups",
        *_texts("id", "environment"),
        _number("sequence"),
        *_optionals("deployment"),
        *_texts("created_at", "state"),
        *map(_number, ("resources", "users")),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        *_optionals("digest", "seal", "sealed_by"),
        sa.Column("manifest", sa.LargeBinary),
        _primary("backups", "id"),
    )
    op.create_index("uq_backups_sequence", "backups", ["environment", "sequence"], unique=True)
    op.create_table(
        "backup_blobs",
        *_texts("address"),
        sa.Column("content", sa.LargeBinary, nullable=False),
        _primary("backup_blobs", "address"),
    )
