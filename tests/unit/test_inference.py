"""The schema that describes an example."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.inference import inferred_schema


@pytest.mark.parametrize(
    ("example", "schema"),
    [
        (None, {"type": "null"}),
        (True, {"type": "boolean"}),
        (1, {"type": "integer"}),
        (1.5, {"type": "number"}),
        ("x", {"type": "string"}),
        ([], {"type": "array"}),
        ({}, {"type": "object", "properties": {}}),
        ([1, 2], {"type": "array", "items": {"type": "integer"}}),
        ([1, 1.5], {"type": "array", "items": {"type": "number"}}),
        ([1, "x", None], {"type": "array", "items": {"type": ["integer", "null", "string"]}}),
        ([[], [1]], {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}),
        (
            {"a": {"b": 1}},
            {
                "type": "object",
                "properties": {"a": {"type": "object", "properties": {"b": {"type": "integer"}}}},
            },
        ),
    ],
)
def test_inferred_schemas(example: Any, schema: Any) -> None:
    """Types, properties and items are those of the example."""
    assert inferred_schema(example) == schema


def test_items_of_a_list_are_one_schema() -> None:
    """The items of a list are described together, each property by all its types."""
    assert inferred_schema([{"a": 1}, {"a": "x", "b": True}, 5]) == {
        "type": "array",
        "items": {
            "type": ["integer", "object"],
            "properties": {"a": {"type": ["integer", "string"]}, "b": {"type": "boolean"}},
        },
    }


def test_nothing_is_required() -> None:
    """An example does not show what must be there."""
    assert "required" not in inferred_schema({"a": 1})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=3),
    lambda items: st.lists(items, max_size=4) | st.dictionaries(st.text(max_size=2), items),
    max_leaves=15,
)


@given(JSON)
def test_an_example_fits_its_own_schema(example: Any) -> None:
    """Whatever the example, it fits the schema inferred from it."""
    assert jsonschema_rs.Draft202012Validator(inferred_schema(example)).is_valid(example)
