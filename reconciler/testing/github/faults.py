"""What goes wrong with requests to the forge, told in advance by a test."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """What can go wrong with one request."""

    STATUS = "status"  # answered with `status`, `message` or `body`, `headers`; no effect
    LOST_REQUEST = "lost-request"  # the connection ends before the effect
    LOST_REPLY = "lost-reply"  # the connection ends after the effect
    CUT_REPLY = "cut-reply"  # it ends in the middle of the reply, after the effect
    ARRIVED = "arrived"  # answered with `status` after the effect
    GARBAGE = "garbage"  # a page of something in between, with `status`; no effect
    HANG = "hang"  # no effect, and no reply for `seconds`
    DELETED = "deleted"  # a person deletes the comment just before it is written
    EDITED = "edited"  # a person edits the comment just before it is written
    TWIN = "twin"  # another run adds the same comment just before


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A fault and when it strikes.

    Of the requests with a `method` (empty: any) whose path matches `path` somewhere it lets
    `after` pass and strikes the next `times` (None: all that follow).
    """

    fault: Fault
    method: str = ""
    path: str = ""
    after: int = 0
    times: int | None = 1
    status: int = 500
    message: str = "told to fail"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 30.0

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Planned:
        """Return a fault that was told as JSON.

        Raises:
            ValueError: it is not understood.
        """
        known = {each.name for each in fields(cls)}
        if unknown := given.keys() - known:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        re.compile(given.get("path", ""))
        return cls(**{**given, "fault": Fault(given.get("fault", ""))})

    def fits(self, method: str, path: str) -> bool:
        """Say whether it is about a request."""
        return self.method in {"", method} and re.search(self.path, path) is not None

    def strikes(self, number: int) -> bool:
        """Say whether the n-th request (from 0) of those that it is about is struck."""
        return self.after <= number and (self.times is None or number < self.after + self.times)


@dataclass
class _Counted:
    planned: Planned
    seen: int = 0
    struck: int = 0


class Faults:
    """The faults of one server; requests are counted from the moment a fault was added."""

    def __init__(self) -> None:
        """Let everything go well."""
        self._all: list[_Counted] = []
        self._lock = threading.Lock()

    def add(self, fault: str, **how: Any) -> None:
        """Add a fault, with the fields of `Planned`.

        Raises:
            ValueError: it is not understood.
        """
        counted = _Counted(Planned.parse({"fault": fault, **how}))
        with self._lock:
            self._all.append(counted)

    def clear(self) -> None:
        """Let everything go well from now on."""
        with self._lock:
            self._all.clear()

    def take(self, method: str, path: str) -> Planned | None:
        """Return what strikes a request, and count it."""
        struck = None
        with self._lock:
            for each in self._all:
                if not each.planned.fits(method, path):
                    continue
                if struck is None and each.planned.strikes(each.seen):
                    struck = each.planned
                    each.struck += 1
                each.seen += 1
        return struck

    def told(self) -> list[dict[str, Any]]:
        """Return each fault with how many requests it saw and struck."""
        with self._lock:
            return [
                {**asdict(each.planned), "seen": each.seen, "struck": each.struck}
                for each in self._all
            ]
