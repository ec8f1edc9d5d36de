"""Test data from elsewhere that the project does not carry: the YAML suite, naughty strings.

It is looked for in the folder that RECONCILER_TEST_DATA names, else in `shared/data` beside the
checkout. On a build server (CI is set) its absence is a failure. Elsewhere the tests that need it
have no cases, and the end of the test run says so.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

# Read once, here: inside a test the environment is cleared.
FOLDER = Path(
    os.environ.get("RECONCILER_TEST_DATA")
    or Path(__file__).resolve().parent.parent.parent / "shared" / "data"
)
REQUIRED = os.environ.get("CI", "") not in ("", "0", "false")

YAML_SUITE = "yaml-test-suite.json"
NAUGHTY_STRINGS = "naughty-strings.json"
N8N_WORKFLOWS = "n8n-workflows"


def is_missing(folder: Path = FOLDER) -> list[str]:
    """Return the names of what is not there."""
    return [
        name
        for name in (YAML_SUITE, NAUGHTY_STRINGS, N8N_WORKFLOWS)
        if not (folder / name).exists()
    ]


def _absent(name: str) -> None:
    if REQUIRED:
        pytest.fail(f"the test data {name} is missing; set RECONCILER_TEST_DATA to its folder")


@cache
def yaml_suite() -> dict[str, dict[str, Any]]:
    """Return the cases of the YAML suite by id: title, yaml, and json or mustFail."""
    return _loaded(YAML_SUITE) or {}


@cache
def naughty_strings() -> list[str]:
    """Return texts that break programs."""
    return _loaded(NAUGHTY_STRINGS) or []


@cache
def n8n_workflows() -> list[Path]:
    """Return the files of real exported workflows."""
    if not (FOLDER / N8N_WORKFLOWS).is_dir():
        _absent(N8N_WORKFLOWS)
    return sorted((FOLDER / N8N_WORKFLOWS).glob("*.json"))


def _loaded(name: str) -> Any:
    if not (FOLDER / name).is_file():
        _absent(name)
        return None
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly which tests had no cases."""
    missing = is_missing()
    if missing:
        terminalreporter.section("TEST DATA IS MISSING", red=True, bold=True)
        terminalreporter.line(f"not there: {', '.join(missing)}; tests that need it had no cases")
        terminalreporter.line("set RECONCILER_TEST_DATA to the folder that holds it")
