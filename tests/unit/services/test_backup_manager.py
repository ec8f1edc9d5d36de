"""`backup list`, `create` and `verify`, with everything in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reconciler.core.backups import BackupState, Drilled
from reconciler.core.errors import (
    BackupDamaged,
    BackupRefused,
    Busy,
    NotFound,
    PlatformError,
    UsageError,
)
from reconciler.services.backups.drilling import Scratch
from reconciler.services.backups.managing import BackupManager
from reconciler.testing import MemoryPlatform, MemoryStore, deployment
from tests.unit.services.shop import Shop

DEV = "development"


@contextmanager
def scratch(_environment: str) -> Iterator[Scratch]:
    """Open an empty platform."""
    yield Scratch(MemoryStore(), MemoryPlatform())


@pytest.fixture
def shop() -> Shop:
    """A shop with development deployed, hence with one backup."""
    found = Shop()
    found.apply()
    return found


def manager(shop: Shop) -> BackupManager:
    """Return what is tested."""
    return BackupManager(
        workspace=shop.workspace,
        store=shop.store,
        reader=shop.platform_of,
        keeper=shop.deployments.keeper,
        locker=shop.locker,
        scratch=scratch,
        actor=shop.actor,
    )


def test_a_backup_is_taken_under_the_lock(shop: Shop) -> None:
    """It is usable, and nobody holds the environment afterwards."""
    made = manager(shop).create(DEV)

    assert (made.state, made.sequence, made.resources) == (BackupState.USABLE, 2, 4)
    assert manager(shop).listed(DEV)[0] == made
    assert shop.store.locks() == []


def test_who_holds_the_lock_is_not_disturbed(shop: Shop) -> None:
    """Nothing is begun while somebody else works."""
    with (
        shop.locker.holding(DEV, holder="ben", reason="a promotion"),
        pytest.raises(Busy, match="ben"),
    ):
        manager(shop).create(DEV)
    assert len(shop.store.backups()) == 1


def test_half_a_deployment_is_not_backed_up(shop: Shop) -> None:
    """What its process left has to be finished or undone first."""
    shop.store.begin(deployment("d-9", DEV))

    with pytest.raises(Busy, match="Deployment d-9 of development did not end") as caught:
        manager(shop).create(DEV)
    assert "reconciler reconcile" in str(caught.value.hint)
    assert len(shop.store.backups()) == 1
    assert shop.store.locks() == []


def test_a_backup_that_fails_gives_the_lock_back(shop: Shop) -> None:
    """It stays listed as incomplete, and the next one can be taken."""
    shop.platform.incomplete = "page 2 was missing"
    with pytest.raises(PlatformError):
        manager(shop).create(DEV)
    shop.platform.incomplete = None

    assert manager(shop).create(DEV).sequence == 3
    states = [each.state for each in manager(shop).listed(DEV)]
    assert states == [BackupState.USABLE, BackupState.INCOMPLETE, BackupState.USABLE]


def test_an_unknown_environment_is_wrong_usage(shop: Shop) -> None:
    """Nothing is listed, taken or verified of it."""
    with pytest.raises(UsageError, match='No environment "nowhere"'):
        manager(shop).listed("nowhere")
    with pytest.raises(UsageError, match='No environment "nowhere"'):
        manager(shop).create("nowhere")
    with pytest.raises(UsageError, match='No environment "nowhere"'):
        manager(shop).verify(environment="nowhere")


def test_all_are_verified_when_none_is_named(shop: Shop) -> None:
    """A damaged one does not keep the others from being verified; incomplete ones are skipped."""
    made = manager(shop).create(DEV)
    shop.platform.incomplete = "away"
    with pytest.raises(PlatformError):
        manager(shop).create(DEV)
    shop.store.manifests[made.id] = b"damaged"

    begun, wrong, good = manager(shop).verify(drill=True)

    assert (begun.skipped, begun.problem) == (True, None)
    assert isinstance(wrong.problem, BackupDamaged)
    assert (good.problem, good.drilled) == (None, Drilled(resources=0, users=0))


def test_one_that_is_named_must_be_good(shop: Shop) -> None:
    """An incomplete one is refused when somebody asks for it, an unknown one is not found."""
    shop.platform.incomplete = "away"
    with pytest.raises(PlatformError):
        manager(shop).create(DEV)
    begun, good = manager(shop).listed(DEV)

    [verdict] = manager(shop).verify(begun.id)
    assert isinstance(verdict.problem, BackupRefused)
    [verdict] = manager(shop).verify(good.id, DEV)
    assert (verdict.problem, verdict.drilled) == (None, None)
    [verdict] = manager(shop).verify(good.id, "staging")
    assert isinstance(verdict.problem, BackupRefused)
    with pytest.raises(NotFound):
        manager(shop).verify("b-9")


def test_the_environment_of_a_backup_is_found(shop: Shop) -> None:
    """By its id alone."""
    [backup] = manager(shop).listed()

    assert manager(shop).environment_of(backup.id).name == DEV
    with pytest.raises(NotFound):
        manager(shop).environment_of("b-9")
