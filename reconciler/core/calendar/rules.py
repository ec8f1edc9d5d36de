"""Recurrence rules: which days a rule gives, counted from a fixed first day.

The only module that knows dateutil. A rule comes from a file that anybody may propose, and dateutil
looks for the next day of one that has none (February 30) up to the year 9999. So it is asked for
one year, or one month, at a time, and what an interval leaves out is left out here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Literal

from reconciler.core.calendar.zones import midnight
from reconciler.core.names import nearest, quoted

if TYPE_CHECKING:
    from dateutil.rrule import weekday

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# The years in which a cadence can start; what is counted is counted from there.
FIRST_YEAR, LAST_YEAR = 1970, 2199

_MOST = 9999
_BY_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER = re.compile(r"[+-]?[0-9]{1,3}")
_LIMITS = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
_SELECTORS = ("BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO")
# Where a part would have no meaning, or another one in every library.
_ONLY_WITH = {
    "BYSETPOS": ("MONTHLY", "YEARLY"),
    "BYYEARDAY": ("YEARLY",),
    "BYWEEKNO": ("YEARLY",),
    "BYMONTHDAY": ("DAILY", "MONTHLY", "YEARLY"),
}
_TOO_FINE = ("SECONDLY", "MINUTELY", "HOURLY")
_TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
_KNOWN = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *_LIMITS)

Parts = Mapping[str, str]


def problem(text: str) -> str | None:
    """Say why a text is no rule for release days, None when it is one."""
    return next(_problems(text), None)


def days(text: str, start: date, first: date, last: date) -> Iterator[date]:
    """Yield the days of a rule from `first` to `last`, both included, in order.

    The rule has no problem, and its first day no other year than those allowed.
    """
    for year in range(max(first.year, start.year), last.year + 1):
        yield from (day for day in _counted(text, start, year) if first <= day <= last)


def is_one(text: str, start: date, day: date) -> bool:
    """Say whether a rule gives a day."""
    return day.year >= start.year and day in _counted(text, start, day.year)


# --- reading ------------------------------------------------------------------------------------


def _parts(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.upper().split(";"))
    return {name: value for name, _, value in pairs}


def _problems(text: str) -> Iterator[str]:
    """Yield problems; whoever goes on after one of them meets parts that cannot be read."""
    names = [part.partition("=")[0] for part in text.upper().split(";")]
    for name in names:
        if names.count(name) > 1:
            yield f"{quoted(name)} stands twice"
        elif name in _TIMES:
            yield f"a release day is a whole day; leave {name} out"
        elif name not in _KNOWN:
            hint = nearest(name, _KNOWN)
            yield f"unknown part {quoted(name)}{hint}; write a rule such as FREQ=WEEKLY;BYDAY=TU"
    parts = _parts(text)
    yield from _frequency_problems(parts)
    for name, value in parts.items():
        yield from _VALUES.get(name, _number_problems)(name, value)
    yield from _combination_problems(parts)


def _frequency_problems(parts: Parts) -> Iterator[str]:
    frequency = parts.get("FREQ")
    if frequency is None:
        yield "a rule begins with FREQ, such as FREQ=WEEKLY;BYDAY=TU"
    elif frequency not in FREQUENCIES:
        hint = "" if frequency in _TOO_FINE else nearest(frequency, FREQUENCIES)
        yield f"FREQ is {quoted(frequency)}{hint}; wanted one of {', '.join(FREQUENCIES)}"


def _whole_problems(name: str, value: str) -> Iterator[str]:
    if not (re.fullmatch(r"[0-9]{1,4}", value) and int(value)):
        yield f"{name} is {quoted(value)}; wanted a whole number from 1 to {_MOST}"


def _until_problems(name: str, value: str) -> Iterator[str]:
    if _day(value) is None:
        yield f"{name} is {quoted(value)}; wanted a day such as 20261231"


def _week_start_problems(name: str, value: str) -> Iterator[str]:
    if value not in DAYS:
        yield f"{name} is {quoted(value)}; wanted one of {', '.join(DAYS)}"


def _day_problems(name: str, value: str) -> Iterator[str]:
    for item in value.split(","):
        match = _BY_DAY.fullmatch(item)
        if match is None or (match[1] and not 1 <= abs(int(match[1])) <= 53):
            yield f"{quoted(item)} in {name} is no day; wanted TU, or 1TU for the first Tuesday"


def _number_problems(name: str, value: str) -> Iterator[str]:
    limit = _LIMITS[name]
    lowest = 1 if name == "BYMONTH" else -limit
    for item in value.split(","):
        number = int(item) if _NUMBER.fullmatch(item) else 0
        if number == 0 or not lowest <= number <= limit:
            yield f"{quoted(item)} in {name} is no number from {lowest} to {limit}"


def _combination_problems(parts: Parts) -> Iterator[str]:
    frequency = parts["FREQ"]
    for name, allowed in _ONLY_WITH.items():
        if name in parts and frequency not in allowed:
            yield f"{name} has no meaning with FREQ={frequency}; use {' or '.join(allowed)}"
    if any(character.isdigit() for character in parts.get("BYDAY", "")):
        if frequency in ("DAILY", "WEEKLY"):
            yield f"BYDAY with a number has no meaning with FREQ={frequency}; write MO, TU"
        if "BYWEEKNO" in parts:
            yield "BYDAY with a number has no meaning beside BYWEEKNO; write MO, TU"
    if "COUNT" in parts and "UNTIL" in parts:
        yield "COUNT and UNTIL both say when the rule ends; leave one out"
    if "BYSETPOS" in parts and not any(name in parts for name in _SELECTORS):
        yield "BYSETPOS chooses among days; say among which with BYDAY or BYMONTHDAY"


_VALUES: Mapping[str, Callable[[str, str], Iterable[str]]] = {
    "FREQ": lambda _name, _value: (),
    "INTERVAL": _whole_problems,
    "COUNT": _whole_problems,
    "UNTIL": _until_problems,
    "WKST": _week_start_problems,
    "BYDAY": _day_problems,
}


def _day(text: str) -> date | None:
    if not re.fullmatch(r"[0-9]{8}", text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


# --- counting -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A rule, read: what dateutil filters by, and what is counted here."""

    frequency: str
    start: date
    interval: int
    week_start: int
    filters: Mapping[str, Any]

    def counts(self, day: date) -> bool:
        """Say whether the interval does not leave the day's week, month or year out."""
        return self._periods_since_start(day) % self.interval == 0

    def _periods_since_start(self, day: date) -> int:
        if self.frequency == "DAILY":
            return (day - self.start).days
        if self.frequency == "WEEKLY":
            return (self._week(day) - self._week(self.start)).days // 7
        years = day.year - self.start.year
        return years if self.frequency == "YEARLY" else years * 12 + day.month - self.start.month

    def _week(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - self.week_start) % 7)


