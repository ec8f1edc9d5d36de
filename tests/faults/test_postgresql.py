"""A server that goes away and comes back, and connections that break around a commit."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.acceptance.manifests import manifest
from tests.faults.program import Fault
from tests.faults.proxy import Moment, Proxy
from tests.faults.shops import Makers
from tests.faults.sweeping import measured, sampled
from tests.faults.worlds import JOB, PostgresqlWorld
from tests.postgres import Server, private_server
from tests.repositories import Repository

DEPLOYMENTS = 50
UP, DOWN = 1.5, 0.3  # seconds, which are less than the program waits for a server
TRIES = 12
DEVELOPMENT = ("reconcile", "-e", "development")
Tried = Callable[[int], None]


@pytest.mark.parametrize("part", range(2))
def test_a_connection_that_breaks_around_a_commit(makers: Makers, part: int, tried: Tried) -> None:
    """Before, during or after any commit: what became of it is read, and all is applied once."""
    found = measured(makers, "postgresql")
    commits = sum(point.endswith(": commit") for point in found.points)
    cases = [(number, moment) for number in range(1, commits + 1) for moment in Moment]
    # Not a multiple of the moments, so that each of them has its turn.
    for number, moment in [cases[each] for each in sampled(range(len(cases)), 4)][part::2]:
        with found.make() as world, Proxy(world.url, number, moment) as proxy:
            struck = world.run(JOB, environ={"RECONCILER_STORE": proxy.url})
            where = f"connection cut {moment} commit {number}\n  {struck.last}"
            assert proxy.has_cut, where
            wrong = struck.defects + found.told(world, struck.last) + found.converges(world)
            found.note(where, wrong)
    tried(found.tried)
    found.check()


@pytest.mark.parametrize(
    "point",
    ["apply running: INSERT INTO platform_secrets (environment, name,", "apply done: commit"],
)
def test_a_server_that_ends_the_session_in_the_apply(makers: Makers, point: str) -> None:
    """A session that the server ends before the commit changed nothing, and is told or repeated."""
    found = measured(makers, "postgresql")
    with found.make() as world:
        job = world.program.start(world.job(JOB, fault=Fault(at=point, act="stop")))
        assert job.until_stopped()
        world.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        job.signal(signal.SIGCONT)
        ended = job.end()

        assert ended.defects + found.told(world, ended.last) + found.converges(world) == []


@pytest.fixture
def restarted() -> Iterator[Server]:
    """Yield a server that is stopped and started every few seconds until the test ends."""
    ended = threading.Event()

    def run(server: Server) -> None:
        while not ended.wait(UP):
            server.stop()
            time.sleep(DOWN)
            server.start()

    with private_server() as server:
        server.execute("CREATE DATABASE store OWNER reconciler")
        thread = threading.Thread(target=run, args=(server,))
        thread.start()
        yield server
        ended.set()
        thread.join()


def test_fifty_deployments_while_the_server_restarts(
    makers: Makers, restarted: Server, tmp_path: Path
) -> None:
    """Each of fifty deployments becomes live, in order and once; each run says what is true."""
    repository = Repository(tmp_path / "shop")
    repository.commit(
        {
            "environments/pipeline.yaml": manifest("Pipeline", "p", "environments: [development]"),
            "environments/development/environment.yaml": manifest(
                "Environment", "development", "mode: editable"
            ),
        }
    )
    world = PostgresqlWorld(makers.program, repository.root, restarted.url("store"), tmp_path)
    for number in range(DEPLOYMENTS):
        event = manifest("AppEvent", "won", f"title: Won {number}\nexample: {{id: d-1}}")
        repository.commit({"environments/development/events/won.yaml": event})
        for last in itertools.count(1):
            said = world.run(DEVELOPMENT, remembers=False)
            assert not said.defects, said
            assert said.last.all.strip()
            if said.status == 0:
                break
            assert last < TRIES, said
    _all_live_in_order(world)


def _all_live_in_order(world: PostgresqlWorld) -> None:
    """Check that each deployment was live once, the last one is, and nothing is left open."""
    counted = "SELECT phase, live, count(*) FROM deployments GROUP BY phase, live ORDER BY phase"
    ended = {(phase, live): count for phase, live, count in _patiently(lambda: world.rows(counted))}
    assert ended.pop(("Succeeded", True)) == 1
    assert ended.pop(("Succeeded", False)) == DEPLOYMENTS - 1
    assert {phase for phase, _ in ended} <= {"Aborted", "Restored"}
    ordered = "SELECT content_digest FROM deployments WHERE phase = 'Succeeded' ORDER BY sequence"
    assert len(set(_patiently(lambda: world.rows(ordered)))) == DEPLOYMENTS
    (content,) = _patiently(lambda: world.rows("SELECT content FROM platform_resources"))
    assert f"Won {DEPLOYMENTS - 1}" in content[0]
    assert _patiently(world.unended) == []


def _patiently(look: Callable[[], list[Any]]) -> list[Any]:
    """Look until the server is there."""
    for _ in range(TRIES):
        try:
            return look()
        except psycopg.OperationalError:
            time.sleep(DOWN)
    return look()
