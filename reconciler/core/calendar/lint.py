"""What is worth a warning in a calendar that is valid: it must never be a reason to fail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.core.calendar import publicdays, windows, zones
from reconciler.core.calendar.calendar import Calendar
from reconciler.core.calendar.model import Policy
from reconciler.core.calendar.windows import Span
from reconciler.core.calendar.zones import DAY

SOON = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A warning; `environment` and `date` are None where it concerns no single one."""

    code: str
    text: str
    environment: str | None = None
    date: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What is looked at: a calendar from a moment on, and the days up to a last one.

    `policies` are those of environments by name, or the one of nobody in particular by None.
    """

    calendar: Calendar
    now: dt.datetime
    last: dt.date
    policies: Mapping[str | None, Policy]

    @property
    def first(self) -> dt.date:
        """The day of the moment."""
        return self.calendar.day(self.now)


def warnings(examined: Examined) -> tuple[Warned, ...]:
    """Return every warning, those about dates in their order."""
    checks = (_cadence, _open_slots, _holidays, _exceptions, _daylight_saving)
    return tuple(warned for check in checks for warned in check(examined))


def _about(environment: str | None) -> str:
    return environment or "the calendar"


def _cadence(examined: Examined) -> Iterator[Warned]:
    calendar = examined.calendar
    if calendar.rhythm is not None:
        if not calendar.release_days(examined.first, examined.last):
            text = f"the cadence has no release day from {examined.first} to {examined.last}"
            yield Warned(code="no-release-day", text=text)
        return
    for name, policy in examined.policies.items():
        if policy.on_release_day:
            text = f"{_about(name)} waits for release days, and there is no cadence"
            yield Warned(code="no-cadence", text=text, environment=name)


def _open_slots(examined: Examined) -> Iterator[Warned]:
    for name, policy in examined.policies.items():
        following = examined.calendar.next_open(examined.now, policy)
        if following is not None and following.astimezone(dt.UTC) - examined.now <= SOON:
            continue
        when = "none is in sight" if following is None else f"the next is on {following.date()}"
        text = f"{_about(name)} has no open slot in the next {SOON.days} days; {when}"
        yield Warned(code="no-open-slot", text=text, environment=name)


def _holidays(examined: Examined) -> Iterator[Warned]:
    region = examined.calendar.region
    if region is None:
        return
    until = publicdays.last_year(region)
    if until is None:
        text = f"no holidays are known of {region}, so that no day counts as one"
        yield Warned(code="holidays-unknown", text=text)
    elif until < examined.last.year:
        text = (
            f"holidays of {region} are known up to {until} only; later ones count as working days "
            "until a newer version of the holidays package is installed, or a freeze names them"
        )
        yield Warned(code="holidays-end", text=text, date=dt.date(until, 12, 31))


def _exceptions(examined: Examined) -> Iterator[Warned]:
    rhythm = examined.calendar.rhythm
    if rhythm is None:
        return
    for exception in sorted(rhythm.exceptions, key=lambda each: each.date):
        day = exception.date
        if examined.first <= day <= examined.last and not rhythm.follows(day):
            text = f"the exception of {day} has no effect: the cadence has no release day then"
            yield Warned(code="exception-unused", text=text, date=day)


# --- daylight saving ----------------------------------------------------------------------------


def _daylight_saving(examined: Examined) -> Iterator[Warned]:
    calendar = examined.calendar
    for change in zones.changes(examined.first, examined.last + DAY, calendar.zone):
        skipped = ((change.instant + o).replace(tzinfo=None) for o in (change.before, change.after))
        begin, end = skipped
        if begin >= end:
            continue
        day = begin.date()
        for name, policy in examined.policies.items():
            slots = calendar.spans(day, policy) if policy.windows else []
            for text in _losses(slots, (begin, end)):
                told = f"{_about(name)}: {text} on {day}, when clocks go forward"
                yield Warned(code="daylight-saving", text=told, environment=name, date=day)


def _losses(slots: list[Span], skipped: Span) -> Iterator[str]:
    """Say what becomes of slots from which clocks skip a span."""
    for begin, end in slots:
        lost = sum((b - a for a, b in windows.common([(begin, end)], [skipped])), dt.timedelta())
        slot = f"the slot from {begin:%H:%M} to {_end(end, begin)}"
        if lost == end - begin:
            yield f"{slot} does not exist"
        elif lost:
            yield f"{slot} is {lost // dt.timedelta(minutes=1)} minutes shorter"


def _end(end: dt.datetime, begin: dt.datetime) -> str:
    return "24:00" if end.date() > begin.date() else f"{end:%H:%M}"
