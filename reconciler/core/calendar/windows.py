"""Windows of one day as spans of the clock on the wall; it must not know zones or release days.

A span is a pair: it includes its beginning and excludes its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from reconciler.core.calendar.model import Window
from reconciler.core.calendar.zones import DAY, midnight

Span = tuple[datetime, datetime]
_MINUTE = timedelta(minutes=1)


def open_spans(day: date, windows: Sequence[Window], deny: Sequence[Window]) -> list[Span]:
    """Return when a day is open: always without windows, and never where it is denied."""
    whole = (midnight(day), midnight(day) + DAY)
    allowed = merged(spans(day, windows)) if windows else [whole]
    return without(allowed, merged(spans(day, deny)))


def spans(day: date, windows: Iterable[Window]) -> Iterator[Span]:
    """Yield what windows take of a day; that of one that passes midnight is of two days."""
    start, yesterday = midnight(day), (day - DAY).weekday()
    for window in windows:
        begin, end = start + window.begin * _MINUTE, start + window.end * _MINUTE
        if day.weekday() in window.days:
            yield begin, start + DAY if window.passes_midnight else end
        if window.passes_midnight and window.end and yesterday in window.days:
            yield start, end


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, with those that touch or overlap made one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def without(spans: Iterable[Span], holes: Sequence[Span]) -> list[Span]:
    """Return what is left of spans without the holes; both are in order and apart."""
    left = []
    for begin, end in spans:
        at = begin
        for first, last in holes:
            if at < min(first, end):
                left.append((at, min(first, end)))
            at = max(at, last)
        if at < end:
            left.append((at, end))
    return left


def common(some: Iterable[Span], others: Sequence[Span]) -> list[Span]:
    """Return what is in both; each is in order and apart."""
    both = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return [(begin, end) for begin, end in both if begin < end]
