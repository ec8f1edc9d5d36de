"""Where a JSON Pointer is in a file."""

from __future__ import annotations

import pytest

from reconciler.adapters.manifests.reader import ManifestReader

TEXT = b"""\
a: 1
spec:
  steps:
    - name: first
      with: {url: x, "a/b": [1, 2], "c~d": y}
    - name: second
      type: request
"""


@pytest.mark.parametrize(
    ("pointer", "line", "column"),
    [
        ("", 1, 1),
        ("/a", 1, 1),
        ("/spec", 2, 1),
        ("/spec/steps", 3, 3),
        ("/spec/steps/0", 4, 7),
        ("/spec/steps/1/type", 7, 7),
        ("/spec/steps/second/type", 7, 7),
        ("/spec/steps/first/with/url", 5, 14),
        ("/spec/steps/0/with/a~1b", 5, 22),
        ("/spec/steps/0/with/a~1b/1", 5, 33),
        ("/spec/steps/0/with/c~0d", 5, 37),
        ("/spec/steps/7/type", 3, 3),
        ("/spec/missing/deeper", 2, 1),
        ("/a/b", 1, 1),
        ("/nothing", 1, 1),
    ],
)
def test_position_of_a_pointer(pointer: str, line: int, column: int) -> None:
    """A member is where its key is, a list item by index or name, what is missing at its parent."""
    assert ManifestReader().position(TEXT, pointer) == (line, column)


@pytest.mark.parametrize("data", [b"", b"\xff", b"a: [", b"a\0"])
def test_position_in_what_cannot_be_read(data: bytes) -> None:
    """In what is no YAML everything is at the beginning."""
    assert ManifestReader().position(data, "/a") == (1, 1)


def test_columns_count_characters() -> None:
    """A column is a character, not a byte."""
    assert ManifestReader().position("{é: 1, b: 2}\n".encode(), "/b") == (1, 8)
