"""The system's time and new ids; the only module that reads a clock for the record."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80
_LENGTH = 26


class SystemClock:
    """Time in UTC, and ids of 26 letters and digits that sort by the time they were made.

    Ids of one process rise strictly, even when the system's time steps back.
    """

    def __init__(self) -> None:
        """Begin with no id given out."""
        self._last = 0
        self._lock = threading.Lock()

    def now(self) -> str:
        """Return the current time as RFC 3339 in UTC, with microseconds."""
        return datetime.now(UTC).isoformat(timespec="microseconds")

    def wait(self, seconds: float) -> None:
        """Sleep for so long."""
        time.sleep(seconds)

    def new_id(self) -> str:
        """Return a new id: 48 bits of milliseconds, then 80 random ones."""
        random = int.from_bytes(os.urandom(_RANDOM_BITS // 8))
        number = (time.time_ns() // 1_000_000) << _RANDOM_BITS | random
        with self._lock:
            self._last = max(number, self._last + 1)
            number = self._last
        return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
