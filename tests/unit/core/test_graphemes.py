"""Text is cut between characters as people see them."""

from __future__ import annotations

import pytest

from reconciler.core import graphemes
from reconciler.core.printable import one_line
from reconciler.core.render.values import cut

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
GERMANY, FRANCE = "\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"
WHOLE = [
    "a",
    "e\u0301",
    "\U0001f44d\U0001f3fd",
    FAMILY,
    "❤\ufe0f",
    GERMANY,
    FRANCE,
    "\r\n",
    "\u1112\u1161\u11ab",
    "字",
]


@pytest.mark.parametrize("one", WHOLE, ids=ascii)
def test_what_is_seen_as_one_is_not_cut(one: str) -> None:
    """No place inside of one visible character is a place to cut, its ends are."""
    text = f"x{one}{one}y"
    ends = {0, 1, 1 + len(one), 1 + 2 * len(one), len(text)}
    assert {graphemes.before(text, place) for place in range(len(text) + 1)} == ends
    assert {graphemes.after(text, place) for place in range(len(text) + 1)} == ends


@pytest.mark.parametrize("one", [each for each in WHOLE if each.isprintable()], ids=ascii)
def test_cut_values_hold_whole_characters(one: str) -> None:
    """What is left of a long value on both sides of its cut are whole characters."""
    for limit in range(40, 60):
        start, end = cut(f"a{one * 60}", limit).split("…")
        assert start.removeprefix("a").replace(one, "") == ""
        assert end.partition(" (")[0].replace(one, "") == ""


def test_lines_are_cut_between_characters() -> None:
    """A line that is cut loses whole characters."""
    for limit in range(2, 30):
        kept = one_line(FAMILY * 9, limit).removesuffix("…")
        assert kept == FAMILY * (len(kept) // len(FAMILY))
