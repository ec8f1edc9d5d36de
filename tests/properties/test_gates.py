"""What holds for the gates of any release, in small worlds of a few days and coarse windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.calendar.calendar import Calendar
from reconciler.core.calendar.days import Rhythm
from reconciler.core.calendar.model import Cadence, Freeze, Policy, Region, Window
from reconciler.core.gates.acknowledged import is_acknowledged
from reconciler.core.gates.engine import evaluate
from reconciler.core.gates.model import (
    GateFacts,
    GateName,
    GateState,
    Hold,
    LiveSpan,
    OpenWarning,
    Proof,
    RequiredApproval,
    SourceState,
)
from reconciler.core.model import ResourceKey
from reconciler.core.releases.model import Acknowledgement, ReleaseType

# Clocks go back in Berlin on the second day.
BEGIN = datetime(2026, 10, 24, tzinfo=UTC)
WORLD = timedelta(days=3)
MINUTE = timedelta(minutes=1)
NEAR = 20 * MINUTE
MANY = settings(max_examples=150)
FEW = settings(max_examples=50)

DAYS = st.dates(BEGIN.date(), (BEGIN + WORLD).date())


def moments(finest: timedelta = timedelta(minutes=20)) -> st.SearchStrategy[datetime]:
    """Return moments of the world, some of them in the midst of a minute."""
    most = WORLD // finest
    odd = st.sampled_from([timedelta(0), timedelta(0), timedelta(seconds=17)])
    return st.builds(lambda n, more: BEGIN + n * finest + more, st.integers(0, most), odd)


def rarely(unusual: Any, usual: Any) -> st.SearchStrategy[Any]:
    """Return what mostly is usual, so that not every world is closed for good."""
    return st.sampled_from(range(24)).flatmap(lambda n: unusual if n == 17 else usual)


PROOFS = st.builds(
    Proof,
    state=rarely(st.sampled_from(GateState), st.just(GateState.PASSED)),
    reason=st.just("so"),
    who=st.just(("a@b.c",)),
)
SUBJECT = ResourceKey("Workflow", "sync")
WARNINGS = st.builds(
    OpenWarning,
    code=st.just("WorkflowRemoved"),
    subject=st.just("Workflow/sync"),
    action=st.just("acknowledge it"),
    acknowledgement=st.none()
    | st.builds(
        Acknowledgement,
        code=st.just("WorkflowRemoved"),
        subject=st.just(SUBJECT),
        fingerprint=st.just("sha256:0"),
        reason=st.just("fine"),
        until=st.none() | DAYS.map(lambda day: str(day + timedelta(days=1))),
    ),
)
HOLDS = st.builds(
    Hold,
    name=st.just("holds/production/1"),
    reason=st.just("incident"),
    by=st.just("a@b.c"),
    until=rarely(st.none(), moments()),
)
SPANS = st.builds(
    lambda begin, lasts: LiveSpan(begin=begin, end=None if lasts is None else begin + lasts),
    moments().map(lambda moment: moment - timedelta(days=2)),
    st.sampled_from([None, None, *(timedelta(hours=n) for n in (-1, 3, 6, 30))]),
)
SOURCES = st.builds(
    SourceState,
    subject=st.just("Workflow/sync"),
    spans=rarely(st.just(()), st.lists(SPANS, min_size=1, max_size=3).map(tuple)),
)
QUARTERS = st.integers(0, 96).map(lambda n: n * 15)
WINDOWS = st.lists(
    st.builds(
        Window,
        begin=QUARTERS.filter(lambda n: n < 1440),
        end=QUARTERS,
        days=st.sets(st.integers(0, 6), min_size=1).map(frozenset),
    ),
    max_size=2,
).map(tuple)
FREEZES = st.lists(
    st.builds(
        lambda day, more, hard: Freeze(
            first=day, last=day + timedelta(days=more), blocks_hotfixes=hard
        ),
        DAYS,
        st.integers(0, 2),
        st.booleans(),
    ),
    max_size=2,
).map(tuple)
RHYTHMS = st.sampled_from(["FREQ=DAILY", "FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY"]).map(
    lambda rule: Rhythm(cadence=Cadence(start=(BEGIN - timedelta(days=7)).date(), rule=rule))
)
CALENDARS = st.builds(
    Calendar,
    zone=st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("America/St_Johns")]),
    rhythm=rarely(st.none(), RHYTHMS),
    lasts=st.sampled_from([timedelta(days=1), timedelta(hours=6), timedelta(days=2)]),
    # Monday 26 October is a holiday of New Zealand.
    region=st.sampled_from([None, Region(country="NZ")]),
    freezes=FREEZES,
)
POLICIES = st.builds(
    Policy, on_release_day=st.booleans(), windows=WINDOWS, deny=WINDOWS, on_holidays=st.booleans()
)
APPROVALS = st.dictionaries(
    st.sampled_from(["tests", "qa", "release-manager"]),
    st.builds(
        RequiredApproval, members=st.just(("a@b.c",)), given=st.sampled_from([None, "a@b.c"])
    ),
)
FACTS = st.builds(
    GateFacts,
    environment=st.just("production"),
    version=st.just("1.4.0"),
    type=st.sampled_from([*[ReleaseType.REGULAR] * 4, *ReleaseType]),
    tag=PROOFS,
    version_increases=PROOFS,
    plan_unchanged=PROOFS,
    platform_idle=PROOFS,
    store_healthy=PROOFS,
    warnings=rarely(st.none(), st.lists(WARNINGS, max_size=2).map(tuple)),
    removal_budget=st.none() | WARNINGS,
    holds=st.lists(HOLDS, max_size=2).map(tuple),
    approvals=APPROVALS,
    promotes_from=st.sampled_from(["staging", "staging", None]),
    sources=rarely(st.none(), st.lists(SOURCES, max_size=2).map(tuple)),
    soak=st.sampled_from([timedelta(0), timedelta(hours=5), timedelta(days=1)]),
    calendar=CALENDARS,
    policy=POLICIES,
    release_managers=st.just(("a@b.c", "d@b.c")),
)


def acted(facts: GateFacts, at: datetime) -> GateFacts:
    """Return facts after people gave what is missing, and others have finished."""
    day = facts.calendar.day(at)

    def answered(warning: OpenWarning) -> OpenWarning:
        given = Acknowledgement(
            code=warning.code, subject=SUBJECT, fingerprint="sha256:0", reason="fine"
        )
        lapsed = not is_acknowledged(warning, day)
        return replace(warning, acknowledgement=given) if lapsed else warning

    def finished(proof: Proof) -> Proof:
        return Proof() if proof.state is GateState.WAITING else proof

    budget = facts.removal_budget
    return replace(
        facts,
        tag=finished(facts.tag),
        platform_idle=finished(facts.platform_idle),
        warnings=None if facts.warnings is None else tuple(map(answered, facts.warnings)),
        removal_budget=None if budget is None else answered(budget),
        approvals={role: replace(each, given="a@b.c") for role, each in facts.approvals.items()},
    )


def marks(begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield whole minutes between two moments that show whether any minute there is open.

    Windows change at quarters, holds and soaks at every twentieth minute or the one after it: each
    time between two changes has a minute after a fifth one. Near both ends every minute is tried.
    """
    at = begin.replace(second=0, microsecond=0) + MINUTE
    if begin < end:
        yield begin
    while at < min(end, BEGIN + WORLD):
        if at.minute % 5 == 1 or at - begin < NEAR or end - at < NEAR:
            yield at
        at += MINUTE


