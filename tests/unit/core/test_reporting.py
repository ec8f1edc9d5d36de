"""Delivery figures: what counts as release, failure, lead time and outage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconciler.core import reporting
from reconciler.core.model import Deployment, Phase, Step
from reconciler.core.releases.model import ReleaseType
from reconciler.core.reporting import Figures, Times, Window, Written
from reconciler.testing import deployment

ALWAYS = Window()


def day(number: int) -> datetime:
    """Return noon of a day of January."""
    return datetime(2026, 1, number, 12, tzinfo=UTC)


def ended(number: int, version: str | None, phase: Phase, kind: str = "regular") -> Deployment:
    """Return a deployment that ended at noon of a day of January."""
    at = day(number).isoformat()
    return deployment(
        f"d-{number}",
        "staging",
        phase=phase,
        type=kind,
        version=version,
        started_at=at,
        finished_at=at,
        steps=(Step(name="apply", state="done"),),
    )


def figures(*deployments: Deployment, window: Window = ALWAYS) -> Figures:
    """Return the figures of these deployments, given newest first as the store does."""
    return reporting.from_store("staging", deployments[::-1], {}, window)


def test_releases_count_once_by_type() -> None:
    """A release counts when it first went live; what failed or was never released does not."""
    found = figures(
        ended(1, "1.0.0", Phase.SUCCEEDED),
        ended(2, "1.0.0", Phase.SUCCEEDED),
        ended(3, "1.0.1", Phase.PARTIAL, "hotfix"),
        ended(4, "1.1.0", Phase.FAILED),
        ended(5, None, Phase.SUCCEEDED, "apply"),
    )

    assert found.releases == {
        "regular": 1,
        "hotfix": 1,
        "warmfix": 0,
        "rollback": 0,
        "adoption": 0,
    }
    assert (found.total, found.out_of_cycle, found.out_of_cycle_share) == (2, 1, 0.5)


def test_an_adoption_is_no_delivery() -> None:
    """Adoptions are counted by themselves and are in no share."""
    found = figures(ended(1, "1.0.0", Phase.SUCCEEDED, "adoption"))

    assert (found.releases["adoption"], found.total) == (1, 0)
    assert (found.out_of_cycle, found.out_of_cycle_share) == (0, None)


def test_failure_rate_is_over_all_that_ended() -> None:
    """Failed, Errored and Restored are failures; Aborted changed nothing; Running has no end."""
    phases = (Phase.SUCCEEDED, Phase.FAILED, Phase.ERRORED, Phase.RESTORED, Phase.ABORTED)
    many = [ended(number, f"1.{number}.0", phase) for number, phase in enumerate(phases, 1)]
    found = figures(*many, ended(9, "2.0.0", Phase.RUNNING))

    assert (found.deployments, found.failed, found.failure_rate) == (5, 3, 0.6)
    assert figures().failure_rate is None


def test_the_window_is_half_open() -> None:
    """What ended at its begin counts, what ended at its end does not."""
    many = [ended(number, f"1.{number}.0", Phase.SUCCEEDED) for number in (1, 2, 3)]
    found = figures(*many, window=Window(begin=day(2), end=day(3)))

    assert (found.total, found.deployments) == (1, 1)


def test_lead_time_is_from_commit_to_live() -> None:
    """Each commit counts; the median is between the middle two, the percentile is one of them."""
    written = [day(10) - timedelta(hours=hours) for hours in range(1, 11)]
    live = ended(10, "1.0.0", Phase.SUCCEEDED)
    found = reporting.from_store("staging", [live], {"1.0.0": written}, ALWAYS)

    assert found.lead == Times(
        count=10, median=timedelta(hours=5, minutes=30), p90=timedelta(hours=9)
    )


def test_a_clock_that_is_ahead_gives_no_negative_time() -> None:
    """A commit that was written after it was live took no time."""
    live = ended(1, "1.0.0", Phase.SUCCEEDED)
    found = reporting.from_store("staging", [live], {"1.0.0": [day(2)]}, ALWAYS)

    assert found.lead is not None
    assert found.lead.median == timedelta()


def test_what_was_only_recorded_has_no_times() -> None:
    """A release that the store wrote down as live counts, but nothing was deployed."""
    at = day(5).isoformat()
    known = deployment(
        "d-1", "staging", phase=Phase.SUCCEEDED, type="regular", version="1.0.0", finished_at=at
    )
    found = reporting.from_store("staging", [known], {"1.0.0": [day(1)]}, ALWAYS)

    assert (found.total, found.deployments, found.lead) == (1, 0, Times())


def test_an_outage_lasts_from_the_first_failure_to_the_next_success() -> None:
    """Failures in a row are one outage."""
    found = figures(
        ended(1, "1.0.0", Phase.SUCCEEDED),
        ended(2, "1.1.0", Phase.RESTORED),
        ended(3, "1.1.0", Phase.FAILED),
        ended(5, "1.2.0", Phase.SUCCEEDED),
    )

    assert found.restore == Times(count=1, median=timedelta(days=3), p90=timedelta(days=3))
    assert found.unrestored == 0


def test_a_hotfix_ends_an_outage_that_began_with_what_it_replaced() -> None:
    """After a good deployment, a hotfix or rollback tells that it was none; others do not."""
    for kind, outages in (("hotfix", 1), ("rollback", 1), ("warmfix", 0), ("regular", 0)):
        found = figures(
            ended(1, "1.0.0", Phase.SUCCEEDED), ended(4, "1.0.1", Phase.SUCCEEDED, kind)
        )
        assert found.restore is not None
        assert found.restore.count == outages, kind
        if outages:
            assert found.restore.median == timedelta(days=3)


def test_a_hotfix_after_a_failure_is_one_outage() -> None:
    """Where the failure is known, the outage begins with it."""
    found = figures(
        ended(1, "1.0.0", Phase.SUCCEEDED),
        ended(3, "1.1.0", Phase.ERRORED),
        ended(4, "1.1.1", Phase.SUCCEEDED, "hotfix"),
    )

    assert found.restore is not None
    assert (found.restore.count, found.restore.median) == (1, timedelta(days=1))


def test_an_open_outage_is_told() -> None:
    """A failure without a success behind it is not restored."""
    found = figures(ended(1, "1.0.0", Phase.SUCCEEDED), ended(2, "1.1.0", Phase.FAILED))

    assert (found.unrestored, found.restore) == (1, Times())


def test_git_alone_counts_and_knows_no_times() -> None:
    """Releases in git are counted by when they were written; what has no time is in no window."""
    releases = [
        Written(type=ReleaseType.REGULAR, at=day(1)),
        Written(type=ReleaseType.HOTFIX, at=day(5)),
        Written(type=ReleaseType.HOTFIX, at=None),
    ]

    found = reporting.from_git("staging", releases, ALWAYS)
    assert (found.total, found.out_of_cycle, found.deployments) == (3, 2, None)
    assert (found.lead, found.restore, found.unrestored) == (None, None, None)
    assert reporting.from_git("staging", releases, Window(begin=day(2))).total == 1
