"""The machine the program runs on: time, ids and processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from reconciler.core.canonical import Json
from reconciler.core.locks import Liveness


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

    def liveness(self, owner: Mapping[str, Json]) -> Liveness:
        """Say whether the process behind a record still runs; unknown where it is not seen."""

    def ticks(self) -> float:
        """Return the seconds since this machine was started, which no change of its clock moves."""


class Interruptions(Protocol):
    """Signals that ask this process to end."""

    def deferred(self) -> AbstractContextManager[Callable[[], bool]]:
        """Only note such a signal inside the block; gives what says whether one came.

        A second one ends the process at once.
        """
