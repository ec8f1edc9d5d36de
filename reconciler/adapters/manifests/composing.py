"""From bytes to YAML nodes, with libyaml where there is one, bounded before memory or stack is.

libyaml's composer recurses in C, where deep nesting ends the process. What is small and shallow by
a cheap bound is composed at once; all else is counted node by node while it is composed.
Tags are not resolved here: the tag of a node means nothing, `oddities` finds those that were
written, and what this parser of YAML 1.1 reads otherwise than 1.2 does.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.composer import Composer, ComposerError
from yaml.error import Mark
from yaml.nodes import Node, ScalarNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner
from yaml.tokens import AliasToken, AnchorToken, KeyToken, TagToken, Token

from reconciler.adapters.manifests.findings import problem
from reconciler.core.errors import Invalid
from reconciler.core.model import Finding

MAX_DEPTH = 64
MAX_NODES = 100_000

_SMALL = 16 * 1024
_SHALLOW = 200
# A tag, an anchor or alias with a colon or the like in its name, a question mark in a flow.
_ODD_MARKS = (b"!", b"?", b"&", b"*")
_MAYBE_ODD = re.compile(
    rb"(?:^|[\s\[{,:])!|[&*][0-9A-Za-z_-]+[^\s,\]}0-9A-Za-z_-]|[\s\[{,]\?[^\s]", re.MULTILINE
)


class _Quick:
    """Hooks of the composer that do nothing; builtins, since they are called for every node."""

    ascend_resolver = bool
    descend_resolver = operator.is_

    def resolve(self, _kind: type, _value: str | None, _implicit: object) -> str:
        return ""


class _Bounded:
    """Hooks of the composer that count, and stop it at the limits."""

    depth = 0
    count = 0

    def descend_resolver(self, parent: Node | None, _index: object) -> None:
        self.depth += 1
        self.count += 1
        # A scalar stands one level below the deepest collection.
        if self.depth > MAX_DEPTH + 1:
            raise Invalid((too_deep(parent),))
        if self.count > MAX_NODES:
            raise Invalid((too_many(parent),))

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, _kind: type, _value: str | None, _implicit: object) -> str:
        return ""


class PureParser(Reader, Scanner, Parser, Composer):
    """The parser for a Python without libyaml; slower, with the same answers."""

    def __init__(self, data: bytes) -> None:
        """Take the bytes of one file, which are UTF-8."""
        Reader.__init__(self, data.decode())
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)

    def compose_scalar_node(self, anchor: Any) -> ScalarNode:
        """Refuse lone surrogates written as escapes, as libyaml does."""
        node = super().compose_scalar_node(anchor)
        if any("\ud800" <= character <= "\udfff" for character in node.value):
            raise ComposerError(None, None, "found an invalid escape", node.start_mark)
        return node


def parser_class() -> type[Any]:
    """Return libyaml's parser, or the pure one where there is no libyaml."""
    if not yaml.__with_libyaml__:
        return PureParser
    from yaml._yaml import CParser

    return CParser


class Composition:
    """Composes with one parser; there is one for the program, tests make another."""

    def __init__(self, parser: type[Any]) -> None:
        """Take the parser class."""
        self._parser = parser
        self._quick = type("QuickParser", (_Quick, parser), {})
        self._bounded = type("BoundedParser", (_Bounded, parser), {})

    def compose(self, data: bytes) -> Node | None:
        """Return the root node of the one document, None when there is none.

        Raises:
            Invalid: it is no YAML, has several documents, or goes beyond the limits.
        """
        kind = self._quick if _is_small(data) else self._bounded
        try:
            node: Node | None = kind(_closed(data)).get_single_node()
        except yaml.MarkedYAMLError as error:
            raise Invalid((_refusal(error, data),)) from error
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            raise Invalid((problem(1, 1, "is not valid YAML"),)) from error
        return node

    def oddities(self, data: bytes) -> Iterator[Finding]:
        """Yield a finding for each tag, and each token that YAML 1.2 would read otherwise.

        The text is known to compose without an error; hardly any is looked at token by token.
        """
        if not any(mark in data for mark in _ODD_MARKS) or not _MAYBE_ODD.search(data):
            return
        text = data.decode()
        parser = self._parser(data)
        while (token := parser.get_token()) is not None:
            wrong = _odd(token, text)
            if wrong is not None:
                yield at(token.start_mark, wrong)


def _odd(token: Token, text: str) -> str | None:
    if isinstance(token, TagToken):
        return "a tag (!) is not allowed; write the plain value"
    after = text[token.end_mark.index : token.end_mark.index + 1]
    if isinstance(token, AnchorToken | AliasToken) and after.strip() and after not in ",]}":
        return "an anchor's name has letters, digits, dashes and underscores only"
    is_mark = text[token.start_mark.index : token.end_mark.index] == "?"
    if isinstance(token, KeyToken) and is_mark and after.strip():
        return "a text that begins with a question mark is put in quotes here"
    return None


def _closed(data: bytes) -> bytes:
    """End the last line when it is blank, or its blanks would be text of a block scalar."""
    if data[-1:] not in (b" ", b"\t"):
        return data
    return data if data[data.rfind(b"\n") + 1 :].strip() else data + b"\n"


def _is_small(data: bytes) -> bool:
    """Say whether no text of this size with so few openings can be nested deeply.

    A level needs a bracket, a dash or question mark (two levels: `- a:`), or a line of its own that
    is indented more than the one above; of those 16 KiB hold at most 181.
    """
    if len(data) > _SMALL:
        return False
    count = data.count
    return count(b"[") + count(b"{") + 2 * (count(b"-") + count(b"?")) < _SHALLOW


def at(mark: Mark | None, text: str) -> Finding:
    """Return a finding at a mark of the parser, which counts from 0."""
    return problem(1, 1, text) if mark is None else problem(mark.line + 1, mark.column + 1, text)


def too_deep(node: Node | None) -> Finding:
    """Return the finding that a file is nested too deeply."""
    return at(node.start_mark if node else None, f"is nested more than {MAX_DEPTH} levels deep")


def too_many(node: Node | None) -> Finding:
    """Return the finding that a file holds too many values."""
    text = f"holds more than {MAX_NODES:,} values, aliases expanded"
    return at(node.start_mark if node else None, text)


def _refusal(error: yaml.MarkedYAMLError, data: bytes) -> Finding:
    mark = error.problem_mark or error.context_mark
    words = error.problem or "unexpected text"
    for beginning, text in _KNOWN_REFUSALS:
        if words.startswith(beginning):
            return at(mark, text)
    index = mark.index if mark else 0
    if data.decode()[index : index + 1] == "\t":
        return at(mark, "a tab cannot stand here; indent with spaces")
    # The parser's words name a construct; only the pure parser's may hold a piece of the text.
    context = f" {error.context}" if error.context else ""
    said = "".join(c for c in f"{context}: {words}" if c.isprintable())
    return at(mark, f"is not valid YAML{said[:120]}")


_KNOWN_REFUSALS = (
    ("but found another document", "holds more than one document; write one manifest per file"),
    ("second occurrence", "defines an anchor for the second time; give each its own name"),
    ("found undefined alias", "uses an alias without an anchor before it"),
)
