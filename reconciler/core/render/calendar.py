"""The release calendar as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from reconciler.core.calendar.lint import Warned
from reconciler.core.calendar.model import Freeze, Slot, State, Turn
from reconciler.core.calendar.overview import Overview, PlannedDay
from reconciler.core.canonical import Json
from reconciler.core.render import wording
from reconciler.core.render.foreign import shown
from reconciler.core.render.json import FORMAT_VERSION, Answer
from reconciler.core.render.style import BOLD, DIM, GREEN, PLAIN, YELLOW, Style, columns, pad

WHAT_TO_ADD = """\
  calendar:
    timezone: Europe/Berlin
    cadence: {start: 2026-01-06, rule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"}
    onHoliday: skip
    holidays: {country: DE, subdivision: BE}
    freezes: [{from: 2026-12-20, to: 2027-01-03, reason: Year end}]"""
NO_CALENDAR = f"""\
There is no calendar: no day is a release day, and no day is frozen.

To have one, add it to `spec` in environments/pipeline.yaml:

{WHAT_TO_ADD}

and let an environment wait for release days with `promotion: {{onReleaseDay: true}}`."""
NO_CADENCE = (
    "The calendar has no cadence, so that no day is a release day. Add to it, for example:\n"
    '  cadence: {start: 2026-01-06, rule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"}'
)
NO_DAY = "No release day in these twelve months."
_HEAD = ("DATE", "STATE", "OPEN", "RELEASE MANAGER", "NOTE")
_MOST_SLOTS = 3


# --- text ---------------------------------------------------------------------------------------


def text(overview: Overview, style: Style = PLAIN) -> str:
    """Return release days, whose turn it is, freezes and warnings."""
    blocks = (
        [_title(overview, style)],
        _days(overview, style),
        _block("Release managers", _managers(overview), style),
        _block("Freezes", map(_freeze, overview.freezes), style),
        _block("Warnings", (f"! {shown(w.text)}" for w in overview.warnings), style, YELLOW),
    )
    return "\n\n".join("\n".join(lines) for block in blocks if (lines := list(block)))


def _title(overview: Overview, style: Style) -> str:
    whose = shown(overview.pipeline)
    if overview.environment is not None:
        whose += f", {shown(overview.environment)}"
    span = f"{overview.first} to {overview.last}"
    return style.paint(f"Release calendar of {whose}: {span}, times in {overview.zone}", BOLD)


def _days(overview: Overview, style: Style) -> Iterator[str]:
    if not overview.days:
        yield NO_DAY if overview.has_cadence else NO_CADENCE
        return
    rows = [_HEAD, *map(_row, overview.days)]
    widths = [max(columns(row[number]) for row in rows) for number in range(len(_HEAD))]
    head, *lines = ("  ".join(map(pad, row, widths)).rstrip() for row in rows)
    yield style.paint(head, DIM)
    for line, planned in zip(lines, overview.days, strict=True):
        yield style.paint(line, GREEN if planned.possible else DIM)


def _row(planned: PlannedDay) -> tuple[str, ...]:
    return (
        _day(planned.day.date),
        planned.day.state.value,
        _slots(planned) if planned.day.takes_place else "-",
        shown(planned.manager or "-"),
        shown(_note(planned)),
    )


def _day(day: date) -> str:
    return f"{day:%a} {day}"


def _slots(planned: PlannedDay) -> str:
    shown_slots = [_slot(slot, planned.day.date) for slot in planned.slots[:_MOST_SLOTS]]
    more = len(planned.slots) - _MOST_SLOTS
    return ", ".join([*shown_slots, *([wording.and_more(more)] if more > 0 else [])]) or "closed"


def _slot(slot: Slot, day: date) -> str:
    """Return `09:00-16:00`; what is not on the day itself with its date."""
    begins = slot.begin.date()
    ends = _clock(slot.end, begins)
    if ends == f"{begins + timedelta(days=1)} 00:00":
        ends = "24:00"
    # Where clocks go back, an hour is shown twice.
    again = " again" if slot.begin.fold else ""
    text = f"{_clock(slot.begin, day)}-{ends}{again}"
    return "all day" if text == "00:00-24:00" else text


def _clock(moment: datetime, day: date) -> str:
    return f"{moment:%H:%M}" if moment.date() == day else f"{moment:%Y-%m-%d %H:%M}"


def _note(planned: PlannedDay) -> str:
    day = planned.day
    if day.state is State.SKIPPED:
        return str(day.reason)
    notes = [] if day.moved_from is None else [f"moved from {_day(day.moved_from)}: {day.reason}"]
    return "; ".join([*notes, *filter(None, [planned.closed])])


def _managers(overview: Overview) -> Iterator[str]:
    if not overview.turns:
        yield "none: name members of roles.release-manager in environments/pipeline.yaml"
    for turn in overview.turns:
        yield f"{turn.first} to {turn.last}  {shown(turn.member or _anybody(overview.managers))}"


def _anybody(members: Sequence[str]) -> str:
    return f"nobody in particular; any of {', '.join(members)}"


def _freeze(freeze: Freeze) -> str:
    reason = f": {shown(freeze.reason)}" if freeze.reason else ""
    also = ", hotfixes too" if freeze.blocks_hotfixes else ""
    return f"{freeze.first} to {freeze.last}{also}{reason}"


def _block(title: str, lines: Iterable[str], style: Style, *codes: str) -> Iterator[str]:
    found = [f"  {style.paint(line, *codes)}" for line in lines]
    if found:
        yield from (style.paint(title, BOLD), *found)


# --- JSON ---------------------------------------------------------------------------------------


def calendars(overview: Overview | None) -> Answer:
    """Return the answer of `calendar`: one calendar, none where the pipeline has none."""
    rows = [] if overview is None else [_calendar(overview)]
    return {"formatVersion": FORMAT_VERSION, "calendars": rows}


def _calendar(overview: Overview) -> Json:
    return {
        "environment": overview.environment,
        "timezone": str(overview.zone),
        "from": str(overview.first),
        "to": str(overview.last),
        "releaseDays": [_release_day(planned) for planned in overview.days],
        "releaseManagers": [_turn(turn) for turn in overview.turns],
        "freezes": [_frozen(freeze) for freeze in overview.freezes],
        "warnings": [_warning(warned) for warned in overview.warnings],
    }


def _release_day(planned: PlannedDay) -> Json:
    day = planned.day
    return {
        "date": str(day.date),
        "state": day.state.value,
        "movedFrom": _or_none(day.moved_from),
        "reason": day.reason,
        "releaseManager": planned.manager,
        "possible": planned.possible,
        "closed": planned.closed,
        "slots": [
            {"from": slot.begin.isoformat(), "to": slot.end.isoformat()} for slot in planned.slots
        ],
    }


def _turn(turn: Turn) -> Json:
    return {"from": str(turn.first), "to": str(turn.last), "member": turn.member}


def _frozen(freeze: Freeze) -> Json:
    return {
        "from": str(freeze.first),
        "to": str(freeze.last),
        "reason": freeze.reason,
        "hotfixes": "blocked" if freeze.blocks_hotfixes else "allowed",
    }


def _warning(warned: Warned) -> Json:
    return {
        "code": warned.code,
        "text": warned.text,
        "environment": warned.environment,
        "date": _or_none(warned.date),
    }


def _or_none(day: date | None) -> str | None:
    return None if day is None else str(day)
