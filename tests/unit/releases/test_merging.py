"""The three-way merge of manifests: field by field, lists of named members by name."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.releases.merging import FieldConflict, merge


def steps(*names: str, **limits: int) -> dict[str, Any]:
    """Return a workflow with these steps; `limits` gives some of them a limit."""
    members = [
        {"name": name, **({"limit": limits[name]} if name in limits else {})} for name in names
    ]
    return {"kind": "Workflow", "spec": {"title": "Sync", "steps": members}}


def test_a_change_and_another_one_are_both_there() -> None:
    """Fields that only one side changed come from that side, members of a named list too."""
    found = merge(steps("a", "b", a=1, b=1), steps("a", "b", a=2, b=1), steps("a", "b", a=1, b=3))

    assert found.conflicts == ()
    assert found.content == steps("a", "b", a=2, b=3)


def test_what_is_there_already_stays() -> None:
    """A field that has the changed value in both is no conflict."""
    changed = steps("a", a=2)

    assert merge(steps("a", a=1), changed, changed).content == changed


@pytest.mark.parametrize(
    ("base", "changed", "other", "conflict"),
    [
        (steps("a", a=1), steps("a", a=2), steps("a", a=3), ("/spec/steps/a/limit", 2, 3)),
        (steps("a", a=1), steps("a"), steps("a", a=3), ("/spec/steps/a/limit", None, 3)),
        (steps("a"), steps("a", a=2), steps("a", a=3), ("/spec/steps/a/limit", 2, 3)),
        (
            steps("a", a=1),
            steps(),
            steps("a", a=3),
            ("/spec/steps/a", None, {"name": "a", "limit": 3}),
        ),
        ({"x": [1]}, {"x": [1, 2]}, {"x": [1, 3]}, ("/x", [1, 2], [1, 3])),
        ({"x": 1}, {"x": 2}, {"x": True}, ("/x", 2, True)),
        ({"a/b": {"x": 1}}, {"a/b": {"x": 2}}, {"a/b": "text"}, ("/a~1b", {"x": 2}, "text")),
    ],
    ids=["changed", "removed", "added", "member", "list", "type", "shape"],
)
def test_a_third_value_is_a_conflict(base: Any, changed: Any, other: Any, conflict: Any) -> None:
    """A field that has neither the old nor the new value is named with both values."""
    assert merge(base, changed, other).conflicts == (FieldConflict(*conflict),)


def test_true_is_not_one() -> None:
    """Values are compared as JSON has them: a flag is not the number that equals it here."""
    assert merge({"x": 1}, {"x": 2}, {"x": True}).conflicts
    assert merge({"x": 1}, {"x": True}, {"x": 1}).content == {"x": True}


def test_a_null_is_not_what_is_missing() -> None:
    """A field set to null stays, and one that was removed is gone."""
    assert merge({"x": 1}, {"x": None}, {"x": 1}).content == {"x": None}
    assert merge({"x": None}, {}, {"x": None}).content == {}


@pytest.mark.parametrize(
    ("base", "changed", "other", "merged"),
    [
        ("ab", "axb", "aby", "axby"),
        ("ab", "xab", "bc", "xbc"),
        ("abc", "cab", "abcd", "cdab"),
        ("abc", "abcd", "cab", "cdab"),
        ("abc", "bac", "bac", "bac"),
        ("", "ab", "c", "abc"),
        ("abc", "ac", "abcd", "acd"),
    ],
    ids=["added", "first", "moved", "moved-below", "both-moved", "empty", "removed"],
)
def test_members_keep_their_order(base: str, changed: str, other: str, merged: str) -> None:
    """New members stand where they were put; the side that moved some gives the order."""
    found = merge(steps(*base), steps(*changed), steps(*other))

    assert found.conflicts == ()
    assert found.content is not None
    names = [step["name"] for step in found.content["spec"]["steps"]]
    assert names == list(merged)


def test_two_orders_are_a_conflict() -> None:
    """Members that both sides moved, each in its own way, are left to people."""
    found = merge(steps("a", "b", "c"), steps("b", "a", "c"), steps("c", "b", "a"))

    assert found.conflicts == (FieldConflict("/spec/steps", ["b", "a", "c"], ["c", "b", "a"]),)


@pytest.mark.parametrize(
    ("base", "changed", "other", "merged"),
    [
        (None, {"x": 1}, None, {"x": 1}),
        (None, {"x": 1}, {"x": 1}, {"x": 1}),
        ({"x": 1}, None, {"x": 1}, None),
        ({"x": 1}, None, None, None),
    ],
    ids=["added", "added-already", "removed", "removed-already"],
)
def test_whole_resources_come_and_go(base: Any, changed: Any, other: Any, merged: Any) -> None:
    """A resource that only one side added or removed is added or removed."""
    found = merge(base, changed, other)

    assert (found.content, found.conflicts) == (merged, ())


@pytest.mark.parametrize(
    ("base", "changed", "other", "conflict"),
    [
        (None, {"x": 1}, {"x": 2}, ("/x", 1, 2)),
        ({"x": 1}, None, {"x": 2}, ("/x", None, 2)),
        ({"x": 1}, {"x": 2}, None, ("/x", 2, None)),
    ],
    ids=["added-in-both", "removed-and-modified", "modified-and-removed"],
)
def test_whole_resources_can_be_a_conflict(
    base: Any, changed: Any, other: Any, conflict: Any
) -> None:
    """Added in both with other content, or removed here and changed there: the fields are named."""
    assert merge(base, changed, other).conflicts == (FieldConflict(*conflict),)
