"""Definition files of engines: strict JSON, or any text."""

from __future__ import annotations

import json

import pytest

from reconciler.adapters.manifests.json_files import MAX_BYTES
from reconciler.adapters.manifests.reader import ManifestReader
from reconciler.core.model import Finding
from tests.shared_data import n8n_workflows


def refusals(data: bytes, engine: str = "n8n") -> list[str]:
    """Return the findings of a definition that is refused."""
    found = ManifestReader().parse_definition("d.json", data, engine)
    assert isinstance(found, tuple)
    assert all(isinstance(finding, Finding) for finding in found)
    return [str(finding) for finding in found]


def test_json_is_read() -> None:
    """A definition is the object that the file holds, whole floats being integers."""
    data = b'{"a": [1, 1.0, 2.5, 1e3, null], "b": "\\ud83d\\ude00 \\\\u0000"}'
    found = ManifestReader().parse_definition("d.json", data, "n8n")
    assert found == {"a": [1, 1, 2.5, 1000, None], "b": "\U0001f600 \\u0000"}
    assert json.dumps(found["a"]) == "[1, 1, 2.5, 1000, null]"


def test_long_integers_are_kept() -> None:
    """An integer beyond 64 bits is the engine's own business and is kept as it is."""
    assert ManifestReader().parse_definition("d", b'{"a": 123456789012345678901}', "n8n") == {
        "a": 123456789012345678901
    }


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b'{"a": 1,\n "a": 2}', 'd.json:2:2: the key "a" stands twice in its object'),
        (b'{"x": {"a": 1, "\\u0061": 2}}', 'd.json:1:16: the key "a" stands twice in its object'),
        (b'{"a": NaN}', "d.json:1:7: holds NaN, which is not JSON"),
        (b'{"a": -Infinity}', "d.json:1:7: holds -Infinity, which is not JSON"),
        (b'{"a": 1e999}', "d.json:1:7: holds a number that is too large or too long"),
        (b'{"a": ' + b"1" * 5000 + b"}", "d.json:1:7: holds a number that is too long"),
        (b"[]", "d.json:1:1: is JSON, but no object; export the workflow again"),
        (b"", "d.json:1:1: is not valid JSON: expecting value"),
        (b"{'a': 1}", "d.json:1:2: is not valid JSON: expecting property name"),
        (b"{} x", "d.json:1:4: is not valid JSON: extra data"),
        (b"\xef\xbb\xbf{}", "d.json:1:1: begins with a byte order mark"),
        (b'{"a": "\xff"}', "d.json:1:8: is not UTF-8"),
        (b'{"a": "\\ud800"}', "d.json:1:7: holds NUL or half of a character"),
        (b'{"a": "\\u0000"}', "d.json:1:7: holds NUL or half of a character"),
        (b'{"a": "\0"}', "d.json:1:8: holds NUL"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "d.json:1:1: is nested more than 64 levels deep"),
        (b"[" * 400_000, "d.json:1:1: is nested more than 64 levels deep"),
        (b"[" + b"[]," * 400_000 + b"1]", "d.json:1:1: holds more than 500,000 values"),
        (b" " * (MAX_BYTES + 1), "d.json:1:1: is 4,194,305 bytes long"),
    ],
)
def test_what_is_refused(data: bytes, wanted: str) -> None:
    """What another reader would take for something else, and what has no bounds, is refused."""
    assert refusals(data)[0].startswith(wanted)


def test_every_problem_is_found() -> None:
    """All places of a file that are refused are told together."""
    assert len(refusals(b'{"a": NaN, "b": 1, "b": 2, "c": {"b": 1e999}}')) == 3


def test_opaque_is_text() -> None:
    """An opaque definition is its text, whatever it holds."""
    text = "not: [json\r\n\ttext ⚡"
    assert ManifestReader().parse_definition("d.txt", text.encode(), "opaque") == text
    assert "not UTF-8" in refusals(b"\xff", "opaque")[0]
    assert "NUL" in refusals(b"a\0", "opaque")[0]


def test_real_workflows_are_read_as_they_are() -> None:
    """Workflows that people exported are read as an ordinary JSON reader reads them."""
    for path in n8n_workflows():
        data = path.read_bytes()
        assert ManifestReader().parse_definition(path.name, data, "n8n") == json.loads(data)
