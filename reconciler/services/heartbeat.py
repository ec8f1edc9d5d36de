"""Keeps a lease alive while something long is at work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.core.errors import LockLost


class Heartbeat:
    """Calls `renew` every so many seconds, from a thread of its own.

    `lost` is why the lease is gone for good; `failed` why the last renewal did not arrive. A failed
    one is tried again with the next beat, since a store may be away for a moment.
    """

    def __init__(self, renew: Callable[[], None], every: float) -> None:
        """Take what renews, and how many seconds lie between two times."""
        self.lost: LockLost | None = None
        self.failed: Exception | None = None
        self._renew = renew
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def check(self) -> None:
        """Stop whoever lost the lease.

        Raises:
            LockLost: the lease was taken over or released.
        """
        if self.lost is not None:
            raise self.lost

    def start(self) -> None:
        """Begin; the first renewal comes after one interval."""
        self._thread.start()

    def stop(self) -> None:
        """End, having waited for a renewal that is under way."""
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(self._every):
            try:
                self._renew()
            except LockLost as error:
                self.lost = error
                return
            except Exception as error:  # noqa: BLE001 - the outermost net of a thread
                self.failed = error
            else:
                self.failed = None


@contextmanager
def beating(renew: Callable[[], None], every: float) -> Iterator[Heartbeat]:
    """Renew a lease in the background for as long as the block runs."""
    heartbeat = Heartbeat(renew, every)
    heartbeat.start()
    try:
        yield heartbeat
    finally:
        heartbeat.stop()
