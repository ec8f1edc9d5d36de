"""How often a schedule runs, counted from its cron expression and time zone.

The count is an average over a long calendar and the same at any time and on any machine: days
are counted over 28 years, in which every date falls on every weekday equally often (in one year
alone a weekday occurs 53 times, so that moving a job from Monday to Tuesday would look like a
change). Days on which the zone changes its UTC offset are iterated, over one reference year.

It must not know manifests, and never what time it is.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cronsim import CronSim

# A past year, so that new releases of the time zone data do not change its offsets.
REFERENCE_YEAR = 2025
_CALENDAR_BEGINS = date(2001, 1, 1).toordinal()
_CALENDAR_ENDS = date(2029, 1, 1).toordinal()
_DAYS = _CALENDAR_ENDS - _CALENDAR_BEGINS


@lru_cache(maxsize=4096)
def runs_a_day(cron: str, timezone: str = "UTC") -> Fraction | None:
    """Return the average runs a day of a five-field cron expression, None when it is not one.

    A sixth field in front counts as seconds. A time zone that is not known here, such as a
    reference to a user's setting, is counted as UTC.
    """
    schedule = _parsed(cron)
    if schedule is None:
        return None
    usual = Fraction(_matching_days(*cron.upper().split()[-3:]) * _times(schedule), _DAYS)
    return usual + _shift(cron, timezone, schedule)


def rises(before: Fraction, after: Fraction) -> bool:
    """Say whether a schedule runs more often now.

    Daylight saving takes one run in 365 from a job at the wrong hour, so no more than that is
    no rise: the same cron in another zone is not called more frequent.
    """
    return after * 364 > before * 365


def figure(runs: Fraction) -> str:
    """Return runs as people read them: `24`, `1,440`, `0.143`."""
    if runs.denominator == 1 or runs >= 100:
        return f"{round(runs):,}"
    return f"{float(runs):.3g}"


def _parsed(cron: str) -> CronSim | None:
    from cronsim import CronSim, CronSimError

    try:
        return CronSim(cron, datetime(REFERENCE_YEAR, 1, 1, tzinfo=UTC))
    except (CronSimError, ValueError):  # ValueError: a number with thousands of digits
        return None


def _times(schedule: CronSim) -> int:
    """Return how often it runs on a day that matches and has 24 hours."""
    return len(schedule.hours) * len(schedule.minutes) * len(schedule.seconds)


@lru_cache(maxsize=1024)
def _matching_days(day: str, month: str, weekday: str) -> int:
    """Return on how many days of the calendar a schedule runs."""
    schedule = _parsed(f"0 0 {day} {month} {weekday}")
    if schedule is None:
        return 0
    if (day, month, weekday) == ("*", "*", "*"):
        return _DAYS
    days = map(date.fromordinal, range(_CALENDAR_BEGINS, _CALENDAR_ENDS))
    return sum(1 for each in days if _runs_on(schedule, each))


def _runs_on(schedule: CronSim, day: date) -> bool:
    return day.month in schedule.months and schedule.match_day(day)


def _shift(cron: str, timezone: str, schedule: CronSim) -> Fraction:
    """Return what days with a change of UTC offset add to the average or take from it."""
    zone = _zone(timezone)
    if zone is None:
        return Fraction(0)
    days = [day for day in _days_of_change(timezone) if _runs_on(schedule, day)]
    difference = sum(_count(cron, day, zone, schedule) - _times(schedule) for day in days)
    return Fraction(difference, 365)


def _zone(timezone: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # not found, not a name, a folder of zones
        return None


@lru_cache(maxsize=1024)
def _days_of_change(timezone: str) -> tuple[date, ...]:
    """Return the days of the reference year that begin and end with different UTC offsets."""
    zone = _zone(timezone)
    first = date(REFERENCE_YEAR, 1, 1)
    midnights = [datetime.combine(first + timedelta(days=n), time(), zone) for n in range(366)]
    offsets = [midnight.utcoffset() for midnight in midnights]
    return tuple(midnights[n].date() for n in range(365) if offsets[n] != offsets[n + 1])


def _count(cron: str, day: date, zone: tzinfo, schedule: CronSim) -> int:
    """Return how often it really runs on one day of a zone."""
    from cronsim import CronSim

    fields = cron.split()
    if len(fields) == 6:
        fields[0] = "0"  # offsets change by whole minutes, so seconds only multiply
    before_midnight = datetime.combine(day, time(), zone) - timedelta(seconds=1)
    runs = 0
    for moment in CronSim(" ".join(fields), before_midnight):
        if moment.date() > day:
            break
        runs += 1
    return runs * len(schedule.seconds)
