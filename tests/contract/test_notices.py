"""What every store promises of notices: one for each event and receiver, sent by one process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from reconciler.core.notices import Notice, NoticeState, Occasion
from tests.contract.worlds import SqliteWorld, World

DEV, STAGING = "development", "staging"
AT, LATER = "2026-01-06T10:00:00+00:00", "2026-01-06T11:00:00+00:00"
OPS, QA = "ops@example.com", "QA_WEBHOOK"


def notice(event: str = "d-1/done", receiver: str = OPS, **fields: object) -> Notice:
    """Return a notice that was announced just now."""
    known = {
        "environment": DEV,
        "occasion": Occasion.DONE,
        "subject": "It is live",
        "body": "It is live.\n\nÜber “all” 🎉 of it.\n",
        "created_at": AT,
    }
    return Notice(event=event, receiver=receiver, **(known | fields))


def unsent(world: World) -> list[Notice]:
    """Return what is not sent in development."""
    return list(world.store.unsent_notices(DEV))


def test_what_is_announced_is_read_back_as_it_was(world: World) -> None:
    """Every field comes back, of the environment that was asked for alone, oldest first."""
    late = notice("d-2/done", created_at=LATER)
    other = notice("d-3/done", environment=STAGING)

    assert world.store.announce([late, notice(), other]) == 3
    assert unsent(world) == [notice(), late]
    assert list(world.store.unsent_notices(STAGING)) == [other]


def test_an_event_is_announced_once_to_each_receiver(world: World) -> None:
    """A second announcement changes nothing; to another receiver it is one of its own."""
    world.store.announce([notice()])

    assert world.store.announce([notice(subject="Another text")]) == 0
    assert world.store.announce([notice(), notice(receiver=QA)]) == 1
    assert [each.subject for each in unsent(world)] == ["It is live", "It is live"]
    assert world.store.is_announced("d-1/done", QA)
    assert not world.store.is_announced("d-2/done", QA)


def test_an_empty_store_has_nothing_to_tell(world: World) -> None:
    """Whoever reads before anything was written finds nothing."""
    assert unsent(world) == []
    assert not world.store.is_announced("d-1/done", OPS)
    assert world.store.announce([]) == 0


def test_a_notice_is_claimed_by_one(world: World) -> None:
    """Who read it before it was claimed is refused; the claim counts and keeps its time."""
    world.store.announce([notice()])
    (seen,) = unsent(world)

    assert world.store.claim_notice(seen, LATER)
    assert not world.store.claim_notice(seen, LATER)
    assert unsent(world) == [
        replace(notice(), state=NoticeState.CLAIMED, attempts=1, claimed_at=LATER)
    ]


def test_what_nobody_announced_cannot_be_claimed(world: World) -> None:
    """A notice that is not in the store is nobody's to send."""
    assert not world.store.claim_notice(notice(), AT)


def test_an_abandoned_claim_is_claimed_again_by_one(world: World) -> None:
    """Of two that see the claim of a process that is gone, one takes it over."""
    world.store.announce([notice()])
    world.store.claim_notice(unsent(world)[0], AT)
    (seen,) = unsent(world)

    assert world.store.claim_notice(seen, LATER)
    assert not world.store.claim_notice(seen, LATER)
    assert unsent(world)[0].attempts == 2


@pytest.mark.parametrize("state", [NoticeState.SENT, NoticeState.GIVEN_UP])
def test_what_is_over_is_not_told_again(world: World, state: NoticeState) -> None:
    """A notice that was sent or given up is neither listed, claimed nor announced again."""
    world.store.announce([notice()])
    (seen,) = unsent(world)
    world.store.claim_notice(seen, AT)
    world.store.settle_notice(seen, LATER, state)

    assert unsent(world) == []
    assert not world.store.claim_notice(seen, LATER)
    assert world.store.announce([notice()]) == 0


def test_what_failed_is_pending_again_with_its_reason(world: World) -> None:
    """A failure keeps the attempt and its time, so that the next can wait."""
    world.store.announce([notice()])
    (seen,) = unsent(world)
    world.store.claim_notice(seen, AT)
    world.store.settle_notice(seen, LATER, NoticeState.PENDING, "The server is away.")

    expected = replace(notice(), attempts=1, claimed_at=AT, reason="The server is away.")
    assert unsent(world) == [expected]
    assert world.store.claim_notice(unsent(world)[0], LATER)


def test_a_slow_sender_does_not_free_the_claim_of_another(world: World) -> None:
    """A failure that comes late leaves the newer claim; a success counts whenever it comes."""
    world.store.announce([notice()])
    (slow,) = unsent(world)
    world.store.claim_notice(slow, AT)
    (taken,) = unsent(world)
    world.store.claim_notice(taken, LATER)

    world.store.settle_notice(slow, LATER, NoticeState.PENDING, "late")
    assert unsent(world)[0].state is NoticeState.CLAIMED
    world.store.settle_notice(slow, LATER, NoticeState.SENT)
    assert unsent(world) == []
    world.store.settle_notice(taken, LATER, NoticeState.PENDING, "failed")
    assert unsent(world) == []


def test_many_that_claim_at_once_are_one(world: World) -> None:
    """Of eight threads that saw the same notice, one may send it."""
    world.store.announce([notice()])
    (seen,) = unsent(world)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: world.store.claim_notice(seen, AT), range(8)))

    assert sorted(won) == [False] * 7 + [True]


def test_announcing_again_writes_nothing(sqlite_world: SqliteWorld) -> None:
    """A job that sees the same event a thousand times leaves the file as it is."""
    sqlite_world.store.announce([notice()])
    before = sqlite_world.path.read_bytes(), sqlite_world.path.stat().st_mtime_ns

    for _ in range(20):
        assert sqlite_world.store.announce([notice()]) == 0
    assert (sqlite_world.path.read_bytes(), sqlite_world.path.stat().st_mtime_ns) == before
