"""Lets calls of a store and a platform fail, and processes die, where a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reconciler.core.canonical import Json
from reconciler.ports import PlatformReader, StoreReader
from reconciler.testing import FakeProcesses

_READS = set(dir(StoreReader)) | set(dir(PlatformReader)) | {"removed", "fenced"}


class Killed(BaseException):
    """The process is gone: nobody catches this, and nothing of it is written any more."""


class Fate:
    """What befalls the calls that a process makes, counted from 1 and remembered by name.

    The call `at` raises `error`, and with `lasting` every later one; `before` does something just
    before a call instead. `named` lets the first call of a name raise.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.at: int | None = None
        self.error: BaseException = Killed()
        self.lasting = True
        self.named: dict[str, BaseException] = {}
        self.before: dict[int, Callable[[], object]] = {}

    def strike(self, at: int, error: BaseException | None = None, *, lasting: bool = True) -> None:
        """Let the n-th call from now raise; without an error the process dies there."""
        self.at, self.error, self.lasting = len(self.calls) + at, error or Killed(), lasting

    def spare(self) -> None:
        """Let everything work again."""
        self.at = None
        self.named.clear()
        self.before.clear()

    def effects(self, since: int = 0) -> list[int]:
        """Return the numbers, after so many calls, of those that change something.

        A process that dies before it reads leaves the same as one that dies before its next
        effect, so that each of these stands for all reads before it.
        """
        return [n for n, call in enumerate(self.calls[since:], 1) if call not in _READS]

    def meet(self, name: str) -> None:
        """Count a call, and let it fail where it shall."""
        self.calls.append(name)
        if len(self.calls) in self.before:
            self.before.pop(len(self.calls))()
        if name in self.named:
            raise self.named.pop(name)
        if self.at is None:
            return
        if len(self.calls) == self.at or (self.lasting and len(self.calls) > self.at):
            raise self.error


class Fated:
    """A store or a platform, each call of which meets its fate before it has an effect."""

    def __init__(self, inner: Any, fate: Fate) -> None:
        self.inner = inner
        self.fate = fate

    def __getattr__(self, name: str) -> Any:
        """Return what is asked for, as something that meets its fate."""
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def call(*given: Any, **named: Any) -> Any:
            self.fate.meet(name)
            return found(*given, **named)

        return call

    def fenced(self, lock: Any) -> Fated:
        """Return the same for the holder of a lock."""
        return Fated(self.inner.fenced(lock), self.fate)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Open a transaction; its commit is a call too."""
        self.fate.meet("transaction")
        with self.inner.transaction() as unit:
            yield unit
            self.fate.meet("commit")


class Machine(FakeProcesses):
    """A machine on which one process after another runs; each may die."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.pid = 1

    def owner(self) -> Mapping[str, Json]:
        """Return the process that runs now."""
        return {**super().owner(), "pid": self.pid}

    def succeed(self, *, dead: bool = True) -> None:
        """Let another process run, after the last one died or beside it."""
        if dead:
            self.alive.discard(self.pid)
        self.pid += 1
        self.alive.add(self.pid)
