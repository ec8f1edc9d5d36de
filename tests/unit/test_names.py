"""Nearest names, and foreign text shown safely."""

from __future__ import annotations

import time

import pytest

from reconciler.core.names import closest, nearest, quoted


@pytest.mark.parametrize(
    ("name", "known", "wanted"),
    [
        ("enabeld", ["enabled", "title"], "enabled"),
        ("Enabled", ["enabled"], "enabled"),
        ("staging", ["development", "production"], None),
        ("x", [], None),
        ("same", ["same"], None),
    ],
)
def test_the_closest_name(name: str, known: list[str], wanted: str | None) -> None:
    """The known name that was probably meant is found, whatever its case."""
    assert closest(name, known) == wanted


def test_the_hint_behind_a_name() -> None:
    """A near name is asked for in brackets; where none is near there is no hint."""
    assert nearest("hubspt", ["hubspot"]) == ' (did you mean "hubspot"?)'
    assert nearest("hubspt", ["zendesk"]) == ""


def test_long_names_take_no_time() -> None:
    """A name of a megabyte is compared with nothing."""
    begun = time.process_time()
    assert closest("a" * 2**20, ["aaaa"] * 50) is None
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("abc", '"abc"'),
        ("a\nb\x1b", '"a\\nb\\x1b"'),
        ("\u202eé", '"\\u202eé"'),
        ("\ud800", '"\\ud800"'),
        ("x" * 61, '"' + "x" * 59 + '…"'),
        ("x" * 60, '"' + "x" * 60 + '"'),
    ],
)
def test_text_is_shown_safely(text: str, wanted: str) -> None:
    """What cannot be seen is an escape, and sixty characters are enough."""
    assert quoted(text) == wanted
