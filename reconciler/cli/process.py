"""The program as a process: signals that end it, streams that may be closed or full."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def prepare() -> None:
    """Get ready for a command.

    SIGTERM ends it as an exit does, so that nothing temporary is left behind.
    """
    _open_closed_streams()
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    # The end has begun: another signal must not break into what is cleared away now.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _open_closed_streams() -> None:
    """Open the null device for closed standard streams, so that no other file takes their place."""
    spare = os.open(os.devnull, os.O_RDWR)
    while spare < len(_STREAMS):
        spare = os.open(os.devnull, os.O_RDWR)
    os.close(spare)
    for number, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def give_up_stdout() -> None:
    """Give up stdout quietly, so that the interpreter does not complain at its end."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


class Stop:
    """Lets SIGINT and SIGTERM end the agent after its run, and a second one at once."""

    _LOOK = 0.2  # seconds between two looks: a signal does not end a sleep

    def __init__(self) -> None:
        """Take the signals over, for the rest of the program."""
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def wait(self, seconds: float) -> bool:
        """Wait between two runs; return whether the agent shall end."""
        end = time.monotonic() + seconds
        while not self.asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, self._LOOK))
        return self.asked
