"""Who a process is: machine, process id and start time, so that a dead one is told from a live."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

from reconciler.core.canonical import Json

_ENDED = ("Z", "X")  # zombie, dead
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemProcesses:
    """Processes of this machine, by what the kernel says of them."""

    def owner(self) -> dict[str, Json]:
        """Return host name, boot id, process id and start time of this process."""
        pid = os.getpid()
        return {
            "host": socket.gethostname(),
            "boot": _boot_id(),
            "pid": pid,
            "started": _start_time(pid),
        }

    def is_alive(self, owner: Mapping[str, Json]) -> bool:
        """Say whether that very process still runs; after a reboot of the machine none does."""
        pid, started = owner.get("pid"), owner.get("started")
        if owner.get("boot") != _boot_id() or not isinstance(pid, int) or pid <= 0:
            return False
        if started is None:
            return _answers(pid)
        return bool(_start_time(pid) == started)


def _boot_id() -> str | None:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


def _start_time(pid: int) -> str | None:
    """Return when a process started, in clock ticks since boot; None where that is not told.

    A process that has ended and was not reaped yet does not run any more.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command's name stands in parentheses and may hold anything; the 22nd field counts.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in _ENDED else fields[19]


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
