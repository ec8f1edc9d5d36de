"""`python -m tests.benchmarks`: measure, print a table, and say which bounds are broken."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import report, suite


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks; 1 with `--check` when a bound is broken."""
    options = _parser().parse_args(arguments)
    rounds = 3 if options.quick else options.rounds
    _tell(report.machine())
    with tempfile.TemporaryDirectory(prefix="reconciler-benchmarks-") as folder:
        rows = suite.measure(Path(folder), options.sizes, rounds, _tell)
    sys.stdout.write(report.table(rows) + "\n")
    if options.json is not None:
        text = json.dumps(report.as_json(rows), indent=2)
        options.json.write_text(text + "\n", encoding="utf-8")
    broken = any(row.broken for row in rows)
    return 1 if broken and options.check else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--sizes",
        type=_sizes,
        default=[1_000, 10_000],
        metavar="N,N",
        help="how many workflows, smallest first (default: 1000,10000)",
    )
    parser.add_argument("--rounds", type=int, default=7, help="runs of each (default: 7)")
    parser.add_argument("--quick", action="store_true", help="three runs of each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run to a file")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a bound is broken")
    return parser


def _sizes(text: str) -> list[int]:
    return sorted(int(part) for part in text.split(","))


def _tell(text: str) -> None:
    sys.stderr.write(f"… {text}\n")


if __name__ == "__main__":
    sys.exit(main())
