"""A JSON Schema inferred from one example of an event's payload; pure.

An example shows which fields there are and what they hold. It does not show which of them must be
there, so nothing becomes required, and adding a field to the example breaks nobody.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.canonical import Json


def inferred_schema(example: Json) -> dict[str, Json]:
    """Return the schema (2020-12) that describes an example: types, properties and items."""
    if isinstance(example, Mapping):
        properties = {key: inferred_schema(item) for key, item in example.items()}
        return {"type": "object", "properties": properties}
    if isinstance(example, list):
        return _array(example)
    return {"type": _scalar(example)}


def _array(items: list[Json]) -> dict[str, Json]:
    if not items:
        return {"type": "array"}
    merged: dict[str, Json] = {}
    for item in items:
        merged = _merged(merged, inferred_schema(item)) if merged else inferred_schema(item)
    return {"type": "array", "items": merged}


def _scalar(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else "string"


def _merged(one: dict[str, Json], other: dict[str, Json]) -> dict[str, Json]:
    """Return the schema of values that fit either; `one` may be changed in place."""
    types = _types(one) | _types(other)
    if "number" in types:
        types.discard("integer")
    one["type"] = sorted(types) if len(types) > 1 else next(iter(types))
    for key, schema in other.get("properties", {}).items():
        known = one.setdefault("properties", {})
        known[key] = _merged(known[key], schema) if key in known else schema
    if "items" in other:
        one["items"] = _merged(one["items"], other["items"]) if "items" in one else other["items"]
    return one


def _types(schema: Mapping[str, Json]) -> set[str]:
    found = schema["type"]
    return set(found) if isinstance(found, list) else {found}