@lru_cache(maxsize=512)
def _counted(text: str, start: date, year: int) -> tuple[date, ...]:
    """Return the days of a rule in one year."""
    count = _parts(text).get("COUNT")
    if count is None:
        return _of_year(text, start, year)
    # Few years are looked at: those since the start.
    years = (_of_year(text, start, each) for each in range(start.year, year + 1))
    return tuple(d for d in islice(chain.from_iterable(years), int(count)) if d.year == year)


@lru_cache(maxsize=512)
def _of_year(text: str, start: date, year: int) -> tuple[date, ...]:
    """Return the days of a rule in one year, had it no COUNT."""
    rule = _read(text, start)
    end = _day(_parts(text).get("UNTIL", "")) or date.max
    return tuple(d for d in _expanded(rule, year) if start <= d <= end and rule.counts(d))


def _read(text: str, start: date) -> _Rule:
    parts = _parts(text)
    week_start = DAYS.index(parts.get("WKST", "MO"))
    return _Rule(
        frequency=parts["FREQ"],
        start=start,
        interval=int(parts.get("INTERVAL", "1")),
        week_start=week_start,
        filters={"wkst": week_start, **_by_default(parts, start), **_filters(parts)},
    )


def _filters(parts: Parts) -> dict[str, Any]:
    found: dict[str, Any] = {
        name.lower(): [int(item) for item in parts[name].split(",")]
        for name in _LIMITS
        if name in parts
    }
    if "BYDAY" in parts:
        found["byweekday"] = [_weekday(item) for item in parts["BYDAY"].split(",")]
    return found


def _by_default(parts: Parts, start: date) -> dict[str, Any]:
    """Return what a rule that chooses no day takes from the day it is counted from."""
    if any(name in parts for name in _SELECTORS):
        return {}
    if parts["FREQ"] == "DAILY":
        return {"byweekday": list(range(7))}
    if parts["FREQ"] == "WEEKLY":
        return {"byweekday": [start.weekday()]}
    month = {"bymonth": [start.month]} if parts["FREQ"] == "YEARLY" else {}
    return {**month, "bymonthday": [start.day]}


def _weekday(text: str) -> weekday | int:
    """Return a day of the week, with a number when it is one of several in a month or year."""
    from dateutil.rrule import weekday

    day = DAYS.index(text[-2:])
    return weekday(day, int(text[:-2])) if text[:-2] else day


def _expanded(rule: _Rule, year: int) -> Iterator[date]:
    """Yield what dateutil makes of one year, without the interval."""
    from dateutil.rrule import MONTHLY, YEARLY

    if rule.frequency != "MONTHLY":
        yield from _period(YEARLY, date(year, 1, 1), MAXYEAR, rule.filters)
    else:
        for month in range(1, 13):
            yield from _period(MONTHLY, date(year, month, 1), 12 * MAXYEAR, rule.filters)


def _period(
    frequency: Literal[0, 1], first: date, beyond: int, filters: Mapping[str, Any]
) -> Iterator[date]:
    """Yield the days of one year or month; the interval leads beyond the last year there is."""
    from dateutil.rrule import rrule

    for moment in rrule(frequency, midnight(first), interval=beyond, **filters):
        yield moment.date()
