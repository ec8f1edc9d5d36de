"""One member of a YAML file put into another: what comes in, and that nothing else moves."""

from __future__ import annotations

import pytest

from reconciler.adapters.manifests.reader import ManifestReader
from reconciler.adapters.manifests.splicing import with_member
from reconciler.adapters.manifests.yaml_files import read_value

POINTER = "/spec/values"
DATA = """# the head
kind: Environment
spec:
    # the values
    values:
        a: 1   # one

        b: |
            text
              more

    # about mode
    mode: release-only
# the end
"""
DONOR = """spec:
  mode: editable
  values:  # of the donor
    a: 2
    # inside
    c: [1,
  2]

other: true
"""
BLOCK = "values:  # of the donor\n      a: 2\n      # inside\n      c: [1,\n    2]\n"


def spliced(data: str, donor: str, pointer: str = POINTER) -> str | None:
    """Return the text that comes of it, None when there is none."""
    made = with_member(data.encode(), donor.encode(), pointer)
    return None if made is None else made.decode()


def test_a_block_is_replaced_with_its_comments() -> None:
    """The donor's block comes in as it stands, moved to its place; all else keeps its bytes."""
    head, tail = DATA.split("    values:", maxsplit=1)[0], DATA[DATA.index("\n    # about") :]

    assert spliced(DATA, DONOR) == f"{head}    {BLOCK}{tail}"


def test_a_block_is_moved_to_the_left() -> None:
    """A donor that is indented deeper gives the same value; block texts keep their lines."""
    made = spliced(DONOR, DATA)

    assert made is not None
    assert (
        read_value(made.encode())["spec"]["values"] == read_value(DATA.encode())["spec"]["values"]
    )
    assert "  values:\n      a: 1   # one\n\n      b: |\n          text\n" in made
    assert made.endswith("\n\nother: true\n")


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ("spec:\n  mode: x\n", "spec:\n  mode: x\n  values: {a: 1}\n"),
        ("spec:\n  mode: x", "spec:\n  mode: x\n  values: {a: 1}\n"),
        ("spec:\r\n  mode: x\r\nz: 1\r\n", "spec:\r\n  mode: x\r\n  values: {a: 1}\r\nz: 1\r\n"),
        ("spec:\n  mode: x\n# end\n", "spec:\n  mode: x\n  values: {a: 1}\n# end\n"),
        ("spec: {mode: x}\n", 'spec: {mode: x, "values": {"a": 1}}\n'),
        ("# é😀\nspec: {m: 😀}\n", '# é😀\nspec: {m: 😀, "values": {"a": 1}}\n'),
        ("spec: {}\n", 'spec: {"values": {"a": 1}}\n'),
    ],
    ids=["last", "no-last-line-end", "crlf", "comment", "flow", "not-ascii", "empty"],
)
def test_a_member_that_is_missing_comes_last(data: str, wanted: str) -> None:
    """What only the donor has is put at the end of the mapping, with its line ends."""
    assert spliced(data, "spec:\n  values: {a: 1}\n") == wanted


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (DONOR, "spec:\n  mode: editable\n\nother: true\n"),
        ("spec: {values: 1, mode: x}\n", "spec: {mode: x}\n"),
        ("spec: {mode: x, values: 1}\n", "spec: {mode: x}\n"),
        ("spec: {values: 1}\n", "spec: {}\n"),
        ("spec:\n  mode: x\n", "spec:\n  mode: x\n"),
    ],
    ids=["block", "first", "last", "only", "none"],
)
def test_a_member_that_the_donor_lacks_is_removed(data: str, wanted: str) -> None:
    """Without the member in the donor it goes, and what stands around it stays."""
    assert spliced(data, "kind: Environment\n") == wanted


@pytest.mark.parametrize(
    "donor",
    [
        "spec: {values: {a: {b: [1, text]}}}\n",
        "x: &anchor {b: [1, text]}\nspec:\n  values:\n    a: *anchor\n",
        "spec:\n  values: {\n  a: {b: [1,\ntext]}\n  }\n",
    ],
    ids=["flow", "alias", "ragged"],
)
def test_a_form_that_cannot_be_moved_is_written_anew(donor: str) -> None:
    """Whatever the donor's form, its value comes in."""
    made = spliced(DATA, donor)

    assert made is not None
    assert read_value(made.encode())["spec"]["values"] == {"a": {"b": [1, "text"]}}
    assert "    # about mode\n    mode: release-only\n# the end\n" in made


@pytest.mark.parametrize(
    ("data", "donor", "pointer"),
    [
        ("[", DONOR, POINTER),
        (DATA, "a: 1\na: 2\n", POINTER),
        ("kind: Environment\n", DONOR, POINTER),
        ("spec: text\n", DONOR, POINTER),
        ("spec: [1]\n", DONOR, POINTER),
        ("spec:\n  values: 1\n", "kind: Environment\n", POINTER),
        (DATA, DONOR, ""),
    ],
    ids=["broken", "broken-donor", "no-parent", "text", "list", "nothing-left", "whole"],
)
def test_what_cannot_be_done_is_none(data: str, donor: str, pointer: str) -> None:
    """Bytes that cannot be read, or have no place for the member, give nothing at all."""
    assert spliced(data, donor, pointer) is None


def test_an_anchor_that_is_used_elsewhere_is_not_cut_away() -> None:
    """A block that others refer to cannot go: the rest would not be what it was."""
    assert spliced("spec:\n  values: &v {a: 1}\n  mode: *v\n", DONOR) is None


def test_any_member_can_be_named() -> None:
    """The pointer may lead to a list, deeper down, or to the top, with keys escaped."""
    assert spliced("a/b:\n- 1\n- 2\nc: 3\n", "a/b:\n- 4\n", "/a~1b") == "a/b:\n- 4\nc: 3\n"
    data = "a:\n  b:\n    c: 1\n    d: 2\n"
    assert spliced(data, data.replace("1", "5"), "/a/b/c") == data.replace("1", "5")


def test_the_reader_offers_it() -> None:
    """It is part of the port, so that services need not know how."""
    made = ManifestReader(workers=1).with_member(DATA.encode(), DONOR.encode(), POINTER)

    assert made == with_member(DATA.encode(), DONOR.encode(), POINTER)
