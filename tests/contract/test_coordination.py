"""What every store promises of locks, maintenance, activities, holds and effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from reconciler.adapters.store import SqlStore
from reconciler.core.coordination import Activity, Effect, EffectState, Hold
from reconciler.core.errors import Busy, LockLost, NotFound
from reconciler.core.locks import LEASE, Lock, LockRequest
from reconciler.core.model import Kind, Phase, ResourceKey, Step
from reconciler.core.releases.records import AuditEntry, Trust
from reconciler.ports import SealedSecret, Store
from reconciler.testing import FakeClock, MemoryStore, deployment, integration, operation
from tests.contract.worlds import PostgresqlWorld, SqliteWorld, World

PRODUCTION, STAGING = "production", "staging"
OWNER = {"host": "ci-7", "boot": "boot-1", "pid": 4242}
KEY = ResourceKey(Kind.INTEGRATION, "hubspot")
OTHER = ResourceKey(Kind.WORKFLOW, "sync")


@dataclass
class Leases:
    """A store with the clock by which its leases run out, where it has no time of its own."""

    world: World
    clock: FakeClock
    store: Store

    def run_out(self) -> None:
        """Let every lease run out, on a server by hand."""
        self.clock.advance(LEASE)
        if isinstance(self.world, PostgresqlWorld):
            self.world.execute("UPDATE locks SET expires_at = '2001-01-01T00:00:00+00:00'")
            self.world.execute("UPDATE activities SET expires_at = '2001-01-01T00:00:00+00:00'")

    def take(
        self, id: str = "l-1", environment: str = PRODUCTION, over: Lock | None = None
    ) -> Lock:
        """Take a lock."""
        return self.store.take_lock(request(id, environment), over)

    def held(self, environment: str = PRODUCTION) -> Lock:
        """Return the one lock of an environment."""
        [lock] = self.store.locks(environment)
        return lock


@pytest.fixture
def leases(world: World) -> Leases:
    """Return a store of each kind whose leases run out when the test says so."""
    clock = FakeClock()
    if isinstance(world, SqliteWorld | PostgresqlWorld):
        return Leases(world, clock, SqlStore(world.database, now=clock.now))
    return Leases(world, clock, MemoryStore(now=clock.now))


def request(id: str = "l-1", environment: str = PRODUCTION) -> LockRequest:
    """Ask for a lock."""
    return LockRequest(
        id=id,
        environment=environment,
        holder="ana",
        reason="promoting 1.4.0",
        at="2026-01-06T09:00:00+00:00",
        ticks=500.25,
        owner=OWNER,
    )


def activity(id: str = "a-1", since: str = "2026-01-06T09:00:00+00:00") -> Activity:
    """Return an import that runs."""
    return Activity(
        id=id,
        environment=PRODUCTION,
        kind="import",
        description="An import of users by ana (users.jsonl)",
        since=since,
        expires_at=since,
        owner=OWNER,
        ticks=500.25,
    )


def effect(position: int, key: ResourceKey = KEY, state: EffectState = EffectState.BEGUN) -> Effect:
    """Return one write."""
    return Effect(position=position, key=key, before=None, after="sha256:2", state=state)


# --- locks --------------------------------------------------------------------------------------


def test_an_empty_store_stands_in_nobodys_way(world: World) -> None:
    """No lock, no maintenance, no activity, no hold, no effect."""
    store = world.store

    assert [*store.locks(), *store.locks(PRODUCTION), *store.activities(PRODUCTION)] == []
    assert (store.maintenance(PRODUCTION), store.hold(PRODUCTION)) == (None, None)
    assert list(store.effects("d-1")) == []


def test_a_free_lock_is_taken_with_all_that_was_said(leases: Leases) -> None:
    """Holder, reason, owner, ticks and a first token; it ends one lease later."""
    lock = leases.take()

    assert lock == leases.held()
    wanted = ("l-1", PRODUCTION, 1, "ana", "promoting 1.4.0", "2026-01-06T09:00:00+00:00")
    found = (lock.id, lock.environment, lock.token, lock.holder, lock.reason, lock.since)
    assert found == wanted
    assert (lock.owner, lock.ticks, lock.expired) == (OWNER, 500.25, False)


def test_a_lease_ends_one_minute_after_the_stores_time(leases: Leases) -> None:
    """Not after the time of whoever asks, where the store has its own."""
    lock = leases.take()

    end = datetime.fromisoformat(lock.expires_at or "")
    leases.clock.advance(LEASE - 0.1)
    assert not leases.held().expired
    assert end.utcoffset() == timedelta(0)
    leases.run_out()
    assert leases.held().expired


def test_a_second_holder_is_refused_and_learns_who_the_first_is(leases: Leases) -> None:
    """Nothing changes, and the error names who, why, since when and which lock."""
    first = leases.take()

    with pytest.raises(Busy) as refused:
        leases.take("l-2")
    told = str(refused.value)
    assert [w for w in ("ana", "ci-7", "4242", "1.4.0", "09:00:00", "l-1") if w not in told] == []
    assert leases.held() == first


def test_a_lock_that_ran_out_is_not_taken_without_saying_so(leases: Leases) -> None:
    """Whoever takes over must have seen what it takes over."""
    leases.take()
    leases.run_out()

    with pytest.raises(Busy):
        leases.take("l-2")


def test_environments_are_locked_by_themselves(leases: Leases) -> None:
    """Two are held at once, listed by name, each with a token of its own."""
    leases.take("l-1", STAGING)
    leases.take("l-2", PRODUCTION)

    found = [(lock.environment, lock.id, lock.token) for lock in leases.store.locks()]
    assert found == [(PRODUCTION, "l-2", 1), (STAGING, "l-1", 1)]


def test_every_holder_gets_a_higher_token(leases: Leases) -> None:
    """Also after the lock was given back, so that a token is never used twice."""
    tokens = []
    for number in range(3):
        lock = leases.take(f"l-{number}")
        tokens.append(lock.token)
        leases.store.release_lock(lock)

    assert tokens == [1, 2, 3]
    assert list(leases.store.locks()) == []


def test_a_lock_is_taken_over_as_it_was_seen(leases: Leases) -> None:
    """The second holder replaces the first, with a higher token."""
    leases.take()
    leases.run_out()

    second = leases.take("l-2", over=leases.held())

    assert (second.id, second.token) == ("l-2", 2)
    assert leases.held().id == "l-2"


def test_a_lock_renewed_since_it_was_seen_is_not_taken_over(leases: Leases) -> None:
    """The holder was only slow."""
    first = leases.take()
    seen = leases.held()
    leases.clock.advance(1)
    leases.store.renew_lock(first, leases.clock.now(), 530.5)

    with pytest.raises(Busy):
        leases.take("l-2", over=seen)
    assert (leases.held().id, leases.held().ticks) == ("l-1", 530.5)


def test_of_two_who_take_over_at_once_one_does(leases: Leases) -> None:
    """Both saw the same lock; the second finds another one."""
    leases.take()
    seen = leases.held()
    leases.take("l-2", over=seen)

    with pytest.raises(Busy, match="l-2"):
        leases.take("l-3", over=seen)


def test_a_lock_given_back_since_it_was_seen_is_free(leases: Leases) -> None:
    """Who wanted to take it over just takes it."""
    seen = leases.take()
    leases.store.release_lock(seen)

    assert leases.take("l-2", over=seen).token == 2


def test_renewing_moves_the_end(leases: Leases) -> None:
    """The end is one lease after the renewal, with the ticks of then."""
    lock = leases.take()
    leases.run_out()
    leases.store.renew_lock(lock, leases.clock.now(), 560.0)

    renewed = leases.held()
    assert (renewed.expired, renewed.ticks, renewed.token) == (False, 560.0, 1)


def test_a_kept_lock_never_ends(leases: Leases) -> None:
    """It says why, does not run out, and a late heartbeat does not change that."""
    lock = leases.take()
    leases.store.keep_lock(lock, "run `reconciler backup restore b-1`")
    leases.store.renew_lock(lock, leases.clock.now(), 560.0)
    leases.clock.advance(10 * LEASE)

    kept = leases.held()
    assert (kept.expires_at, kept.expired) == (None, False)
    assert kept.reason == "run `reconciler backup restore b-1`"


def test_a_kept_lock_may_be_taken_over_on_purpose(leases: Leases) -> None:
    """Whoever does what its reason says takes it as it was seen."""
    leases.store.keep_lock(leases.take(), "restore")

    assert leases.take("l-2", over=leases.held()).expires_at is not None


LOSSES: dict[str, Callable[[Leases, Lock], object]] = {
    "taken over": lambda leases, lock: leases.take("l-2", over=lock),
    "released": lambda leases, lock: leases.store.release_lock(lock),
    "broken": lambda leases, lock: leases.store.break_lock(lock.id),
    "broken and taken": lambda leases, lock: (
        leases.store.break_lock(lock.id),
        leases.take("l-2"),
    ),
}


@pytest.mark.parametrize("how", LOSSES)
def test_who_lost_a_lock_neither_renews_nor_keeps_it(leases: Leases, how: str) -> None:
    """Whatever became of it."""
    lock = leases.take()
    LOSSES[how](leases, lock)
    before = leases.store.locks()

    with pytest.raises(LockLost):
        leases.store.renew_lock(lock, leases.clock.now(), 510.0)
    with pytest.raises(LockLost):
        leases.store.keep_lock(lock, "mine")
    assert leases.store.locks() == before


def test_giving_back_a_lost_lock_leaves_it_to_the_new_holder(leases: Leases) -> None:
    """The late end of the first holder does not free the second one's lock."""
    first = leases.take()
    second = leases.take("l-2", over=first)
    leases.store.release_lock(first)

    assert leases.held() == second


