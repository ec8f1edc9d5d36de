"""The form of manifests that the program writes; that they read the same is a property test."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.manifests.writing import YamlWriter
from reconciler.core.normalise import normalise

WRITING = YamlWriter()
TEXT = """\
apiVersion: reconciler/v1
kind: Workflow
metadata:
  name: sync
  labels:
    team: growth
spec:
  title: "NO"
  trigger:
    type: schedule
    cron: "0 6 * * *"
  steps:
    - name: send
      type: request
      with:
        method: POST
        url: https://api.example.com/${{ user.id }}
        body: |
          Dear customer,

            yours
        list:
          - - 1
            - "2"
          - {}
"""


def workflow(**spec: Any) -> dict[str, Any]:
    """Return a normalised workflow."""
    fixed = {"trigger": {"type": "schedule", "cron": "0 6 * * *"}, "title": "NO"}
    metadata = {"labels": {"team": "growth"}, "name": "sync"}
    head = {"kind": "Workflow", "apiVersion": "reconciler/v1", "metadata": metadata}
    return normalise({**head, "spec": {**fixed, **spec}})


def test_a_manifest_is_written_as_a_person_would() -> None:
    """Block style in a fixed order, literal texts, quotes only where they are needed."""
    values = {
        "list": [[1, "2"], {}],
        "body": "Dear customer,\n\n  yours\n",
        "url": "https://api.example.com/${{ user.id }}",
        "method": "POST",
    }
    step = {"with": values, "type": "request", "name": "send"}

    assert WRITING.write(workflow(steps=[step])).decode() == TEXT


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", '""'),
        ("yes", '"yes"'),
        ("Null", '"Null"'),
        ("1.10", '"1.10"'),
        ("2024-01-02", '"2024-01-02"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("a ", '"a "'),
        ("é“x”", '"é“x”"'),
        ("\x1b[0m\u202e", '"\\x1B[0m\\u202E"'),
        ("a\tb\nc", '"a\\tb\\nc"'),
        ('say "x" \\', '"say \\"x\\" \\\\"'),
        ("${{ values.api }}/post", "${{ values.api }}/post"),
        ("Größe, in cm", "Größe, in cm"),
    ],
)
def test_a_text_is_quoted_where_a_reader_could_mistake_it(text: str, written: str) -> None:
    """What looks like another value, or cannot be seen, stands in double quotes."""
    assert WRITING.write({"x": text}).decode() == f"x: {written}\n"


@pytest.mark.parametrize(
    ("format", "held", "written"),
    [("opaque", "\tkept\n", b"\tkept\n"), ("n8n", {"a": "é"}, '{\n  "a": "é"\n}\n'.encode())],
)
def test_a_definition_is_a_file_of_its_own(format: str, held: Any, written: bytes) -> None:
    """The manifest names the file, and the file holds what the engine wrote."""
    definition = {"format": format, "file": "definitions/a.json"}
    content = workflow(definition={**definition, "content": held})

    assert WRITING.write_definition(content) == written
    assert WRITING.write(content).endswith(
        f"  definition:\n    file: definitions/a.json\n    format: {format}\n".encode()
    )


def test_other_manifests_have_no_definition() -> None:
    """Where nothing is held there is no file."""
    assert WRITING.write_definition(workflow(steps=[])) is None
