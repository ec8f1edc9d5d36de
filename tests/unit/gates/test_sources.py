"""Whether what changes was live in the previous environment, and for long enough."""

from __future__ import annotations

from datetime import timedelta

from reconciler.core.gates.engine import evaluate
from reconciler.core.gates.moments import lasting, listed
from tests.unit.calendar.making import at, calendar, policy
from tests.unit.gates.making import OPEN, closed, facts, judged, ships, source, span, typed


def test_content_that_never_was_live() -> None:
    """It waits for the previous environment, which no approval replaces."""
    given = facts(sources=(source(), source(span("2026-11-01T09:00"), subject="Workflow/b")))

    assert closed(given) == ["source-deployed", "soaked"]
    gate = judged("source-deployed", given)
    assert (gate.state, gate.until) == ("waiting", None)
    assert gate.reason == "not yet live in staging as it is here: Workflow/sync"
    assert judged("soaked", given).reason == "soaks once it is live in staging: Workflow/sync"
    assert ships(given) is None


def test_the_first_ones_are_named() -> None:
    """Of many resources the first three are named, and the number of the others."""
    given = facts(sources=tuple(source(subject=f"Workflow/{n}") for n in range(5)))

    assert judged("source-deployed", given).reason.endswith(
        ": Workflow/0, Workflow/1, Workflow/2 and 2 more"
    )


def test_soaking() -> None:
    """It waits for the last resource, to the minute, and says since when that is live."""
    given = facts(
        sources=(
            source(span("2026-12-01T10:30:01"), subject="Workflow/b"),
            source(span("2026-11-25T09:00")),
        )
    )
    gate = judged("soaked", given)

    assert (gate.state, gate.until) == ("waiting", at("2026-12-08T10:31"))
    assert gate.reason == (
        "soaks until Tue 2026-12-08 10:31; Workflow/b is live in staging since Tue 2026-12-01 10:30"
    )
    assert ships(given) == "2026-12-08T10:31"
    assert closed(given, at("2026-12-08T10:31")) == []
    assert closed(given, at("2026-12-08T10:30:00")) == ["soaked"]
    assert closed(given, at("2026-12-08T10:30:01")) == []


def test_soaked_and_replaced_since() -> None:
    """What was live for long enough is soaked, whether or not it still is."""
    assert closed(facts(sources=(source(span("2026-11-01T09:00", "2026-11-08T09:00")),))) == []


def test_replaced_too_early() -> None:
    """What was replaced before can never soak: blocked, even while others are missing."""
    given = facts(
        sources=(
            source(span("2026-11-01T09:00", "2026-11-08T08:59")),
            source(subject="Workflow/b"),
        )
    )
    gate = judged("soaked", given)

    assert (gate.state, gate.until) == ("blocked", None)
    assert gate.reason.startswith("replaced in staging before it was live for 7d: Workflow/sync;")
    assert ships(given) is None


def test_replaced_and_live_again() -> None:
    """The first span that lasts counts: one that was too short is no obstacle."""
    spans = (span("2026-12-02T09:00"), span("2026-11-01T09:00", "2026-11-03T09:00"))

    assert judged("soaked", facts(sources=(source(*spans),))).until == at("2026-12-09T09:00")


def test_deployments_that_kept_the_content() -> None:
    """Spans that touch are one."""
    spans = (span("2026-12-05T09:00"), span("2026-11-30T09:00", "2026-12-05T09:00"))

    assert closed(facts(sources=(source(*spans),))) == []


def test_soak_is_real_time() -> None:
    """A day on which clocks go back is an hour longer by the clock, not by the soak."""
    given = facts(
        sources=(source(span("2026-10-24T12:00")),),
        soak=timedelta(days=1),
        calendar=calendar(),
        policy=policy(),
    )

    assert ships(given, at("2026-10-24T13:00")) == "2026-10-25T11:00"


def test_a_moment_before_it_was_live() -> None:
    """A moment in the past moves the soak, not what is live."""
    given = facts(sources=(source(span("2026-12-08T11:00")),), policy=policy())

    assert closed(given) == ["soaked"]
    assert ships(given) == "2026-12-15T11:00"


def test_a_soak_that_no_calendar_reaches() -> None:
    """A soak of centuries neither fails nor ever ends."""
    given = facts(soak=timedelta(days=999_999))
    assert judged("soaked", given).state == "blocked"
    assert evaluate(facts(soak=timedelta.max), OPEN).earliest is None


def test_no_soak_is_asked_for() -> None:
    """Without a soak it is enough that it was live."""
    given = facts(
        soak=timedelta(0), sources=(source(span("2026-12-08T09:59", "2026-12-08T10:00")),)
    )

    assert judged("soaked", given).reason == "not asked for here"
    assert closed(given) == []


def test_no_environment_before() -> None:
    """Where nothing precedes, both gates are passed."""
    first = facts(promotes_from=None, sources=None)

    assert [judged(name, first).reason for name in ("source-deployed", "soaked")] == [
        "not asked for here"
    ] * 2


def test_what_was_live_cannot_be_read() -> None:
    """Without records both are unknown, and nothing can ship."""
    unknown = facts(sources=None)

    assert [judged(name, unknown).state for name in ("source-deployed", "soaked")] == [
        "unknown"
    ] * 2
    assert ships(unknown) is None


def test_no_resource_changes() -> None:
    """A release of values alone has nothing to soak."""
    assert judged("soaked", facts(sources=())).reason == "no resource changes"


def test_a_warmfix_has_to_be_live_before() -> None:
    """It need not soak, but the previous environment comes first."""
    assert closed(typed("warmfix", sources=(source(),))) == ["source-deployed"]


def test_words() -> None:
    """Times and lists are short."""
    assert [
        lasting(timedelta(**each)) for each in ({"days": 7}, {"hours": 36, "seconds": 5}, {})
    ] == [
        "7d",
        "1d 12h 5s",
        "0s",
    ]
    assert listed(["a", "b", "c"]) == "a, b, c"
