"""Whether the process behind a record still runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from reconciler.adapters.processes import SystemProcesses

PROCESSES = SystemProcesses()
OWNER = "from reconciler.adapters.processes import SystemProcesses as S; import json; "
PRINT = OWNER + "print(json.dumps(S().owner()), flush=True); "


def test_this_process_is_alive() -> None:
    """The process that asks runs."""
    assert PROCESSES.is_alive(PROCESSES.owner())


def test_another_process_of_the_same_id_is_not_meant() -> None:
    """An id that was given out again belongs to somebody else."""
    assert not PROCESSES.is_alive({**PROCESSES.owner(), "started": "1"})


def test_after_a_reboot_nothing_of_before_runs() -> None:
    """Another boot of the machine ended every process of before."""
    assert not PROCESSES.is_alive({**PROCESSES.owner(), "boot": "another"})


def test_a_process_that_ended_unreaped_is_gone() -> None:
    """A killed process that its parent has not waited for does not hold an environment."""
    program = [sys.executable, "-c", PRINT + "import time; time.sleep(60)"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        owner = json.loads(process.stdout.readline())
        alive = PROCESSES.is_alive(owner)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        ended = PROCESSES.is_alive(owner)

    assert (alive, ended) == (True, False)