def test_a_lock_is_broken_by_its_exact_id(leases: Leases) -> None:
    """It is returned as it was, and the next holder's token is higher than any before."""
    lock = leases.take()

    assert leases.store.break_lock("l-1") == lock
    assert list(leases.store.locks()) == []
    assert leases.take("l-2").token > lock.token + 1


@pytest.mark.parametrize("id", ["", "l", "l-", "l-2", "L-1", "%", "l-1 "])
def test_nothing_but_the_exact_id_breaks_a_lock(leases: Leases, id: str) -> None:
    """A beginning, another case or a pattern names no lock."""
    lock = leases.take()

    with pytest.raises(NotFound, match="lock show"):
        leases.store.break_lock(id)
    assert leases.held() == lock


# --- fencing ------------------------------------------------------------------------------------

AT = "2026-01-06T09:00:00+00:00"
WRITES: dict[str, Callable[[Store], object]] = {
    "begin": lambda store: store.begin(deployment("d-2", environment=STAGING)),
    "journal": lambda store: store.journal("d-1", Step(name="apply", state="done")),
    "note_backup": lambda store: store.note_backup("d-1", "b-1"),
    "mark_live": lambda store: store.mark_live("d-1"),
    "finish": lambda store: store.finish("d-1", Phase.SUCCEEDED, AT),
    "put_secret": lambda store: store.put_secret(PRODUCTION, "S", SealedSecret(b"1", "f"), AT),
    "add_audit": lambda store: store.add_audit(
        AuditEntry(at=AT, actor="ana", action="x", environment=PRODUCTION, detail="")
    ),
    "set_trust": lambda store: store.set_trust(
        Trust(environment=PRODUCTION, commit="c" * 40, since=AT, by="ana", reason="x")
    ),
    "end_maintenance": lambda store: store.end_maintenance(PRODUCTION),
    "place_hold": lambda store: store.place_hold(
        Hold(environment=PRODUCTION, since=AT, actor="ana", reason="x")
    ),
    "record_effects": lambda store: store.record_effects("d-1", PRODUCTION, [effect(1)]),
}


