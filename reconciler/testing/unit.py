"""A transaction in memory: whoever writes in it says how to take the write back."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.ports import Unit


class MemoryUnit:
    """One open transaction of a `MemoryStore`; a `MemoryPlatform` may join it."""

    def __init__(self) -> None:
        """Begin with nothing to take back."""
        self._undo: list[Callable[[], None]] = []

    def on_roll_back(self, undo: Callable[[], None]) -> None:
        """Call `undo` when the transaction is not committed."""
        self._undo.append(undo)

    def roll_back(self) -> None:
        """Take every write back, newest first."""
        while self._undo:
            self._undo.pop()()


def joined(unit: Unit) -> MemoryUnit:
    """Return the unit as the one that memory needs.

    Raises:
        TypeError: it belongs to another kind of store.
    """
    if not isinstance(unit, MemoryUnit):
        raise TypeError(f"A MemoryUnit is needed, not {type(unit).__name__}.")
    return unit
