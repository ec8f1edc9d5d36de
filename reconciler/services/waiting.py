"""Waiting for what somebody else does in an environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from reconciler.core.errors import Busy
from reconciler.ports import Clock

_TURN = 0.5  # seconds between two looks
Found = TypeVar("Found")


def until_free(look: Callable[[], Found], clock: Clock, patience: float) -> Found:
    """Look until nothing is in the way, for so many seconds at most; return what came of it.

    Raises:
        Busy: something still is.
    """
    waited = 0.0
    while True:
        try:
            return look()
        except Busy:
            if waited >= patience:
                raise
        clock.wait(_TURN)
        waited += _TURN
