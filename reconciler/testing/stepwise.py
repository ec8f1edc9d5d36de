"""A platform in memory that knows no transactions, and fails where a test says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reconciler.core.errors import PlatformError
from reconciler.ports import Operation, Unit
from reconciler.testing.platform import MemoryPlatform


@dataclass(frozen=True, slots=True)
class _Failure:
    error: BaseException
    arrived: bool


class StepwisePlatform(MemoryPlatform):
    """A `MemoryPlatform` that is written one resource after another, and no roll-back undoes it.

    Calls of `write` are counted from 1 in `calls`, also those that fail or change nothing; what
    did change something is in `writes`. `trace` is called with each operation before it is looked
    at.
    """

    transactional = False

    def __init__(self, contents: Sequence[dict[str, object]] = ()) -> None:
        """Begin with these manifests running, and no failures."""
        self.calls = 0
        self.trace: Callable[[Operation], None] | None = None
        self._failures: dict[int, _Failure] = {}
        self._edits: dict[int, Callable[[], None]] = {}
        super().__init__(contents)

    def fail(self, call: int, error: BaseException | None = None, *, arrived: bool = False) -> None:
        """Let the n-th call of `write`, counted from now, raise; with `arrived` after its effect.

        Without an error it is the PlatformError of a reply that did not come. An exception that
        no code catches stands for a process that is killed there.
        """
        text = "The platform did not answer; the write may have arrived."
        self._failures[self.calls + call] = _Failure(error or PlatformError(text), arrived)

    def interfere(self, call: int, edit: Callable[[], None]) -> None:
        """Let somebody else do something just before the n-th call of `write` from now."""
        self._edits[self.calls + call] = edit

    def write(self, operation: Operation) -> None:
        """Write one resource, unless a failure was told for this call."""
        self.calls += 1
        if self.trace is not None:
            self.trace(operation)
        if edit := self._edits.pop(self.calls, None):
            edit()
        failure = self._failures.pop(self.calls, None)
        if failure is not None and not failure.arrived:
            raise failure.error
        super().write(operation)
        if failure is not None:
            raise failure.error

    def deploy(self, unit: Unit, operations: Sequence[Operation], revision: str) -> None:
        """Write the operations one after another; those before a failure stay written."""
        for operation in operations:
            self.write(operation)

    def _keep_for(self, unit: Unit) -> None:
        """Remember nothing: the store's transaction cannot take back what a remote was told."""
