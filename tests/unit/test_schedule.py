"""Runs a day, counted from cron and time zone."""

from __future__ import annotations

from fractions import Fraction

import pytest

from reconciler.core.schedule import figure, rises, runs_a_day


@pytest.mark.parametrize(
    ("cron", "runs"),
    [
        ("* * * * *", 1440),
        ("*/15 * * * *", 96),
        ("0 * * * *", 24),
        ("0 9-17 * * *", 9),
        ("0 6,18 * * *", 2),
        ("5 4 * * *", 1),
        ("0 9 * * 1-5", Fraction(5, 7)),
        ("0 9 * * mon", Fraction(1, 7)),
        ("0 9 * * 0,7", Fraction(1, 7)),
        ("0 0 1 * *", Fraction(48, 1461)),
        ("0 0 L * *", Fraction(48, 1461)),
        ("0 0 29 2 *", Fraction(1, 1461)),
        ("0 0 1 1 *", Fraction(4, 1461)),
        ("0 0 * * mon#1", Fraction(48, 1461)),
        ("0 0 1 * 1", Fraction(48, 1461) + Fraction(1, 7) - Fraction(48, 1461) / 7),
        ("30 0 0 * * *", 1),
        ("*/10 * * * * *", 8640),
    ],
)
def test_runs_are_counted_exactly(cron: str, runs: Fraction) -> None:
    """The average is that of a long calendar, in which no weekday is rarer than another."""
    assert runs_a_day(cron) == runs


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "America/Santiago"])
@pytest.mark.parametrize(
    ("cron", "runs"),
    [("0 9 * * *", 1), ("0 * * * *", 24), ("*/15 * * * *", 96), ("30 2 * * *", 1)],
)
def test_daylight_saving_takes_as_much_as_it_gives(zone: str, cron: str, runs: int) -> None:
    """An hour that is missing in spring is there twice in autumn."""
    assert runs_a_day(cron, zone) == runs


def test_days_of_change_are_really_counted() -> None:
    """In New York the hour of two is missing once a year and never there twice."""
    assert runs_a_day("*/30 2 * * *", "America/New_York") == 2 - Fraction(2, 365)
    assert runs_a_day("*/30 1 * * *", "America/New_York") == 2 + Fraction(2, 365)


@pytest.mark.parametrize(
    "zone", ["Nowhere/Land", "America", "", "../../etc/passwd", "\0", "${{ settings.zone }}"]
)
def test_an_unknown_zone_counts_as_utc(zone: str) -> None:
    """A zone that is given by a user's setting, or not known here, is no reason to say nothing."""
    assert runs_a_day("0 * * * *", zone) == 24


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* * * *",
        "61 * * * *",
        "x",
        "${{ settings.cron }}",
        "0 0 31 2 *",
        "9" * 5000 + " * * * *",
    ],
)
def test_what_is_no_schedule_has_no_figure(cron: str) -> None:
    """An expression that is wrong, or never runs, is answered with None and never raises."""
    assert runs_a_day(cron) is None


@pytest.mark.parametrize(
    ("before", "after", "is_rise"),
    [
        (("0 * * * *", "UTC"), ("*/30 * * * *", "UTC"), True),
        (("0 9 * * 1", "UTC"), ("0 9 * * 2", "UTC"), False),
        (("0 9 * * 1", "UTC"), ("0 9 * * 1,2", "UTC"), True),
        (("*/30 2 * * *", "America/New_York"), ("*/30 2 * * *", "UTC"), False),
        (("0 9 * * *", "UTC"), ("0 9 * * *", "Asia/Tokyo"), False),
        (("*/30 * * * *", "UTC"), ("0 * * * *", "UTC"), False),
        (("0 * * * *", "UTC"), ("1 * * * *", "UTC"), False),
    ],
)
def test_a_rise_is_more_than_daylight_saving(
    before: tuple[str, str], after: tuple[str, str], is_rise: bool
) -> None:
    """Another weekday, minute or zone is no rise; one run more a week is."""
    earlier, later = runs_a_day(*before), runs_a_day(*after)

    assert earlier is not None
    assert later is not None
    assert rises(earlier, later) is is_rise


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        (Fraction(24), "24"),
        (Fraction(1440), "1,440"),
        (Fraction(1, 7), "0.143"),
        (Fraction(5, 7), "0.714"),
        (Fraction(3, 2), "1.5"),
        (Fraction(8640001, 2), "4,320,000"),
    ],
)
def test_figures_are_for_people(runs: Fraction, text: str) -> None:
    """Three digits are enough, thousands are marked."""
    assert figure(runs) == text
