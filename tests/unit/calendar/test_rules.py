"""Recurrence rules: the same days as a library counts, and no hostile rule counts for long."""

from __future__ import annotations

import time
from datetime import date

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.calendar import rules
from reconciler.core.calendar.zones import midnight

DAYS = st.lists(st.sampled_from(rules.DAYS), min_size=1, max_size=4, unique=True)
MONTHS = st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True)
MONTH_DAYS = st.lists(
    st.integers(1, 28) | st.integers(-28, -1), min_size=1, max_size=3, unique=True
)
NUMBERED = st.builds(
    lambda day, number: f"{number:+}{day}",
    st.sampled_from(rules.DAYS),
    st.sampled_from([1, 2, 3, 4, -1, -2]),
)


def listed(name: str, values: st.SearchStrategy[list[object]]) -> st.SearchStrategy[str]:
    """Return a part such as `BYDAY=MO,TU`."""
    return values.map(lambda items: f"{name}=" + ",".join(map(str, items)))


NOTHING = st.just("")
END = (
    NOTHING
    | st.integers(1, 60).map(lambda n: f"COUNT={n}")
    | st.dates(date(2026, 1, 1), date(2031, 12, 31)).map(lambda d: f"UNTIL={d:%Y%m%d}")
)
WEEK_START = NOTHING | st.sampled_from(rules.DAYS).map(lambda day: f"WKST={day}")
IN_MONTH = listed("BYDAY", st.lists(NUMBERED, min_size=1, max_size=3, unique=True)) | listed(
    "BYMONTHDAY", MONTH_DAYS
)
CHOSEN = st.builds(
    lambda days, place: f"{days};BYSETPOS={place}",
    listed("BYDAY", DAYS),
    st.sampled_from([1, 2, -1]),
)
# Each has a day now and then: of one without any the library looks to the year 9999.
RULES = st.one_of(
    st.tuples(
        st.just("FREQ=DAILY"),
        st.integers(1, 6).map(lambda n: f"INTERVAL={n}"),
        NOTHING
        | listed("BYDAY", DAYS)
        | listed("BYMONTH", MONTHS)
        | listed("BYMONTHDAY", MONTH_DAYS),
        END,
    ),
    st.tuples(
        st.just("FREQ=WEEKLY"),
        st.integers(1, 5).map(lambda n: f"INTERVAL={n}"),
        NOTHING | listed("BYDAY", DAYS),
        NOTHING | listed("BYMONTH", MONTHS),
        WEEK_START,
        END,
    ),
    st.tuples(
        st.just("FREQ=MONTHLY"),
        st.integers(1, 7).map(lambda n: f"INTERVAL={n}"),
        NOTHING | IN_MONTH | CHOSEN | listed("BYDAY", DAYS),
        END,
    ),
    st.tuples(
        st.just("FREQ=YEARLY"),
        st.integers(1, 3).map(lambda n: f"INTERVAL={n}"),
        NOTHING
        | IN_MONTH
        | CHOSEN
        | listed("BYYEARDAY", MONTH_DAYS)
        | st.tuples(listed("BYMONTH", MONTHS), IN_MONTH).map(";".join)
        | st.tuples(listed("BYWEEKNO", MONTH_DAYS), listed("BYDAY", DAYS)).map(";".join),
        WEEK_START,
        END,
    ),
).map(lambda parts: ";".join(filter(None, parts)))


@settings(max_examples=60)
@given(rule=RULES, start=st.dates(date(2026, 1, 1), date(2026, 12, 28)))
def test_days_are_those_of_the_library(rule: str, start: date) -> None:
    """Asked year by year, a rule gives the days that it gives when counted in one go."""
    first, last = date(2025, 1, 1), date(2030, 12, 31)
    whole = rrulestr(rule, dtstart=midnight(start))

    assert rules.problem(rule) is None
    wanted = [day.date() for day in whole.between(midnight(first), midnight(last), inc=True)]
    assert list(rules.days(rule, start, first, last)) == wanted


@pytest.mark.parametrize("asked", ["2026-11-01", "2026-11-09", "2026-11-10", "2026-11-11"])
def test_every_other_tuesday_never_shifts(asked: str) -> None:
    """Which weeks count depends on the first day alone, not on the day that is asked from."""
    rule, start = "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", date(2026, 1, 6)
    found = rules.days(rule, start, date.fromisoformat(asked), date(2026, 12, 10))

    late = [day for day in found if day > date(2026, 11, 11)]
    assert [str(day) for day in late] == ["2026-11-24", "2026-12-08"]


def test_a_day_is_looked_up() -> None:
    """A day is one of a rule, or not; before the first day there is none."""
    rule, start = "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", date(2026, 1, 6)

    assert rules.is_one(rule, start, date(2026, 1, 20))
    assert not rules.is_one(rule, start, date(2026, 1, 13))
    assert not rules.is_one(rule, start, date(2025, 12, 23))


