"""SARIF is what the standard's own schema and validator accept."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.core.messages import registry
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Finding, Location, ResourceKey
from reconciler.core.render import sarif
from tests import project

TOOL = project.ROOT / ".ci/npm/node_modules/@microsoft/sarif-multitool-linux"
# There is no page about this program that could be named.
_ACCEPTED = ("SARIF2005",)


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """A report with a finding and a message of every severity, with hostile text in them."""
    hostile = "a \x1b[31m|`<b>\u202e\ud800 {0} %20"
    rules = {entry.code: entry.summary for entry in registry.CATALOGUE}
    messages = [
        Message(
            code=code,
            severity=severity,
            subject=ResourceKey("Workflow", "sync"),
            text=hostile,
            action=hostile,
            fingerprint="f" * 64,
            location=Location("environments/a b/ü.yaml", 3, 1),
        )
        for code, severity in zip(rules, [*Severity], strict=False)
    ]
    findings = [Finding("environments/pipeline.yaml", 1, 1, hostile, "schema")]
    return sarif.report(findings, messages, rules=rules, version="1.2.3")


def test_it_fits_the_schema_of_the_standard(report: dict[str, Any]) -> None:
    """Every member is where SARIF 2.1.0 wants it."""
    schema = json.loads((TOOL / "sarif-2.1.0.json").read_text("utf-8"))
    found = Draft202012Validator(schema).iter_errors(json.loads(json.dumps(report)))

    assert [error.message for error in found] == []


def test_the_validator_of_the_standard_accepts_it(report: dict[str, Any], tmp_path: Path) -> None:
    """The standard's own validator has nothing to say beyond what is argued here."""
    file = tmp_path / "report.sarif"
    file.write_text(json.dumps(report), "utf-8")
    told = validated(file)

    lines = [line for line in told.splitlines() if ": warning " in line or ": error " in line]
    assert "Analysis completed successfully" in told
    assert [line for line in lines if not any(rule in line for rule in _ACCEPTED)] == []


def test_the_validator_can_refuse(report: dict[str, Any], tmp_path: Path) -> None:
    """A report with a rule that does not exist is refused, so the check can fail."""
    broken = json.loads(json.dumps(report))
    broken["runs"][0]["results"][0]["ruleIndex"] = 9_999
    file = tmp_path / "report.sarif"
    file.write_text(json.dumps(broken), "utf-8")

    assert ": error " in validated(file)


def validated(file: Path) -> str:
    """Return what the validator says of a file."""
    tool = TOOL / "Sarif.Multitool"
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    answer = subprocess.run(
        [tool, "validate", file],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
    )
    return answer.stdout + answer.stderr
