"""Whether the process behind a record still runs, and how long this machine does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.adapters import processes
from reconciler.adapters.processes import SystemProcesses
from reconciler.core.canonical import Json
from reconciler.core.locks import Liveness

PROCESSES = SystemProcesses()
OWNER = "from reconciler.adapters.processes import SystemProcesses as S; import json; "
PRINT = OWNER + "print(json.dumps(S().owner()), flush=True); "


@contextmanager
def another_process() -> Iterator[tuple[subprocess.Popen[str], dict[str, Json]]]:
    """Run a process that says who it is."""
    program = [sys.executable, "-c", PRINT + "import time; time.sleep(60)"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_this_process_is_alive() -> None:
    """The process that asks runs."""
    assert PROCESSES.liveness(PROCESSES.owner()) is Liveness.ALIVE


def test_another_process_of_the_same_id_is_not_meant() -> None:
    """An id that was given out again belongs to somebody else."""
    assert PROCESSES.liveness({**PROCESSES.owner(), "started": "1"}) is Liveness.DEAD


@pytest.mark.parametrize("of", ["boot", "namespace"])
@pytest.mark.parametrize("value", ["another", None])
def test_process_ids_of_elsewhere_say_nothing(of: str, value: str | None) -> None:
    """Another machine, boot or container has other processes under the same ids."""
    assert PROCESSES.liveness({**PROCESSES.owner(), of: value}) is Liveness.UNKNOWN


def test_a_record_without_a_namespace_is_of_this_one() -> None:
    """Earlier programs wrote none."""
    owner = PROCESSES.owner()
    del owner["namespace"]

    assert PROCESSES.liveness(owner) is Liveness.ALIVE


@pytest.mark.parametrize("pid", [None, "7", 0, -1, True, 1.5])
def test_what_names_no_process_is_unknown(pid: Json) -> None:
    """A record that somebody damaged declares nobody dead."""
    assert PROCESSES.liveness({**PROCESSES.owner(), "pid": pid}) is Liveness.UNKNOWN


def test_a_process_that_ended_unreaped_is_gone() -> None:
    """A killed process that its parent has not waited for does not hold an environment."""
    with another_process() as (process, owner):
        alive = PROCESSES.liveness(owner)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        ended = PROCESSES.liveness(owner)

    assert (alive, ended, PROCESSES.liveness(owner)) == ("alive", "dead", "dead")


def test_a_stopped_process_lives() -> None:
    """It may go on at any moment."""
    with another_process() as (process, owner):
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)

        assert PROCESSES.liveness(owner) is Liveness.ALIVE


def test_a_hidden_process_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the kernel hides processes of other users, one that answers is not declared dead."""
    with another_process() as (process, owner):
        monkeypatch.setattr(processes, "_PROCESSES", tmp_path)
        hidden = PROCESSES.liveness(owner)
        untold = PROCESSES.liveness({**owner, "started": None})
        process.kill()
        process.wait()

        assert (hidden, untold, PROCESSES.liveness(owner)) == ("unknown", "alive", "dead")


def test_without_a_boot_id_the_host_name_stands_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that names no boot still tells its processes from those of another machine."""
    monkeypatch.setattr(processes, "_BOOT_ID", Path("/nowhere"))
    owner = PROCESSES.owner()

    assert owner["boot"] == owner["host"]
    assert PROCESSES.liveness(owner) is Liveness.ALIVE
    assert PROCESSES.liveness({**owner, "boot": "elsewhere"}) is Liveness.UNKNOWN


def test_ticks_rise_with_the_time_and_are_the_same_for_all_processes() -> None:
    """Two processes of one machine can compare them."""
    program = OWNER + "print(S().ticks())"
    before = PROCESSES.ticks()
    between = float(subprocess.check_output([sys.executable, "-c", program], text=True))
    time.sleep(0.01)

    assert before < between < PROCESSES.ticks()
