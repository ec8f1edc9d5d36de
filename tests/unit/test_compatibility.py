"""What a change of an event's schema means, path by path."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.compatibility import bare, compare

TEXT = {"type": "string"}
WHOLE = {"type": "integer"}
NUMBER = {"type": "number"}
NULL = {"type": "null"}


def fields(*required: str, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object."""
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return schema | ({"required": list(required)} if required else {})


def listing(items: Any) -> dict[str, Any]:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def told(before: Any, after: Any) -> list[str]:
    """Return differences as `path: text`, breaking ones with `!r` for readers and `!s` senders."""
    return [
        f"{change.place}: {change.text}"
        + (" !r" if change.breaks_readers else "")
        + (" !s" if change.breaks_senders else "")
        for change in compare(before, after)
    ]


BREAKING = [
    ("removed", fields(a=TEXT, b=TEXT), fields(a=TEXT), ["b: is removed !r"]),
    (
        "removed and refused",
        fields(a=TEXT, b=TEXT),
        fields(a=TEXT) | {"additionalProperties": False},
        [": no longer takes fields that are not listed !s", "b: is removed !r !s"],
    ),
    ("nested", fields(a=fields(b=TEXT)), fields(a=fields()), ["a.b: is removed !r"]),
    (
        "in a list",
        fields(items=listing(fields(sku=TEXT))),
        fields(items=listing(fields())),
        ["items[].sku: is removed !r"],
    ),
    (
        "list of lists",
        listing(listing(TEXT)),
        listing(listing(WHOLE)),
        ["[][]: changes from string to integer !r !s"],
    ),
    ("new and required", fields(), fields("a", a=TEXT), ["a: is new and must be sent !s"]),
    ("becomes required", fields(a=TEXT), fields("a", a=TEXT), ["a: must be sent now !s"]),
    ("unlisted but required", fields(), fields("a"), ["a: must be sent now !s"]),
    (
        "other type",
        fields(a=TEXT),
        fields(a=WHOLE),
        ["a: changes from string to integer !r !s"],
    ),
    (
        "narrowed",
        fields(a={"type": ["string", "null"]}),
        fields(a=TEXT),
        ["a: takes only string now, no longer null !s"],
    ),
    (
        "number to integer",
        fields(a=NUMBER),
        fields(a=WHOLE),
        ["a: takes only integer now, no longer number !s"],
    ),
    ("typed", fields(a={}), fields(a=TEXT), ["a: takes only string now !s"]),
    ("forbidden", fields(a=TEXT), fields(a=False), ["a: is not taken any more !r !s"]),
    (
        "enum value removed",
        {"enum": ["x", "y"]},
        {"enum": ["y"]},
        [': no longer takes "x" !s'],
    ),
    ("enum added", TEXT, TEXT | {"enum": ["x"]}, [': takes only "x" now !s']),
    ("const added", TEXT, TEXT | {"const": "x"}, [': takes only "x" now !s']),
    (
        "true is not one",
        {"const": 1},
        {"const": True},
        [": also takes true", ": no longer takes 1 !s"],
    ),
    ("minimum raised", {"minimum": 1}, {"minimum": 2}, [": has another minimum: 1 became 2 !s"]),
    (
        "maxLength lowered",
        {"maxLength": 9},
        {"maxLength": 5},
        [": has another maxLength: 9 became 5 !s"],
    ),
    (
        "maxItems added",
        listing(TEXT),
        listing(TEXT) | {"maxItems": 3},
        [": has a new maxItems of 3 !s"],
    ),
    ("format added", TEXT, TEXT | {"format": "email"}, [': has a new format: "email" !s']),
    (
        "pattern changed",
        TEXT | {"pattern": "^a"},
        TEXT | {"pattern": "^b"},
        [': has another pattern: "^b" !s'],
    ),
    (
        "unique",
        listing(TEXT),
        listing(TEXT) | {"uniqueItems": True},
        [": has a new uniqueItems: true !s"],
    ),
    (
        "closed",
        fields(),
        fields() | {"additionalProperties": False},
        [": no longer takes fields that are not listed !s"],
    ),
    (
        "map of another type",
        {"additionalProperties": TEXT},
        {"additionalProperties": WHOLE},
        ["*: changes from string to integer !r !s"],
    ),
    (
        "a rule that is not understood",
        TEXT,
        TEXT | {"not": {"const": "x"}},
        [": has a new rule (not) !s"],
    ),
    (
        "form removed",
        {"anyOf": [fields(kind={"const": "a"}), fields(kind={"const": "b"})]},
        {"anyOf": [fields(kind={"const": "a"})]},
        [": no longer takes one of its forms !s"],
    ),
    (
        "field of a form removed",
        {"oneOf": [fields(kind={"const": "a"}), fields(kind={"const": "b"}, x=TEXT)]},
        {"oneOf": [fields(kind={"const": "a"}), fields(kind={"const": "b"})]},
        ["x: is removed !r"],
    ),
    (
        "alternatives demanded",
        fields(a=TEXT, b=TEXT),
        fields(a=TEXT, b=TEXT) | {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        ["a: must be sent now !s"],
    ),
    (
        "first members",
        {"prefixItems": [TEXT, WHOLE]},
        {"prefixItems": [TEXT, TEXT]},
        ["[1]: changes from integer to string !r !s"],
    ),
    (
        "another document",
        {"$ref": "https://example.com/a"},
        {"$ref": "https://example.com/b"},
        [": has another rule ($ref) !s"],
    ),
    (
        "multiple of another",
        {"multipleOf": 5},
        {"multipleOf": 10},
        [": has another multipleOf: 10 !s"],
    ),
    (
        "behind a reference",
        {"$ref": "#/$defs/a%20b", "$defs": {"a b": fields(x=TEXT)}},
        {"$ref": "#/$defs/a%20b", "$defs": {"a b": fields(x=WHOLE)}},
        ["x: changes from string to integer !r !s"],
    ),
]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [pytest.param(before, after, expected, id=name) for name, before, after, expected in BREAKING],
)
def test_breaking_changes(before: Any, after: Any, expected: list[str]) -> None:
    """A breaking change says where it is and whether readers or senders must follow."""
    assert told(before, after) == expected
    assert any(change.breaking for change in compare(before, after))


