"""Queries about many keys, a few hundred at a time so that no limit of a database is met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from reconciler.core.model import ResourceKey

SIZE = 500


def chunks(items: Iterable[str]) -> Iterator[list[str]]:
    """Yield the items in lists of bounded length."""
    remaining = iter(items)
    while chunk := list(islice(remaining, SIZE)):
        yield chunk


def by_kind(keys: Iterable[ResourceKey]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the keys as (kind, names), each list of bounded length."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for kind, name in keys:
        names[kind].append(name)
    for kind, found in names.items():
        for chunk in chunks(found):
            yield kind, chunk
