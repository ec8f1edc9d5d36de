"""What becomes of deployments whose process died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from reconciler.core.errors import Busy
from reconciler.core.model import Phase, Step
from reconciler.testing import FakeClock, deployment
from tests.unit.services.shop import Shop

OWNER = {"host": "here", "pid": 4711}


@pytest.fixture
def shop() -> Shop:
    """A repository in memory in which one deployment says Running."""
    shop = Shop()
    shop.store.begin(deployment("d-1", "development", owner=OWNER))
    return shop


def phase(shop: Shop) -> tuple[Phase, bool]:
    """Return phase and live mark of the deployment."""
    (found,) = shop.store.deployments("development")
    return found.phase, found.live


def test_nothing_running_is_nothing_to_do() -> None:
    """Without an interrupted deployment nothing is told."""
    assert Shop().recoverer.recover("development") == ()


def test_a_living_process_is_left_alone(shop: Shop) -> None:
    """A deployment whose process is at work is waited for, with who and since when."""
    shop.processes.alive.add(4711)

    with pytest.raises(Busy, match=r"d-1 of development by ana@example.com is at work since 2026"):
        shop.recoverer.recover("development")
    assert phase(shop) == (Phase.RUNNING, False)


@pytest.mark.parametrize("state", [None, "running", "failed"])
def test_dead_before_the_write_is_aborted(shop: Shop, state: str | None) -> None:
    """Where the apply is not journaled as done nothing was written: the deployment is closed."""
    if state:
        shop.store.journal("d-1", Step(name="apply", state=state))
    (told,) = shop.recoverer.recover("development")

    assert "interrupted before anything was written; it is closed as aborted" in told
    assert phase(shop) == (Phase.ABORTED, False)


def test_dead_after_the_write_is_finished(shop: Shop) -> None:
    """Where the apply is journaled as done everything was written: the deployment is live."""
    shop.store.journal("d-1", Step(name="apply", state="done"))
    (told,) = shop.recoverer.recover("development")

    assert "interrupted after everything was written; it is finished now" in told
    assert phase(shop) == (Phase.SUCCEEDED, True)


def test_the_store_s_own_mark_counts(shop: Shop) -> None:
    """The mark that is written in the transaction of the apply is what tells the two apart."""
    with shop.store.transaction() as unit:
        shop.store.record_applied(unit, "development", (), (), "sha256:x", "d-1")
    shop.recoverer.recover("development")

    assert phase(shop) == (Phase.SUCCEEDED, True)


class Waited(FakeClock):
    """A clock on which something happens while time passes."""

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__()
        self.then = then

    def wait(self, seconds: float) -> None:
        """Let time pass, and let it happen."""
        super().wait(seconds)
        self.then()


def test_a_patient_one_waits_for_the_end(shop: Shop) -> None:
    """With patience a deployment at work is waited for, and goes on once it is over."""
    shop.processes.alive.add(4711)
    shop.clock = Waited(lambda: shop.store.finish("d-1", Phase.SUCCEEDED, "now", live=True))

    assert shop.recoverer.recover("development", 10) == ()


def test_a_patient_one_takes_over_from_the_dead(shop: Shop) -> None:
    """A process that dies while it is waited for is closed as if it had been dead before."""
    shop.processes.alive.add(4711)
    shop.clock = Waited(lambda: shop.processes.alive.discard(4711))

    assert len(shop.recoverer.recover("development", 10)) == 1


def test_patience_ends(shop: Shop) -> None:
    """After so many seconds the deployment that is still at work is named."""
    shop.processes.alive.add(4711)
    before = datetime.fromisoformat(shop.clock.now())

    with pytest.raises(Busy):
        shop.recoverer.recover("development", 5)
    assert datetime.fromisoformat(shop.clock.now()) - before == timedelta(seconds=5)


def test_other_environments_are_left_alone(shop: Shop) -> None:
    """Recovering one environment does not touch another's deployments."""
    shop.store.begin(deployment("d-2", "staging", owner=OWNER))
    shop.recoverer.recover("staging")

    assert phase(shop) == (Phase.RUNNING, False)


def test_a_recovered_environment_can_be_deployed(shop: Shop) -> None:
    """Once it is closed, an interrupted deployment holds nothing up."""
    with pytest.raises(Busy):
        shop.apply()
    shop.recoverer.recover("development")

    assert shop.apply().summary["add"] == 4
