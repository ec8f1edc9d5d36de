"""What a build server takes for commands in the output of a step, by its parser's rules."""

from __future__ import annotations

import re
from typing import NamedTuple

# Blanks as the runner trims them: all of Unicode's.
_NEW = re.compile(r"\s*::([^: ][^: ]*)(?: ([^\n]*?))?::(.*)\Z", re.DOTALL)
_OLD = re.compile(r"##(?:vso|teamcity)?\[([^\]\s]*)([^\]]*)\](.*)\Z", re.DOTALL)
_DATA = {"%25": "%", "%0D": "\r", "%0A": "\n"}
_PROPERTY = {**_DATA, "%3A": ":", "%2C": ","}


class Command(NamedTuple):
    """One command that a runner would carry out."""

    name: str
    properties: dict[str, str]
    data: str


def commands(output: str) -> list[Command]:
    """Return every command in the output of a step; it is read line by line, as it comes."""
    found = []
    for line in re.split(r"\r\n|\r|\n", output):
        if new := _NEW.match(line):
            found.append(_command(new[1], new[2] or "", new[3]))
        elif old := _OLD.search(line):
            found.append(Command(old[1], {}, old[3]))
    return found


def _command(name: str, properties: str, data: str) -> Command:
    pairs = [pair.partition("=") for pair in properties.split(",") if pair]
    return Command(
        name,
        {key.strip(): _plain(value, _PROPERTY) for key, _, value in pairs},
        _plain(data, _DATA),
    )


def _plain(text: str, escapes: dict[str, str]) -> str:
    """Undo the escapes, the percent sign last, as the runner does."""
    for escape, character in sorted(escapes.items(), reverse=True):
        if escape != "%25":
            text = text.replace(escape, character)
    return text.replace("%25", "%")
