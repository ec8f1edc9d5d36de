"""Where a value stands in a file: JSON Pointer to line and column.

While a file is read its nodes know every place, and are let go with it. When a place is asked for
later, the same bytes are composed again.
"""

from __future__ import annotations

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from reconciler.adapters.manifests.yaml_files import compose
from reconciler.core.errors import Invalid
from reconciler.core.pointers import unescaped

Place = tuple[int, int]


def in_bytes(data: bytes, pointer: str) -> Place:
    """Return line and column of a JSON Pointer; 1:1 in what cannot be composed."""
    try:
        return of(compose(data), pointer)
    except Invalid:
        return (1, 1)


def of(root: Node, pointer: str) -> Place:
    """Return line and column (from 1) of a JSON Pointer, or of its nearest parent there.

    A member of a mapping is where its key is; a member of a list goes by index or by `name`.
    """
    node, place = root, (1, 1)
    for token in pointer.split("/")[1:]:
        found = _child(node, unescaped(token))
        if found is None:
            break
        node, at = found
        place = (at.start_mark.line + 1, at.start_mark.column + 1)
    return place


def _child(node: Node, token: str) -> tuple[Node, Node] | None:
    """Return a member of a node, and the node whose place is the member's."""
    if isinstance(node, MappingNode):
        return next(((value, key) for key, value in node.value if key.value == token), None)
    if isinstance(node, SequenceNode):
        item = _item(node.value, token)
        return None if item is None else (item, item)
    return None


def _item(items: list[Node], token: str) -> Node | None:
    if token.isdecimal() and len(token) < 8 and int(token) < len(items):
        return items[int(token)]
    return next((item for item in items if _name(item) == token), None)


def _name(item: Node) -> str | None:
    if not isinstance(item, MappingNode):
        return None
    names = (value for key, value in item.value if key.value == "name")
    name = next(names, None)
    return name.value if isinstance(name, ScalarNode) else None
