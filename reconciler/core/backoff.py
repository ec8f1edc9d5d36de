"""When a job tries again what failed before: at once, and then after growing pauses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

AT_ONCE = 2  # failures after which the next run simply tries again
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(days=1)


def retry_at(failures: Sequence[str]) -> datetime | None:
    """Return when to try again after failures at these times (RFC 3339, newest first).

    None: at once. One more failure doubles the pause, up to a day.
    """
    extra = len(failures) - AT_ONCE
    if extra <= 0:
        return None
    pause: timedelta = min(FIRST_PAUSE * (1 << min(extra - 1, 20)), LONGEST_PAUSE)
    return datetime.fromisoformat(failures[0]) + pause
