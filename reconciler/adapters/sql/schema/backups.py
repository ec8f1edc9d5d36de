"""Backups: what was listed, and contents by what they digest to."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table

from reconciler.adapters.sql.schema.base import data, key, metadata, optional, text

backups = Table(
    "backups",
    metadata,
    key("id"),
    text("environment"),
    Column("sequence", Integer, nullable=False),
    optional("deployment"),
    *map(text, ("created_at", "state")),
    *(Column(name, Integer, nullable=False) for name in ("resources", "users")),
    Column("bytes", BigInteger, nullable=False),
    # NULL until the backup is complete: the digest of the manifest, and who could make its seal.
    *map(optional, ("digest", "seal", "sealed_by")),
    Column("manifest", LargeBinary),
    Index("uq_backups_sequence", "environment", "sequence", unique=True),
)

# Compressed contents; the address is the SHA-256 of what is inside.
backup_blobs = Table(
    "backup_blobs",
    metadata,
    key("address"),
    data("content"),
)