HOSTILE = [
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
    "FREQ=MONTHLY;BYDAY=6MO",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300",
    "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY;INTERVAL=9999",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;BYDAY=MO",
    "FREQ=DAILY;COUNT=9999",
]


@pytest.mark.parametrize("rule", HOSTILE)
def test_no_rule_is_counted_for_long(rule: str) -> None:
    """A rule that has no further day, or thousands, costs what a year costs."""
    began = time.process_time()
    found = list(rules.days(rule, date(1970, 1, 6), date(2026, 11, 22), date(2027, 11, 21)))

    assert rules.problem(rule) is None
    assert found == []
    assert time.process_time() - began < 1


REFUSED = [
    ("FREQ=SECONDLY", 'FREQ is "SECONDLY"; wanted one of DAILY, WEEKLY, MONTHLY, YEARLY'),
    ("FREQ=MINUTELY;BYDAY=TU", 'FREQ is "MINUTELY"; wanted one of DAILY'),
    ("FREQ=WEKLY", 'FREQ is "WEKLY" (did you mean "WEEKLY"?); wanted one of'),
    ("BYDAY=TU", "a rule begins with FREQ, such as FREQ=WEEKLY;BYDAY=TU"),
    ("WEEKLY", 'unknown part "WEEKLY"; write a rule such as FREQ=WEEKLY;BYDAY=TU'),
    ("RRULE:FREQ=DAILY", 'unknown part "RRULE:FREQ"'),
    ("FREQ=DAILY;BYDAYS=TU", 'unknown part "BYDAYS" (did you mean "BYDAY"?)'),
    ("FREQ=DAILY;", 'unknown part ""'),
    ("FREQ=DAILY;FREQ=WEEKLY", '"FREQ" stands twice'),
    ("FREQ=DAILY;BYHOUR=9", "a release day is a whole day; leave BYHOUR out"),
    ("FREQ=DAILY;BYSECOND=9", "a release day is a whole day; leave BYSECOND out"),
    ("FREQ=DAILY;INTERVAL=0", 'INTERVAL is "0"; wanted a whole number from 1 to 9999'),
    ("FREQ=DAILY;INTERVAL=-1", 'INTERVAL is "-1"'),
    ("FREQ=DAILY;INTERVAL=99999", 'INTERVAL is "99999"'),
    ("FREQ=DAILY;COUNT=x", 'COUNT is "X"'),
    ("FREQ=DAILY;UNTIL=20260230", 'UNTIL is "20260230"; wanted a day such as 20261231'),
    ("FREQ=DAILY;UNTIL=20261231T000000Z", 'UNTIL is "20261231T000000Z"'),
    ("FREQ=DAILY;COUNT=1;UNTIL=20261231", "COUNT and UNTIL both say when the rule ends"),
    ("FREQ=WEEKLY;WKST=XX", 'WKST is "XX"; wanted one of MO'),
    ("FREQ=WEEKLY;BYDAY=TUE", '"TUE" in BYDAY is no day; wanted TU, or 1TU'),
    ("FREQ=MONTHLY;BYDAY=0TU", '"0TU" in BYDAY is no day'),
    ("FREQ=MONTHLY;BYDAY=54TU", '"54TU" in BYDAY is no day'),
    ("FREQ=WEEKLY;BYDAY=1TU", "BYDAY with a number has no meaning with FREQ=WEEKLY"),
    ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1TU", "BYDAY with a number has no meaning beside BYWEEKNO"),
    ("FREQ=YEARLY;BYMONTH=13", '"13" in BYMONTH is no number from 1 to 12'),
    ("FREQ=YEARLY;BYMONTH=-1", '"-1" in BYMONTH is no number from 1 to 12'),
    ("FREQ=MONTHLY;BYMONTHDAY=0", '"0" in BYMONTHDAY is no number from -31 to 31'),
    ("FREQ=MONTHLY;BYMONTHDAY=1,,2", '"" in BYMONTHDAY is no number'),
    ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY has no meaning with FREQ=WEEKLY; use DAILY or"),
    ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY has no meaning with FREQ=DAILY; use YEARLY"),
    ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS chooses among days; say among which"),
    ("FREQ=WEEKLY;BYDAY=TU;BYSETPOS=1", "BYSETPOS has no meaning with FREQ=WEEKLY"),
]


@pytest.mark.parametrize(("rule", "wanted"), REFUSED)
def test_wrong_rules_are_refused(rule: str, wanted: str) -> None:
    """What is no rule for days is refused in words that say what to write."""
    found = rules.problem(rule)

    assert found is not None
    assert found.startswith(wanted)


@settings(max_examples=60)
@given(st.text("FREQ=;,:+-BYDAYWKUNTILCOUNTINTERVALMOSETP0123456789", max_size=60))
def test_any_text_is_judged(text: str) -> None:
    """No text makes the reading of a rule fail; what is accepted can be counted."""
    if rules.problem(text) is None:
        assert (
            len(list(rules.days(text, date(2026, 1, 6), date(2026, 1, 1), date(2026, 12, 31))))
            < 366
        )
