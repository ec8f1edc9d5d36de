"""The one comment on a forge, whoever else writes, edits or deletes at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from reconciler.core.errors import NotFound
from reconciler.core.forge import sticky
from reconciler.ports.forge import Forge
from tests.contract.forge_world import HEAD, ServerWorld, server_world


@pytest.fixture
def world() -> Iterator[ServerWorld]:
    """Return a repository with one pull request."""
    with server_world() as world:
        world.open("change")
        yield world


def texts(world: ServerWorld) -> list[str]:
    """Return the comments that stand there."""
    return [each["body"] for each in world.state.entries("comments")]


def publish(forge: Forge, text: str) -> None:
    """Write the one comment, as a run does."""
    wanted = sticky.Wanted(text=text, stated=text, plan=text, head=HEAD, source=sticky.Source.GIT)
    for _ in range(3):
        decision = sticky.decide(wanted, forge.comments(1), forge.me())
        try:
            for each in decision.remove:
                forge.remove_comment(each)
            if decision.body is not None and decision.edit is not None:
                forge.edit_comment(decision.edit, decision.body)
            elif decision.body is not None:
                forge.add_comment(1, decision.body)
        except NotFound:
            continue
        return


def test_a_comment_deleted_before_it_is_edited_is_made_anew(world: ServerWorld) -> None:
    """A person deletes the comment between finding and editing it: afterwards there is one."""
    publish(world.forge, "first")
    world.server.faults.add("deleted", method="PATCH")
    publish(world.forge, "second")

    assert [each.endswith("second") for each in texts(world)] == [True]


def test_a_comment_that_a_person_edited_is_put_right(world: ServerWorld) -> None:
    """What a person wrote into our comment does not stay, as long as the marker is there."""
    publish(world.forge, "first")
    found = world.state.entries("comments")[0]
    world.state.edit("comments", found, body=f"{found['body']}\nAll is well, ship it!")
    publish(world.forge, "first")

    assert len(texts(world)) == 1
    assert "ship it" not in texts(world)[0]


def test_a_strangers_marker_is_left_alone(world: ServerWorld) -> None:
    """A comment with our marker by somebody else is neither edited nor removed."""
    publish(world.forge, "first")
    forged = texts(world)[0].replace("first", "forged")
    world.say(1, forged, author="stranger")
    publish(world.forge, "second")

    assert forged in texts(world)
    assert len(texts(world)) == 2


def test_two_runs_at_once_end_in_one_comment(world: ServerWorld) -> None:
    """Both may add one; whoever comes next leaves one of them."""
    runs = [threading.Thread(target=publish, args=(world.adapter(), "text")) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(timeout=30)
    world.server.faults.add("twin", method="POST", path="comments")
    publish(world.forge, "text")
    publish(world.forge, "text")

    assert len(texts(world)) == 1


def test_a_twin_is_removed_by_the_next_run(world: ServerWorld) -> None:
    """Two comments that two runs made at once are one after the next run."""
    world.server.faults.add("twin", method="POST", path="comments")
    publish(world.forge, "text")
    assert len(texts(world)) == 2
    publish(world.forge, "text")

    assert len(texts(world)) == 1
