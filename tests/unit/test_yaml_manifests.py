"""One request: a manifest, normalised, with its facts, or every finding with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.adapters.manifests import explaining, schemas
from reconciler.adapters.manifests.reader import ManifestReader
from reconciler.core import canonical
from reconciler.core.model import Kind
from reconciler.ports import Parsed, ParseRequest
from tests.shared_data import naughty_strings
from tests.unit.manifest_files import WORKFLOW, answer, findings, found_in, manifest, parsed

FOLDERS = {"events": "AppEvent", "integrations": "Integration", "workflows": "Workflow"}
FILES = {"pipeline": "Pipeline", "environment": "Environment"}


def test_a_manifest_is_normalised() -> None:
    """What is read has its defaults written out and its facts beside it."""
    found = parsed(WORKFLOW, "Workflow")
    assert found.content["spec"]["title"] == "sync"
    assert found.content["spec"]["enabledByDefault"] is False
    assert found.facts.integration is None


def test_references_are_left_in_place_and_told() -> None:
    """References stay as written, and the facts name what they refer to."""
    text = WORKFLOW.replace(
        "[]", "[{name: a, type: request, with: {u: '${{ values.api.url }}/x'}}]"
    )
    found = parsed(text, "Workflow")
    assert found.content["spec"]["steps"][0]["with"]["u"] == "${{ values.api.url }}/x"
    assert found.facts.values == ("api.url",)


def test_a_reference_behind_an_escape_is_found() -> None:
    """A reference whose dollar sign is written as an escape is a reference all the same."""
    text = WORKFLOW.replace("[]", '[{name: a, type: request, with: {u: "\\x24{{ secrets.KEY }}"}}]')
    assert parsed(text, "Workflow").facts.secrets == ("KEY",)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (
            "  steps: []",
            "  enabeld: true\n  steps: []",
            '6:3: unknown field "enabeld" in /spec; did you mean "enabled"?',
        ),
        (
            "manual",
            "shedule",
            (
                '5:13: /spec/trigger/type is "shedule"; wanted one of appEvent, request, webhook, '
                'schedule, integrationEnabled, manual; did you mean "schedule"?'
            ),
        ),
        ("kind: Workflow\n", "", '1:1: missing field "kind" in the manifest'),
        (
            "kind: Workflow",
            "kind: Workfow",
            '2:1: kind is "Workfow", but a Workflow is wanted here; did you mean "Workflow"?',
        ),
        (
            "kind: Workflow",
            "kind: Integration",
            '2:1: kind is "Integration", but a Workflow is wanted here',
        ),
        (
            "reconciler/v1",
            "reconciler/v2",
            '1:1: apiVersion is "reconciler/v2"; wanted reconciler/v1',
        ),
        (
            "{name: sync}",
            "{name: sync, labels: {a: 1}}",
            "3:33: /metadata/labels/a is the number 1; wanted a text; put it in quotes",
        ),
        ("  steps: []\n", "", "4:1: a workflow has steps or a definition; /spec has neither"),
        (
            "  steps: []",
            "  steps: []\n  definition: {format: n8n, file: a.json}",
            "4:1: a workflow has steps or a definition; /spec has both",
        ),
        ("  steps: []", "  steps: {}", "6:3: /spec/steps is a mapping; wanted a list"),
    ],
)
def test_what_does_not_fit_the_schema(old: str, new: str, wanted: str) -> None:
    """What does not fit the schema is one sentence with the place and the nearest name."""
    assert WORKFLOW.count(old) >= 1
    assert findings(WORKFLOW.replace(old, new, 1), "Workflow") == [wanted]


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        (
            "values: {a b: 1}",
            (
                '5:12: key "a b" in /spec/values does not fit; '
                "wanted are letters, digits, dashes and underscores"
            ),
        ),
        (f"values: {{{'a' * 129}: 1}}", "is too long; at most 128 characters are wanted"),
        ("promotion: {removalBudget: {count: -1}}", "is too small; at least 0 is wanted"),
        ("promotion: {removalBudget: {percent: 101}}", "is too large; at most 100 is wanted"),
        ("notifications: [{on: [], to: a@b.c}]", "is too short; at least 1 items are wanted"),
        ("notifications: [{on: [faild], to: a@b.c}]", 'did you mean "failed"?'),
        ("notifications: [{on: [done], to: 'slack://a/b'}]", "A mail address, or the name of a"),
        ("secrets: {A: {from: store, naem: x}}", '5:30: unknown field "naem" in /spec/secrets/A'),
        ("mode: null", "/spec/mode is null; wanted one of editable, release-only"),
        ("mode: true", "/spec/mode is true; wanted one of editable, release-only"),
        ("platform: {type: Built in}", '/spec/platform/type is "Built in", which does not fit'),
        ("promotion: {soak: 7 days}", "wanted: A whole number with d (days), h (hours)"),
    ],
)
def test_what_does_not_fit_in_an_environment(spec: str, wanted: str) -> None:
    """Keys, limits and forms are told in words."""
    [found] = found_in("Environment", spec)
    assert wanted in found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "1:1: is empty; a document is wanted"),
        ("- a\n", "1:1: is a list; a manifest is a mapping with apiVersion, kind, …"),
        ("hello\n", '1:1: is the text "hello"; a manifest is a mapping with apiVersion, kind, …'),
        ("---\n", "1:1: is null; a manifest is a mapping with apiVersion, kind, …"),
        (WORKFLOW + "---\n", "7:1: holds more than one document; write one manifest per file"),
    ],
)
def test_what_is_no_manifest(text: str, wanted: str) -> None:
    """A file without a manifest is a finding for the whole file."""
    assert findings(text, "Workflow") == [wanted]


def test_every_finding_at_once() -> None:
    """Reading, schema, checks and references each tell what they find in one file."""
    spec = (
        "enabeld: true\ntitle: 010\ntrigger: {type: schedule, cron: '61 * * * *'}\n"
        "steps: [{name: a, type: request, with: {x: '${{ value.x }}'}}]\n"
    )
    found = found_in("Workflow", spec)
    assert [text.split(":")[0] for text in found] == ["5", "6", "7", "8"]


def test_a_line_with_a_reading_problem_gets_no_second_finding() -> None:
    """A stand-in value is not judged by the schema."""
    [found] = found_in("Workflow", "title: 1.10\ntrigger: {type: manual}\nsteps: []")
    assert "would not be kept" in found


def test_findings_are_in_the_order_of_the_file_and_not_endless() -> None:
    """Findings go from top to bottom; after a hundred there is only a word that there are more."""
    found = found_in("Workflow", "".join(f"field{n}: 1\n" for n in range(500)))
    lines = [int(text.split(":")[0]) for text in found[:100]]
    assert lines == sorted(lines)
    assert found[-1] == "1:1: has more than 100 findings; mend these first"


def test_a_name_does_not_end_in_a_line_end() -> None:
    """A line end behind a name is refused, which patterns in Python would let through."""
    [found] = findings(WORKFLOW.replace("sync}", '"sync\\n"}'), "Workflow")
    assert found.startswith('3:12: /metadata/name is "sync\\n", which does not fit')


def test_the_quick_answer_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was refused quickly stays refused, even where the slow validator finds nothing."""
    monkeypatch.setattr(explaining, "_schema_problems", lambda *_: [])
    text = WORKFLOW.replace("  steps: []", "  enabeld: true\n  steps: []")
    assert findings(text, "Workflow") == ["4:1: does not fit the schema of its kind"]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_examples_that_are_read(kind: str) -> None:
    """The examples in the schemas are manifests."""
    for example in schemas.schema(kind)["examples"]:
        parsed(canonical.dumps(example), kind)