@MANY
@given(FACTS, moments())
def test_every_gate_answers(facts: GateFacts, at: datetime) -> None:
    """No facts make it fail; gates stand in their order, with a reason, until after the moment."""
    verdict = evaluate(facts, at)

    assert [gate.name for gate in verdict.gates] == list(GateName)
    assert all(gate.reason for gate in verdict.gates)
    assert verdict.open == (not verdict.closed)
    assert all(at < g.until.astimezone(UTC) for g in verdict.gates if g.until is not None)
    assert all(not gate.is_open for gate in verdict.gates if gate.until is not None)
    assert (verdict.earliest is None) == (verdict.never is not None)


@FEW
@given(FACTS, moments())
def test_the_earliest_moment_is_open_and_no_earlier_one_is(facts: GateFacts, at: datetime) -> None:
    """Once people have acted it ships then, and in no minute before."""
    found = evaluate(facts, at).earliest
    ready = acted(facts, at)
    earliest = BEGIN + WORLD if found is None else found.astimezone(UTC)

    if found is not None:
        assert at <= earliest
        assert evaluate(ready, earliest).open
    assert not any(evaluate(ready, minute).open for minute in marks(at, earliest))


@FEW
@given(FACTS, moments())
def test_a_gate_alone_opens_when_it_says(facts: GateFacts, at: datetime) -> None:
    """At its own moment a gate is open, and a minute before it is not."""
    for gate in evaluate(facts, at).gates:
        if gate.until is not None:
            until = gate.until.astimezone(UTC)
            then = {each.name: each for each in evaluate(facts, until).gates}
            before = {each.name: each for each in evaluate(facts, until - MINUTE).gates}
            assert then[gate.name].is_open
            assert until - MINUTE < at or not before[gate.name].is_open


# Each opens one more condition.
OPENING: tuple[Callable[[GateFacts], GateFacts], ...] = (
    lambda facts: replace(facts, tag=Proof()),
    lambda facts: replace(facts, version_increases=Proof()),
    lambda facts: replace(facts, plan_unchanged=Proof()),
    lambda facts: replace(facts, platform_idle=Proof()),
    lambda facts: replace(facts, store_healthy=Proof()),
    lambda facts: replace(facts, warnings=(facts.warnings or ())[1:]),
    lambda facts: replace(facts, removal_budget=None),
    lambda facts: replace(facts, holds=facts.holds[1:]),
    lambda facts: replace(facts, approvals={}),
    lambda facts: replace(
        facts, approvals={role: replace(a, given="a@b.c") for role, a in facts.approvals.items()}
    ),
    lambda facts: replace(facts, sources=(facts.sources or ())[1:]),
    lambda facts: replace(facts, soak=facts.soak / 2),
    lambda facts: replace(facts, policy=replace(facts.policy, on_release_day=False)),
    lambda facts: replace(facts, policy=replace(facts.policy, windows=())),
    lambda facts: replace(facts, policy=replace(facts.policy, deny=facts.policy.deny[1:])),
    lambda facts: replace(facts, policy=replace(facts.policy, on_holidays=True)),
    lambda facts: replace(facts, calendar=replace(facts.calendar, region=None)),
    lambda facts: replace(
        facts, calendar=replace(facts.calendar, freezes=facts.calendar.freezes[1:])
    ),
)


@MANY
@given(FACTS, moments())
def test_opening_one_more_condition_never_closes_the_whole(facts: GateFacts, at: datetime) -> None:
    """No gate closes, and nothing ships later, when a condition is taken away or fulfilled."""
    before = evaluate(facts, at)
    for opening in OPENING:
        after = evaluate(opening(facts), at)
        assert {g.name for g in after.closed} <= {g.name for g in before.closed}
        assert after.open or not before.open
        if before.earliest is not None:
            assert after.earliest is not None
            assert after.earliest.astimezone(UTC) <= before.earliest.astimezone(UTC)
