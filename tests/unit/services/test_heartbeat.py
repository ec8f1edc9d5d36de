"""A lease is renewed in the background, and its loss is told."""

from __future__ import annotations

import threading

import pytest

from reconciler.core.errors import LockLost, StoreError
from reconciler.services.heartbeat import beating

LIMIT = 10.0  # seconds that a test waits at most for a beat


class Renewing:
    """Renews as told, one outcome after another, and says when all are used up."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self._outcomes = list(outcomes)
        self.calls = 0
        self.done = threading.Event()

    def __call__(self) -> None:
        """Renew once."""
        self.calls += 1
        outcome = self._outcomes.pop(0) if self._outcomes else None
        if not self._outcomes:
            self.done.set()
        if outcome is not None:
            raise outcome


def test_a_lease_is_renewed_until_the_work_ends() -> None:
    """Beats come while the block runs and none after it."""
    renew = Renewing(None, None, None)
    with beating(renew, 0.001) as heartbeat:
        assert renew.done.wait(LIMIT)
    calls = renew.calls

    threading.Event().wait(0.01)
    assert renew.calls == calls
    heartbeat.check()


def test_a_lost_lease_ends_the_beats_and_is_told() -> None:
    """Whoever checks learns it; nobody tries to get the lease back."""
    lost = LockLost()
    renew = Renewing(lost)
    with beating(renew, 0.001) as heartbeat:
        assert renew.done.wait(LIMIT)

    with pytest.raises(LockLost):
        heartbeat.check()
    assert (heartbeat.lost, renew.calls) == (lost, 1)


def test_a_store_that_is_away_for_a_moment_is_asked_again() -> None:
    """A renewal that failed is tried with the next beat, and then forgotten."""
    renew = Renewing(StoreError("away"), None, StoreError("away again"))
    with beating(renew, 0.001) as heartbeat:
        assert renew.done.wait(LIMIT)
        heartbeat.check()

    assert heartbeat.lost is None
    assert renew.calls >= 3


def test_nothing_that_goes_wrong_ends_the_beats(capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever a renewal raises is kept, not shown, and the next beat tries again."""
    renew = Renewing(MemoryError(), OSError("no"), ZeroDivisionError())
    with beating(renew, 0.001) as heartbeat:
        assert renew.done.wait(LIMIT)
    heartbeat.check()

    assert renew.calls >= 3
    assert capfd.readouterr() == ("", "")


def test_an_error_of_the_work_is_its_own() -> None:
    """The heart stops also when the block fails."""
    renew = Renewing(None)
    with pytest.raises(ZeroDivisionError), beating(renew, 0.001):
        raise ZeroDivisionError
    calls = renew.calls

    threading.Event().wait(0.01)
    assert renew.calls == calls
