"""JSON Schemas that users write for app events: judged without fetching or running anything.

References stay within the schema's own `$defs` and go in no circle, what they expand to is bounded,
and patterns are never executed, since one of thirty characters can take a year.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.adapters.manifests.findings import pointer_of
from reconciler.core.canonical import Json
from reconciler.core.names import nearest, quoted
from reconciler.core.pointers import escaped, unescaped
from reconciler.core.references import Problem

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_EXPANDED = 10_000
MAX_EXAMPLE = 10_000
MAX_WORK = 5_000_000
MAX_EXAMPLE_ERRORS = 20
MAX_LEVELS = 100

_ONE = frozenset(
    {
        *("items", "additionalProperties", "contains", "propertyNames", "contentSchema"),
        *("not", "if", "then", "else", "unevaluatedItems", "unevaluatedProperties"),
    }
)
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
_BASE_CHANGES = frozenset(
    {
        *("$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef"),
        *("$vocabulary",),
    }
)
_LOCAL = "#/$defs/"
# With patterns left out these could refuse an example that fits.
_NOT_WITHOUT_PATTERNS = frozenset(
    {
        *("not", "if", "then", "else", "maxContains", "unevaluatedItems", "unevaluatedProperties"),
        *("pattern", "patternProperties"),
    }
)


def problems(spec: Mapping[str, Json]) -> list[Problem]:
    """Return what is wrong with the schema of an app event, and with its example against it."""
    schema = spec.get("schema")
    if schema is None:
        return []
    wrong = list(_of_dialect(schema)) or list(_of_keywords(schema))
    if wrong:
        return wrong
    expanded = _Expansion(schema)
    if (too_much := expanded.problem()) is not None:
        return [too_much]
    if "example" not in spec:
        return []
    return list(_of_example(schema, spec["example"], expanded.size))


def _of_dialect(schema: Mapping[str, Json]) -> Iterator[Problem]:
    """Judge by the meta-schema of 2020-12, which is part of the validator."""
    import jsonschema_rs

    if str(schema.get("$schema", DIALECT)).removesuffix("#") != DIALECT:
        yield Problem("/spec/schema/$schema", f"only JSON Schema 2020-12 is read: {DIALECT}")
        return
    try:
        jsonschema_rs.meta.validate({**schema, "$schema": DIALECT})
    except jsonschema_rs.ValidationError as error:
        where = pointer_of(error.instance_path)
        text = f"is not valid JSON Schema 2020-12 at {where or 'its root'}"
        yield Problem(f"/spec/schema{where}", text)


def _of_keywords(schema: Mapping[str, Json]) -> Iterator[Problem]:
    defs = schema.get("$defs", {})
    for pointer, part in _parts(schema, "/spec/schema"):
        nested = {"$schema"} if part is not schema else set()
        for keyword in sorted((_BASE_CHANGES | nested).intersection(part)):
            text = f'"{keyword}" is not allowed; refer to {_LOCAL}NAME with "$ref"'
            yield Problem(f"{pointer}/{keyword}", text)
        reference = part.get("$ref")
        if reference is not None and (wrong := _reference_problem(reference, defs)) is not None:
            yield Problem(f"{pointer}/$ref", wrong)


def _reference_problem(reference: str, defs: Iterable[str]) -> str | None:
    name = _definition(reference)
    if name is None:
        return f'the reference {quoted(reference)} is not local; write "{_LOCAL}NAME"'
    if name not in defs:
        return f"there is no {quoted(name)} in $defs{nearest(name, defs)}"
    return None


def _definition(reference: str) -> str | None:
    name = reference.removeprefix(_LOCAL)
    if name == reference or "/" in name or "%" in name or not name:
        return None
    return unescaped(name)


def _children(schema: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield the subschemas right below a schema, each with its pointer from there."""
    for keyword, value in schema.items():
        if keyword in _ONE:
            yield f"/{keyword}", value
        elif keyword in _LISTS:
            for index, item in enumerate(value):
                yield f"/{keyword}/{index}", item
        elif keyword in _MAPS:
            for name, item in value.items():
                yield f"/{keyword}/{escaped(name)}", item


