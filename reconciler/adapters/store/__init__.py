"""The reconciler's own records on an SQL database."""

from __future__ import annotations

from reconciler.adapters.store.sql import SqlStore, SqlStoreReader

__all__ = ["SqlStore", "SqlStoreReader"]
