"""What is wrong with the calendar of a pipeline, where its schema cannot say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from reconciler.core import policy
from reconciler.core.calendar import publicdays, rules, zones
from reconciler.core.calendar.model import Region
from reconciler.core.calendar.zones import DAY
from reconciler.core.canonical import Json
from reconciler.core.names import quoted
from reconciler.core.references import Problem

_HERE = "/spec/calendar"

Spec = Mapping[str, Json]


# Each is looked at for each day; no calendar that people keep needs as many.
MOST_DAYS = 366
MOST_WINDOWS = 50
LONGEST = timedelta(days=7)


def calendar_findings(pipeline_spec: Spec) -> list[Problem]:
    """Return each problem of `spec.calendar`, which fits its schema, with its JSON Pointer."""
    spec = pipeline_spec.get("calendar", {})
    checks = (_zone, _lasts, _cadence, _holidays, _exceptions, _freezes)
    return [Problem(_HERE + pointer, text) for check in checks for pointer, text in check(spec)]


def policy_findings(environment_spec: Spec) -> list[Problem]:
    """Return each problem of the windows of `spec.promotion` in an `environment.yaml`."""
    promotion = environment_spec.get("promotion", {})
    checked = (_windows(key, promotion.get(key, ())) for key in ("windows", "deny"))
    return [
        Problem(f"/spec/promotion/{pointer}", text) for many in checked for pointer, text in many
    ]


def _windows(key: str, windows: Sequence[Spec]) -> Iterator[tuple[str, str]]:
    if len(windows) > MOST_WINDOWS:
        yield key, f"{len(windows):,} windows are more than the {MOST_WINDOWS} that are allowed"
        return
    for index, window in enumerate(windows):
        # One that ends earlier than it begins passes midnight.
        if window["from"] == window["to"]:
            yield f"{key}/{index}/to", "a window ends after it begins"


def _zone(spec: Spec) -> Iterator[tuple[str, str]]:
    zone = spec.get("timezone")
    if zone is not None and (wrong := zones.problem(zone)) is not None:
        yield "/timezone", wrong


def _lasts(spec: Spec) -> Iterator[tuple[str, str]]:
    lasts = policy.duration(spec.get("lasts", "1d"))
    if not lasts:
        yield "/lasts", "a release day that lasts no time is never open; write 1d"
    elif lasts > LONGEST:
        yield "/lasts", f"a release day lasts at most {LONGEST // DAY} days; write 1d"


def _cadence(spec: Spec) -> Iterator[tuple[str, str]]:
    cadence = spec.get("cadence")
    if cadence is None:
        return
    start = _day(cadence["start"])
    if start is None:
        yield "/cadence/start", _no_day(cadence["start"])
    elif not rules.FIRST_YEAR <= start.year <= rules.LAST_YEAR:
        years = f"from {rules.FIRST_YEAR} to {rules.LAST_YEAR}"
        yield "/cadence/start", f"a cadence starts in one of the years {years}, not in {start.year}"
    if (wrong := rules.problem(cadence["rule"])) is not None:
        yield "/cadence/rule", wrong


def _holidays(spec: Spec) -> Iterator[tuple[str, str]]:
    found = spec.get("holidays")
    if found is None:
        return
    region = Region(country=found["country"], subdivision=found.get("subdivision"))
    if (wrong := publicdays.country_problem(region.country)) is not None:
        yield "/holidays/country", wrong
    elif (wrong := publicdays.subdivision_problem(region)) is not None:
        yield "/holidays/subdivision", wrong


def _exceptions(spec: Spec) -> Iterator[tuple[str, str]]:
    seen = set()
    yield from _too_many(spec, "exceptions")
    for index, exception in enumerate(spec.get("exceptions", ())[:MOST_DAYS]):
        here = f"/exceptions/{index}"
        yield from _no_days(exception, here, "date", "moveTo")
        day = exception["date"]
        if day in seen:
            yield f"{here}/date", f"the exception of {quoted(day)} stands twice; leave one out"
        elif exception.get("moveTo") == day:
            yield (
                f"{here}/moveTo",
                "this moves the day to itself; name another day, or none to skip it",
            )
        seen.add(day)


def _freezes(spec: Spec) -> Iterator[tuple[str, str]]:
    yield from _too_many(spec, "freezes")
    for index, freeze in enumerate(spec.get("freezes", ())[:MOST_DAYS]):
        here = f"/freezes/{index}"
        yield from _no_days(freeze, here, "from", "to")
        if freeze["from"] > freeze["to"]:
            yield f"{here}/to", "a freeze ends after it begins"


def _too_many(spec: Spec, key: str) -> Iterator[tuple[str, str]]:
    count = len(spec.get(key, ()))
    if count > MOST_DAYS:
        yield f"/{key}", f"{count:,} {key} are more than the {MOST_DAYS:,} that are allowed"


def _no_days(item: Spec, here: str, *keys: str) -> Iterator[tuple[str, str]]:
    for key in keys:
        if key in item and _day(item[key]) is None:
            yield f"{here}/{key}", _no_day(item[key])


def _no_day(text: str) -> str:
    return f"{quoted(text)} is not a day of the calendar"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
