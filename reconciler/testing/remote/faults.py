"""What goes wrong on the way to the remote platform and back, told in advance by a test."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconciler.core.canonical import Json


class Fault(StrEnum):
    """What can go wrong with one request."""

    LATENCY = "latency"  # it waits `seconds`, then all goes on
    STATUS = "status"  # answered with `status` and no effect, or with `arrived` after it
    GARBAGE = "garbage"  # answered with a page of something in between, without effect
    LOST_REQUEST = "lost-request"  # the connection ends before the effect
    LOST_REPLY = "lost-reply"  # the connection ends after the effect
    CUT_REPLY = "cut-reply"  # it ends in the middle of the reply, after the effect
    SLOW_REPLY = "slow-reply"  # the reply comes `seconds` after the effect
    REFUSE = "refuse"  # it is lost, and for `seconds` every connection is refused
    HANG = "hang"  # no effect, and no reply for `seconds`
    EDIT = "edit"  # somebody else changes the resource just before it is written
    DELETE = "delete"  # somebody else takes the resource away just before it is written
    CHURN = "churn"  # somebody else changes a resource just before a page of the list is read
    SHORT_LIST = "short-list"  # the list ends after `items`, as if that were all


ON = ("any", "read", "list", "write")
# Those that need a resource to be written, or a list.
_ALWAYS_ON: Mapping[Fault, str] = {
    Fault.EDIT: "write",
    Fault.DELETE: "write",
    Fault.CHURN: "list",
    Fault.SHORT_LIST: "list",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A fault and when it strikes.

    Of the requests that it is `on` it lets `after` pass and strikes the next `times` (None: all
    that follow), each with a `probability` that depends on the `seed` alone.
    """

    fault: Fault
    on: str = "any"
    after: int = 0
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0
    seconds: float = 30.0
    status: int = 500
    retry_after: int | None = None
    arrived: bool = False
    items: int = 0

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Planned:
        """Return a fault that was told as JSON.

        Raises:
            ValueError: it is not understood.
        """
        fault = Fault(given.get("fault", ""))
        try:
            told = cls(**{**given, "fault": fault, "on": _ALWAYS_ON.get(fault, given.get("on"))})
        except TypeError as error:
            raise ValueError(str(error)) from error
        return told

    def __post_init__(self) -> None:
        """Refuse what could never strike, so that no test passes by a misspelt word."""
        on = _ALWAYS_ON.get(self.fault, self.on or "any")
        if on not in ON:
            raise ValueError(f"on is one of {', '.join(ON)}, not {on!r}")
        object.__setattr__(self, "on", on)

    def strikes(self, number: int) -> bool:
        """Say whether the n-th request (from 0) of those that it is on is struck."""
        if number < self.after or (self.times is not None and number >= self.after + self.times):
            return False
        return self.probability >= 1 or _chance(self.seed, number) < self.probability


@dataclass
class _Counted:
    planned: Planned
    seen: int = 0
    struck: int = 0


@dataclass
class Faults:
    """The faults of one server; requests are counted from the moment a fault was added."""

    _all: list[_Counted] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: str, **how: Json) -> None:
        """Add a fault, with the fields of `Planned`.

        Raises:
            ValueError: it is not understood.
        """
        self.extend([{"fault": fault, **how}])

    def extend(self, given: Iterable[Mapping[str, Json]]) -> None:
        """Add faults as they are told over HTTP.

        Raises:
            ValueError: one is not understood; then none is added.
        """
        parsed = [_Counted(Planned.parse(each)) for each in given]
        with self._lock:
            self._all += parsed

    def clear(self) -> None:
        """Let everything go well from now on."""
        with self._lock:
            self._all.clear()

    def take(self, kinds: Iterable[str]) -> dict[Fault, Planned]:
        """Return what strikes a request of these kinds, and count the request."""
        named = {"any", *kinds}
        struck: dict[Fault, Planned] = {}
        with self._lock:
            for each in self._all:
                if each.planned.on not in named:
                    continue
                if each.planned.strikes(each.seen):
                    each.struck += 1
                    struck.setdefault(each.planned.fault, each.planned)
                each.seen += 1
        return struck

    def told(self) -> list[dict[str, Json]]:
        """Return each fault with how many requests it saw and struck."""
        with self._lock:
            return [
                {
                    "fault": str(each.planned.fault),
                    "on": each.planned.on,
                    "seen": each.seen,
                    "struck": each.struck,
                }
                for each in self._all
            ]


def _chance(seed: int, number: int) -> float:
    """Return a number below 1 that looks like chance and is the same in every run."""
    drawn = hashlib.sha256(f"{seed}:{number}".encode()).digest()[:6]
    return int.from_bytes(drawn, "big") / 2**48
