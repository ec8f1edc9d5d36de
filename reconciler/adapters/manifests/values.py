"""From YAML nodes to a JSON value: all problems of a file together, each with its place."""

from __future__ import annotations

from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from reconciler.adapters.manifests.composing import MAX_DEPTH, MAX_NODES, at, too_deep, too_many
from reconciler.adapters.manifests.findings import MAX_FINDINGS
from reconciler.adapters.manifests.scalars import NUMBER_START, SPECIAL, UNCLEAR, number
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid
from reconciler.core.model import Finding
from reconciler.core.names import quoted

MERGE = "<<"
_NOT_PLAIN_KEYS = frozenset({*SPECIAL, MERGE})


def measure(root: Node) -> None:
    """Check the limits with aliases expanded, each shared node being looked at once.

    Raises:
        Invalid: an alias lies within what it names, or the limits are exceeded.
    """
    _Measure().of(root)


class _Measure:
    """Number of nodes and levels below each collection; None while one is being measured."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, int] | None] = {}

    def of(self, node: Node) -> tuple[int, int]:
        if isinstance(node, ScalarNode):
            return 1, 0
        if id(node) in self._known:
            known = self._known[id(node)]
            if known is None:
                raise Invalid((at(node.start_mark, "holds an alias of itself"),))
            return known
        self._known[id(node)] = None
        found = self._of_collection(node)
        self._known[id(node)] = found
        return found

    def _of_collection(self, node: Node) -> tuple[int, int]:
        nodes, levels = 1, 0
        for child in _children(node):
            more, deep = self.of(child)
            nodes += more
            levels = max(levels, deep)
        if nodes > MAX_NODES:
            raise Invalid((too_many(node),))
        if levels >= MAX_DEPTH:
            raise Invalid((too_deep(node),))
        return nodes, levels + 1


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value)


class Conversion:
    """Converts one document; problems are collected, and what is wrong keeps a stand-in value."""

    def __init__(self) -> None:
        """Begin without problems."""
        self.problems: list[Finding] = []

    def value(self, node: Any, depth: int = 0) -> Json:
        """Return the value of a node below `depth` collections."""
        kind = type(node)
        if kind is ScalarNode:
            return self._scalar(node)
        if depth >= MAX_DEPTH:
            raise Invalid((*self.problems, too_deep(node)))
        if kind is SequenceNode:
            return [self.value(item, depth + 1) for item in node.value]
        return self._mapping(node, depth + 1)

    def _mapping(self, node: MappingNode, depth: int) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if (
                type(key_node) is not ScalarNode
                or key in found
                or key_node.style
                or key in _NOT_PLAIN_KEYS
                or key[0] in NUMBER_START
            ):
                wrong = self._key_problem(key_node, node)
                if wrong is not None:
                    self._note(key_node, wrong)
                    continue
            found[key] = (
                self._scalar(value_node)
                if type(value_node) is ScalarNode
                else self.value(value_node, depth)
            )
        return found

    def _scalar(self, node: ScalarNode) -> Json:
        text: str = node.value
        if node.style:
            if "\0" in text:
                self._note(node, 'holds NUL ("\\0"), which no text may hold')
        elif text in SPECIAL:
            return SPECIAL[text]
        elif text[0] in NUMBER_START:
            value = number(text)
            if value is not UNCLEAR:
                return value
            self._note(node, _unclear(text))
        return text

    def _key_problem(self, key: Node, mapping: MappingNode) -> str | None:
        if not isinstance(key, ScalarNode):
            return "a key is a list or mapping; keys are texts"
        name = quoted(key.value)
        if not key.style:
            if key.value == MERGE:
                return f"merge keys ({name}) are not part of YAML 1.2; write the fields out"
            if key.value in SPECIAL or number(key.value) != key.value:
                return f"the key {name} is not a text; put it in quotes"
        if "\0" in key.value:
            return 'a key holds NUL ("\\0"), which no text may hold'
        first = next(other for other, _ in mapping.value if other.value == key.value)
        if first is key:
            return None
        return f"the key {name} stands twice; the first is in line {first.start_mark.line + 1}"

    def _note(self, node: Node, text: str) -> None:
        self.problems.append(at(node.start_mark, text))
        if len(self.problems) > MAX_FINDINGS:
            raise Invalid(tuple(self.problems))


def _unclear(text: str) -> str:
    hint = f'put it in quotes if it is a text: "{text}"' if len(text) <= 30 else "put it in quotes"
    return f"the number {quoted(text)} would not be kept as it is written; {hint}"
