"""Puts one member of a YAML file in the place of another file's, and leaves every other byte.

The text is cut by lines where the parser says that nodes begin and end; whatever comes of it counts
only if the strict reader finds the wanted value in it and nothing else changed.
It must not know what the member means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from yaml.nodes import CollectionNode, MappingNode, Node, SequenceNode

from reconciler.adapters.manifests.writing import written_lines
from reconciler.adapters.manifests.yaml_files import compose, read_value
from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid
from reconciler.core.pointers import unescaped

_MISSING = object()


def with_member(data: bytes, donor: bytes, pointer: str) -> bytes | None:
    """Return `data` with the block at a JSON Pointer as it stands in `donor`.

    Comments, order and line ends of all else stay. A member that the donor lacks is removed, one
    that only the donor has comes last in its mapping. None where that cannot be done by text.
    """
    tokens = [unescaped(token) for token in pointer.split("/")[1:]]
    if not tokens:
        return None
    try:
        before, given = read_value(data), _at(read_value(donor), tokens)
        here, there = _text(data, tokens), _text(donor, tokens)
    except Invalid:
        return None
    if here is None:
        return None
    wanted = _replaced(before, tokens, given)
    for made in _attempts(here, there, given):
        if _says(made, wanted):
            return made
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A text with the mapping in which the member stands, or would stand, under `name`.

    `bound` is the first line that no longer belongs to that mapping.
    """

    text: str
    name: str
    parent: MappingNode
    bound: int

    @property
    def lines(self) -> list[str]:
        """The lines with their ends; what only older readers take for one is none."""
        parts = self.text.split("\n")
        ended = [f"{line}\n" for line in parts[:-1]]
        return [*ended, parts[-1]] if parts[-1] else ended

    @property
    def end(self) -> str:
        """How a line ends here."""
        return "\r\n" if "\r\n" in self.text else "\n"

    @property
    def index(self) -> int | None:
        """Which member of the mapping it is, None where it has none of this name."""
        keys = [key.value for key, _ in self.parent.value]
        return keys.index(self.name) if self.name in keys else None

    def pair(self, index: int) -> tuple[Node, Node]:
        """Return key and value of a member."""
        key, value = self.parent.value[index]
        return key, value

    def span(self, index: int) -> tuple[int, int]:
        """Return first line and the one after the last of a member; what follows is not its own."""
        key, value = self.pair(index)
        after = self.parent.value[index + 1 :]
        bound = after[0][0].start_mark.line if after else self.bound
        lines, first = self.lines, key.start_mark.line
        last = max(first, _last_line(value))
        for number in range(last + 1, min(bound, len(lines))):
            if _belongs(lines[number], key, value):
                last = number
        return first, last + 1


def _belongs(line: str, key: Node, value: Node) -> bool:
    """Say whether a line stands deeper than a key; a list may stand just below it."""
    text = line.lstrip(" ")
    deep = len(line) - len(text)
    column = key.start_mark.column
    listed = isinstance(value, SequenceNode) and text.startswith("-") and deep == column
    return bool(text.strip()) and (deep > column or listed)


def _last_line(value: Node) -> int:
    """Return where a flow or a quoted text at the end ends, which need not be indented."""
    while isinstance(value, CollectionNode) and not value.flow_style and value.value:
        last = value.value[-1]
        value = last[1] if isinstance(last, tuple) else last
    bounded = getattr(value, "flow_style", None) or getattr(value, "style", None) in ("'", '"')
    return int(value.end_mark.line) if bounded else -1


def _text(data: bytes, tokens: list[str]) -> _Text | None:
    """Return a text with the mapping that the last token names a member of."""
    text = data.decode()
    node, bound = compose(data), text.count("\n") + 1
    for token in tokens[:-1]:
        if not isinstance(node, MappingNode):
            return None
        keys = [key.value for key, _ in node.value]
        if token not in keys:
            return None
        place = keys.index(token)
        if place + 1 < len(keys):
            bound = node.value[place + 1][0].start_mark.line
        node = node.value[place][1]
    if not isinstance(node, MappingNode):
        return None
    return _Text(text=text, name=tokens[-1], parent=node, bound=bound)


def _attempts(here: _Text, there: _Text | None, given: Json) -> Iterator[bytes]:
    """Yield texts, the one that keeps most of the donor's form first."""
    if here.parent.flow_style or not here.parent.value:
        yield from _in_flow(here, given)
        return
    if given is _MISSING:
        yield _with_lines(here, [])
        return
    column = here.pair(here.index or 0)[0].start_mark.column
    if there is not None and there.index is not None and not there.parent.flow_style:
        first, after = there.span(there.index)
        shift = column - there.pair(there.index)[0].start_mark.column
        yield _with_lines(here, [_shifted(line, shift) for line in there.lines[first:after]])
    yield _with_lines(here, [" " * column + line for line in written_lines({here.name: given})])


def _shifted(line: str, shift: int) -> str:
    """Return a line moved to the right, or to the left as far as there is room."""
    line = line.rstrip("\r\n")
    if shift >= 0 or not line.strip():
        return " " * shift + line if line.strip() else line
    room = len(line) - len(line.lstrip(" "))
    return line[min(room, -shift) :]


def _with_lines(here: _Text, block: list[str]) -> bytes:
    """Return the text with these lines as the member's."""
    lines = here.lines
    if here.index is None:
        first = after = here.span(len(here.parent.value) - 1)[1]
    else:
        first, after = here.span(here.index)
    if block and first and not lines[first - 1].endswith("\n"):
        lines[first - 1] += here.end
    lines[first:after] = [line + here.end for line in block]
    return "".join(lines).encode()


def _in_flow(here: _Text, given: Json) -> Iterator[bytes]:
    """Yield the text with a member of a mapping in braces changed."""
    text, pairs = here.text, here.parent.value
    written = "" if given is _MISSING else f"{json.dumps(here.name)}: {_json(given)}"
    if here.index is None:
        end = here.parent.end_mark.index - 1
        comma = ", " if pairs else ""
        yield f"{text[:end].rstrip(' ')}{comma}{written}{text[end:]}".encode()
        return
    key, value = here.pair(here.index)
    start, end = key.start_mark.index, value.end_mark.index
    if not written and here.index + 1 < len(pairs):
        end = pairs[here.index + 1][0].start_mark.index
    elif not written and here.index:
        start = pairs[here.index - 1][1].end_mark.index
    yield f"{text[:start]}{written}{text[end:]}".encode()


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _at(value: Json, tokens: list[str]) -> Json:
    for token in tokens:
        if not isinstance(value, dict) or token not in value:
            return _MISSING
        value = value[token]
    return value


def _replaced(value: Json, tokens: list[str], given: Json) -> Json:
    """Return a value with one member of nested mappings replaced or left out."""
    name, rest = tokens[0], tokens[1:]
    others = {key: item for key, item in value.items() if key != name}
    if rest:
        return {**others, name: _replaced(value[name], rest, given)}
    return others if given is _MISSING else {**others, name: given}


def _says(data: bytes, wanted: Json) -> bool:
    try:
        return canonical.dumps(read_value(data)) == canonical.dumps(wanted)
    except (Invalid, UnicodeDecodeError):
        return False
