"""Manifests as text, and what the reader makes of them; for tests."""

from __future__ import annotations

from reconciler.adapters.manifests.reader import ManifestReader
from reconciler.core.model import Finding
from reconciler.ports import Parsed, ParseRequest

WORKFLOW = """\
apiVersion: reconciler/v1
kind: Workflow
metadata: {name: sync}
spec:
  trigger: {type: manual}
  steps: []
"""


def manifest(kind: str, spec: str, name: str = "thing") -> str:
    """Return a manifest whose spec, without indentation, begins in line 5."""
    body = "".join(f"  {line}\n" for line in spec.splitlines())
    return f"apiVersion: reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{body}"


def answer(data: str | bytes, kind: str) -> Parsed | tuple[Finding, ...]:
    """Return what the reader answers to one file."""
    raw = data.encode() if isinstance(data, str) else data
    return next(iter(ManifestReader().parse([ParseRequest("x.yaml", raw, kind)])))


def parsed(data: str | bytes, kind: str) -> Parsed:
    """Return a manifest that has no findings."""
    found = answer(data, kind)
    assert isinstance(found, Parsed), [str(finding) for finding in found]
    return found


def findings(data: str | bytes, kind: str) -> list[str]:
    """Return `line:column: text` of each finding of a file that has some."""
    found = answer(data, kind)
    assert not isinstance(found, Parsed)
    assert all(finding.file == "x.yaml" for finding in found)
    return [str(finding).removeprefix("x.yaml:") for finding in found]


def found_in(kind: str, spec: str) -> list[str]:
    """Return the findings in the spec of an otherwise good manifest."""
    return findings(manifest(kind, spec), kind)