@pytest.mark.parametrize("write", WRITES)
def test_who_lost_the_lock_writes_nothing(leases: Leases, write: str) -> None:
    """Every write of a fenced store checks the token first; who is in the lock is told."""
    store = leases.store
    store.begin(deployment("d-1", environment=PRODUCTION))
    fenced = store.fenced(leases.take())
    leases.take("l-2", over=leases.held())
    before = everything(store)

    with pytest.raises(LockLost, match="token 2"):
        WRITES[write](fenced)
    assert everything(store) == before


@pytest.mark.parametrize("write", WRITES)
def test_who_has_the_lock_writes_as_ever(leases: Leases, write: str) -> None:
    """The fence lets the holder through."""
    leases.store.begin(deployment("d-1", environment=PRODUCTION))
    before = everything(leases.store)
    WRITES[write](leases.store.fenced(leases.take()))

    assert everything(leases.store) != before


def everything(store: Store) -> list[object]:
    """Return all that the writes above could change."""
    return [
        list(store.deployments()),
        list(store.audit()),
        store.secret_names(PRODUCTION),
        store.trust(PRODUCTION),
        store.maintenance(PRODUCTION),
        store.hold(PRODUCTION),
        list(store.effects("d-1")),
    ]


def test_a_fenced_write_renews_the_lease(leases: Leases) -> None:
    """Who writes is alive."""
    fenced = leases.store.fenced(leases.take())
    leases.run_out()
    assert leases.held().expired
    fenced.place_hold(Hold(environment=STAGING, since=AT, actor="ana", reason="x"))

    assert not leases.held().expired


