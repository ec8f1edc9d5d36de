"""Signals that ask this process to end: noted while something must come to its next safe point."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class SystemInterruptions:
    """SIGINT and SIGTERM; a `ports.Interruptions`.

    `noted` is the number of the signal that came while it was deferred: whoever runs the command
    heeds it once the answer is shown.
    """

    def __init__(self) -> None:
        """Begin with nothing noted."""
        self.noted: int | None = None

    @contextmanager
    def deferred(self) -> Iterator[Callable[[], bool]]:
        """Only note such a signal inside the block; a second one ends the process at once."""
        if threading.current_thread() is not threading.main_thread():
            yield lambda: self.noted is not None
            return
        before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        try:
            yield lambda: self.noted is not None
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.noted is not None:
            raise KeyboardInterrupt
        self.noted = number