COMPATIBLE = [
    ("new and optional", fields(a=TEXT), fields(a=TEXT, b=TEXT), ["b: is new"]),
    ("required dropped", fields("a", a=TEXT), fields(a=TEXT), ["a: may be left out now"]),
    ("widened", fields(a=TEXT), fields(a={"type": ["string", "null"]}), ["a: also takes null"]),
    ("integer to number", WHOLE, NUMBER, [": also takes number"]),
    ("any type", fields(a=TEXT), fields(a=True), ["a: also takes any type"]),
    ("enum value added", {"enum": ["x"]}, {"enum": ["x", "y"]}, [': also takes "y"']),
    ("enum dropped", TEXT | {"enum": ["x"]}, TEXT, [": takes any value now"]),
    ("bound loosened", {"maximum": 5}, {"maximum": 9}, [": has another maximum: 5 became 9"]),
    ("bound dropped", {"minLength": 5}, {}, [": has no minLength any more"]),
    ("format dropped", {"format": "uri"}, {}, [": has a looser format"]),
    ("multiple of a part", {"multipleOf": 10}, {"multipleOf": 5}, [": has a looser multipleOf"]),
    (
        "opened",
        fields() | {"additionalProperties": False},
        fields(),
        [": takes fields that are not listed"],
    ),
    (
        "nullable by anyOf",
        fields(a=TEXT),
        fields(a={"anyOf": [TEXT, NULL]}),
        ["a: also takes null"],
    ),
    (
        "form added",
        {"anyOf": [fields(kind={"const": "a"})]},
        {"anyOf": [fields(kind={"const": "a"}), fields(kind={"const": "b"})]},
        [": takes other forms"],
    ),
    ("rule dropped", {"not": TEXT}, {}, [": has no rule of its own any more (not)"]),
]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(before, after, expected, id=name)
        for name, before, after, expected in COMPATIBLE
    ],
)
def test_compatible_changes(before: Any, after: Any, expected: list[str]) -> None:
    """A compatible change is told with its path and breaks nobody."""
    assert told(before, after) == expected


SAME = [
    ("texts", {"title": "a", "description": "b", "examples": [1]}, {"$comment": "c"}),
    (
        "texts of a property called title",
        fields(title=TEXT | {"title": "a"}),
        fields(title=TEXT | {"description": "b"}),
    ),
    ("order", fields("a", "b", a=TEXT, b=TEXT), fields("b", "a", b=TEXT, a=TEXT)),
    ("no schema", {}, True),
    ("reference and its target", {"$ref": "#/$defs/a", "$defs": {"a": TEXT}}, TEXT),
    (
        "merged and written out",
        {"allOf": [fields("x", x=TEXT), fields(y=TEXT)]},
        fields("x", x=TEXT, y=TEXT),
    ),
    (
        "the same property twice",
        {"allOf": [fields(x=TEXT), fields(x={"maxLength": 5}), fields(x={"maxLength": 9})]},
        fields(x=TEXT | {"maxLength": 5}),
    ),
    ("types by a union", {"anyOf": [TEXT, NULL]}, {"oneOf": [NULL, TEXT]}),
    ("nothing is the least", {"minLength": 0}, {}),
    ("text in a rule", {"not": TEXT | {"title": "a"}}, {"not": TEXT}),
    ("an unused definition", {"$defs": {"a": TEXT}}, {"$defs": {"a": WHOLE}}),
    ("keywords of wrong types", {"properties": [], "required": 5, "items": "x"}, {"enum": {}}),
]


