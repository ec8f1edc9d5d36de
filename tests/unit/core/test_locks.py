"""When a lock that somebody else holds may be taken over, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core import lock_texts
from reconciler.core.coordination import Activity
from reconciler.core.locks import LEASE, RENEWAL, Liveness, Lock, Standing, standing

HERE = {"host": "ci-7", "boot": "boot-1", "pid": 7}
LOCK = Lock(
    id="01k",
    environment="production",
    token=3,
    holder="ana",
    reason="promoting 1.4.0",
    since="2026-01-06T09:00:00+00:00",
    expires_at="2026-01-06T09:01:00+00:00",
    owner={"host": "ci-7", "boot": "boot-1", "pid": 4242},
    ticks=500.0,
)
ELSEWHERE = replace(LOCK, owner={"host": "ci-8", "boot": "boot-2", "pid": 4242})


def judged(lock: Lock, liveness: Liveness, passed: float = 0.0) -> Standing:
    """Judge a lock from this machine, so many seconds after its last renewal."""
    return standing(lock, liveness, HERE, 500.0 + passed)


@pytest.mark.parametrize("liveness", Liveness)
def test_a_kept_lock_is_taken_over_by_nobody(liveness: Liveness) -> None:
    """A lock without an end stays, whoever died, however long ago."""
    kept = replace(LOCK, expires_at=None)

    assert judged(kept, liveness, 10 * LEASE) is Standing.KEPT
    assert not Standing.KEPT.may_be_taken


def test_the_lock_of_a_dead_process_is_free_at_once() -> None:
    """Nobody waits for the lease of a process that is known to be gone."""
    assert judged(LOCK, Liveness.DEAD) is Standing.DEAD
    assert Standing.DEAD.may_be_taken


@pytest.mark.parametrize("expired", [False, True])
@pytest.mark.parametrize("liveness", [Liveness.ALIVE, Liveness.UNKNOWN])
def test_on_one_machine_only_its_uptime_decides(liveness: Liveness, expired: bool) -> None:
    """A clock set back an hour or forward a day neither frees a lock nor keeps it for ever."""
    lock = replace(LOCK, expired=expired)

    assert judged(lock, liveness, LEASE) is Standing.HELD
    assert judged(lock, liveness, LEASE + 0.1) is Standing.EXPIRED


@pytest.mark.parametrize(("expired", "wanted"), [(False, "held"), (True, "expired")])
def test_for_another_machine_the_stores_time_decides(expired: bool, wanted: str) -> None:
    """Ticks of two machines have nothing to do with one another."""
    lock = replace(ELSEWHERE, expired=expired)

    assert judged(lock, Liveness.UNKNOWN, 10 * LEASE) == wanted
    assert judged(lock, Liveness.UNKNOWN, -10 * LEASE) == wanted


@pytest.mark.parametrize("expired", [False, True])
def test_a_machine_that_started_again_under_one_name_trusts_no_old_ticks(expired: bool) -> None:
    """Ticks far ahead are those of before: waiting for them could take months."""
    wanted = Standing.EXPIRED if expired else Standing.HELD

    assert judged(replace(LOCK, expired=expired), Liveness.ALIVE, -RENEWAL) is wanted


def test_a_renewal_between_reading_and_judging_keeps_the_lock() -> None:
    """A lock renewed a moment after the clock was read is held."""
    assert judged(replace(LOCK, expired=True), Liveness.ALIVE, -0.5) is Standing.HELD


def test_without_ticks_the_stores_time_decides() -> None:
    """What was written without ticks is judged by its end."""
    assert judged(replace(LOCK, ticks=None, expired=True), Liveness.ALIVE) is Standing.EXPIRED


def test_an_activity_is_judged_like_a_lock() -> None:
    """A dead import stands in nobody's way."""
    activity = Activity(
        id="a",
        environment="production",
        kind="import",
        description="An import",
        since=LOCK.since,
        expires_at=LOCK.since,
        owner=LOCK.owner,
        ticks=500.0,
    )

    assert standing(activity, Liveness.DEAD, HERE, 500.0) is Standing.DEAD
    assert standing(activity, Liveness.ALIVE, HERE, 500.0) is Standing.HELD


# --- texts --------------------------------------------------------------------------------------


def test_who_waits_learns_who_holds_the_lock_why_and_until_when() -> None:
    """Holder, host, process, reason, since, until and the id, and how to wait."""
    told = str(lock_texts.busy(LOCK))

    wanted = ("ana", "host ci-7", "process 4242", "promoting 1.4.0", LOCK.since, "01k", "09:01:00")
    assert [word for word in wanted if word not in told] == []
    assert "--lock-timeout" in told
    assert "lock show" in told


def test_a_kept_lock_names_the_two_ways_on() -> None:
    """What the reason says, or giving the lock up by its id."""
    reason = "the restore failed; run `reconciler backup restore b-1`"
    told = str(lock_texts.busy(replace(LOCK, expires_at=None, reason=reason)))

    assert "`reconciler backup restore b-1`" in told
    assert "`reconciler lock release 01k`" in told
    assert "--lock-timeout" not in told


def test_who_lost_a_lock_learns_who_has_it() -> None:
    """The new holder with both tokens, or that it was released."""
    other = replace(LOCK, id="02m", token=4, holder="bob")

    taken = str(lock_texts.lost(LOCK, other))
    assert ("bob on host ci-7" in taken, "token 4" in taken, "was 3" in taken) == (True, True, True)
    assert "released" in str(lock_texts.lost(LOCK, None))


def test_a_lock_of_unknown_origin_names_no_process() -> None:
    """Nothing is made up where nothing is known."""
    assert lock_texts.holder(replace(LOCK, owner={})) == "ana"
