"""Moments as gates compare and tell them.

Python compares two times of one zone by the clock on the wall, so they are compared in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(2199, 12, 31, tzinfo=UTC)
# For a span that has no end.
FOR_EVER = datetime.max.replace(tzinfo=UTC)

_MINUTE = timedelta(minutes=1)
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_MOST_NAMED = 3


def reachable(moment: datetime) -> bool:
    """Say whether calendars can judge a moment; what is later never comes for a gate."""
    return FIRST_MOMENT <= moment <= LAST_MOMENT


def instant(moment: datetime) -> datetime:
    """Return a moment in UTC."""
    return moment.astimezone(UTC)


def whole_minute(moment: datetime) -> datetime:
    """Return the first whole minute that is not before a moment, in UTC."""
    return LAST_MOMENT - (LAST_MOMENT - moment) // _MINUTE * _MINUTE


def told(moment: datetime, zone: tzinfo) -> str:
    """Return `Wed 2026-11-25 09:00` by the clock of a zone."""
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}"


def lasting(time: timedelta) -> str:
    """Return `7d`, `1d 12h`; parts of a second are left out."""
    left, parts = int(time.total_seconds()), []
    for unit, seconds in _UNITS:
        number, left = divmod(left, seconds)
        parts += [f"{number}{unit}"] if number else []
    return " ".join(parts) or "0s"


def listed(texts: Sequence[str]) -> str:
    """Return the first few of some texts, and how many more there are."""
    named = ", ".join(texts[:_MOST_NAMED])
    more = len(texts) - _MOST_NAMED
    return f"{named} and {more:,} more" if more > 0 else named
