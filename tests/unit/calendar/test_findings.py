"""What is wrong in a calendar or policy is found, with the place of each problem."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from reconciler.core.calendar.findings import calendar_findings, policy_findings
from tests import project
from tests.unit.calendar.making import EVERY_OTHER_TUESDAY, GERMANY, OFFICE_HOURS, spec, window
from tests.unit.manifest_files import found_in

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"timezone": "Europe/Berln"}, "timezone", '"Europe/Berln" is not a time zone (did you mean'),
    ({"lasts": "0h"}, "lasts", "a release day that lasts no time is never open; write 1d"),
    ({"lasts": "8d"}, "lasts", "a release day lasts at most 7 days; write 1d"),
    (
        {"cadence": {**EVERY_OTHER_TUESDAY, "start": "2026-02-30"}},
        "cadence/start",
        '"2026-02-30" is',
    ),
    (
        {"cadence": {**EVERY_OTHER_TUESDAY, "start": "0001-01-01"}},
        "cadence/start",
        "a cadence starts",
    ),
    (
        {"cadence": {**EVERY_OTHER_TUESDAY, "start": "2200-01-01"}},
        "cadence/start",
        "a cadence starts",
    ),
    ({"cadence": {**EVERY_OTHER_TUESDAY, "rule": "FREQ=SECONDLY"}}, "cadence/rule", "FREQ is"),
    ({"holidays": {"country": "DF"}}, "holidays/country", 'no holidays are known of "DF"; wanted'),
    (
        {"holidays": {"country": "DE", "subdivision": "BX"}},
        "holidays/subdivision",
        'DE has no subdivision "BX"',
    ),
    (
        {"holidays": {"country": "US", "subdivision": "ZZ"}},
        "holidays/subdivision",
        'US has no subdivision "ZZ"; wanted one of its ',
    ),
    (
        {"holidays": {"country": "AD", "subdivision": "1"}},
        "holidays/subdivision",
        'AD has no subdivision "1"; wanted one of its 7: 02, 03,',
    ),
    (
        {"holidays": {"country": "DK", "subdivision": "1"}},
        "holidays/subdivision",
        'DK has no subdivision "1"; it has none',
    ),
    ({"exceptions": [{"date": "2026-02-30"}]}, "exceptions/0/date", '"2026-02-30" is not a day'),
    (
        {"exceptions": [{"date": "2026-11-24", "moveTo": "2026-11-31"}]},
        "exceptions/0/moveTo",
        '"2026-11-31" is not a day of the calendar',
    ),
    (
        {"exceptions": [{"date": "2026-11-24"}, {"date": "2026-11-24"}]},
        "exceptions/1/date",
        'the exception of "2026-11-24" stands twice',
    ),
    (
        {"exceptions": [{"date": "2026-11-24", "moveTo": "2026-11-24"}]},
        "exceptions/0/moveTo",
        "this moves the day to itself",
    ),
    (
        {"freezes": [{"from": "2026-12-01", "to": "2026-11-30"}]},
        "freezes/0/to",
        "a freeze ends after it begins",
    ),
    (
        {"freezes": [{"from": "2026-02-30", "to": "2026-03-01"}]},
        "freezes/0/from",
        '"2026-02-30" is',
    ),
    (
        {"freezes": [{"from": "2026-01-01", "to": "2026-01-02"}] * 367},
        "freezes",
        "367 freezes are more than the 366 that are allowed",
    ),
]


@pytest.mark.parametrize(("calendar", "pointer", "text"), WRONG)
def test_each_problem_is_found(calendar: dict[str, Any], pointer: str, text: str) -> None:
    """A wrong calendar has one finding, where it is wrong, that says what to write."""
    [found] = calendar_findings(spec(**calendar))

    assert found.pointer == f"/spec/calendar/{pointer}"
    assert found.text.startswith(text)


def test_several_problems_are_found_at_once() -> None:
    """Nothing hides anything else."""
    found = calendar_findings(spec(timezone="X", lasts="0d", holidays={"country": "ZZ"}))

    assert [each.pointer.rpartition("/")[2] for each in found] == ["timezone", "lasts", "country"]


@pytest.mark.parametrize(
    "pipeline",
    [
        {},
        {"calendar": {}},
        spec(),
        spec(holidays={"country": "DK"}),
        spec(holidays={"country": "DE", "subdivision": "Augsburg"}),
        spec(
            holidays=GERMANY,
            lasts="7d",
            exceptions=[{"date": "2026-11-24", "moveTo": "2026-11-25"}, {"date": "2026-12-08"}],
            freezes=[{"from": "2026-12-20", "to": "2026-12-20"}],
        ),
    ],
)
def test_good_calendars_have_none(pipeline: dict[str, Any]) -> None:
    """What the design allows has no finding; a calendar may be left out in whole or in part."""
    assert calendar_findings(pipeline) == []


def test_windows_have_a_length() -> None:
    """A window may pass midnight, and may not end where it begins; nor may there be too many."""
    assert (
        policy_findings({"promotion": {"windows": [OFFICE_HOURS, window("22:00", "02:00")]}}) == []
    )
    [found] = policy_findings({"promotion": {"deny": [window("10:00", "10:00")]}})
    assert (found.pointer, found.text) == (
        "/spec/promotion/deny/0/to",
        "a window ends after it begins",
    )
    [found] = policy_findings({"promotion": {"windows": [OFFICE_HOURS] * 51}})
    assert (found.pointer, found.text) == (
        "/spec/promotion/windows",
        "51 windows are more than the 50 that are allowed",
    )
    assert policy_findings({}) == []


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "cadence: {start: 2026-01-06, rule: FREQ=HOURLY}",
            '6:43: FREQ is "HOURLY"; wanted one of',
        ),
        ("holidays: {country: ZZ}", '6:25: no holidays are known of "ZZ"'),
    ],
)
def test_validate_shows_the_place(line: str, wanted: str) -> None:
    """The reader of manifests gives each problem its line and column."""
    [found] = found_in("Pipeline", f"environments: [a]\ncalendar: {{{line}}}")

    assert found.startswith(wanted)


def test_a_calendar_costs_nothing_where_it_is_not_asked() -> None:
    """A calendar without holidays is checked, and built, without the libraries behind it."""
    script = (
        "import sys\n"
        "from reconciler.core.calendar import findings, reading\n"
        "from reconciler.core.render import calendar\n"
        f"pipeline = {spec(timezone='UTC')!r}\n"
        "assert findings.calendar_findings(pipeline) == []\n"
        "reading.calendar_of(pipeline)\n"
        "print({'dateutil', 'holidays', 'icalendar'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project.ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout == "set()\n"
