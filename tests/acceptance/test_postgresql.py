"""The program with its store on PostgreSQL: what only a server can do wrong.

What is the same on both stands in the other modules, marked `both_stores`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import postgres
from tests.acceptance import cycle
from tests.acceptance.launcher import Launcher
from tests.acceptance.program import Shop
from tests.acceptance.servers import ServerTeam

pytestmark = pytest.mark.server_store


def test_releases_are_promoted_on_their_day(launcher: Launcher, tmp_path: Path) -> None:
    """Tags, approvals, gates and two promotions on one day, and a job after it finds nothing."""
    team = cycle.week_one(cycle.begun(launcher, tmp_path / "team", ServerTeam))

    assert team.reconciled(f"{cycle.FIRST_TUESDAY} 10:00") == cycle.WEEK_ONE


def test_an_older_and_a_newer_store_wait_for_a_person(deployed: Shop) -> None:
    """Reading and writing name the next step and the store, and write nothing."""
    name = deployed.url.rpartition("@")[2]
    for version, step in (("0001", "store migrate"), ("0999", "Upgrade this program")):
        deployed.sql("UPDATE alembic_version SET version_num = ?", version)
        before = deployed.store.read_bytes()
        for command in ("plan", "reconcile"):
            said = deployed.run(command, code=1)
            assert step in said.all
            assert name in said.all
        assert deployed.store.read_bytes() == before


def test_a_server_that_refuses_is_one_sentence(deployed: Shop) -> None:
    """What refuses is named without the password, and that within the patience."""
    for url, words in (
        (deployed.url.replace("//reconciler:", f"//{postgres.LOCKED}:no-"), "or the password"),
        (deployed.url + "-gone", "is not there"),
    ):
        assert words in deployed.run("plan", code=1, RECONCILER_STORE=url).err


def test_the_doctor_looks_at_the_server(deployed: Shop, committed: Shop) -> None:
    """What is there, and what is not there yet, is told without the password."""
    assert "with the id" in deployed.run("doctor").out
    assert "not there yet" in committed.run("doctor").out


def test_secrets_need_a_key_of_their_own(deployed: Shop) -> None:
    """Beside a server no key is made: without a variable nothing is stored."""
    secret = ("secret", "set", "-e", "development", "SLACK_SECRET")
    before = deployed.store.read_bytes()
    said = deployed.run(*secret, code=1, stdin="value\n", RECONCILER_KEY_DEVELOPMENT="")

    assert "RECONCILER_KEY_DEVELOPMENT" in said.err
    assert deployed.store.read_bytes() == before
