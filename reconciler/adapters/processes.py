"""Who a process is: machine, process id and start time, so that a dead one is told from a live."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from reconciler.core.canonical import Json
from reconciler.core.locks import Liveness

_ENDED = ("Z", "X")  # zombie, dead
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_PROCESSES = Path("/proc")


class SystemProcesses:
    """Processes of this machine, by what the kernel says of them."""

    def owner(self) -> dict[str, Json]:
        """Return host name, boot id, namespace, process id and start time of this process."""
        pid = os.getpid()
        return {
            "host": socket.gethostname(),
            "boot": _boot_id(),
            "namespace": _namespace(),
            "pid": pid,
            "started": _started(pid)[1],
        }

    def liveness(self, owner: Mapping[str, Json]) -> Liveness:
        """Say whether that very process still runs; unknown where process ids mean others.

        That is another machine, another boot of this one, or another container on it.
        """
        pid, started = owner.get("pid"), owner.get("started")
        here = _namespace()
        if owner.get("boot") != _boot_id() or owner.get("namespace", here) != here:
            return Liveness.UNKNOWN
        if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 0:
            return Liveness.UNKNOWN
        known, found = _started(pid)
        if not known:
            return _answering(pid, told=started is not None)
        if found is None:
            return Liveness.DEAD
        return Liveness.ALIVE if started in (None, found) else Liveness.DEAD

    def ticks(self) -> float:
        """Return the seconds since this machine was started, sleep included where it is told."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.monotonic()


def _boot_id() -> str | None:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


def _namespace() -> str | None:
    """Return what names the set of process ids that this process lives in."""
    try:
        return str(_NAMESPACE.readlink())
    except OSError:
        return None


def _started(pid: int) -> tuple[bool, str | None]:
    """Return whether the kernel tells of a process, and when it started, in ticks since boot.

    A process that has ended and was not reaped yet does not run any more: it has no start.
    """
    try:
        stat = Path(_PROCESSES, str(pid), "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False, None
    # The command's name stands in parentheses and may hold anything; the 22nd field counts.
    fields = stat.rpartition(")")[2].split()
    return True, None if fields[0] in _ENDED else fields[19]


def _answering(pid: int, *, told: bool) -> Liveness:
    """Judge a process of which the kernel tells nothing: it has ended, or is hidden.

    Where start times are `told`, one that answers may be another of the same id.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return Liveness.DEAD
    except OSError:
        pass
    return Liveness.UNKNOWN if told else Liveness.ALIVE
