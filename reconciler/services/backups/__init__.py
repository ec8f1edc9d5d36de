"""Backups: taken before a deployment, checked before they are used, drilled, listed, pruned."""

from __future__ import annotations

from reconciler.services.backups.keeping import Keeper
from reconciler.services.backups.restorable import Restorable

__all__ = ["Keeper", "Restorable"]
