"""Bytes of YAML to one JSON value, or every finding in them; it knows nothing of manifests."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from yaml.nodes import Node

from reconciler.adapters.manifests import text
from reconciler.adapters.manifests.composing import Composition, parser_class
from reconciler.adapters.manifests.findings import capped, problem
from reconciler.adapters.manifests.values import Conversion, measure
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid
from reconciler.core.model import Finding


@cache
def composition() -> Composition:
    """Return the program's way to compose, made once."""
    return Composition(parser_class())


class Reading(NamedTuple):
    """What one file holds: stand-ins are in the value where a problem is, places in the root."""

    value: Json
    problems: tuple[Finding, ...]
    root: Node


def read_value(data: bytes, using: Composition | None = None) -> Json:
    """Return the value of the one YAML document in the bytes.

    Raises:
        Invalid: with every finding; their file is empty, since only bytes are known here.
    """
    reading = read(data, using)
    if reading.problems:
        raise Invalid(reading.problems)
    return reading.value


def read(data: bytes, using: Composition | None = None) -> Reading:
    """Return the value of the one YAML document in the bytes, and what is wrong with it.

    Raises:
        Invalid: there is no value at all; with every finding.
    """
    using = using or composition()
    root = compose(data, using)
    found = capped(using.oddities(data))
    if found:
        raise Invalid(found)
    if b"&" in data:
        measure(root)
    conversion = Conversion()
    return Reading(conversion.value(root), capped(conversion.problems), root)


def compose(data: bytes, using: Composition | None = None) -> Node:
    """Return the root node of the one document.

    Raises:
        Invalid: with every finding.
    """
    found = text.problems(data) or text.directives(data)
    if found:
        raise Invalid(found)
    node = (using or composition()).compose(data)
    if node is None:
        raise Invalid((problem(1, 1, "is empty; a document is wanted"),))
    return node
