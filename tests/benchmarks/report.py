"""What was measured as rows of a table, with the bounds that it is held against."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.benchmarks.measuring import Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure beside another from the same run; `binding` bounds make `--check` fail."""

    workflows: int
    measured: Measured
    beside: Measured
    bound: float | None = None
    binding: bool = True

    @property
    def ratio(self) -> float:
        """How many times as long as the other, by the clock."""
        return self.measured.wall / self.beside.wall

    @property
    def cpu_ratio(self) -> float:
        """How many times as much processor time as the other."""
        return self.measured.cpu / self.beside.cpu

    @property
    def broken(self) -> bool:
        """True when a binding bound is exceeded."""
        return self.binding and self.bound is not None and self.ratio > self.bound

    @property
    def verdict(self) -> str:
        """The bound and whether it holds, in words."""
        if self.bound is None:
            return ""
        held = self.ratio <= self.bound
        words = ("ok" if held else "BROKEN") if self.binding else ("ok" if held else "not yet")
        return f"<= {self.bound:g} {words}"


HEADINGS = ("", "wall", "cpu", "beside", "wall", "cpu", "ratio", "of cpu", "bound")


def table(rows: Sequence[Row]) -> str:
    """Return the rows as plain text, one block for each number of workflows."""
    cells = [
        (
            row.measured.title,
            _seconds(row.measured.wall),
            _seconds(row.measured.cpu),
            row.beside.title,
            _seconds(row.beside.wall),
            _seconds(row.beside.cpu),
            f"{row.ratio:.2f}",
            f"{row.cpu_ratio:.2f}",
            row.verdict,
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *cells, strict=True)]
    lines = [_line(HEADINGS, widths)]
    for before, row, found in zip([None, *rows], rows, cells, strict=False):
        if before is None or before.workflows != row.workflows:
            lines += ["", f"{row.workflows:,} workflows" if row.workflows else "any size"]
        lines.append(_line(found, widths))
    return "\n".join(lines)


def as_json(rows: Iterable[Row]) -> dict[str, object]:
    """Return everything that was measured, each run of it."""
    return {
        "formatVersion": "1.0",
        "machine": machine(),
        "rows": [
            {
                "workflows": row.workflows,
                "measured": _figures(row.measured),
                "beside": _figures(row.beside),
                "ratio": round(row.ratio, 3),
                "cpuRatio": round(row.cpu_ratio, 3),
                "bound": row.bound,
                "binding": row.binding,
                "broken": row.broken,
            }
            for row in rows
        ],
    }


def machine() -> str:
    """Return what the figures were measured on, without naming the machine."""
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )


def _figures(measured: Measured) -> dict[str, object]:
    return {
        "title": measured.title,
        "wall": round(measured.wall, 4),
        "cpu": round(measured.cpu, 4),
        "runs": [[round(run.wall, 4), round(run.cpu, 4)] for run in measured.runs],
    }


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f} s"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    left = (0, 3, len(HEADINGS) - 1)
    padded = (
        cell.ljust(width) if place in left else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()