def test_a_fenced_write_keeps_a_kept_lock(leases: Leases) -> None:
    """What is written down about the failure does not let the lock run out."""
    lock = leases.take()
    leases.store.keep_lock(lock, "restore")
    leases.store.fenced(lock).lift_hold(PRODUCTION)
    leases.store.fenced(lock).place_hold(
        Hold(environment=STAGING, since=AT, actor="ana", reason="x")
    )

    assert leases.held().expires_at is None


def test_a_fenced_store_reads_on(leases: Leases) -> None:
    """Who lost the lock may still look, and give it back."""
    lock = leases.take()
    fenced = leases.store.fenced(lock)
    second = leases.take("l-2", over=lock)

    assert fenced.locks() == [second]
    fenced.release_lock(lock)
    assert leases.held() == second


def test_nothing_is_deployed_by_who_lost_the_lock(world: World) -> None:
    """A transaction of a fenced store that is lost never begins, so the platform stays."""
    platform, store = world.platform(PRODUCTION), world.store
    lock = store.take_lock(request())
    store.take_lock(request("l-2"), lock)
    seen = platform.observe()

    with pytest.raises(LockLost), store.fenced(lock).transaction() as unit:
        platform.deploy(unit, [operation(integration("hubspot"))], seen.revision)
    assert platform.observe() == seen


# --- maintenance --------------------------------------------------------------------------------


def test_an_environment_is_in_maintenance_from_begin_to_its_end(world: World) -> None:
    """Since when, why and for which deployment stands in the store; others stay open."""
    begun = deployment("d-1", environment=PRODUCTION)
    world.store.begin(begun)

    found = world.store.maintenance(PRODUCTION)
    assert found is not None
    assert (found.environment, found.deployment) == (PRODUCTION, "d-1")
    assert found.since == begun.started_at
    assert found.reason
    assert world.store.maintenance(STAGING) is None
    world.store.end_maintenance(PRODUCTION)
    assert world.store.maintenance(PRODUCTION) is None


def test_ending_what_is_open_changes_nothing(world: World) -> None:
    """Maintenance, activities and holds that are not there are ended without a word."""
    world.store.end_maintenance(PRODUCTION)
    world.store.end_activity("a-1")
    world.store.forget_effects(PRODUCTION)

    assert world.store.lift_hold(PRODUCTION) is False


# --- activities ---------------------------------------------------------------------------------


