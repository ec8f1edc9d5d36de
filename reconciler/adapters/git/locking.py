"""One fetch at a time into one repository, so that two processes never meet in its refs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.adapters.git.private import Place
from reconciler.core.errors import RepositoryError

_PATIENCE = 300.0
_PAUSE = 0.05


@contextmanager
def alone(place: Place, patience: float = _PATIENCE) -> Iterator[None]:
    """Wait until no other process fetches into a repository, and keep others waiting meanwhile.

    The folder itself is locked: nothing is written, and the kernel frees it with the process.

    Raises:
        RepositoryError: another one did not end in `patience` seconds.
    """
    import fcntl

    try:
        folder = os.open(place.common_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise RepositoryError(f"{place.shown} cannot be opened: {error.strerror}.") from error
    try:
        end = time.monotonic() + patience
        while not _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
            if time.monotonic() > end:
                raise RepositoryError(
                    f"another process fetches into {place.shown} for {patience:g} seconds now.",
                    hint="Wait until it ends, or end it.",
                )
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(folder)


def _locked(folder: int, how: int) -> bool:
    """Take the lock; a file system without locks counts as taken."""
    import fcntl

    try:
        fcntl.flock(folder, how)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
