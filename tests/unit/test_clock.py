"""The system's time and new ids."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.adapters.clock import SystemClock


def test_time_is_utc_and_exact() -> None:
    """The current time is RFC 3339 with the offset of UTC, and of constant length."""
    now = SystemClock().now()

    assert abs(datetime.fromisoformat(now) - datetime.now(UTC)) < timedelta(seconds=60)
    assert now.endswith("+00:00")
    assert len(now) == len("2026-01-06T09:00:00.000000+00:00")


def test_ids_are_new_and_sort_by_time() -> None:
    """Ten thousand ids made at once differ, rise, and are letters and digits."""
    clock = SystemClock()
    ids = [clock.new_id() for _ in range(10_000)]

    assert sorted(set(ids)) == ids
    assert all(len(each) == 26 and each.isalnum() and each.islower() for each in ids)


def test_ids_of_two_clocks_sort_by_time() -> None:
    """Ids of different processes sort by the millisecond in which they were made."""
    first = SystemClock().new_id()
    time.sleep(0.003)

    assert first < SystemClock().new_id()


def test_ids_rise_when_time_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system time that is set back does not make an id smaller than an earlier one."""
    clock = SystemClock()
    first = clock.new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 1)

    assert first < clock.new_id() < clock.new_id()
