"""Plain scalars: YAML 1.2's core schema, and nothing that changes in silence."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.adapters.manifests.scalars import UNCLEAR, plain

TEXTS = [
    *("NO", "no", "off", "on", "y", "Yes", "tRUE", "nUll", "22:22", "2024-01-02", "2024-13-45"),
    *("1_000", "12e4567x", "1.2.3", "1.4.0", "0o8", "0xg", "-", "+", ".", "-.", "1e", "e3", "0b1"),
    *(
        "190:20:30",
        "\u0663",
        "\uff11",
        "1 000",
        "1,000",
        "-foo",
        ".inf.",
        "-~",
        "=",
        "<<x",
        "1.0.0",
    ),
]
REFUSED = [
    *(
        "010",
        "0o10",
        "0x1F",
        "1e3",
        "12e4567",
        "1.10",
        "+1",
        "-0",
        "-0.0",
        "1.",
        ".5",
        "00",
        "1.50",
    ),
    *(".inf", "-.INF", "+.inf", ".nan", ".NaN", "9223372036854775808", "-9223372036854775809"),
    *(
        "18446744073709551616",
        "1" * 5000,
        "1." + "1" * 5000,
        "0.1000000000000000055511151231257827",
    ),
    *("123456789012345678.0", "1E3", "1.0e1", "-01", "0.10", "0.0000000000000000000000000000001"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_stay_texts(text: str) -> None:
    """What YAML 1.2 takes for a string is a string, whatever YAML 1.1 made of it."""
    assert plain(text) == text


@pytest.mark.parametrize("text", REFUSED)
def test_numbers_in_another_form_are_unclear(text: str) -> None:
    """A number that would be written back in another form has no value."""
    assert plain(text) is UNCLEAR


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, None) for text in ("", "~", "null", "Null", "NULL")],
        *[(text, True) for text in ("true", "True", "TRUE")],
        *[(text, False) for text in ("false", "False", "FALSE")],
        ("0", 0),
        ("-1", -1),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("0.5", 0.5),
        ("-0.278", -0.278),
        ("0.00001", 0.00001),
    ],
)
def test_values_of_the_core_schema(text: str, value: Any) -> None:
    """Null, booleans and numbers in their own form have their value and type."""
    assert plain(text) == value
    assert type(plain(text)) is type(value)


@pytest.mark.parametrize(("text", "value"), [("1.0", 1), ("-2.0", -2), ("0.0", 0)])
def test_whole_floats_are_integers(text: str, value: int) -> None:
    """1.0 is the number 1, so that both are one value in every digest."""
    assert plain(text) == value
    assert type(plain(text)) is int
