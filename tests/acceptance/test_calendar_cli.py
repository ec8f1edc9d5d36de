"""`reconciler calendar` in a real repository, and what `validate` says of a wrong calendar."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime

import icalendar
import pytest

from tests.acceptance.manifests import PIPELINE, manifest
from tests.acceptance.program import TIMEOUT, Run, Shop, fits, variables

# The same command at another time: the only thing that is replaced is the system's clock.
AT = """
import sys
from reconciler.adapters.clock import SystemClock
from reconciler.cli.main import main
moment = sys.argv.pop(1)
SystemClock.now = lambda self: moment
sys.exit(main(sys.argv[1:]))
"""
CALENDAR = (
    "  calendar:\n"
    "    timezone: Europe/Berlin\n"
    '    cadence: {start: 2026-01-06, rule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"}\n'
    "    onHoliday: next-working-day\n"
    "    holidays: {country: DE, subdivision: BE}\n"
    "    exceptions: [{date: 2026-11-24, moveTo: 2026-11-25, reason: Trade fair}]\n"
    "    freezes: [{from: 2026-12-20, to: 2027-01-03, reason: Year end}]\n"
    "  roles:\n"
    "    release-manager:\n"
    "      members: [ana@example.com, ben@example.com]\n"
    "      rotation: {every: month, start: 2026-01-01}\n"
)
STAGING = manifest(
    "Environment",
    "staging",
    "mode: release-only\n"
    "promotesFrom: development\n"
    "values: {api: https://api.staging.example.com}\n"
    "promotion:\n"
    "  onReleaseDay: true\n"
    "  windows: [{days: [mon, tue, wed, thu], from: '09:00', to: '16:00'}]",
)


@pytest.fixture
def planned(committed: Shop) -> Shop:
    """Return a shop with a calendar and an environment that waits for it."""
    committed.repository.commit(
        {
            "environments/pipeline.yaml": PIPELINE + CALENDAR,
            "environments/staging/environment.yaml": STAGING,
        }
    )
    return committed


def run_at(shop: Shop, moment: str, *arguments: str, code: int = 0) -> Run:
    """Run the program at a time."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", AT, moment, *arguments],
        cwd=shop.root,
        env=variables(),
        capture_output=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert done.returncode == code, done.stderr
    return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def test_a_pipeline_without_a_calendar_is_told_what_to_add(committed: Shop) -> None:
    """It is no error to have no calendar: what to add stands there, and can be used as it is."""
    answer = committed.run("calendar")

    assert answer.out.startswith("There is no calendar: ")
    added = [line for line in answer.out.splitlines() if line.startswith("  ")]
    pipeline = PIPELINE + "".join(f"{line}\n" for line in added)
    committed.repository.commit({"environments/pipeline.yaml": pipeline})
    assert "Release calendar of shop: " in committed.run("calendar").out


def test_other_formats_without_a_calendar(committed: Shop) -> None:
    """As JSON there is an empty list, as iCalendar nothing but a word on stderr."""
    assert committed.run("calendar", "--format", "json").json == {
        "formatVersion": "1.0",
        "calendars": [],
    }
    answer = committed.run("calendar", "--ics")
    assert answer.out == ""
    assert "There is no calendar" in answer.err


def test_twelve_months_from_now(planned: Shop) -> None:
    """The text begins today and shows moved and closed days, managers and freezes."""
    answer = run_at(planned, "2026-11-22T00:46:00+00:00", "calendar", "--environment", "staging")

    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert lines[0].startswith("Release calendar of shop, staging: 2026-11-22 to 2027-11-21")
    assert (
        "Wed 2026-11-25 moved 09:00-16:00 ana@example.com moved from Tue 2026-11-24: Trade fair"
        in lines
    )
    assert (
        "Tue 2026-12-22 regular closed ben@example.com frozen until 2027-01-03: Year end" in lines
    )
    assert "2026-12-20 to 2027-01-03: Year end" in lines
    assert answer.err == ""


def test_every_other_tuesday_is_the_same_on_any_day(planned: Shop) -> None:
    """Asked a day, a week or a month later, the days ahead are the same."""
    found = []
    for moment in (
        "2027-01-06T00:00:00+00:00",
        "2027-01-12T12:00:00+00:00",
        "2027-02-01T23:00:00+00:00",
    ):
        answer = run_at(planned, moment, "calendar", "--format", "json").json
        days = [day["date"] for day in answer["calendars"][0]["releaseDays"]]
        found.append([day for day in days if "2027-02-02" <= day <= "2027-12-31"])

    assert found[0][0] == "2027-02-02"
    assert found[0] == found[1][: len(found[0])] == found[2][: len(found[0])]


def test_json_is_the_contract(planned: Shop) -> None:
    """The answer fits its schema, at the time that it is now."""
    answer = planned.run("calendar", "-e", "staging", "--format", "json").json

    fits(answer, "calendar")
    slot = answer["calendars"][0]["releaseDays"][-1]["slots"][0]
    begin = datetime.fromisoformat(slot["from"])
    assert (begin.hour, begin.minute) == (9, 0)


def test_ics_is_read_by_a_calendar_program(planned: Shop) -> None:
    """The file on stdout is whole and valid, with one event for each day that has a slot."""
    moment = "2026-11-22T00:46:00+00:00"
    answer = run_at(planned, moment, "calendar", "-e", "staging", "--ics")

    read = icalendar.Calendar.from_ical(answer.out)
    assert read.to_ical().decode() == answer.out
    assert [str(event.start) for event in read.events[:3]] == [
        "2026-11-25 09:00:00+01:00",
        "2026-12-08 09:00:00+01:00",
        "2027-01-05 09:00:00+01:00",
    ]
    shown = run_at(planned, moment, "calendar", "-e", "staging", "--format", "json").json
    possible = [day for day in shown["calendars"][0]["releaseDays"] if day["possible"]]
    assert len(read.events) == len(possible)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--environment", "stagin"), 'did you mean "staging"?'),
        (("--ics", "--format", "json"), "--ics is a format of its own"),
        (("--format", "yaml"), "Invalid value for '--format'"),
    ],
)
def test_wrong_usage(planned: Shop, arguments: tuple[str, ...], text: str) -> None:
    """What is not understood is wrong usage, and says what would be."""
    assert text in planned.run("calendar", *arguments, code=64).all


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("FREQ=WEEKLY;", "FREQ=SECONDLY;", '8:34: FREQ is "SECONDLY"; wanted one of'),
        ("Europe/Berlin", "Europe/Berln", '7:5: "Europe/Berln" is not a time zone (did you'),
        ("country: DE", "country: ZZ", '10:16: no holidays are known of "ZZ"'),
        ("subdivision: BE", "subdivision: XX", '10:29: DE has no subdivision "XX"'),
    ],
)
def test_wrong_calendars_are_findings(planned: Shop, old: str, new: str, wanted: str) -> None:
    """A wrong rule, zone or country is found with file and line, by each command that reads it."""
    wrong = (PIPELINE + CALENDAR).replace(old, new)
    planned.repository.commit({"environments/pipeline.yaml": wrong})

    for command in ("validate", "calendar"):
        answer = planned.run(command, code=1)
        assert f"environments/pipeline.yaml:{wanted}" in answer.all
