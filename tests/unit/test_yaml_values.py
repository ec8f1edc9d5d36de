"""From YAML to values: keys, aliases, tags, limits, and every problem with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.manifests.composing import Composition, PureParser
from reconciler.adapters.manifests.yaml_files import composition, read_value
from reconciler.core.errors import Invalid
from reconciler.core.model import Finding

BOTH = [composition(), Composition(PureParser)]
PARSERS = pytest.mark.parametrize("parser", BOTH, ids=["libyaml", "python"])


def findings(data: str | bytes, parser: Composition | None = None) -> list[str]:
    """Return `line:column text` of each finding in a file that is refused."""
    with pytest.raises(Invalid) as caught:
        read_value(data.encode() if isinstance(data, str) else data, parser)
    return [f"{f.line}:{f.column} {f.text}" for f in caught.value.findings]


@PARSERS
def test_a_document_is_read(parser: Composition) -> None:
    """Mappings, lists, quoted, plain and block scalars have their JSON value."""
    data = b"a: [1, x, 'y', \"z\\n\", ~]\nb: {c: true}\nd: |\n  e\n  f\ng: >-\n  h\n  i\non: off\n"
    wanted = {"a": [1, "x", "y", "z\n", None], "b": {"c": True}, "d": "e\nf\n", "g": "h i"}
    assert read_value(data, parser) == {**wanted, "on": "off"}


@PARSERS
@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ("a: 1\nb: 2\na: 3\n", '3:1 the key "a" stands twice; the first is in line 1'),
        ("x: {a: 1, 'a': 2}\n", '1:11 the key "a" stands twice; the first is in line 1'),
        ("1: x\n", '1:1 the key "1" is not a text; put it in quotes'),
        ("a: {true: x}\n", '1:5 the key "true" is not a text; put it in quotes'),
        ("~: x\n", '1:1 the key "~" is not a text; put it in quotes'),
        ("010: x\n", '1:1 the key "010" is not a text; put it in quotes'),
        ("? [a]\n: x\n", "1:3 a key is a list or mapping; keys are texts"),
        ("a: {{b: c}: d}\n", "1:5 a key is a list or mapping; keys are texts"),
        ("a: !!str b\n", "1:4 a tag (!) is not allowed; write the plain value"),
        ("a: ! b\n", "1:4 a tag (!) is not allowed; write the plain value"),
        ("a: ! 'b'\n", "1:4 a tag (!) is not allowed; write the plain value"),
        ("a: !<x> b\n", "1:4 a tag (!) is not allowed; write the plain value"),
        ("a: [!!set {b}]\n", "1:5 a tag (!) is not allowed; write the plain value"),
        (
            "!!python/object/apply:os.system [x]\n",
            "1:1 a tag (!) is not allowed; write the plain value",
        ),
        ("a: &a [*a]\n", "1:4 holds an alias of itself"),
        ("a: &a\n  b: *a\n", "1:4 holds an alias of itself"),
        ("a: *b\n", "1:4 uses an alias without an anchor before it"),
        ("a: &b 1\nc: &b 2\n", "2:4 defines an anchor for the second time; give each its own name"),
        ("a: &x:y 1\n", "1:4 an anchor's name has letters, digits, dashes and underscores only"),
        ("a: 1\n---\nb: 2\n", "2:1 holds more than one document; write one manifest per file"),
        ("", "1:1 is empty; a document is wanted"),
        ("# x\n", "1:1 is empty; a document is wanted"),
        ("a:\n\tb: 1\n", "2:1 a tab cannot stand here; indent with spaces"),
    ],
)
def test_what_is_refused_and_where(data: str, wanted: str, parser: Composition) -> None:
    """What is refused is said with line, column and the way out, by either parser."""
    assert findings(data, parser)[0] == wanted


def test_merge_keys_are_named() -> None:
    """A merge key is refused with a hint; in quotes it is a text like any other."""
    [found] = findings("a: &a {b: 1}\nc: {<<: *a}\n")
    assert found.startswith('2:5 merge keys ("<<") are not part of YAML 1.2')
    assert read_value(b'a: {"<<": 1}\n') == {"a": {"<<": 1}}


def test_every_problem_is_found() -> None:
    """All problems of a file are told together, in the order of the text."""
    found = findings("a: 010\nb: [1.10, {c: 1, c: 2}]\n2: x\n")
    assert [text.partition(" ")[0] for text in found] == ["1:4", "2:5", "2:18", "3:1"]


def test_findings_never_echo_more_than_a_short_piece() -> None:
    """A finding repeats at most sixty characters of a file, with control characters escaped."""
    [found] = findings('"' + "k\\e" * 500 + '": 1\n"' + "k\\e" * 500 + '": 2\n')
    assert "\x1b" not in found
    assert len(found) < 260


def test_a_tag_sign_in_text_is_text() -> None:
    """Exclamation marks, ampersands, stars and question marks within text mean nothing."""
    data = b"a: Bonjour ! Really ?x\nb: R&D:x\nc: '*/5 * * * *'\nd: a *b* c\n"
    assert read_value(data)["a"] == "Bonjour ! Really ?x"
    assert read_value(data)["d"] == "a *b* c"


def test_aliases_are_expanded() -> None:
    """An alias stands for what its anchor names."""
    assert read_value(b"a: &x [1, {b: c}]\nd: *x\n") == {"a": [1, {"b": "c"}], "d": [1, {"b": "c"}]}


@PARSERS
@pytest.mark.parametrize("escape", ["\\ud800", "\\U0000dfff", "\\U00110000", "\\UFFFFFFFF"])
def test_escapes_of_no_character_are_refused(escape: str, parser: Composition) -> None:
    """Half of a character, and what is beyond the last one, is no character."""
    assert findings(f'a: "{escape}"\n', parser)[0].startswith("1:")


@PARSERS
def test_levels_are_limited(parser: Composition) -> None:
    """Sixty-four levels are read and one more is refused, in flow, block and through aliases."""
    read_value(b"[" * 64 + b"]" * 64, parser)
    assert "64 levels" in findings("[" * 65 + "]" * 65, parser)[0]
    assert "64 levels" in findings("- " * 65 + "a\n", parser)[0]
    assert (
        "64 levels"
        in findings("".join(" " * n + "a:\n" for n in range(65)) + " " * 65 + "b: 1", parser)[0]
    )
    chain = "a0: &a0 []\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 70))
    assert "64 levels" in findings(chain, parser)[0]


def test_values_are_limited_with_aliases_expanded() -> None:
    """A hundred thousand values are read; more are refused, written out or through aliases."""
    assert len(read_value(b"[" + b"a," * 99_999 + b"]")) == 99_999
    assert "100,000 values" in findings("[" + "a," * 100_000 + "]")[0]
    assert "100,000 values" in findings("a: &a [" + "x," * 999 + "]\nb: [" + "*a," * 101 + "]\n")[0]


@given(st.binary(max_size=200))
@settings(max_examples=150)
def test_any_bytes_give_a_value_or_findings(data: bytes) -> None:
    """No bytes make the reader raise anything but its own error, with either parser."""
    for parser in BOTH:
        _read_or_refuse(data, parser)


@given(st.text(alphabet="ab:-?[]{},&*!|>%@`'\"#\\\n\t \r\0é\ud800\u06610xe+.~<", max_size=60))
@settings(max_examples=400)
def test_any_punctuation_gives_a_value_or_findings(text: str) -> None:
    """No text of YAML's own signs makes the reader raise anything but its own error."""
    for parser in BOTH:
        _read_or_refuse(text.encode("utf-8", "surrogatepass"), parser)


def _read_or_refuse(data: bytes, parser: Composition) -> None:
    found: tuple[Finding, ...] | None = None
    try:
        json.dumps(read_value(data, parser), allow_nan=False).encode()
    except Invalid as error:
        found = error.findings
    assert found is None or found
    assert all(f.line >= 1 and f.column >= 1 and f.text.isprintable() for f in found or ())


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda items: (
        st.lists(items, max_size=4) | st.dictionaries(st.text("abé:#- ", max_size=5), items)
    ),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=150)
def test_json_is_read_as_itself(value: Any) -> None:
    """JSON with non-ASCII written as YAML escapes is the same value."""
    assert read_value(as_yaml(value).encode()) == value


def as_yaml(value: Any) -> str:
    """Return a value as JSON, with characters that may not stand in YAML as its escapes."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
