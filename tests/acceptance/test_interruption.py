"""A process that dies, and two that meet: afterwards all of the old or all of the new runs."""

from __future__ import annotations

import random
import re
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.manifests import workflow
from tests.acceptance.program import TIMEOUT, Shop

pytestmark = pytest.mark.both_stores

OLD = {"news": "News in Slack", "stock-low": "Stock low"}
NEW = {"news": "Later news", "thanks": "Say thanks"}
JOB = ("reconcile", "-e", "development")


@pytest.fixture
def changed(deployed: Shop) -> Shop:
    """Return a deployed shop with a workflow changed, one added and an event removed."""
    change(deployed)
    return deployed


def change(shop: Shop) -> None:
    """Commit a change of three resources."""
    added = {"workflows/thanks.yaml": workflow("thanks", title=NEW["thanks"])}
    news = {"workflows/news.yaml": workflow("news", title=NEW["news"])}
    shop.commit({**added, **news}, "events/stock-low.yaml")


def state(shop: Shop) -> dict[str, str]:
    """Return what runs of all that the change concerns."""
    return {name: title for name, title in shop.running().items() if name in {*OLD, *NEW}}


def killed_after(shop: Shop, step: str) -> None:
    """Run the job and kill it as soon as it tells that a step is done."""
    with shop.starts(*JOB) as job:
        assert job.stderr is not None
        for line in job.stderr:
            if f"✓ {step}" in line:
                job.kill()
                break
        job.wait(TIMEOUT)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("check", None),
        ("replan", "before anything was written; it is closed as aborted."),
        ("backup", None),
        ("apply", "after everything was written; it is finished now."),
        ("verify", None),
    ],
)
def test_killed_in_the_middle_it_is_all_or_nothing(
    changed: Shop, step: str, told: str | None
) -> None:
    """After a kill at any step all of the old or all of the new runs, and the next job says so."""
    killed_after(changed, step)
    between = state(changed)

    next_job = changed.run(*JOB).out

    assert between in (OLD, NEW)
    assert state(changed) == NEW
    assert told is None or told in next_job
    assert changed.sql("SELECT count(*) FROM deployments WHERE phase = 'Running'") == [(0,)]
    assert changed.sql("SELECT count(*) FROM deployments WHERE live") == [(1,)]


def test_killed_at_any_moment_it_is_all_or_nothing(changed: Shop, tmp_path: Path) -> None:
    """Killed again and again, the platform is never in between, and the last job ends it."""
    shop = changed.copy(tmp_path / "first")
    started = time.monotonic()
    changed.run("plan", "-e", "development")
    usual = time.monotonic() - started
    moments = random.Random(7)  # noqa: S311 a moment to stop at needs no secrecy

    for number in range(6):
        with shop.starts(*JOB) as job:
            time.sleep(usual * moments.uniform(0.7, 1.5))
            job.kill()
            job.wait(TIMEOUT)
        assert state(shop) in (OLD, NEW)
        if state(shop) == NEW:
            shop = changed.copy(tmp_path / f"again-{number}")

    shop.run(*JOB)
    assert state(shop) == NEW
    assert shop.sql("SELECT count(*) FROM deployments WHERE phase = 'Running'") == [(0,)]


def test_two_at_once_one_works_and_the_other_leaves_it(committed: Shop) -> None:
    """Two first runs that meet make the store once and deploy once; the other says so or waits."""
    with committed.starts(*JOB) as one, committed.starts(*JOB) as other:
        told = [job.communicate(timeout=TIMEOUT) for job in (one, other)]
        codes = sorted([one.returncode, other.returncode])

    assert "Traceback" not in str(told)
    assert "unexpected" not in str(told)
    assert codes in ([0, 0], [0, 4]), told
    assert sum("Applied: 5 added" in out for out, _ in told) == 1
    assert len(committed.running()) == 5
    phases = committed.sql("SELECT phase FROM deployments ORDER BY live DESC")
    assert phases[0] == ("Succeeded",)
    assert {phase for (phase,) in phases[1:]} <= {"Aborted"}
    assert "converged" in committed.run(*JOB).out


@pytest.mark.embedded_store
def test_a_paused_process_is_not_overtaken(changed: Shop) -> None:
    """While a deployment's process lives, though stopped, another is refused and writes nothing."""
    with changed.starts(*JOB) as job:
        assert job.stderr is not None
        next(line for line in job.stderr if "✓ lock" in line)
        pause(job, changed)
        refused = changed.run(*JOB, code=4)
        job.send_signal(signal.SIGCONT)
        out, _ = job.communicate(timeout=TIMEOUT)

    assert re.search(r"development is locked by .* process \d+", refused.out)
    assert "Applied: 1 added, 1 modified, 1 removed." in out
    assert state(changed) == NEW


def pause(job: subprocess.Popen[str], shop: Shop) -> None:
    """Stop a process between two of its transactions, so that it does not hold the store's lock."""
    job.send_signal(signal.SIGSTOP)
    while is_locked(shop):
        job.send_signal(signal.SIGCONT)
        time.sleep(0.002)
        job.send_signal(signal.SIGSTOP)


def is_locked(shop: Shop) -> bool:
    """Say whether somebody is writing to the store."""
    with closing(sqlite3.connect(shop.store, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
    return False
