"""The release process over four weeks, day by day: every other Tuesday, staging before production.

Every job is a process of its own in a new clone of the remote; only the store carries over.
"""

from __future__ import annotations

from tests.acceptance import cycle
from tests.acceptance.cycle import (
    FIRST_TUESDAY,
    LAST_TUESDAY,
    NEXT_TUESDAY,
    WEEK_ONE,
    WEEK_THREE,
    deal,
    developed,
)
from tests.acceptance.travelling import ANA, CI, Live, Team, days


def tuesday(team: Team, day: str) -> set[str]:
    """Let the manager of a release day do what is proposed; return which releases that were."""
    team.at(f"{day} 08:00").run("release", "propose", "--push", by=ANA)
    found = team.branches()
    # Production goes first.
    for release in sorted(found):
        team.tagged(release)
    return found


def hotfixed(team: Team, environment: str, number: int) -> str:
    """Fix the event that is live in an environment, merge it, and return what was printed."""
    clone = team.clone()
    name = f"environments/{environment}/events/deal-won.yaml"
    clone.write({name: deal(number, icon="star")})
    asked = ("--type", "hotfix", "--to", environment, "--description", "Show the icon")
    return team.run_in(clone, "release", "create", *asked, "--push", by=ANA).all


def test_weeks_one_and_two(begun: Team) -> None:
    """Week 1 brings 0.3.0 to production and 0.4.0 to staging; in week 2 nothing changes.

    What is merged in week 1 waits for the next Tuesday of the cadence.
    """
    found: dict[str, Live] = {}
    for day in days("2026-03-16", "2026-03-29"):
        on = day[:10]
        if on == FIRST_TUESDAY:
            assert tuesday(begun, on) == {"production/0.3.0", "staging/0.4.0"}
        if on == "2026-03-20":
            begun.at(f"{on} 09:00").change(developed(5))
        if on == "2026-03-24":
            assert tuesday(begun, on) == set()
        found[on] = begun.reconciled(day)

    wanted: dict[str, Live] = {"2026-03-16": {"staging": "0.3.0"}}
    wanted |= {day[:10]: WEEK_ONE for day in days(FIRST_TUESDAY, "2026-03-29")}
    assert found == wanted


def test_weeks_three_and_four(week_one: Team) -> None:
    """Week 3 brings 0.4.0 to production and 0.5.0 to staging; in week 4 nothing changes.

    On its Tuesday production waits for its window to open, staging for nothing but its tag.
    """
    found: dict[str, Live] = {}
    week_one.at("2026-03-20 09:00").change(developed(5))
    for day in days("2026-03-30", "2026-04-12"):
        on = day[:10]
        if on == NEXT_TUESDAY:
            assert tuesday(week_one, on) == {"production/0.4.0", "staging/0.5.0"}
            early = week_one.reconciled(f"{on} 08:59")
            assert early == {"staging": "0.5.0", "production": "0.3.0"}
        if on == "2026-04-07":
            assert tuesday(week_one, on) == set()
        found[on] = week_one.reconciled(day)

    wanted = {"2026-03-30": WEEK_ONE}
    wanted |= {day[:10]: WEEK_THREE for day in days(NEXT_TUESDAY, "2026-04-12")}
    assert found == wanted


def test_nothing_merged_means_no_release(week_one: Team) -> None:
    """Staging gets no release when nothing was merged, production none when it matches staging."""
    assert tuesday(week_one, NEXT_TUESDAY) == {"production/0.4.0"}
    both = {"staging": "0.4.0", "production": "0.4.0"}
    assert week_one.reconciled(f"{NEXT_TUESDAY} 10:00") == both

    assert tuesday(week_one, LAST_TUESDAY) == set()
    assert week_one.reconciled(f"{LAST_TUESDAY} 10:00") == both


