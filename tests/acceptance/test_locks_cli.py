"""Locks, maintenance, running imports and holds, as an operator meets them."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.acceptance.manifests import workflow
from tests.acceptance.program import COMMAND, TIMEOUT, Shop, fits, variables

DEV = ("--environment", "development")
JOB = ("reconcile", *DEV)
SINCE, LONG_AGO, FAR = (f"{year}-01-06T09:00:00+00:00" for year in (2026, 2001, 2999))
ELSEWHERE = json.dumps({"host": "ci-7", "boot": "b", "namespace": "n", "pid": 4242})


@pytest.fixture
def changed(deployed: Shop) -> Shop:
    """A deployed shop with a change to deploy."""
    deployed.commit({"workflows/news.yaml": workflow("news", title="Later news")})
    return deployed


def lock(shop: Shop, expires_at: str | None, reason: str = "promote 1.4.0") -> None:
    """Lock development as a process of another machine."""
    shop.sql("DELETE FROM locks")
    shop.sql(
        "INSERT INTO locks (environment, token, id, owner, holder, reason, since, expires_at)"
        " VALUES ('development', 7, 'l-1', ?, 'ana', ?, ?, ?)",
        *(ELSEWHERE, reason, SINCE, expires_at),
    )


def close(shop: Shop) -> None:
    """Leave development in maintenance."""
    shop.sql("INSERT INTO maintenance VALUES ('development', 'd-1', ?, 'apply')", SINCE)


@contextmanager
def importing(shop: Shop) -> Iterator[subprocess.Popen[bytes]]:
    """Import users from a pipe that stays open, from when the import is registered."""
    with subprocess.Popen(
        [*COMMAND, "users", "import", *DEV, "--format", "json", "-"],
        cwd=shop.root,
        env=variables(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            wait = threading.Event()
            while not shop.sql("SELECT id FROM activities") and process.poll() is None:
                wait.wait(0.05)
            yield process
        finally:
            process.kill()


# --- locks ----------------------------------------------------------------------------------------


@pytest.mark.both_stores
def test_without_locks_there_is_nothing_to_show(committed: Shop, deployed: Shop) -> None:
    """Also where there is no store yet; nothing is made by looking."""
    for shop in (committed, deployed):
        assert shop.run("lock", "show").out == (
            "No locks are held, and no environment is in maintenance.\n"
        )
        assert shop.run("lock", "show", "--format", "json").json["locks"] == []
    assert not (committed.root / ".reconciler" / "state.db").exists()


@pytest.mark.both_stores
def test_a_held_lock_keeps_others_out_and_is_shown(changed: Shop) -> None:
    """Exit 4 with who, why and since when; the answer for machines fits its schema."""
    lock(changed, FAR)
    told = changed.run(*JOB, code=4).all
    wanted = ("ana on host ci-7, process 4242", "promote 1.4.0", SINCE, "l-1", "--lock-timeout")
    assert [word for word in wanted if word not in told] == []

    answer = changed.run("lock", "show", *DEV, "--format", "json").json
    fits(answer, "locks")
    assert answer["locks"] == [
        {
            "id": "l-1",
            "environment": "development",
            "owner": "ana on host ci-7, process 4242",
            "reason": "promote 1.4.0",
            "since": SINCE,
            "expiresAt": FAR,
            "token": 7,
        }
    ]
    assert changed.run("lock", "show", "--environment", "staging").out.startswith("No locks")


def test_a_lock_that_ran_out_warns_and_blocks_nobody(changed: Shop) -> None:
    """It is taken over, with a higher token, and is free afterwards."""
    lock(changed, LONG_AGO)
    shown = changed.run("lock", "show")
    assert "has run out" in shown.out
    assert "Warning: The lock l-1 on development has run out" in shown.err

    assert "1 modified" in changed.run(*JOB).all
    [(token, holder)] = changed.sql("SELECT token, id FROM locks")
    assert token > 7
    assert holder is None


@pytest.mark.both_stores
def test_a_kept_lock_says_what_to_do_and_is_released_by_its_exact_id(changed: Shop) -> None:
    """No beginning of the id is taken; the release tells whose it was, and is written down."""
    lock(changed, None, reason="the restore failed; run `reconciler backup restore b-1`")
    told = changed.run(*JOB, code=4).all
    assert "`reconciler backup restore b-1`" in told
    assert "`reconciler lock release l-1`" in told

    assert 'No lock has the id "l-"' in changed.run("lock", "release", "l-", code=1).err
    done = changed.run("lock", "release", "l-1").out
    assert "held by ana on host ci-7, process 4242" in done
    assert "what it writes from now on is refused" in done
    changed.run("lock", "release", "l-1", code=1)
    [(action, detail)] = changed.sql(
        "SELECT action, detail FROM audit WHERE environment = 'development'"
    )
    assert action == "lock-release"
    assert "ana on host ci-7" in str(detail)
    assert "1 modified" in changed.run(*JOB).all


def test_locks_are_shown_and_released_in_a_broken_repository(changed: Shop) -> None:
    """Whoever must help himself needs no manifest in order."""
    lock(changed, FAR)
    changed.commit({"pipeline.yaml": "kind: nothing\n"})

    assert "locked by ana" in changed.run("lock", "show").out
    changed.run("lock", "release", "l-1")


def test_an_unknown_environment_is_wrong_usage(deployed: Shop) -> None:
    """With the names that there are."""
    assert "development" in deployed.run("lock", "show", "-e", "nowhere", code=64).err


# --- imports and maintenance ----------------------------------------------------------------------


def test_a_deployment_waits_for_a_running_import(changed: Shop) -> None:
    """Exit 4 while users are imported, saying by whom and since when; then it goes on."""
    with importing(changed) as process:
        told = changed.run(*JOB, code=4).all
        assert "An import of users by" in told
        assert "(standard input) runs in development since" in told
        assert f"process {process.pid}" in told
        out, err = process.communicate(b'{"id": "u-1"}\n', TIMEOUT)

    assert (process.returncode, err) == (0, b"")
    assert out == b"Imported 1 user into development.\n"
    assert "1 modified" in changed.run(*JOB).all


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_import_that_is_ended_is_in_nobodys_way(changed: Shop, number: int) -> None:
    """SIGTERM takes its entry off; after SIGKILL its process is known to be gone."""
    with importing(changed) as process:
        process.send_signal(number)
        process.wait(TIMEOUT)

    left = changed.sql("SELECT id FROM activities")
    assert len(left) == (1 if number == signal.SIGKILL else 0)
    assert "1 modified" in changed.run(*JOB).all


def test_an_import_waits_for_maintenance(deployed: Shop) -> None:
    """Exit 4 naming the deployment, and nothing imported; --lock-timeout waits for its end."""
    close(deployed)
    users = deployed.root.parent / "users.jsonl"
    users.write_text('{"id": "u-1"}\n')
    command = ("users", "import", *DEV, str(users))
    told = deployed.run(*command, code=4).err
    assert "development is in maintenance since" in told
    assert "deployment d-1" in told
    assert deployed.run("users", "list", *DEV, "--format", "json").out == ""

    opened = threading.Timer(1.0, deployed.sql, ["DELETE FROM maintenance"])
    opened.start()
    assert "Imported 1 user" in deployed.run(*command, "--lock-timeout", "1m").out
    opened.join()
    assert deployed.sql("SELECT id FROM activities") == []


def test_maintenance_is_shown(deployed: Shop) -> None:
    """Since when, for which deployment and why; `doctor` looks at what nobody works on."""
    close(deployed)

    assert (
        "development: in maintenance since 2026-01-06 09:00 UTC for deployment d-1: apply"
        in deployed.run("lock", "show").out
    )
    assert "in maintenance although nobody works on it" in deployed.run("doctor", code=None).out


# --- holds ----------------------------------------------------------------------------------------


def test_a_hold_in_the_store_is_ended_by_resume(changed: Shop) -> None:
    """An editable environment has no tags: `release resume` ends what a restore placed."""
    assert "Nothing holds development." in (
        changed.run("release", "resume", "development", code=1).err
    )
    changed.sql(
        "INSERT INTO holds (environment, since, actor, reason, backup)"
        " VALUES ('development', ?, 'ana', 'backup b-1 was restored', 'b-1')",
        SINCE,
    )
    assert "development is held since" in changed.run("doctor", code=None).out
    held = changed.run(*JOB, code=None).all
    assert "`reconciler release resume development`" in held
    assert changed.running()["news"] == "News in Slack"

    done = changed.run("release", "resume", "development", "--reason", "all is well").out
    assert done == "development is resumed; ended the hold of ana: backup b-1 was restored\n"
    [(action, detail)] = changed.sql("SELECT action, detail FROM audit WHERE action = 'resume'")
    assert (action, str(detail).endswith("all is well")) == ("resume", True)
    changed.run(*JOB)
    assert changed.running()["news"] == "Later news"