@pytest.mark.parametrize(
    ("before", "after"),
    [pytest.param(before, after, id=name) for name, before, after in SAME],
)
def test_what_means_the_same_is_no_change(before: Any, after: Any) -> None:
    """Texts, order and ways of writing make no difference, in either direction."""
    assert told(before, after) == []
    assert told(after, before) == []


def recursive(leaf: Any) -> dict[str, Any]:
    """Return a schema that contains itself."""
    node = fields(value=leaf, next={"$ref": "#/$defs/node"})
    return {"$ref": "#/$defs/node", "$defs": {"node": node}}


def test_a_schema_that_contains_itself_ends() -> None:
    """A recursive schema is compared once round."""
    assert told(recursive(TEXT), recursive(WHOLE)) == [
        "next.value: changes from string to integer !r !s",
        "value: changes from string to integer !r !s",
    ]
    assert told({"$ref": "#"}, {"$ref": "#", "title": "x"}) == []


def doubling(leaf: Any, **how: str) -> dict[str, Any]:
    """Return a schema of sixty definitions, each of which holds the next one twice."""

    def level(number: int) -> Any:
        below = {"$ref": f"#/$defs/{number + 1}"}
        return {
            "properties": {"properties": {"a": below, "b": below}},
            "allOf": {"allOf": [below, below]},
            "anyOf": {"anyOf": [below, below]},
            "not": {"not": below, "if": below},
        }[how["by"]]

    definitions = {str(number): level(number) for number in range(60)}
    return {"$ref": "#/$defs/0", "$defs": definitions | {"60": leaf}}


@pytest.mark.parametrize("by", ["properties", "allOf", "anyOf", "not"])
def test_a_hostile_schema_is_given_up_as_breaking(by: str) -> None:
    """Work is bounded, and what was not compared is not called compatible."""
    changes = compare(doubling(TEXT, by=by), doubling(WHOLE, by=by))

    assert any(change.breaking and "too large" in change.text for change in changes)


def nested(depth: int, leaf: Any) -> Any:
    """Return a schema of this depth."""
    for _ in range(depth):
        leaf = {"items": leaf}
    return leaf


def test_a_bottomless_schema_is_given_up_as_breaking() -> None:
    """Depth is bounded too, and equal schemas are equal however deep they are."""
    deep = nested(20_000, TEXT)

    assert told(deep, nested(20_000, WHOLE)) == [": is nested too deeply to be compared !r !s"]
    assert compare(deep, nested(20_000, TEXT)) == ()
    assert told(nested(60, TEXT), nested(60, WHOLE)) == [
        "[]" * 60 + ": changes from string to integer !r !s"
    ]


def test_bare_is_what_a_schema_demands() -> None:
    """Texts and order are gone, references are what they point to, demands stay."""
    described = {
        "title": "t",
        "required": ["b", "a"],
        "properties": {"title": TEXT | {"title": "x"}},
    }
    referring = {"$ref": "#/$defs/a", "$defs": {"a": TEXT | {"title": "x"}}}

    assert bare(described) == {"required": ["a", "b"], "properties": {"title": TEXT}}
    assert bare(referring) == {"$ref": TEXT}
    assert bare(recursive(TEXT)) != bare(recursive(WHOLE))


KEYWORDS = [
    *("type", "properties", "required", "items", "enum", "const", "allOf", "anyOf", "oneOf", "not"),
    *(
        "additionalProperties",
        "$ref",
        "$defs",
        "minimum",
        "maximum",
        "maxLength",
        "pattern",
        "format",
    ),
    *("prefixItems", "multipleOf", "uniqueItems", "title", "if", "then", "a", "b"),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["string", "integer", "null", "object", "#", "#/$defs/a", "#/items/0", "a"])
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4)
    ),
    max_leaves=12,
)
SCHEMAS = st.dictionaries(st.sampled_from(KEYWORDS), VALUES, max_size=5)


@given(SCHEMAS | VALUES, SCHEMAS | VALUES)
@settings(max_examples=40, deadline=None)
def test_any_json_is_compared_without_failing(before: Any, after: Any) -> None:
    """Whatever stands in a schema, comparing it answers, and the same twice."""
    assert compare(before, after) == compare(before, after)
    assert compare(before, before) == ()
    assert bare(before) == bare(before)


@given(SCHEMAS)
@settings(max_examples=40, deadline=None)
def test_a_schema_is_what_it_means(schema: Any) -> None:
    """Adding a title changes nothing, behind a reference or in a merge."""
    described = {**schema, "title": "Other", "description": "Texts"}

    assert compare(schema, described) == ()
    assert bare(schema) == bare(described)