def test_the_sample_repository_is_read(checkout: Path) -> None:
    """Every manifest of the project's own environments is read without a finding."""
    paths = sorted((checkout / "environments").rglob("*.yaml"))
    requests = [
        ParseRequest(
            path.name, path.read_bytes(), FOLDERS.get(path.parent.name) or FILES[path.stem]
        )
        for path in paths
    ]
    answers = list(ManifestReader().parse(requests))
    assert len(answers) > 40
    assert [found for found in answers if not isinstance(found, Parsed)] == []


def test_naughty_strings_survive_as_titles() -> None:
    """Any text survives as a title, through quoted YAML, reading and canonical JSON."""
    for text in naughty_strings():
        quoted = "".join(
            c if c.isprintable() else f"\\U{ord(c):08x}" for c in canonical.dumps(text)
        )
        found = parsed(
            manifest("Workflow", f"title: {quoted}\ntrigger: {{type: manual}}\nsteps: []"),
            "Workflow",
        )
        assert json.loads(canonical.dumps(found.content))["spec"]["title"] == text


def test_the_answer_depends_on_bytes_and_kind_alone() -> None:
    """The path stands in findings and nowhere else, so that answers are known by blob id."""
    [one, other] = ManifestReader().parse(
        [ParseRequest(path, WORKFLOW.encode(), "Workflow") for path in ("a.yaml", "b/c.yaml")]
    )
    assert one == other


def test_rules_have_a_version() -> None:
    """The version of the rules is a digest, the same each time."""
    assert ManifestReader().rules_version == ManifestReader().rules_version
    assert ManifestReader().rules_version.startswith("sha256:")


def test_template_texts_are_carried_as_bytes() -> None:
    """Template signs outside the places of references are text and never looked at."""
    text = "'{{ a }} ${{ secrets.X }} ={{ b }} ${{ not one'"
    found = parsed(
        manifest("Workflow", f"title: {text}\ntrigger: {{type: manual}}\nsteps: []"), "Workflow"
    )
    assert found.content["spec"]["title"] == text.strip("'")
    assert found.facts.secrets == ()


def test_a_wrong_manifest_is_not_parsed() -> None:
    """Findings come instead of a manifest, never beside one."""
    assert isinstance(answer(WORKFLOW + "x: 1\n", "Workflow"), tuple)
