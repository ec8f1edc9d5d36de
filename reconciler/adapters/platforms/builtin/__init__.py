"""The embedded platform: tables next to the store, written in its transactions."""

from __future__ import annotations

from reconciler.adapters.platforms.builtin.platform import BuiltinPlatform, BuiltinReader

__all__ = ["BuiltinPlatform", "BuiltinReader"]
