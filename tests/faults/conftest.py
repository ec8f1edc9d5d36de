"""What sweeps share: the process that forks, worlds to break, and the number of points tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.program import Program
from tests.faults.shops import Makers

_TRIED = "points tried"


@pytest.fixture(scope="session")
def makers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    """Yield what hands out worlds; made once for each process of the test run."""
    folder = tmp_path_factory.mktemp("faults")
    with Program(folder) as program:
        found = Makers(program, folder)
        yield found
        found.close()


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Callable[[int], None]:
    """Return what tells how many points a test has tried."""
    return lambda count: record_property(_TRIED, count)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell how many points were tried in all, and at how many everything held."""
    counts = {
        name: sum(
            value
            for report in terminalreporter.stats.get(name, [])
            if getattr(report, "when", "") == "call"
            for key, value in report.user_properties
            if key == _TRIED
        )
        for name in ("passed", "failed")
    }
    if sum(counts.values()):
        terminalreporter.write_line(
            f"faults: {sum(counts.values())} points tried, {counts['passed']} in sweeps that passed"
        )
