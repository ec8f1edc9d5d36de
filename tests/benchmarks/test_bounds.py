"""The figures at a size that a test can afford, with room for a busy machine.

At a thousand workflows most of a run is what every command costs once, so these limits are no
bounds of the product; they are about twice what was measured when they were written, to show a
regression by a factor. The true figures are those of `python -m tests.benchmarks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.benchmarks import manifests, report, suite
from tests.benchmarks.baselines import outermost
from tests.benchmarks.measuring import Measured, Run
from tests.benchmarks.report import Row

SIZE = 1_000

LIMITS: Mapping[str, float] = {
    "plan, cold, all new": 10,
    "plan, cold, nothing changed": 7,
    "plan, warm, nothing changed": 3,
    "plan, warm, 10 changed": 4,
    "reconcile, nothing changed": 3,
    "reconcile, 10 changed": 4.5,
    "reconciler --version": 4,
}


def row(wall: float, bound: float | None = None, *, binding: bool = True) -> Row:
    """Return a figure beside one second."""
    measured = Measured("plan", (Run(wall, wall),))
    beside = Measured("floor", (Run(1.0, 1.0),))
    return Row(workflows=1000, measured=measured, beside=beside, bound=bound, binding=binding)


def test_no_figure_is_a_factor_above_what_it_was(tmp_path: Path) -> None:
    """Neither by the clock nor by processor time does a command cost a factor more than before."""
    rows = suite.measure(tmp_path, [SIZE], 1, lambda _: None)
    # Whatever else the machine does makes one of the two larger, rarely both.
    found = {row.measured.title: min(row.ratio, row.cpu_ratio) for row in rows}
    above = {title: found[title] for title, limit in LIMITS.items() if found[title] > limit}
    assert not above, report.table(rows)


def test_workflows_have_the_size_that_bounds_are_about() -> None:
    """Bounds are about workflows of about 1.2 kB, so that is what is generated."""
    sizes = [len(manifests.workflow(number)) for number in range(1_000)]
    assert 1_150 < sum(sizes) / len(sizes) < 1_300


def test_the_same_repository_is_made_each_time() -> None:
    """Figures of two runs can be compared, since both are about the same bytes."""
    assert manifests.repository_files(60) == manifests.repository_files(60)


def test_as_many_workflows_change_as_were_asked_for() -> None:
    """Each changed workflow is one of the repository's, with other bytes."""
    before, after = manifests.repository_files(60), manifests.changed_workflows(60, 10)
    assert len(after) == 10
    assert all(before[path] != data for path, data in after.items())


def test_the_floor_imports_what_the_program_asks_for_and_no_more() -> None:
    """Own modules are left out, and so is what a library brings with it."""
    printed = ["   json.decoder", " json", "     git.util", "   git", " reconciler.main", " zlib"]
    assert list(outermost(reversed(printed))) == ["zlib", "git", "json"]


@pytest.mark.parametrize(
    ("figure", "broken"),
    [
        (row(3.1, 3), True),
        (row(3.0, 3), False),
        (row(9.9), False),
        (row(9.9, 3, binding=False), False),
    ],
)
def test_a_bound_is_broken_when_it_binds_and_is_exceeded(figure: Row, broken: bool) -> None:
    """`--check` fails for binding bounds alone."""
    assert figure.broken is broken


def test_the_table_says_which_bound_is_broken() -> None:
    """A reader finds the ratio and the verdict in one line."""
    line = report.table([row(4.0, 3)]).splitlines()[-1]
    assert "4.00" in line
    assert line.endswith("<= 3 BROKEN")
