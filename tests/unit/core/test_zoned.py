"""Moments in answers have the offset of the calendar's time zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from reconciler.core import zoned
from reconciler.core.model import Deployment, Phase, Step

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_moment_gets_the_offset_of_the_zone() -> None:
    """The instant stays, summer and winter."""
    assert zoned.moment("2026-11-22T10:00:00Z", BERLIN) == "2026-11-22T11:00:00+01:00"
    assert zoned.moment("2026-07-22T10:00:00+00:00", BERLIN) == "2026-07-22T12:00:00+02:00"


@pytest.mark.parametrize("text", ["", "soon", "2026-11-22", "2026-11-22T10:00:00"])
def test_anything_else_stays_as_it_is(text: str) -> None:
    """What names no instant cannot be moved."""
    assert zoned.moment(text, BERLIN) == text


def test_a_record_is_moved_with_its_steps() -> None:
    """Every moment of a deployment has one offset, those of its steps too."""
    at = "2026-11-22T10:00:00+00:00"
    step = Step(name="check", state="done", started_at=at, finished_at=at)
    given = Deployment(
        id="d",
        environment="production",
        phase=Phase.SUCCEEDED,
        type="regular",
        actor="ana",
        started_at=at,
        steps=(step,),
    )
    (found,) = zoned.local([given], BERLIN)

    there = "2026-11-22T11:00:00+01:00"
    assert (found.started_at, found.finished_at) == (there, None)
    assert [(each.started_at, each.finished_at) for each in found.steps] == [(there, there)]