def test_activities_are_listed_oldest_first(leases: Leases) -> None:
    """Those of one environment, by when they began and then by id."""
    store = leases.store
    early = activity("a-3", "2026-01-06T08:00:00+00:00")
    elsewhere = replace(activity("a-4"), environment=STAGING)
    for each in (activity("a-2"), activity("a-1"), early, elsewhere):
        store.begin_activity(each)

    assert [each.id for each in store.activities(PRODUCTION)] == ["a-3", "a-1", "a-2"]
    assert [each.id for each in store.activities(STAGING)] == ["a-4"]


def test_an_activity_is_kept_as_it_was_given(leases: Leases) -> None:
    """Only its end is the store's."""
    leases.store.begin_activity(activity())

    [found] = leases.store.activities(PRODUCTION)
    assert replace(found, expires_at=found.since) == activity()
    assert not found.expired


def test_an_activity_runs_out_and_is_renewed(leases: Leases) -> None:
    """The same id again begins a new lease and stays one activity."""
    leases.store.begin_activity(activity())
    leases.run_out()
    [over] = leases.store.activities(PRODUCTION)
    leases.store.begin_activity(replace(activity(), ticks=560.0))

    [renewed] = leases.store.activities(PRODUCTION)
    assert (over.expired, renewed.expired, renewed.ticks) == (True, False, 560.0)


def test_an_activity_that_ended_is_gone(leases: Leases) -> None:
    """The other one stays."""
    leases.store.begin_activity(activity("a-1"))
    leases.store.begin_activity(activity("a-2"))
    leases.store.end_activity("a-1")

    assert [each.id for each in leases.store.activities(PRODUCTION)] == ["a-2"]


# --- holds --------------------------------------------------------------------------------------


def test_a_later_hold_replaces_an_earlier_one(world: World) -> None:
    """One hold for each environment, with all that was said, until it is lifted once."""
    first = Hold(environment=PRODUCTION, since=AT, actor="ana", reason="restored b-1")
    second = replace(first, reason="restored b-2", backup="b-2", version="1.4.0")
    world.store.place_hold(first)
    world.store.place_hold(second)

    assert (world.store.hold(PRODUCTION), world.store.hold(STAGING)) == (second, None)
    assert [world.store.lift_hold(PRODUCTION), world.store.lift_hold(PRODUCTION)] == [True, False]
    assert world.store.hold(PRODUCTION) is None


# --- effects ------------------------------------------------------------------------------------


def test_effects_are_kept_by_position(world: World) -> None:
    """Written again, one of the same position is replaced; they come in order."""
    store = world.store
    store.begin(deployment("d-1", environment=PRODUCTION))
    store.record_effects("d-1", PRODUCTION, [effect(2, OTHER), effect(1)])
    store.record_effects("d-1", PRODUCTION, [effect(1, state=EffectState.DONE)])

    assert list(store.effects("d-1")) == [effect(1, state=EffectState.DONE), effect(2, OTHER)]


def test_what_was_not_undone_is_unfinished(world: World) -> None:
    """Begun and done writes leave their resource unfinished until they are forgotten."""
    store = world.store
    store.begin(deployment("d-1", environment=PRODUCTION))
    done = effect(2, OTHER, EffectState.DONE)
    store.record_effects("d-1", PRODUCTION, [effect(1), done])
    assert store.applied(PRODUCTION).unfinished == {KEY, OTHER}

    store.record_effects("d-1", PRODUCTION, [effect(1, state=EffectState.UNDONE)])
    assert store.applied(PRODUCTION).unfinished == {OTHER}
    assert store.applied(STAGING).unfinished == frozenset()

    store.forget_effects(PRODUCTION)
    assert store.applied(PRODUCTION).unfinished == frozenset()
    assert list(store.effects("d-1")) == []


def test_forgetting_effects_of_one_environment_leaves_the_others(world: World) -> None:
    """A deployment elsewhere is still unfinished."""
    store = world.store
    store.begin(deployment("d-1", environment=PRODUCTION))
    store.begin(deployment("d-2", environment=STAGING))
    store.record_effects("d-1", PRODUCTION, [effect(1)])
    store.record_effects("d-2", STAGING, [effect(1)])
    store.forget_effects(PRODUCTION)

    assert store.applied(STAGING).unfinished == {KEY}
