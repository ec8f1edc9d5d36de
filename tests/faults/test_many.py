"""Many environments of which one is broken, and many runs that have nothing to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.manifests import manifest
from tests.faults.program import Fault
from tests.faults.shops import Makers
from tests.faults.sweeping import writes
from tests.faults.worlds import JOB, SqliteWorld
from tests.repositories import Repository

ENVIRONMENTS = 300
POISONED = "e-150"
IDLE = 1000
LIMIT = 300  # seconds, on a machine that does much else
AT_ONCE = 50  # runs in one process


def event(title: str) -> str:
    """Return the one resource of an environment."""
    return manifest("AppEvent", "won", f"title: {title}\nexample: {{id: d-1}}")


@pytest.fixture
def many(makers: Makers, tmp_path: Path) -> SqliteWorld:
    """Return three hundred environments with one resource each, which nobody deployed yet."""
    names = [f"e-{number}" for number in range(ENVIRONMENTS)]
    repository = Repository(tmp_path / "many")
    files = {
        "environments/pipeline.yaml": manifest(
            "Pipeline", "many", f"environments: [{', '.join(names)}]"
        )
    }
    for name in names:
        folder = f"environments/{name}"
        files[f"{folder}/environment.yaml"] = manifest("Environment", name, "mode: editable")
        files[f"{folder}/events/won.yaml"] = event("Won")
    repository.commit(files)
    return SqliteWorld(makers.program, repository.root, tmp_path / "state.db")


def test_one_poisoned_environment_does_not_stop_the_others(many: SqliteWorld) -> None:
    """Of three hundred environments one is broken: the others converge, one sentence names it."""
    repository = Repository(many.root)
    repository.commit({f"environments/{POISONED}/events/won.yaml": "kind: [nothing\n"})

    ended = many.run(("reconcile",), remembers=False, limit=LIMIT)

    assert ended.status == 1, ended
    assert not ended.defects
    lines = [line for line in ended.last.all.splitlines() if POISONED in line]
    assert lines, ended
    found = many.rows("SELECT environment FROM platform_resources WHERE state = 'enabled'")
    assert len(found) == ENVIRONMENTS - 1
    assert (POISONED,) not in found


def test_a_thousand_runs_with_nothing_to_do_write_nothing(makers: Makers) -> None:
    """A thousand times nothing to do: no write transaction, and the store is the same file."""
    with makers.sqlite(0) as world:
        assert world.run(JOB).status == 0
        before = world.fingerprint()
        for _ in range(IDLE // AT_ONCE):
            ended = world.run(*[JOB] * AT_ONCE, fault=Fault(), limit=LIMIT)
            assert len(ended.said) == AT_ONCE
            assert {said.code for said in ended.said} == {0}
            assert not any(map(writes, ended.passed))
        assert world.fingerprint() == before
