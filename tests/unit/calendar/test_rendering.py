"""The calendar as people and programs see it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from jsonschema import Draft202012Validator

from reconciler.core.calendar.overview import Overview, Subject, overview
from reconciler.core.calendar.reading import calendar_of
from reconciler.core.render import calendar as rendering
from reconciler.core.render.style import Style
from tests import project
from tests.unit.calendar.making import OFFICE_HOURS, at, policy, spec, window
from tests.unit.manifest_files import manifest, parsed

ROLE = {"members": ["ana@example.com", "ben@example.com"], "rotation": {"start": "2026-01-01"}}
FREEZE = {"from": "2026-12-20", "to": "2027-01-03", "reason": "Year end"}
FAIR = {"date": "2026-11-24", "moveTo": "2026-11-25", "reason": "Trade fair"}
PARTY = {"date": "2027-01-05", "reason": "Party"}
FULL = {
    **spec(exceptions=[FAIR, PARTY], freezes=[FREEZE]),
    "roles": {"release-manager": ROLE},
}


def seen(pipeline: dict[str, Any], windows: Any = (OFFICE_HOURS,), **more: Any) -> Overview:
    """Return what is shown of a pipeline for production."""
    policies = {"production": policy(windows=list(windows), **more)}
    subject = Subject(pipeline="shop", environment="production", policies=policies)
    return overview(calendar_of(pipeline), subject, at("2026-11-22T12:00"))


def lines(found: Overview) -> list[str]:
    """Return the text, line by line."""
    return rendering.text(found).split("\n")


def test_release_days_are_a_table() -> None:
    """Each day has its state, slots, release manager and why it is not as the rule says."""
    head, empty, titles, *days = lines(seen(FULL))

    assert head == (
        "Release calendar of shop, production: 2026-11-22 to 2027-11-21, times in Europe/Berlin"
    )
    assert empty == ""
    assert titles.split() == ["DATE", "STATE", "OPEN", "RELEASE", "MANAGER", "NOTE"]
    assert [" ".join(day.split()) for day in days[:4]] == [
        "Wed 2026-11-25 moved 09:00-16:00 ana@example.com moved from Tue 2026-11-24: Trade fair",
        "Tue 2026-12-08 regular 09:00-16:00 ben@example.com",
        "Tue 2026-12-22 regular closed ben@example.com frozen until 2027-01-03: Year end",
        "Tue 2027-01-05 skipped - ana@example.com Party",
    ]


def test_without_an_environment_the_whole_day_is_open() -> None:
    """Where no windows are taken into account, a release day is open all day."""
    found = overview(
        calendar_of(FULL), Subject(pipeline="shop", policies={}), at("2026-11-22T12:00")
    )
    head, _, _, day, *_ = lines(found)

    assert head.startswith("Release calendar of shop: 2026-11-22")
    assert day.startswith("Wed 2026-11-25  moved    all day  ")


def test_turns_freezes_and_warnings_follow() -> None:
    """Below the table stand release managers, freezes and warnings."""
    found = lines(seen(FULL, [window("02:00", "03:00"), OFFICE_HOURS]))

    assert "  2026-11-22 to 2026-11-30  ana@example.com" in found
    assert "  2026-12-20 to 2027-01-03: Year end" in found
    gap = "the slot from 02:00 to 03:00 does not exist on 2027-03-28, when clocks go forward"
    assert found[-2:] == ["Warnings", f"  ! production: {gap}"]


def test_a_freeze_says_whether_hotfixes_wait() -> None:
    """A freeze that blocks hotfixes says so; a reason may be missing."""
    blocking = {"from": "2026-12-20", "to": "2027-01-03", "hotfixes": "blocked"}

    assert "  2026-12-20 to 2027-01-03, hotfixes too" in lines(seen(spec(freezes=[blocking])))


def test_slots_are_short() -> None:
    """A whole day, a night, several slots and a repeated hour are each told in few words."""
    sunday = {"start": "2027-10-31", "rule": "FREQ=YEARLY"}
    hours = [window(f"{hour:02}:00", f"{hour:02}:30") for hour in range(8, 13)]

    def slots(pipeline: dict[str, Any], windows: Any) -> str:
        return rendering.text(seen(pipeline, windows)).split("\n")[3]

    assert "  all day  " in slots(spec(), [])
    assert "  22:00-24:00  " in slots(spec(), [window("22:00", "24:00")])
    assert "  08:00-08:30, 09:00-09:30, 10:00-10:30, … and 2 more  " in slots(spec(), hours)
    assert "  22:00-24:00  " in slots(spec(lasts="2d"), [window("22:00", "24:00", "tue")])
    long = slots(spec(lasts="2d"), [window("22:00", "02:00")])
    assert ", 22:00-2026-11-25 02:00, 2026-11-25 22:00-24:00  " in long
    repeated = slots(spec(cadence=sunday), [window("02:15", "02:45")])
    assert "  02:15-02:45, 02:15-02:45 again  " in repeated


def test_nobody_in_particular() -> None:
    """Without a rotation any member is named; without a role it is said what to write."""
    several = {**spec(), "roles": {"release-manager": {"members": ["ana", "ben"]}}}

    assert "  2026-11-22 to 2027-11-21  nobody in particular; any of ana, ben" in lines(
        seen(several)
    )
    assert "  none: name members of roles.release-manager in environments/pipeline.yaml" in lines(
        seen(spec())
    )


def test_no_release_day() -> None:
    """A cadence without a day, and a calendar without a cadence, are told apart."""
    over = {"start": "2026-01-06", "rule": "FREQ=DAILY;COUNT=3"}

    assert rendering.NO_DAY in rendering.text(seen(spec(cadence=over)))
    assert rendering.NO_CADENCE in rendering.text(seen(spec(cadence=None)))


def test_what_to_add_is_valid() -> None:
    """What is shown to somebody without a calendar can be used as it stands."""
    assert rendering.WHAT_TO_ADD in rendering.NO_CALENDAR
    assert "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU" in rendering.NO_CADENCE
    added = "\n".join(line[2:] for line in rendering.WHAT_TO_ADD.splitlines())
    assert (
        "calendar"
        in parsed(manifest("Pipeline", f"environments: [a]\n{added}"), "Pipeline").content["spec"]
    )


def test_colours_add_nothing_to_the_text() -> None:
    """With colours the same characters stand there."""
    found = seen(FULL, [window("02:00", "03:00"), OFFICE_HOURS])
    painted = rendering.text(found, Style(colour=True))

    assert "\x1b[32m" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == rendering.text(found)


def test_foreign_text_stays_on_its_line() -> None:
    """A reason with control characters neither breaks the table nor reaches the terminal."""
    evil = "a\n\x1b[2J::error::b"
    exceptions = [{"date": "2026-11-24", "reason": evil}]
    found = rendering.text(seen(spec(exceptions=exceptions, freezes=[{**FREEZE, "reason": evil}])))

    assert "\x1b" not in found
    assert found.count("a\\n\\x1b[2J::error::b") == 3


def test_json_fits_its_schema() -> None:
    """Every key is there, null where nothing is; times have the offset of the zone."""
    answer = rendering.calendars(seen(FULL))
    schema = json.loads(project.read("schemas/calendar.v1.json"))

    assert list(Draft202012Validator(schema).iter_errors(answer)) == []
    (calendar,) = answer["calendars"]
    assert calendar["releaseDays"][0] == {
        "date": "2026-11-25",
        "state": "moved",
        "movedFrom": "2026-11-24",
        "reason": "Trade fair",
        "releaseManager": "ana@example.com",
        "possible": True,
        "closed": None,
        "slots": [{"from": "2026-11-25T09:00:00+01:00", "to": "2026-11-25T16:00:00+01:00"}],
    }
    assert calendar["freezes"] == [{**FREEZE, "hotfixes": "allowed"}]
    assert calendar["releaseManagers"][0] == {
        "from": "2026-11-22",
        "to": "2026-11-30",
        "member": "ana@example.com",
    }
    assert calendar["warnings"] == []


def test_json_of_warnings() -> None:
    """A warning has a code, the environment and the date that it is about."""
    answer = rendering.calendars(seen(spec(exceptions=[{"date": "2026-12-01"}])))

    assert answer["calendars"][0]["warnings"] == [
        {
            "code": "exception-unused",
            "text": "the exception of 2026-12-01 has no effect: "
            "the cadence has no release day then",
            "environment": None,
            "date": "2026-12-01",
        }
    ]


def test_json_without_a_calendar() -> None:
    """A pipeline without a calendar has an empty list."""
    assert rendering.calendars(None) == {"formatVersion": "1.0", "calendars": []}


def test_utc_is_a_zone_as_any_other() -> None:
    """A calendar without a zone is in UTC."""
    found = seen(spec(timezone="UTC"))
    answer = rendering.calendars(replace(found, zone=UTC))

    assert answer["calendars"][0]["timezone"] == "UTC"
    begin = answer["calendars"][0]["releaseDays"][0]["slots"][0]["from"]
    assert datetime.fromisoformat(begin) == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
