"""What `gates --at` says of moments, and that a job does at that moment what was said."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance import cycle
from tests.acceptance.cycle import NEXT_TUESDAY
from tests.acceptance.travelling import ZONE, Clone, Team, moment_of

RELEASE = "production/0.4.0"


@pytest.fixture(scope="session")
def tagged_once(week_one_once: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Return a team that tagged the next release to production days before its Tuesday."""
    team = week_one_once.copy(tmp_path_factory.mktemp("tagged") / "team")
    team.at("2026-03-26 11:00").release("production", "0.4.0")
    return team


@pytest.fixture(scope="session")
def clone(tagged_once: Team) -> Clone:
    """Return a clone to ask in; asking changes nothing."""
    return tagged_once.clone()


@pytest.fixture
def tagged(tagged_once: Team, tmp_path: Path) -> Team:
    """Return a team of one's own with a tagged release to production."""
    return tagged_once.copy(tmp_path / "team")


def closed(answer: dict[str, object]) -> set[str]:
    """Return the names of the gates that are neither passed nor skipped."""
    gates = answer["gates"]
    assert isinstance(gates, list)
    found = {gate["name"] for gate in gates if gate["state"] not in ("passed", "skipped")}
    assert answer["open"] is (not found)
    return found


@pytest.mark.parametrize(
    ("at", "shut", "earliest"),
    [
        # Before daylight saving begins on Sunday 2026-03-29, and what is 09:00 after it.
        ("2026-03-28T12:00:00+01:00", {"release-day", "release-window"}, "2026-03-31T09:00+02:00"),
        # A window includes its first minute and excludes its last.
        ("2026-03-31T06:59:59+00:00", {"release-window"}, "2026-03-31T09:00+02:00"),
        ("2026-03-31T09:00:00+02:00", set(), "2026-03-31T09:00+02:00"),
        ("2026-03-31T14:59:59+01:00", set(), "2026-03-31T15:59:59+02:00"),
        ("2026-03-31T16:00:00+02:00", {"release-window"}, "2026-04-14T09:00+02:00"),
        # A release day is a day in the time zone of the calendar, wherever somebody asks from.
        ("2026-03-31T00:30:00+02:00", {"release-window"}, "2026-03-31T09:00+02:00"),
        ("2026-03-30T21:59:59+00:00", {"release-day", "release-window"}, "2026-03-31T09:00+02:00"),
        # After daylight saving ends on Sunday 2026-10-25.
        ("2026-10-24T12:00:00+02:00", {"release-day", "release-window"}, "2026-10-27T09:00+01:00"),
    ],
)
def test_moments_around_windows_and_daylight_saving(
    tagged_once: Team, clone: Clone, at: str, shut: set[str], earliest: str
) -> None:
    """Windows are read by the clock on the wall, which daylight saving moves."""
    answer = tagged_once.gates(RELEASE, "--at", at, clone=clone)

    assert closed(answer) == shut
    assert datetime.fromisoformat(answer["earliest"]) == datetime.fromisoformat(earliest)


def test_what_is_said_of_a_moment_happens_then(tagged: Team) -> None:
    """The job promotes at the earliest moment that was named days before, and not a minute sooner.

    The times of an answer are those of the calendar's zone.
    """
    said = tagged.at("2026-03-26 12:00").gates(RELEASE)
    earliest = datetime.fromisoformat(said["earliest"])

    assert said["earliest"] == "2026-03-31T09:00:00+02:00"
    before = (earliest - timedelta(minutes=1)).isoformat()
    assert tagged.reconciled(before)["production"] == "0.3.0"
    assert tagged.reconciled(earliest.isoformat())["production"] == "0.4.0"


def test_a_freeze_includes_both_its_days(tagged: Team) -> None:
    """A freeze that ends on a release day closes all of it, and is read where it is merged now."""
    freeze = f"  freezes: [{{from: 2026-03-30, to: {NEXT_TUESDAY}, reason: Trade fair}}]"
    tagged.at("2026-03-27 10:00").change(cycle.pipeline(more=freeze))

    clone = tagged.clone()
    first, last, after = (
        tagged.gates(RELEASE, "--at", f"{moment_of(at).isoformat()}", clone=clone)
        for at in ("2026-03-29 23:59", f"{NEXT_TUESDAY} 10:00", "2026-04-14 09:00")
    )

    assert "not-frozen" not in closed(first)
    assert closed(last) == {"not-frozen"}
    assert last["earliest"] == after["earliest"] == "2026-04-14T09:00:00+02:00"
    assert closed(after) == set()


def test_a_soak_lasts_as_long_as_it_says(tagged: Team) -> None:
    """A soak that ends within the window of a release day moves its opening to the next minute.

    0.4.0 is in staging since 09:00 in winter; fourteen days later that is 10:00 in summer.
    """
    tagged.at("2026-03-27 10:00").change(cycle.production(soak="14d"))

    answer = tagged.gates(RELEASE)

    (soak,) = (gate for gate in answer["gates"] if gate["name"] == "soaked")
    assert answer["earliest"] == soak["until"] == f"{NEXT_TUESDAY}T10:01:00+02:00"
    assert moment_of(soak["until"]).astimezone(ZONE).hour == 10
    assert tagged.reconciled(f"{NEXT_TUESDAY} 09:59")["production"] == "0.3.0"
    assert tagged.reconciled(f"{NEXT_TUESDAY} 10:01")["production"] == "0.4.0"
