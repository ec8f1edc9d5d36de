"""One level of a JSON Schema as what it demands: references resolved, `allOf` merged, texts gone.

It takes any JSON value: what is no schema demands nothing. Work is bounded by a budget that all
levels share. It must not know app events or messages, and it follows only references into the
same document, never a URL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from reconciler.core.canonical import Json
from reconciler.core.pointers import unescaped

MAX_DEPTH = 64
MAX_STEPS = 20_000

TYPES = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})
ANYTHING: Mapping[str, Json] = {}
NOTHING: Mapping[str, Json] = {"type": []}

# The smallest allowed, with what holds where the keyword is not there; the same for the largest.
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
COUNTED_FROM_ZERO = frozenset({"minLength", "minItems", "minProperties"})

_TEXTS = frozenset(
    {
        *("title", "description", "examples", "example", "default", "deprecated", "readOnly"),
        *("writeOnly", "$comment", "$id", "$schema", "$anchor", "$defs", "definitions"),
        *("contentEncoding", "contentMediaType", "contentSchema"),
    }
)
_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SCHEMAS = frozenset(
    {
        *("items", "additionalProperties", "additionalItems", "not", "if", "then", "else"),
        *("contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties"),
    }
)
_SETS = frozenset({"required", "enum", "type"})

_MISSING = object()
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


@dataclass(slots=True)
class Budget:
    """What is left of the work that one comparison may take."""

    steps: int = MAX_STEPS

    def spend(self) -> bool:
        """Take one step; False when there is none left."""
        self.steps -= 1
        return self.steps >= 0


@dataclass(frozen=True, slots=True)
class Document:
    """A schema as the root that its references point into."""

    root: Json
    budget: Budget

    def flat(self, schema: Json, seen: tuple[str, ...] = ()) -> dict[str, Json]:
        """Return the keywords that hold at one level; nested schemas stay as they are."""
        if schema is False:
            return dict(NOTHING)
        if not isinstance(schema, Mapping) or not self.budget.spend():
            return {}
        parts = [{k: v for k, v in schema.items() if _is_kept(k, v)}]
        parts += [self._target(schema["$ref"], seen)] if isinstance(schema.get("$ref"), str) else []
        if isinstance(members := schema.get("allOf"), list) and len(seen) < MAX_DEPTH:
            parts += [self.flat(member, (*seen, "allOf")) for member in members]
        merged = parts[0]
        for part in parts[1:]:
            merged = _merged(merged, part)
        return self._with_forms(merged, seen)

    def bare(self, schema: Json, seen: tuple[str, ...] = ()) -> Json:
        """Return a schema without texts, references replaced by what they point to."""
        if not isinstance(schema, Mapping) or not self.budget.spend() or len(seen) > MAX_DEPTH:
            return schema
        found = {
            key: self._bare(key, value, seen) for key, value in schema.items() if key not in _TEXTS
        }
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            target = resolved(self.root, reference)
            if target is not _MISSING:
                found["$ref"] = self.bare(target, (*seen, reference))
        return found

    def _bare(self, key: str, value: Json, seen: tuple[str, ...]) -> Json:
        deeper = (*seen, "")
        if key in _MAPS and isinstance(value, Mapping):
            return {name: self.bare(item, deeper) for name, item in value.items()}
        if key in _LISTS and isinstance(value, list):
            return [self.bare(item, deeper) for item in value]
        if key in _SETS and isinstance(value, list):
            return sorted(value, key=identity)
        return self.bare(value, deeper) if key in _SCHEMAS else value

    def _target(self, reference: str, seen: tuple[str, ...]) -> dict[str, Json]:
        if reference in seen or len(seen) >= MAX_DEPTH:
            return {}
        target = resolved(self.root, reference)
        # What points elsewhere is compared by its name: nothing is fetched.
        return {"$ref": reference} if target is _MISSING else self.flat(target, (*seen, reference))

    def _with_forms(self, found: dict[str, Json], seen: tuple[str, ...]) -> dict[str, Json]:
        """Return keywords with `oneOf` as `anyOf`, and the types that all forms together take."""
        if "oneOf" in found and "anyOf" not in found:
            found["anyOf"] = found.pop("oneOf")
        forms = found.get("anyOf")
        if not isinstance(forms, list) or "type" in found or len(seen) >= MAX_DEPTH:
            return found
        types = [types_of(self.flat(form, (*seen, "anyOf"))) for form in forms]
        if forms and all(each != TYPES for each in types):
            found["type"] = sorted(frozenset[str]().union(*types))
        return found


def resolved(root: Json, reference: str) -> Json:
    """Return what a reference within the document points to, a marker of its own when nothing."""
    if not reference.startswith("#") or (reference != "#" and reference[1] != "/"):
        return _MISSING
    found = root
    for part in _PERCENT.sub(_decoded, reference).split("/")[1:]:
        name = unescaped(part)
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isascii() and name.isdigit() and len(name) < 6:
            found = found[int(name)] if int(name) < len(found) else _MISSING
        else:
            return _MISSING
    return found


def _decoded(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "replace")


def types_of(flat: Mapping[str, Json]) -> frozenset[str]:
    """Return the types that a level takes; `number` takes integers too."""
    found = flat.get("type")
    names = found if isinstance(found, list) else [found]
    types = frozenset(name for name in names if isinstance(name, str) and name in TYPES)
    if not types and found != []:
        return TYPES
    return types | {"integer"} if "number" in types else types


def identity(value: Json) -> str:
    """Return a text that is equal for equal JSON values, and never fails on odd ones."""
    return json.dumps(value, sort_keys=True, default=str)


def depth_within(value: Json, limit: int = MAX_DEPTH) -> bool:
    """Say whether a value is nested no deeper than the limit."""
    level = [value]
    for _ in range(limit + 1):
        level = [child for item in level for child in _children(item)]
        if not level:
            return True
    return False


def _children(value: Json) -> Iterable[Json]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _is_kept(keyword: str, value: Json) -> bool:
    if keyword in _TEXTS or (keyword == "allOf" and isinstance(value, list)):
        return False
    return not (keyword == "$ref" and isinstance(value, str))


def _merged(one: dict[str, Json], other: dict[str, Json]) -> dict[str, Json]:
    """Return what holds where both hold."""
    merged = {**other, **one}
    for keyword in one.keys() & other.keys():
        merged[keyword] = _both(keyword, one[keyword], other[keyword])
    return merged


def _both(keyword: str, one: Json, other: Json) -> Json:
    """Return one value of a keyword that demands what two of them do."""
    if one is other or identity(one) == identity(other):
        return one
    if keyword == "type":
        return sorted(types_of({"type": one}) & types_of({"type": other}))
    if isinstance(one, list) and isinstance(other, list):
        return _both_lists(keyword, one, other)
    if keyword in _MAPS and isinstance(one, Mapping) and isinstance(other, Mapping):
        twice = {name: {"allOf": [one[name], other[name]]} for name in one.keys() & other.keys()}
        return {**other, **one, **twice}
    if keyword in LOWER + UPPER and is_number(one) and is_number(other):
        return max(one, other) if keyword in LOWER else min(one, other)
    return {"allOf": [one, other]}


def _both_lists(keyword: str, one: list[Json], other: list[Json]) -> Json:
    if keyword == "enum":
        known = {identity(item) for item in one}
        return [item for item in other if identity(item) in known]
    return [*one, *other] if keyword == "required" else {"allOf": [one, other]}


def is_number(value: Json) -> TypeGuard[float]:
    """Say whether a JSON value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(one: Json, other: Json) -> bool:
    """Say whether two JSON values are equal, however deeply they are nested."""
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if left is right:
            continue
        if isinstance(left, Mapping) and isinstance(right, Mapping) and left.keys() == right.keys():
            pairs.extend((left[key], right[key]) for key in left)
        elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
            pairs.extend(zip(left, right, strict=True))
        elif not _same_scalar(left, right):
            return False
    return True


def _same_scalar(one: Json, other: Json) -> bool:
    scalar = not isinstance(one, Mapping | list)
    return scalar and isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
