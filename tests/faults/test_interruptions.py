"""A hand changes the platform, the clock jumps, a signal asks to stop: in the middle of it all."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.program import Fault
from tests.faults.shops import FIRST, SECOND, Makers, wanted
from tests.faults.sweeping import DOCUMENTED, measured
from tests.faults.worlds import ENVIRONMENT, JOB

LIMIT = 20  # seconds that a run may take to its next safe point, on a busy machine
Tried = Callable[[int], None]


# What somebody with the database can do, and can take back.
BY_HAND = (
    "UPDATE platform_resources SET content = replace(content, 'News in Slack', 'By hand')"
    " WHERE environment = 'production' AND name = 'news'"
)
BACK = (
    "UPDATE platform_resources SET content = replace(content, 'By hand', 'News in Slack')"
    " WHERE environment = 'production' AND name = 'news'"
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("point", ["lock running: committed", "backup done: committed"])
def test_what_a_hand_changed_before_the_apply_stays(makers: Makers, kind: str, point: str) -> None:
    """An edit between plan and apply is a conflict: nothing is written, and drift tells of it."""
    with getattr(makers, kind)() as world:
        job = world.program.start(world.job(JOB, fault=Fault(at=point, act="stop")))
        assert job.until_stopped()
        world.execute(BY_HAND)
        job.signal(signal.SIGCONT)
        ended = job.end()

        assert ended.status == 4, ended
        assert f"Nothing in {ENVIRONMENT} was changed." in ended.last.all
        assert world.running() == wanted(FIRST) | {"news": "By hand"}
        assert world.unended() == []
        told = world.run(("drift", "-e", ENVIRONMENT)).last.all
        assert "Workflow/news" in told
        assert "By hand" in told


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_edit_that_was_taken_back_is_all_or_nothing(makers: Makers, kind: str) -> None:
    """Changed by hand and changed back between plan and apply, nothing is lost or applied twice."""
    found = measured(makers, kind)
    with found.make() as world:
        fault = Fault(at="replan done: committed", act="stop")
        job = world.program.start(world.job(JOB, fault=fault))
        assert job.until_stopped()
        world.execute(BY_HAND)
        world.execute(BACK)
        job.signal(signal.SIGCONT)
        ended = job.end()

        assert ended.status in (0, 4), ended
        assert world.running() == wanted(SECOND if ended.status == 0 else FIRST)
        assert found.converged(world, world.run(JOB, JOB, fault=Fault())) == []


def test_what_a_hand_changed_on_a_remote_platform_is_not_overwritten(makers: Makers) -> None:
    """The write expects what was observed; what a hand wrote since stays, the rest is undone."""
    with makers.remote() as world:
        fault = Fault(at="apply running: committed", act="stop")
        job = world.program.start(world.job(JOB, fault=fault))
        assert job.until_stopped()
        state = world.server.state
        news = state.find(ENVIRONMENT, "Workflow", "news")
        assert news is not None
        document = {**news["document"], "spec": {**news["document"]["spec"], "title": "By hand"}}
        state.replace(ENVIRONMENT, news["id"], {"document": document}, None, by="hand")
        job.signal(signal.SIGCONT)
        ended = job.end()

        assert ended.status in (4, 6), ended
        assert not ended.defects
        assert world.running() == wanted(FIRST) | {"news": "By hand"}
        assert world.unended() == []


@pytest.mark.parametrize("hours", [-1, 24])
@pytest.mark.parametrize(
    "point", ["lock running: committed", "backup done: committed", "apply done: committed"]
)
def test_a_clock_that_jumps_neither_blocks_nor_repeats(
    makers: Makers, point: str, hours: int, tried: Tried
) -> None:
    """After a kill the clock is an hour back or a day ahead: it is recovered, once, and at once."""
    found = measured(makers)
    with found.make() as world:
        assert world.run(JOB, fault=Fault(at=point, act="kill")).was_killed
        done = world.run(JOB, JOB, fault=Fault(), shift=hours * 3600)
        found.note(f"{hours} h", found.converged(world, done))
    tried(found.tried)
    found.check()


def test_a_clock_that_jumps_while_it_works_takes_no_lock_away(makers: Makers) -> None:
    """To a run whose clock is a day ahead a lock that was just renewed is still held."""
    with makers.sqlite() as world:
        fault = Fault(at="backup done: committed", act="stop")
        holder = world.program.start(world.job(JOB, fault=fault))
        assert holder.until_stopped()

        assert world.run(JOB, shift=24 * 3600).status == 4
        holder.signal(signal.SIGCONT)

        assert holder.end().status == 0
        assert world.running() == wanted(SECOND)


def test_a_signal_at_any_moment_ends_it_at_a_safe_point(makers: Makers, tried: Tried) -> None:
    """SIGTERM ends a promotion before it wrote anything, or after all of it; the next goes on."""
    found = measured(makers, every=True)
    moments = random.Random(4)  # noqa: S311 a moment to stop at needs no secrecy
    for number in sorted(moments.sample(range(11, len(found.points)), 12)):
        with found.make() as world:
            fault = Fault(at=number, act="stop", every=True)
            job = world.program.start(world.job(JOB, fault=fault))
            assert job.until_stopped()
            job.signal(signal.SIGTERM)
            job.signal(signal.SIGCONT)
            begun = time.monotonic()
            ended = job.end()
            wrong = list(ended.defects)
            if time.monotonic() - begun > LIMIT:
                wrong.append("it took too long")
            if ended.status not in (*DOCUMENTED, 143):
                wrong.append(f"exit code {ended.status}")
            if world.running() not in (wanted(FIRST), wanted(SECOND)):
                wrong.append(f"in between runs {world.running()}")
            if world.unended():
                wrong.append(f"left: {world.unended()}")
            wrong += found.converged(world, world.run(JOB, JOB, fault=Fault()))
            found.note(f"SIGTERM at {number} ({found.points[number - 1]}): {ended.last}", wrong)
    tried(found.tried)
    found.check()
