"""Workflow commands in what a step prints, found as the forge's runner finds them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_KNOWN = (
    *("add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group"),
    *("notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands"),
    "warning",
)
_ANNOTATIONS = ("error", "warning", "notice")
# The newer form must begin the line; the older one may stand anywhere in it.
_NEWER = re.compile(r"\s*::([^\s:]+)(?: ([^\n]*?))?::(.*)", re.DOTALL)
_OLDER = re.compile(r"##\[([^\s\]]+)(?: ([^\]]*))?\](.*)", re.DOTALL)
_ESCAPES = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%3B": ";", "%5D": "]", "%25": "%"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What is shown at a line of a file."""

    level: str
    text: str
    file: str | None = None
    line: int | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a step's output means to a runner: annotations, and any other command by its name."""

    annotations: tuple[Annotation, ...]
    others: tuple[str, ...]


def read(output: str) -> Said:
    """Find the commands of an output."""
    annotations, others = [], []
    for name, options, text in _commands(re.split(r"\r\n|\r|\n", output)):
        if name in _ANNOTATIONS:
            annotations.append(_annotation(name, options, text))
        else:
            others.append(name)
    return Said(tuple(annotations), tuple(others))


def _commands(lines: Iterable[str]) -> Iterable[tuple[str, str, str]]:
    stopped: str | None = None
    for line in lines:
        if stopped is not None:
            stopped = None if line.strip() == f"::{stopped}::" else stopped
            continue
        found = _NEWER.match(line) or _OLDER.search(line)
        if found is None or found[1].lower() not in _KNOWN:
            continue
        name, options, text = found[1].lower(), found[2] or "", _unescaped(found[3])
        stopped = text if name == "stop-commands" else None
        yield name, options, text


def _annotation(level: str, options: str, text: str) -> Annotation:
    pairs = (pair.partition("=") for pair in options.split(",") if pair)
    told = {key.strip(): _unescaped(value) for key, _, value in pairs}
    assert set(told) <= {"file", "line", "endLine", "col", "endColumn", "title"}, options
    return Annotation(
        level=level,
        text=text,
        file=told.get("file"),
        line=int(told["line"]) if "line" in told else None,
        title=told.get("title"),
    )


def _unescaped(text: str) -> str:
    return re.sub("|".join(_ESCAPES), lambda found: _ESCAPES[found[0]], text)
