"""What must become of an attack: refused for its own reason, and nothing that runs changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.attacks.releases.world import World
from tests.repositories import Repository

Row = dict[str, Any]

NEXT = "staging/1.1.0"
TAG = "staging/v1.1.0"


@contextmanager
def unchanged(world: World) -> Iterator[None]:
    """Check that nothing in the platform changes meanwhile."""
    before = world.rows()
    assert before
    yield
    assert world.rows() == before


def refused(world: World, *words: str, release: str = NEXT, clone: Repository | None = None) -> Row:
    """Check that `promote` refuses a tag with these words, and that the job has no more to say."""
    environment = release.partition("/")[0]
    with unchanged(world):
        done = world.job("promote", release, "--format", "json", code=3, clone=clone)
        [row] = done.json["promotions"]
        later = world.job("reconcile", "-e", environment, "--format", "json", clone=clone)
    assert (f"{environment}/{row['version']}", row["outcome"]) == (release, "refused")
    assert [word for word in words if word not in row["reason"]] == [], row["reason"]
    assert [each["outcome"] for each in later.json["promotions"]] == ["nothing"]
    return Row(row)


def held(world: World, gate: str, *words: str, release: str, state: str = "blocked") -> Row:
    """Check that a gate holds a release for a reason with these words."""
    with unchanged(world):
        done = world.job("promote", release, "--format", "json", code=3)
        world.job("reconcile", "-e", release.partition("/")[0], code=None)
    [row] = done.json["promotions"]
    assert row["outcome"] == ("refused" if state == "blocked" else "waiting")
    gates = {each["name"]: each for each in row["gates"]}
    assert gates[gate]["state"] == state, gates
    assert [word for word in words if word not in gates[gate]["reason"]] == [], gates[gate]
    return Row(row)


def alarmed(world: World, *words: str, environment: str = "staging") -> None:
    """Check that every run refuses to touch an environment, with exit 4 and these words."""
    with unchanged(world):
        runs = [
            world.job("promote", "--format", "json", code=4),
            world.job("reconcile", "-e", environment, "--format", "json", code=4),
            world.job("reconcile", "-e", environment, "--format", "json", code=4),
        ]
    for done in runs:
        [row] = [each for each in done.json["promotions"] if each["environment"] == environment]
        assert row["outcome"] == "refused"
        assert [word for word in words if word not in row["reason"]] == [], row["reason"]
        assert "Conflict" in {error["code"] for error in done.json["errors"]}


def accepted(world: World, release: str = NEXT, clone: Repository | None = None) -> Row:
    """Check that a release is applied: what is refused around it is no more than that."""
    done = world.job("promote", release, "--format", "json", clone=clone)
    [row] = done.json["promotions"]
    assert row["outcome"] == "applied", row
    return Row(row)
