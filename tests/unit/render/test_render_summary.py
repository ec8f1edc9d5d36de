"""What holds a release, on the page of a job and in the text of a run: in the same words."""

from __future__ import annotations

import pytest

from reconciler.core.gates.model import Gate, GateName, GateState
from reconciler.core.render.gates import held_text
from reconciler.core.render.summary import Done, summary
from tests.unit.render import gfm
from tests.unit.render.build_reports import TUESDAY, gate

NOW = "2026-11-22T12:11+00:00"
DAY = gate(GateName.RELEASE_DAY, GateState.WAITING, "no release day", until=TUESDAY)
ASKED = gate(GateName.QA_APPROVED, GateState.WAITING, "missing", who=("bo",))
PEOPLE = "Earliest: as soon as people have acted; no gate waits for a time"


@pytest.mark.parametrize(
    ("gates", "earliest", "told"),
    [
        ([ASKED], NOW, PEOPLE),
        ([ASKED, DAY], "2026-11-24T08:00+00:00", "Earliest: Tue 2026-11-24 09:00 Europe/Berlin"),
        ([ASKED], None, "Earliest: nothing in sight opens them"),
    ],
)
def test_when_it_could_ship(gates: list[Gate], earliest: str | None, told: str) -> None:
    """A moment is told where a gate waits for one; else that it is for people, and never now."""
    done = Done(
        environment="production",
        version="1.1.0",
        outcome="waiting",
        reason="held",
        gates=gates,
        earliest=earliest,
    )
    text = summary([done])

    assert f"\n\n**What holds production/1.1.0**\n\n{told}.\n" in text
    assert "**" not in gfm.Page(text).text
    assert held_text(gates, earliest).endswith(f"\n  {told}")
