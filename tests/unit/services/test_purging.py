"""Purging what was removed long enough ago, as `reconcile` does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.core import retention
from reconciler.core.errors import StoreError
from reconciler.core.model import Environment, ResourceKey
from reconciler.core.releases.records import AuditEntry
from reconciler.services.deploying.locking import Locker
from reconciler.services.deploying.purging import Purger
from reconciler.testing import (
    FakeClock,
    FakeProcesses,
    MemoryPlatform,
    MemoryStore,
    deployment,
    removal,
    workflow,
)

DEV = Environment(name="development")
SYNC = ResourceKey("Workflow", "sync-contacts")


class Kept:
    """A platform on which a workflow was removed, and what purges it."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), MemoryStore()
        self.locker = Locker(store=self.store, clock=self.clock, processes=FakeProcesses())
        self.platform = MemoryPlatform([workflow()])
        self.platform.now = self.clock.now()
        with self.store.transaction() as unit:
            revision = self.platform.observe().revision
            self.platform.deploy(unit, [removal(workflow())], revision)
        self.revision = self.platform.observe().revision

    def purge(self, environment: Environment = DEV) -> tuple[ResourceKey, ...]:
        """Purge."""
        purger = Purger(
            store=self.store,
            platform=lambda _: self.platform,
            clock=self.clock,
            locker=self.locker,
        )
        return purger.purge(environment, "ci")

    def let_pass(self, **time: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**time).total_seconds())


@pytest.fixture
def kept() -> Kept:
    """A workflow was just removed."""
    return Kept()


def test_removals_are_kept_for_thirty_days(kept: Kept) -> None:
    """Unless environment.yaml says otherwise, thirty days have to pass."""
    kept.let_pass(days=30)
    assert kept.purge() == ()
    kept.let_pass(seconds=1)

    assert kept.purge() == (SYNC,)


def test_the_environment_says_how_long(kept: Kept) -> None:
    """`removal.keep` counts, and may be nothing at all."""
    two_hours = Environment(name="development", raw={"removal": {"keep": "2h"}})
    at_once = Environment(name="development", raw={"removal": {"keep": "0s"}})
    kept.let_pass(hours=1)

    assert kept.purge(two_hours) == ()
    assert kept.purge(at_once) == (SYNC,)


def test_where_nothing_is_purged_nothing_is_written(kept: Kept) -> None:
    """No transaction is opened and no lock taken, neither before the time nor after the purge."""
    take, kept.store.take_lock = kept.store.take_lock, None
    kept.store.fail_commit = StoreError("Something is written.")
    assert kept.purge() == ()
    kept.store.fail_commit, kept.store.take_lock = None, take
    kept.let_pass(days=31)
    assert kept.purge() == (SYNC,)
    kept.store.take_lock = None
    kept.store.fail_commit = StoreError("Something is written.")

    assert kept.purge() == ()
    assert len(kept.store.audit()) == 1


def test_a_purge_is_audited(kept: Kept) -> None:
    """Who purged what, and when, can be read afterwards."""
    kept.let_pass(days=31)
    kept.purge()

    assert list(kept.store.audit("development")) == [
        AuditEntry(
            at=kept.clock.now(),
            actor="ci",
            action="purge",
            environment="development",
            detail="Workflow/sync-contacts",
        )
    ]


def test_nothing_is_purged_during_a_deployment(kept: Kept) -> None:
    """What a deployment at work may bring back is left alone, whoever is at it."""
    kept.let_pass(days=31)
    with kept.locker.holding("development", holder="ana", reason="apply"):
        assert kept.purge() == ()
    assert kept.platform.observe().revision == kept.revision


def test_nothing_is_purged_before_an_interrupted_one_is_ended(kept: Kept) -> None:
    """What a deployment that was not ended wrote may have to be undone first."""
    kept.let_pass(days=31)
    kept.store.begin(deployment("d-1"))

    assert kept.purge() == ()
    assert kept.platform.observe().revision == kept.revision
    assert kept.store.locks() == []


def test_a_purge_holds_the_lock(kept: Kept) -> None:
    """Nobody deploys while it goes on; afterwards the environment is free."""
    kept.let_pass(days=31)
    purge, seen = kept.platform.purge, []

    def watched(*given: object) -> tuple[ResourceKey, ...]:
        seen.extend(lock.reason for lock in kept.store.locks())
        return purge(*given)

    kept.platform.purge = watched

    assert kept.purge() == (SYNC,)
    assert seen == ["purge of what was removed long ago"]
    assert kept.store.locks() == []


@pytest.mark.parametrize("at", ["soon", "", "2026-01-05", "2026-01-05T09:00:00"])
def test_a_time_that_cannot_be_compared_is_not_earlier(at: str) -> None:
    """What bears no proper time is kept rather than purged."""
    assert not retention.is_earlier(at, "2026-01-06T09:00:00+00:00")
