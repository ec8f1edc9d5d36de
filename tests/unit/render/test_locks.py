"""Locks and maintenance as people and machines read them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.coordination import Maintenance
from reconciler.core.locks import Liveness, Lock, SeenLock, Standing
from reconciler.core.render import locks

LOCK = Lock(
    id="l-1",
    environment="production",
    token=7,
    holder="ana",
    reason="promote 1.4.0",
    since="2026-01-06T09:00:00+00:00",
    expires_at="2026-01-06T09:01:00+00:00",
    owner={"host": "ci-7", "pid": 4242},
)
CLOSED = Maintenance(
    environment="production",
    deployment="d-1",
    since="2026-01-06T09:00:01+00:00",
    reason="promote 1.4.0",
)


def seen(standing: Standing = Standing.HELD, lock: Lock = LOCK) -> SeenLock:
    """Return a lock as it stands."""
    return SeenLock(lock=lock, standing=standing, liveness=Liveness.ALIVE)


def test_a_lock_is_one_object_with_every_key() -> None:
    """The owner is a text, and an end that there is not is null."""
    kept = replace(LOCK, expires_at=None, owner={})
    rows = locks.answer([seen(), seen(Standing.KEPT, kept)])["locks"]

    assert rows[0] == {
        "id": "l-1",
        "environment": "production",
        "owner": "ana on host ci-7, process 4242",
        "reason": "promote 1.4.0",
        "since": "2026-01-06T09:00:00+00:00",
        "expiresAt": "2026-01-06T09:01:00+00:00",
        "token": 7,
    }
    assert (rows[1]["owner"], rows[1]["expiresAt"]) == ("ana", None)


def test_a_page_tells_locks_and_maintenance() -> None:
    """Who, why, the id that releases it, since when and until when."""
    assert locks.page([seen()], [CLOSED]).splitlines() == [
        "production: locked by ana on host ci-7, process 4242",
        "  promote 1.4.0",
        "  lock l-1, token 7, since 2026-01-06 09:00 UTC, renewed until 2026-01-06 09:01 UTC",
        "production: in maintenance since 2026-01-06 09:00 UTC for deployment d-1: promote 1.4.0",
    ]
    assert locks.page([], []) == locks.NOTHING


def test_a_kept_lock_stays_until_it_is_released() -> None:
    """No time is named that would end it."""
    page = locks.page([seen(Standing.KEPT, replace(LOCK, expires_at=None))], [])

    assert "until somebody releases it" in page


@pytest.mark.parametrize(
    ("standing", "why"),
    [(Standing.EXPIRED, "has run out"), (Standing.DEAD, "a process that is gone")],
)
def test_a_lock_that_nobody_holds_any_more_is_a_warning(standing: Standing, why: str) -> None:
    """It says that the lock blocks nobody; a held or kept one is no warning."""
    held, kept = seen(), seen(Standing.KEPT, replace(LOCK, expires_at=None))
    [warning] = locks.warnings([held, kept, seen(standing)])

    assert why in warning
    assert "stands in nobody's way" in warning
    assert why in locks.page([seen(standing)], [])


@pytest.mark.parametrize(
    ("liveness", "told"),
    [
        (Liveness.ALIVE, "still runs; what it writes from now on is refused"),
        (Liveness.DEAD, "is gone"),
        (Liveness.UNKNOWN, "not known here; what it writes from now on is refused"),
    ],
)
def test_a_release_says_what_becomes_of_the_holder(liveness: Liveness, told: str) -> None:
    """Whose it was, whether its process lives, and what comes next."""
    text = locks.released(LOCK, liveness, ["deployment d-1"], opened=False)

    assert "held by ana on host ci-7, process 4242" in text
    assert told in text
    assert "It left deployment d-1 unfinished" in text
    assert "`reconciler reconcile --environment production`" in text


@pytest.mark.parametrize(
    ("opened", "told"), [(True, "production is open again"), (False, "no deployment unfinished")]
)
def test_a_release_that_left_nothing_asks_for_nothing(opened: bool, told: str) -> None:
    """Only what is unfinished has to be recovered."""
    text = locks.released(LOCK, Liveness.DEAD, [], opened=opened)

    assert told in text
    assert "reconcile" not in text


def test_foreign_text_commands_no_terminal_and_no_build_server() -> None:
    """Holder, reason and host come from a record that anybody may have written."""
    bad = replace(LOCK, holder="\x1b[31mana", reason="::set-output name=x\nnext")
    told = locks.page([seen(lock=bad)], [])

    assert "\x1b" not in told
    assert "::set-output" not in told
    assert "\nnext" not in told
