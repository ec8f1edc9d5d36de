"""Circles in a graph of names, such as workflows that require one another; linear in its size.

It knows nothing of what the names stand for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Graph = Mapping[str, Sequence[str]]

# Enough of them to see what is wrong; each is looked for anew.
MOST = 20


def circles(graph: Graph) -> Iterator[tuple[str, ...]]:
    """Yield, for each name on a circle that no other showed yet, the shortest way back to it.

    A way holds its first name once. At most 20 are yielded.
    """
    inner = {name: sorted({n for n in names if n in graph}) for name, names in graph.items()}
    knots = _knots(inner)
    shown: set[str] = set()
    left = MOST
    for name in sorted(inner):
        circle = () if name in shown else _way_back(name, inner, knots)
        if circle:
            shown.update(circle)
            yield circle
            left -= 1
        if not left:
            return


def _knots(graph: Graph) -> dict[str, str]:
    """Return for each name one that stands for all it is knotted with: each leads to each."""
    backwards: dict[str, list[str]] = {name: [] for name in graph}
    for name, names in graph.items():
        for other in names:
            backwards[other].append(name)
    knots: dict[str, str] = {}
    for first in reversed(_left_in_order(graph)):
        queue = [] if first in knots else [first]
        knots.setdefault(first, first)
        for name in queue:
            new = [other for other in backwards[name] if other not in knots]
            knots.update(dict.fromkeys(new, first))
            queue.extend(new)
    return knots


def _left_in_order(graph: Graph) -> list[str]:
    """Return the names in the order in which a walk in depth leaves them."""
    order: list[str] = []
    seen: set[str] = set()
    for start in graph:
        stack = [] if start in seen else [(start, iter(graph[start]))]
        seen.add(start)
        while stack:
            name, rest = stack[-1]
            following = next((n for n in rest if n not in seen), None)
            if following is None:
                order.append(name)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(graph[following])))
    return order


def _way_back(start: str, graph: Graph, knots: Mapping[str, str]) -> tuple[str, ...]:
    """Return the shortest way from a name back to itself, empty when there is none."""
    parents: dict[str, str | None] = {start: None}
    queue = [start]
    for name in queue:
        for following in graph[name]:
            if following == start:
                return tuple(reversed(list(_upwards(name, parents))))
            if following not in parents and knots[following] == knots[start]:
                parents[following] = name
                queue.append(following)
    return ()


def _upwards(name: str | None, parents: Mapping[str, str | None]) -> Iterator[str]:
    while name is not None:
        yield name
        name = parents[name]
