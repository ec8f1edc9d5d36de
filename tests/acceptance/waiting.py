"""A world in which releases wait to be proposed, and the day on which they are."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from reconciler.adapters.clock import SystemClock
from tests.attacks.releases.world import NEWS, PIPELINE, World, news, pipeline

CALENDAR = (
    "calendar:\n"
    "  cadence: {start: 2026-01-06, rule: FREQ=WEEKLY;INTERVAL=2;BYDAY=TU}\n"
    "  holidays: {country: DE, subdivision: BE}"
)
RELEASE_DAY = "2027-01-05T10:00:00+00:00"


def built(root: Path) -> World:
    """Make a world where 1.1.0 is live in staging alone, and more was merged since."""
    world = World.build(root)
    world.at_desk("release", "tag", "staging/1.1.0", "--push")
    world.job("promote")
    world.merge({NEWS: news("Late news"), PIPELINE: pipeline(CALENDAR)})
    return world


def travel(patch: pytest.MonkeyPatch, moment: str) -> None:
    """Let the program's clock show a moment."""
    told = datetime.fromisoformat(moment).isoformat(timespec="microseconds")
    patch.setattr(SystemClock, "now", lambda _self: told)
