"""How names, numbers and lists stand in sentences."""

from __future__ import annotations

import pytest

from reconciler.core.messages.words import called, listed, plural, shown, verb, workflows
from reconciler.core.model import ResourceKey


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 users"), (1, "1 user"), (2, "2 users"), (1203, "1,203 users")]
)
def test_plural(count: int, text: str) -> None:
    """One is singular, everything else plural, thousands are marked."""
    assert plural(count, "user") == text


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ("", ""),
        ("a", "a"),
        ("ab", "a and b"),
        ("abc", "a, b and c"),
        ("abcde", "a, b, c, d and e"),
        ("abcdefgh", "a, b, c, d, e and 3 more"),
    ],
)
def test_listed(items: str, text: str) -> None:
    """Five are named, the others counted."""
    assert listed(list(items)) == text


def test_names_say_what_they_are() -> None:
    """A name stands with its noun, in the right number."""
    assert called(ResourceKey("AppEvent", "paid")) == "app event paid"
    assert called(ResourceKey("Secret", "KEY")) == "Secret KEY"
    assert workflows(["a"]) == "workflow a"
    assert workflows(["a", "b"]) == "workflows a and b"
    assert verb(1, "stops", "stop") + verb(2, "stops", "stop") == "stopsstop"


def test_values_are_shown_safely() -> None:
    """A value stands on one line: text in quotes, other values as JSON."""
    assert shown("a\x1b[2J") == '"a\\x1b[2J"'
    assert shown(True) == "true"
    assert shown({"b": 1, "a": None}) == '{"a":null,"b":1}'
