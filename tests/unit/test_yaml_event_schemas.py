"""JSON Schemas that users write: local, bounded, and with patterns that are never executed."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from reconciler.adapters.manifests.event_schemas import problems
from tests.unit.manifest_files import findings, manifest, parsed

MISSING = object()
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
CHAIN = {f"d{n}": {"items": {"$ref": f"#/$defs/d{n + 1}"}} for n in range(200)} | {"d200": {}}
BOMB = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)} | {"d40": {}}


def judged(schema: Any, example: Any = MISSING) -> list[tuple[str, str]]:
    """Return pointers and texts of what is wrong with a schema and its example."""
    spec = {"schema": schema} if example is MISSING else {"schema": schema, "example": example}
    return [tuple(problem) for problem in problems(spec)]


@pytest.mark.parametrize(
    ("schema", "pointer", "text"),
    [
        ({"type": "strin"}, "/spec/schema/type", "not valid JSON Schema"),
        ({"required": "a"}, "/spec/schema/required", "not valid JSON Schema"),
        ({"properties": {"a": 1}}, "/spec/schema/properties/a", "not valid JSON Schema"),
        ({"$schema": DRAFT_7}, "/spec/schema/$schema", "only JSON Schema 2020-12"),
        ({"$schema": 1}, "/spec/schema/$schema", "only JSON Schema 2020-12"),
        ({"$ref": "#"}, "/spec/schema/$ref", "not local"),
        ({"$ref": "https://example.com/s.json"}, "/spec/schema/$ref", "not local"),
        ({"$ref": "file:///etc/passwd"}, "/spec/schema/$ref", "not local"),
        ({"$ref": "ftp://example.com/x"}, "/spec/schema/$ref", "not local"),
        ({"$ref": "other.json"}, "/spec/schema/$ref", "not local"),
        ({"$ref": "#/properties/a"}, "/spec/schema/$ref", "not local"),
        (
            {"items": {"$ref": "#/$defs/nme"}, "$defs": {"name": {}}},
            "/spec/schema/items/$ref",
            '"name"',
        ),
        ({"$id": "https://example.com/"}, "/spec/schema/$id", "not allowed"),
        ({"anyOf": [{"$anchor": "a"}]}, "/spec/schema/anyOf/0/$anchor", "not allowed"),
        ({"$dynamicRef": "#a"}, "/spec/schema/$dynamicRef", "not allowed"),
        ({"items": {"$schema": DRAFT_7}}, "/spec/schema/items/$schema", "not allowed"),
        ({"$defs": {"a": {"$ref": "#/$defs/a"}}}, "/spec/schema/$defs/a", "refers to itself"),
        (
            {"$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"not": {"$ref": "#/$defs/a"}}}},
            "/spec/schema/$defs/a",
            "refers to itself",
        ),
        ({"$defs": CHAIN}, "/spec/schema", "levels deep"),
        ({"$defs": BOMB, "$ref": "#/$defs/d0"}, "/spec/schema", "more than 10,000 parts"),
    ],
)
def test_schemas_that_are_refused(schema: Any, pointer: str, text: str) -> None:
    """What is no schema, leaves the file, goes in a circle or grows without bounds is refused."""
    found = judged(schema)
    assert found[0][0] == pointer
    assert text in found[0][1]


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"},
        {"properties": {"$id": {"type": "string"}, "$ref": {}, "pattern": {"const": "x"}}},
        {"const": {"$ref": "#", "$id": "x"}},
        {"$defs": {"a/b": {}}, "$ref": "#/$defs/a~1b"},
        {"$defs": {"a": {}}, "allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]},
        {"additionalProperties": False, "items": True},
    ],
)
def test_schemas_that_are_read(schema: Any) -> None:
    """Keywords count where a schema stands; as names and values they are like any other."""
    assert judged(schema) == []


@pytest.mark.parametrize(
    ("schema", "example", "pointer", "text"),
    [
        ({"type": "object"}, 1, "/spec/example", "wanted object"),
        ({"required": ["id"]}, {}, "/spec/example", '"id" is missing'),
        ({"properties": {"a": {"type": "string"}}}, {"a": 1}, "/spec/example/a", "wanted string"),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"b": 1},
            "/spec/example",
            'unknown "b"',
        ),
        ({"$defs": {"a": {"minimum": 5}}, "$ref": "#/$defs/a"}, 1, "/spec/example", "minimum"),
        ({"pattern": "x", "maxLength": 1}, "abc", "/spec/example", "maxLength"),
    ],
)
def test_examples_that_do_not_fit(schema: Any, example: Any, pointer: str, text: str) -> None:
    """An example fits its schema, or what does not is named."""
    [(place, said)] = judged(schema, example)
    assert place == pointer
    assert text in said


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ({"pattern": "^(a+)+$"}, "a" * 40 + "!"),
        ({"pattern": "(a{1000}){1000}("}, "b"),
        ({"patternProperties": {"^(a+)+$": False}}, {"a" * 40: 1}),
        ({"patternProperties": {"^x": {}}, "additionalProperties": False}, {"xy": 1}),
        ({"propertyNames": {"pattern": "^(a+)+$"}}, {"a" * 40 + "!": 1}),
        ({"not": {"pattern": "x"}}, "abc"),
        ({"oneOf": [{"pattern": "a"}, {"pattern": "b"}]}, "a"),
        ({"if": {"pattern": "x"}, "then": False}, "a"),
        ({"contains": {"pattern": "x"}, "maxContains": 0}, ["a"]),
        ({"allOf": [{"patternProperties": {"a": True}}], "unevaluatedProperties": False}, {"a": 1}),
        ({"$defs": {"p": {"pattern": "^(a+)+$"}}, "not": {"$ref": "#/$defs/p"}}, "a" * 40 + "!"),
        ({"format": "regex"}, "("),
    ],
)
def test_patterns_are_never_executed(schema: Any, example: Any) -> None:
    """A pattern neither costs time nor speaks against an example."""
    begun = time.process_time()
    assert judged(schema, example) == []
    assert time.process_time() - begun < 1


def test_large_examples_are_not_checked() -> None:
    """What schema and example could cost together is bounded."""
    assert "too large" in judged({"type": "array"}, [0] * 10_001)[0][1]
    assert "too large" in judged({"items": {"enum": list(range(5_000))}}, [-1] * 5_000)[0][1]


def test_problems_are_told_at_their_place() -> None:
    """Schema and example are judged as part of their manifest."""
    text = manifest("AppEvent", "schema:\n  type: object\n  required: [id]\nexample: {name: x}")
    assert findings(text, "AppEvent") == [
        '8:3: the example does not fit the schema at its root: "id" is missing'
    ]


def test_a_schema_is_inferred_from_the_example() -> None:
    """An event with an example alone has the schema that describes it."""
    found = parsed(manifest("AppEvent", "example: {id: x}"), "AppEvent")
    wanted = {"type": "object", "properties": {"id": {"type": "string"}}}
    assert json.dumps(found.content["spec"]["schema"]) == json.dumps(wanted)
