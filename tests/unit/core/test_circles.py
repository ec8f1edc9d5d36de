"""Circles in a graph of names."""

from __future__ import annotations

import itertools
import time

import pytest

from reconciler.core.circles import MOST, circles

LONG = [f"w{number:05}" for number in range(10_000)]


def found(graph: dict[str, str]) -> list[str]:
    """Return the circles of a graph that is written as `{"a": "b c"}`."""
    split = {name: tuple(names.split()) for name, names in graph.items()}
    return ["".join(circle) for circle in circles(split)]


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ({}, []),
        ({"a": "b", "b": "c"}, []),
        ({"a": "b c", "b": "d", "c": "d", "d": ""}, []),
        ({"a": "a"}, ["a"]),
        ({"b": "a", "a": "b"}, ["ab"]),
        ({"a": "b", "b": "c", "c": "a"}, ["abc"]),
        ({"a": "b", "b": "a", "c": "d", "d": "c"}, ["ab", "cd"]),
        ({"x": "a", "a": "b", "b": "a y", "y": ""}, ["ab"]),
        ({"a": "missing"}, []),
        ({"a": "b", "b": "a", "bridge": "a", "c": "bridge d", "d": "c"}, ["ab", "cd"]),
    ],
)
def test_each_circle_is_named_once(graph: dict[str, str], expected: list[str]) -> None:
    """A circle begins with its first name; what only leads to one or away from it is left out."""
    assert found(graph) == expected


def test_the_shortest_way_back_is_shown() -> None:
    """Of several ways back to a name the shortest is shown."""
    assert found({"a": "b d", "b": "c", "c": "a", "d": "a"})[0] == "ad"


def test_every_name_on_a_circle_is_shown() -> None:
    """A name whose circle shares a name with another circle is shown too."""
    assert found({"a": "b", "b": "a c", "c": "b"}) == ["ab", "cb"]


def test_the_input_s_order_is_irrelevant() -> None:
    """The same graph in another order gives the same circles."""
    graph = {"a": "b c", "b": "a", "c": "d", "d": "a"}

    assert found(graph) == found(dict(reversed(graph.items())))


def test_many_circles_are_cut() -> None:
    """At most 20 are told; more would not be read, and each costs a search."""
    graph = {name: name for name in LONG}

    assert len(found(graph)) == MOST


def chain(names: list[str]) -> dict[str, str]:
    """Return a graph in which each name leads to the next."""
    return dict(itertools.pairwise(names)) | {names[-1]: ""}


@pytest.mark.parametrize(
    ("graph", "count"),
    [
        (chain(LONG), 0),
        (chain(LONG) | {LONG[-1]: LONG[0]}, 1),
        (chain(LONG) | {LONG[-1]: LONG[-2]}, 1),
        ({LONG[0]: LONG[0] + " " + LONG[1]} | chain(LONG[1:]) | {LONG[-1]: LONG[-1]}, 2),
        (dict.fromkeys(LONG[1:], LONG[0]) | {LONG[0]: " ".join(LONG[1:])}, MOST),
    ],
    ids=["chain", "ring", "chain into a circle", "between circles", "star"],
)
def test_long_graphs_are_fast(graph: dict[str, str], count: int) -> None:
    """10,000 names take a moment, however they hang together."""
    began = time.process_time()

    assert len(found(graph)) == count
    assert time.process_time() - began < 5
