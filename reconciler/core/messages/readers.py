"""Which workflows read a field of the event that starts them, as far as their texts tell.

A workflow reads `contact.email` when a text in it mentions `event.contact.email` or
`trigger.contact.email`, in a reference or in the code of a function. What it takes apart in
another way is not seen, so nobody must conclude that an event without readers is unused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from reconciler.core.canonical import Json
from reconciler.core.references import split

_NAMESPACES = ("event", "trigger")


def texts(content: Json) -> Iterator[str]:
    """Yield every text in a manifest, however deeply it is nested."""
    open_values = [content]
    while open_values:
        value = open_values.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            open_values.extend(value.values())
        elif isinstance(value, list | tuple):
            open_values.extend(value)


def reads(content: Json, path: Sequence[str]) -> bool:
    """Say whether a manifest mentions a field of its event, or anything inside that field.

    Members of a list are read by reading the list. The event itself (no path) is no field.
    """
    names = _named(path)
    if not names:
        return False
    code = _in_code(names)
    return any(_mentions(text, names, code) for text in texts(content))


def _named(path: Sequence[str]) -> tuple[str, ...]:
    """Return the path up to the first list or map."""
    stops = (at for at, part in enumerate(path) if part.startswith("[") or part == "*")
    return tuple(path[: next(stops, len(path))])


def _mentions(text: str, names: tuple[str, ...], code: re.Pattern[str]) -> bool:
    if not any(namespace in text for namespace in _NAMESPACES):
        return False
    pieces = split(text)
    inside = any(_refers(inner, names) for inner in pieces[1::2])
    return inside or any(code.search(literal) for literal in pieces[0::2])


def _refers(inner: str, names: tuple[str, ...]) -> bool:
    namespace, *parts = inner.strip().split(".")
    return namespace in _NAMESPACES and tuple(parts[: len(names)]) == names


def _in_code(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return what matches `event.a.b`, `event?.a?.b` and `event["a"]['b']`."""
    steps = [
        rf"(?:\s*\??\.\s*{re.escape(name)}|\s*(?:\?\.)?\[\s*([\"'`]){re.escape(name)}\{at}\s*\])"
        for at, name in enumerate(names, start=1)
    ]
    return re.compile(rf"(?<![\w$])(?:{'|'.join(_NAMESPACES)}){''.join(steps)}(?![\w$])")
