"""Statuses are set where they say something new."""

from __future__ import annotations

from reconciler.core.forge.model import State, Status
from reconciler.services.publishing.marking import Marker
from reconciler.testing.forge import MemoryForge

PLAN = Status("reconciler/staging", State.SUCCESS, "Plan: 1 to add.", "https://forge.example/1")


def test_a_status_is_set_once() -> None:
    """The same status is not written again, whichever run's page it leads to."""
    forge = MemoryForge()
    assert Marker(forge=forge).mark("c" * 40, [PLAN]) == 1
    assert Marker(forge=forge).mark("c" * 40, [PLAN._replace(url="https://forge.example/2")]) == 0


def test_a_new_description_is_written() -> None:
    """A status that says something else is set again."""
    forge = MemoryForge()
    Marker(forge=forge).mark("c" * 40, [PLAN])

    assert Marker(forge=forge).mark("c" * 40, [PLAN._replace(description="No changes.")]) == 1


def test_the_aggregate_knows_other_jobs() -> None:
    """Each job tells of one environment; the aggregate at a commit is of all of them."""
    forge = MemoryForge()
    waits = Status("reconciler/production", State.PENDING, "1.0.0 waits: the approval is missing")
    Marker(forge=forge).mark("c" * 40, [waits, waits._replace(context="reconciler")])
    live = Status("reconciler/staging", State.SUCCESS, "1.0.0 is live")
    Marker(forge=forge).mark("c" * 40, [live, live._replace(context="reconciler")], alone=False)

    found = {each.context: each for each in forge.statuses("c" * 40)}
    assert found["reconciler"].state is State.PENDING
    assert found["reconciler"].description == (
        "1/2 environments are done; production: 1.0.0 waits: the approval is missing"
    )
