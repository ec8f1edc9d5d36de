"""The machine the program runs on: time, ids and processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reconciler.core.canonical import Json


class Clock(Protocol):
    """Time and ids, so that tests can choose them."""

    def now(self) -> str:
        """Return the current time as RFC 3339 with offset."""

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""

    def new_id(self) -> str:
        """Return a new id that sorts by time."""


class Processes(Protocol):
    """Who this process is, so that another can tell whether it still lives."""

    def owner(self) -> Mapping[str, Json]:
        """Return host, process id and start time of this process."""

    def is_alive(self, owner: Mapping[str, Json]) -> bool:
        """Say whether the process behind a record still runs on this machine."""
