"""The platform in memory without transactions: it fails where a test says, and keeps the rest."""

from __future__ import annotations

import pytest

from reconciler.core.errors import PlatformError, StalePlan
from reconciler.testing import (
    MemoryStore,
    StepwisePlatform,
    app_event,
    integration,
    operation,
    removal,
    workflow,
)

THREE = [operation(integration()), operation(app_event()), operation(workflow())]


class Killed(BaseException):
    """What stands for a process that is killed."""


def names(platform: StepwisePlatform) -> list[str]:
    """Return the kinds of what runs."""
    return sorted(key.kind for key in platform.observe().digests)


@pytest.mark.parametrize(("arrived", "left"), [(False, 1), (True, 2)])
def test_it_fails_at_the_call_that_was_named(arrived: bool, left: int) -> None:
    """A failure before its effect leaves it out, one after it leaves it there."""
    platform = StepwisePlatform()
    platform.fail(2, arrived=arrived)
    with pytest.raises(PlatformError, match="may have arrived"):
        platform.deploy(MemoryStore(), THREE, "")

    assert (platform.calls, len(platform.writes)) == (2, left)
    for each in THREE:
        platform.write(each)
    assert (platform.calls, len(platform.writes)) == (5, 3)


def test_a_kill_is_an_exception_that_nobody_catches() -> None:
    """Any exception may be told, also one that no code of ours catches."""
    platform = StepwisePlatform()
    platform.fail(1, Killed(), arrived=True)
    with pytest.raises(Killed):
        platform.write(THREE[0])

    assert names(platform) == ["Integration"]


def test_somebody_may_be_faster() -> None:
    """What somebody else does just before a write is compared with what it expects."""
    platform = StepwisePlatform([workflow()])
    platform.interfere(1, lambda: platform.edit(workflow(title="By hand")))
    with pytest.raises(StalePlan):
        platform.write(removal(workflow()))

    assert platform.writes == []


def test_calls_are_counted_from_where_a_failure_is_told() -> None:
    """The first call after telling is number one."""
    platform = StepwisePlatform()
    seen = []
    platform.trace = lambda each: seen.append(each.key.kind)
    platform.write(THREE[0])
    platform.fail(1)
    with pytest.raises(PlatformError):
        platform.write(THREE[1])

    assert seen == ["Integration", "AppEvent"]


def test_a_roll_back_takes_nothing_back() -> None:
    """What was written stays when the store's transaction around it is not committed."""
    store, platform = MemoryStore(), StepwisePlatform()
    platform.fail(2, Killed())
    with pytest.raises(Killed), store.transaction() as unit:
        platform.deploy(unit, THREE, "")

    assert names(platform) == ["Integration"]
    assert platform.transactional is False