def _parts(schema: Json, pointer: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield a schema and every one below it that is not just true or false."""
    if not isinstance(schema, dict):
        return
    yield pointer, schema
    for place, child in _children(schema):
        yield from _parts(child, pointer + place)


class _Expansion:
    """How large a schema is with every reference replaced by what it names."""

    def __init__(self, schema: Mapping[str, Json]) -> None:
        self.size = 0
        self._schema = schema
        self._defs: Mapping[str, Json] = schema.get("$defs", {})
        self._sizes: dict[str, int] = {}
        self._way: list[str] = []
        self._level = 0
        self._wrong: list[Problem] = []

    def problem(self) -> Problem | None:
        """Measure, and say what is too much; None when it is within bounds."""
        for name in self._defs:
            self._of_definition(name)
        self.size = self._of(self._schema)
        if self.size > MAX_EXPANDED:
            text = f"has more than {MAX_EXPANDED:,} parts with its references followed"
            self._wrong.append(Problem("/spec/schema", text))
        return self._wrong[0] if self._wrong else None

    def _of_definition(self, name: str) -> int:
        if name in self._way:
            text = f"the definition {quoted(name)} refers to itself, directly or through others"
            self._wrong.append(Problem(f"/spec/schema/$defs/{escaped(name)}", text))
        elif name not in self._sizes:
            self._way.append(name)
            self._sizes[name] = self._of(self._defs[name])
            self._way.pop()
        return self._sizes.get(name, 0)

    def _of(self, schema: Json) -> int:
        if not isinstance(schema, dict):
            return 1
        if self._level > MAX_LEVELS:
            text = f"is more than {MAX_LEVELS} levels deep with its references followed"
            self._wrong.append(Problem("/spec/schema", text))
            return 1
        self._level += 1
        own = {key: value for key, value in schema.items() if key not in _ONE | _LISTS | _MAPS}
        inner = (child for at, child in _children(schema) if not at.startswith("/$defs/"))
        size = _count(own) + sum(map(self._of, inner))
        name = _definition(own["$ref"]) if "$ref" in own else None
        if name is not None:
            size += self._of_definition(name)
        self._level -= 1
        return size


def _count(value: Json) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_count, value.values()))
    return 1 + sum(map(_count, value)) if isinstance(value, list) else 1


# --- the example --------------------------------------------------------------------------------


def _of_example(schema: Mapping[str, Json], example: Json, size: int) -> Iterator[Problem]:
    from jsonschema_rs import Draft202012Validator

    count = _count(example)
    if count > MAX_EXAMPLE or count * size > MAX_WORK:
        yield Problem("/spec/example", "is too large to be checked against its schema; shorten it")
        return
    patterns = any("pattern" in p or "patternProperties" in p for _, p in _parts(schema, ""))
    bare = {key: value for key, value in schema.items() if key != "$schema"}
    validator = Draft202012Validator(
        _without_patterns(bare) if patterns else bare, validate_formats=False
    )
    for error in islice(validator.iter_errors(example), MAX_EXAMPLE_ERRORS):
        where = pointer_of(error.instance_path)
        text = f"the example does not fit the schema at {where or 'its root'}: {_broken(error)}"
        yield Problem(f"/spec/example{where}", text)


def _without_patterns(schema: Json) -> Json:
    """Return a schema that accepts at least what this one does, and executes no pattern."""
    if not isinstance(schema, dict):
        return schema
    left: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in _NOT_WITHOUT_PATTERNS:
            continue
        if keyword in _ONE:
            left[keyword] = _without_patterns(value)
        elif keyword in _LISTS:
            left[keyword] = [_without_patterns(item) for item in value]
        elif keyword in _MAPS:
            left[keyword] = {name: _without_patterns(item) for name, item in value.items()}
        else:
            left[keyword] = value
    if "patternProperties" in schema:
        left.pop("additionalProperties", None)
    if "oneOf" in left:
        one = {"anyOf": left.pop("oneOf")}
        left["allOf"] = [*left.get("allOf", ()), one]
    return left


def _broken(error: ValidationError) -> str:
    said = error.kind.as_dict()
    if "property" in said:
        return f"{quoted(said['property'])} is missing"
    if "types" in said:
        return f"wanted {' or '.join(said['types'])}"
    if "unexpected" in said:
        return f"unknown {', '.join(quoted(str(name)) for name in said['unexpected'][:3])}"
    return f'it breaks "{error.kind.name}"'
