"""The search for canaries finds them: every other test of this folder rests on that."""

from __future__ import annotations

import base64
import gzip
import json
import quopri
import textwrap
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.attacks.output import runner, screen
from tests.attacks.output.canaries import CANARIES, sightings

HIDING: dict[str, Callable[[str], bytes | str]] = {
    "plain": lambda v: v,
    "in a sentence": lambda v: f"the request with {v} was refused",
    "base64": lambda v: base64.b64encode(v.encode()),
    "base64 inside": lambda v: base64.b64encode(b"user:" + v.encode()),
    "base64 for URLs": lambda v: base64.urlsafe_b64encode(b"x" + v.encode()),
    "base64, wrapped": lambda v: base64.encodebytes(v.encode() * 4),
    "hex": lambda v: v.encode().hex(),
    "percent": lambda v: quote(v, safe=""),
    "json": lambda v: json.dumps({"a": v}),
    "json in json": lambda v: json.dumps(json.dumps(v)),
    "quoted-printable": lambda v: quopri.encodestring(v.encode()),
    "utf-16": lambda v: v.encode("utf-16"),
    "deflated": lambda v: zlib.compress(v.encode()),
    "zipped": lambda v: gzip.compress(v.encode()),
    "wrapped": lambda v: "\n".join(textwrap.wrap(v.replace("\n", ""), 9, drop_whitespace=False)),
    "in a difference": lambda v: "\n".join(f"    │ + {line}" for line in v.splitlines()),
    "coloured": lambda v: f"\x1b[1m{v[:6]}\x1b[0m{v[6:]}",
    "in Markdown": lambda v: "".join(f"\\{c}" if c in "`*_[]~" else c for c in v),
    "its middle cut": lambda v: f"{v[:14]}…{v[-4:]}",
}


@pytest.mark.parametrize("hide", HIDING.values(), ids=HIDING)
@pytest.mark.parametrize("name", CANARIES)
def test_a_canary_is_found(name: str, hide: Callable[[str], bytes | str]) -> None:
    """Each canary is found in each form, under its name."""
    assert name in sightings(hide(CANARIES[name]))


def test_ordinary_output_holds_none() -> None:
    """What is no canary is not taken for one."""
    assert sightings("Plan: 1 to add, 2 to modify, 0 to remove. *** sha256:1234567890abcdef") == []


@pytest.mark.parametrize(
    "line",
    [
        "::error::x",
        "  ::set-output name=a::b",
        "\u00a0::add-mask::x",
        "x ##[group]y",
        "##vso[task.x]y",
    ],
)
def test_a_command_is_found(line: str) -> None:
    """What a runner obeys is recognised as it does it: at the start, after blanks, anywhere."""
    assert runner.commands(f"first\n{line}\n") != []


def test_text_about_commands_is_none() -> None:
    """Colons inside a line, and a single one at its start, are text."""
    assert runner.commands("a ::error::x\n:x\n# [a]\n## a\n::nothing") == []


@pytest.mark.parametrize(
    "text", ["\x1b[31mred", "\x07", "\x9b31m", "a\rb", "\u202eabc", "a\u200bb"]
)
def test_what_a_terminal_obeys_is_found(text: str) -> None:
    """Escapes, other control characters and what turns or hides text are recognised."""
    assert screen.obeyed(text) != []
