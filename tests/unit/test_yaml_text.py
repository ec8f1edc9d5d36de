"""The bytes of a manifest: the written rule of size, encoding, characters and directives."""

from __future__ import annotations

import pytest

from reconciler.adapters.manifests import text
from reconciler.adapters.manifests.yaml_files import read_value
from reconciler.core.errors import Invalid
from reconciler.core.model import Finding


def refusal(data: bytes) -> Finding:
    """Return the first finding in bytes that are refused."""
    with pytest.raises(Invalid) as caught:
        read_value(data)
    return caught.value.findings[0]


@pytest.mark.parametrize(
    ("data", "line", "column", "says"),
    [
        (b"\xef\xbb\xbfa: 1\n", 1, 1, "byte order mark"),
        ("a: 1\n".encode("utf-16"), 1, 1, "UTF-16"),
        ("a: 1\n".encode("utf-16-be"), 1, 1, "NUL"),
        (b"a: 1\nb: \xff\n", 2, 4, "0xff"),
        (b"a: \xed\xa0\x80\n", 1, 4, "not UTF-8"),
        (b"a: x\0y\n", 1, 5, "NUL"),
        (b"a: 1\rb: 2\n", 1, 5, "carriage return"),
        ("é: 1\rb: 2\n".encode(), 1, 5, "carriage return"),
        (b"a: \x1b[31m\n", 1, 4, "U+001B"),
        (b"a: \x7f\n", 1, 4, "U+007F"),
        ("a: é\x85\n".encode(), 1, 5, "U+0085"),
        ("a: \u2028\n".encode(), 1, 4, "U+2028"),
        ("a: \uffff\n".encode(), 1, 4, "U+FFFF"),
        ("a: 1\n\ufeffb: 2\n".encode(), 2, 1, "U+FEFF"),
    ],
)
def test_characters_that_are_refused(data: bytes, line: int, column: int, says: str) -> None:
    """A byte or character that no text may hold is named where it stands."""
    finding = refusal(data)
    assert (finding.line, finding.column) == (line, column)
    assert says in finding.text


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"a: 1\r\nb: |\r\n  x\r\n  y\r\n", {"a": 1, "b": "x\ny\n"}),
        ("a: ⚡ é 中 \U0001f600\n".encode(), {"a": "⚡ é 中 \U0001f600"}),
        ("a: x\ufeffy\n".encode(), {"a": "x\ufeffy"}),
        (b'a: "\\e\\x7f\\u2028\\ufeff"\n', {"a": "\x1b\x7f\u2028\ufeff"}),
        (b"a:\tb\n", {"a": "b"}),
        (b"a: |\n  x\n   ", {"a": "x\n \n"}),
    ],
)
def test_characters_that_are_read(data: bytes, value: object) -> None:
    """CRLF is a line end; any printable character is kept; escapes may give controls but NUL."""
    assert read_value(data) == value


@pytest.mark.parametrize("escape", ["\\0", "\\x00", "\\u0000"])
def test_nul_by_escape_is_refused(escape: str) -> None:
    """NUL is refused however it is written, in values and in keys."""
    assert "NUL" in refusal(f'a: "x{escape}"\n'.encode()).text
    assert "NUL" in refusal(f'"x{escape}": 1\n'.encode()).text


def test_size_is_judged_first() -> None:
    """A file of one byte too many is refused by its size, whatever is in it."""
    assert "1,048,577 bytes" in refusal(b"\0" * (text.MAX_BYTES + 1)).text
    assert read_value(b"a: " + b"x" * (text.MAX_BYTES - 3)) == {"a": "x" * (text.MAX_BYTES - 3)}


@pytest.mark.parametrize("directive", [b"%YAML 1.1", b"%YAML 1.3", b"%TAG ! x", b"%FOO", b"%"])
def test_directives_are_refused(directive: bytes) -> None:
    """Every directive but %YAML 1.2 is refused, at its line, also behind another one."""
    assert refusal(b"# x\n" + directive + b"\n---\na: 1\n").line == 2
    assert refusal(b"%YAML 1.2\n" + directive + b"\n---\na: 1\n").line == 2


def test_the_directive_of_yaml_1_2_is_read() -> None:
    """A file may say that it is YAML 1.2; a percent sign elsewhere is text."""
    assert read_value(b"%YAML 1.2 # x\n---\na: 50%\nb: |\n  %x\n") == {"a": "50%", "b": "%x\n"}


def test_many_bad_characters_are_cut_off() -> None:
    """A hundred findings are enough for a file."""
    found = text.problems(b"\x01" * 5000)
    assert len(found) == 101
    assert "more than 100 findings" in found[-1].text