def test_a_tuesday_that_is_a_holiday_is_skipped(week_one: Team) -> None:
    """Nothing is proposed on a holiday, and a tag that waits for a release day waits on."""
    week_one.at("2026-03-24 10:00").change({**cycle.pipeline("{country: MT}"), **developed(5)})
    week_one.at("2026-03-26 10:00").release("production", "0.4.0")

    assert tuesday(week_one, NEXT_TUESDAY) == set()
    holiday = week_one.gates("production/0.4.0", "--at", f"{NEXT_TUESDAY}T10:00:00+02:00")
    assert week_one.reconciled(f"{NEXT_TUESDAY} 10:00") == WEEK_ONE
    assert holiday["earliest"] == f"{LAST_TUESDAY}T09:00:00+02:00"

    assert tuesday(week_one, LAST_TUESDAY) == {"staging/0.5.0"}
    assert week_one.reconciled(f"{LAST_TUESDAY} 09:00") == WEEK_THREE


def test_a_warmfix_replaces_the_staging_release_of_its_week(week_one: Team) -> None:
    """A warmfix is live at once, staging gets no other release that week, production soaks it."""
    week_one.at("2026-03-30 14:00").change(developed(5), "Fix what staging shows")
    week_one.release("staging", "0.4.1", "--type", "warmfix")
    fixed = {"staging": "0.4.1", "production": "0.3.0"}
    assert week_one.reconciled("2026-03-30 15:00") == fixed
    week_one.at("2026-03-30 17:00").change(developed(6))

    assert tuesday(week_one, NEXT_TUESDAY) == {"production/0.4.1"}
    earliest = week_one.gates("production/0.4.1")["earliest"]
    assert earliest == f"{LAST_TUESDAY}T09:00:00+02:00"
    assert week_one.reconciled(f"{NEXT_TUESDAY} 10:00") == fixed

    assert tuesday(week_one, LAST_TUESDAY) == {"staging/0.5.0"}
    after = {"staging": "0.5.0", "production": "0.4.1"}
    assert week_one.reconciled(earliest) == after


def test_a_production_hotfix_replaces_the_production_release_of_its_week(week_one: Team) -> None:
    """A hotfix is live at once in production and in staging, in no window and on no release day.

    Staging gets its planned release all the same, with the fix, and production its own later.
    """
    week_one.at("2026-03-24 10:00").change(developed(5))
    told = hotfixed(week_one.at("2026-03-30 20:00"), "production", 3)
    week_one.tagged("production/0.3.1")
    week_one.run("release", "tag", "staging/0.4.1", "--push", by=ANA)
    assert week_one.reconciled("2026-03-30 20:30") == {"staging": "0.4.0", "production": "0.3.1"}
    assert "reconciler release tag staging/0.4.1 --push" in told
    week_one.at("2026-03-30 21:00")
    week_one.run("release", "approve", "staging/0.4.1", "--role", "tests", "--push", by=CI)
    assert week_one.reconciled("2026-03-30 21:00") == {"staging": "0.4.1", "production": "0.3.1"}

    assert tuesday(week_one, NEXT_TUESDAY) == {"staging/0.5.0"}
    assert week_one.reconciled(f"{NEXT_TUESDAY} 10:00") == {
        "staging": "0.5.0",
        "production": "0.3.1",
    }
    live = week_one.clone().root / "environments/staging/events/deal-won.yaml"
    assert "Deal won, 5" in live.read_text()
    assert "icon: star" in live.read_text()

    assert tuesday(week_one, LAST_TUESDAY) == {"production/0.5.0"}
    assert week_one.reconciled(f"{LAST_TUESDAY} 09:00") == {
        "staging": "0.5.0",
        "production": "0.5.0",
    }


def test_a_staging_hotfix_changes_nothing_about_the_next_tuesday(week_one: Team) -> None:
    """A fix of what staging runs is live there at once and merged into what people edit."""
    told = hotfixed(week_one.at("2026-03-21 20:00"), "staging", 4)
    week_one.tagged("staging/0.4.1")
    assert week_one.reconciled("2026-03-21 21:00") == {"staging": "0.4.1", "production": "0.3.0"}
    edited = week_one.clone().root / "environments/development/events/deal-won.yaml"
    assert "icon: star" in edited.read_text()
    assert "development" in told

    assert tuesday(week_one, NEXT_TUESDAY) == {"production/0.4.1"}
    assert week_one.reconciled(f"{NEXT_TUESDAY} 09:00") == {
        "staging": "0.4.1",
        "production": "0.4.1",
    }
