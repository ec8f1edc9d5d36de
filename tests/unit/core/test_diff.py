"""Field by field: named lists, moves, escapes, types; and what holds for any two contents."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import canonical
from reconciler.core.diff import field_changes, member_names, pointer
from reconciler.core.model import FieldChange

Rows = list[tuple[str, Any, Any]]


def rows(before: Any, after: Any) -> Rows:
    """Return the changes as plain tuples."""
    return [(c.path, c.before, c.after) for c in field_changes(before, after)]


def steps(*names: str, **more: Any) -> dict[str, Any]:
    """Return a content with named steps, the last of them with more fields."""
    listed: list[dict[str, Any]] = [{"name": name} for name in names]
    listed[-1].update(more)
    return {"spec": {"steps": listed}}


def test_equal_contents_give_none() -> None:
    """What is equal is no change."""
    assert rows(steps("a", "b"), steps("a", "b")) == []


def test_a_changed_field() -> None:
    """A value that differs has its pointer and both sides."""
    before, after = {"spec": {"enabled": True, "x": 1}}, {"spec": {"enabled": False, "x": 1}}

    assert rows(before, after) == [("/spec/enabled", True, False)]


def test_an_added_field_has_none_before() -> None:
    """A field that was not there has None before and its whole value after."""
    assert rows({"spec": {}}, {"spec": {"portal": {"order": 1}}}) == [
        ("/spec/portal", None, {"order": 1})
    ]


def test_a_removed_field_has_none_after() -> None:
    """A field that is gone has its whole value before and None after."""
    assert rows({"spec": {"portal": {"order": 1}}}, {"spec": {}}) == [
        ("/spec/portal", {"order": 1}, None)
    ]


def test_a_null_that_comes_or_goes_is_shown() -> None:
    """A null is a value: that it is there or not is a change, although both sides look alike."""
    assert rows({"a": None}, {}) == [("/a", None, None)]
    assert rows({"a": None}, {"a": 1}) == [("/a", None, 1)]


def test_named_lists_are_matched_by_name() -> None:
    """Inserting a member at the front is one change, not an edit of each member behind it."""
    assert rows(steps("b", "c"), steps("a", "b", "c")) == [("/spec/steps/a", None, {"name": "a"})]


def test_a_removed_member() -> None:
    """A member that is gone is one change under its name."""
    assert rows(steps("a", "b", "c"), steps("a", "c")) == [("/spec/steps/b", {"name": "b"}, None)]


def test_an_edited_member() -> None:
    """An edit inside a member is told by the member's name."""
    assert rows(steps("a", "b"), steps("a", "b", type="request")) == [
        ("/spec/steps/b/type", None, "request")
    ]


def test_a_renamed_member_is_another_one() -> None:
    """A name is identity: another name is one member gone and one new."""
    assert rows(steps("a", "b"), steps("a", "c")) == [
        ("/spec/steps/b", {"name": "b"}, None),
        ("/spec/steps/c", None, {"name": "c"}),
    ]


def test_a_move_is_told_from_an_edit() -> None:
    """Members that only changed places are one change: the names before and after."""
    assert rows(steps("a", "b", "c"), steps("c", "a", "b")) == [
        ("/spec/steps", ["a", "b", "c"], ["c", "a", "b"])
    ]


def test_a_move_and_an_edit_are_two_changes() -> None:
    """A member that moved and was edited shows both, each once."""
    assert rows(steps("a", "b"), steps("b", "a", type="action")) == [
        ("/spec/steps", ["a", "b"], ["b", "a"]),
        ("/spec/steps/a/type", None, "action"),
    ]


def test_a_move_names_only_what_both_sides_have() -> None:
    """New and removed members are changes of their own and not part of a move."""
    assert rows(steps("a", "b", "c"), steps("d", "c", "b")) == [
        ("/spec/steps", ["b", "c"], ["c", "b"]),
        ("/spec/steps/a", {"name": "a"}, None),
        ("/spec/steps/d", None, {"name": "d"}),
    ]


def test_nested_named_lists() -> None:
    """A named list inside a member of a named list is matched by name too, moves included."""
    before = steps("a", "b", branches=[{"name": "x"}, {"name": "y", "to": 1}])
    after = steps("a", "b", branches=[{"name": "y", "to": 2}, {"name": "x"}])

    assert rows(before, after) == [
        ("/spec/steps/b/branches", ["x", "y"], ["y", "x"]),
        ("/spec/steps/b/branches/y/to", 1, 2),
    ]


def test_a_named_list_may_begin_or_end_empty() -> None:
    """An empty list has no unnamed members, so the others are added or removed by name."""
    member = {"name": "a"}

    assert rows({"l": []}, {"l": [member]}) == [("/l/a", None, member)]
    assert rows({"l": [member]}, {"l": []}) == [("/l/a", member, None)]


def test_a_plain_list_is_one_value() -> None:
    """A list without names is shown whole on both sides."""
    assert rows({"scopes": ["a", "b"]}, {"scopes": ["a", "c"]}) == [
        ("/scopes", ["a", "b"], ["a", "c"])
    ]


@pytest.mark.parametrize(
    "members",
    [
        [{"name": "a"}, {"name": "a"}],
        [{"name": "a"}, {"title": "b"}],
        [{"name": "a"}, "b"],
        [{"name": 1}],
    ],
)
def test_a_list_whose_names_do_not_tell_apart_is_one_value(members: list[Any]) -> None:
    """Only members with a name of their own each are matched by name."""
    assert member_names(members) is None
    assert rows({"l": members}, {"l": [{"name": "z"}]}) == [("/l", members, [{"name": "z"}])]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (1, True),
        (0, False),
        (1, "1"),
        (1, 1.5),
        (True, "true"),
        ("", None),
        ([], {}),
        ([], "[]"),
        ({"a": 1}, '{"a":1}'),
        ([{"name": "a"}], {"a": {"name": "a"}}),
        (-0.0, 0.0),
    ],
)
def test_another_type_is_another_value(before: Any, after: Any) -> None:
    """Values of different JSON types differ, whatever a language takes for equal."""
    assert rows({"x": before}, {"x": after}) == [("/x", before, after)]
    assert rows({"x": after}, {"x": before}) == [("/x", after, before)]


def test_a_list_that_becomes_a_mapping_is_one_change() -> None:
    """Members are not compared with the fields of a mapping that has their names as keys."""
    before = {"x": [{"name": "a", "l": [{"name": "p"}, {"name": "q"}]}]}
    after = {"x": {"a": {"name": "a", "l": [{"name": "q"}, {"name": "p"}]}}}

    assert rows(before, after) == [("/x", before["x"], after["x"])]


def test_keys_with_two_underscores_count() -> None:
    """A key such as n8n's `__rl` is a field like any other."""
    assert rows({"with": {"__rl": True}}, {"with": {"__rl": False}}) == [
        ("/with/__rl", True, False)
    ]


def test_mappings_with_little_in_common_are_told_by_field() -> None:
    """However much differs, each field is a change of its own."""
    before, after = {"s": {"a": 1, "b": 1, "c": 1, "z": 1}}, {"s": {"d": 1, "e": 1, "z": 2}}

    assert [path for path, _, _ in rows(before, after)] == [
        "/s/a",
        "/s/b",
        "/s/c",
        "/s/d",
        "/s/e",
        "/s/z",
    ]


@pytest.mark.parametrize(
    ("key", "path"),
    [("a/b", "/a~1b"), ("a~b", "/a~0b"), ("~1", "/~01"), ("", "/"), ("a'b\"]", "/a'b\"]")],
)
def test_keys_are_escaped_as_in_json_pointer(key: str, path: str) -> None:
    """`~` and `/` in a key are written as RFC 6901 says; nothing else is touched."""
    assert pointer([key]) == path
    assert rows({key: 1}, {key: 2}) == [(path, 1, 2)]


def test_names_of_members_are_escaped_too() -> None:
    """A member's name may hold a slash."""
    assert rows(steps("a/b", "c"), steps("c")) == [("/spec/steps/a~1b", {"name": "a/b"}, None)]


def test_changes_are_sorted_by_path() -> None:
    """The order does not depend on that of the keys."""
    paths = [path for path, _, _ in rows({"z": 1, "m": {"b": 1, "a": 1}}, {"y": 1, "m": {}})]

    assert paths == sorted(paths) == ["/m/a", "/m/b", "/y", "/z"]


def test_the_contents_are_left_as_they_are() -> None:
    """Comparing changes neither side."""
    before, after = steps("a", "b"), steps("b", "a", type="x")
    copies = copy.deepcopy((before, after))
    field_changes(before, after)

    assert (before, after) == copies


# --- for any two contents -----------------------------------------------------------------------

KEYS = st.sampled_from(["a", "b", "a/b", "~0", "__rl", "", "name", "x y", "é"])
PLAIN = st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, "", "1", "true", "[]", "é\n"])


def named(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return lists of members with names of their own."""
    names = st.lists(st.sampled_from(["n", "m", "k", "a/b"]), unique=True, max_size=4)
    member = st.dictionaries(KEYS.filter(lambda key: key != "name"), children, max_size=2)
    return names.flatmap(
        lambda listed: st.tuples(
            *[member.map(lambda m, n=name: m | {"name": n}) for name in listed]
        )
    ).map(list)


JSON = st.recursive(
    PLAIN,
    lambda children: (
        st.lists(children, max_size=3)
        | named(children)
        | st.dictionaries(KEYS, children, max_size=4)
    ),
    max_leaves=12,
)
CONTENTS = st.dictionaries(KEYS, JSON, max_size=4)


def shuffled(value: Any) -> Any:
    """Return the same value with the keys of every mapping in the other order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(list(value))}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


def unordered(value: Any) -> Any:
    """Return a value with named lists sorted: the changes do not say where a new member goes."""
    if isinstance(value, dict):
        return {key: unordered(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [unordered(item) for item in value]
        return sorted(items, key=lambda item: item["name"]) if member_names(value) else items
    return value


def applied(content: Any, changes: tuple[FieldChange, ...]) -> Any:
    """Return a content after its changes, as a reader of the paths would make them."""
    content = copy.deepcopy(content)
    for change in changes:
        if change.path and not _is_move(content, change):
            *above, last = [
                part.replace("~1", "/").replace("~0", "~") for part in change.path.split("/")[1:]
            ]
            holder = content
            for part in above:
                holder = _child(holder, part)
            _put(holder, last, change.after)
    return content


def _is_move(content: Any, change: FieldChange) -> bool:
    """Say whether a change only lists the names of members in another order."""
    both = isinstance(change.before, list) and isinstance(change.after, list)
    if not both or sorted(map(repr, change.before)) != sorted(map(repr, change.after)):
        return False
    found = content
    for part in change.path.split("/")[1:]:
        found = _child(found, part.replace("~1", "/").replace("~0", "~"))
    return isinstance(found, list) and set(change.before) <= set(member_names(found) or ())


def _child(holder: Any, part: str) -> Any:
    if isinstance(holder, list):
        return next(item for item in holder if item["name"] == part)
    return holder[part]


def _put(holder: Any, part: str, value: Any) -> None:
    if isinstance(holder, list):
        holder[:] = [item for item in holder if item["name"] != part]
        holder += [] if value is None else [value]
    elif value is None:
        del holder[part]
    else:
        holder[part] = value


@settings(max_examples=60)
@given(CONTENTS, CONTENTS)
def test_applying_the_changes_leads_from_before_to_after(before: Any, after: Any) -> None:
    """The changes are all there is: made to the one content they give the other."""
    done = applied(before, field_changes(before, after))

    assert canonical.dumps(unordered(done)) == canonical.dumps(unordered(after))


@settings(max_examples=25)
@given(CONTENTS)
def test_the_order_of_keys_is_irrelevant(content: Any) -> None:
    """Equal contents give no change, however their keys are ordered."""
    assert field_changes(content, shuffled(content)) == ()


@settings(max_examples=25)
@given(CONTENTS, CONTENTS)
def test_no_change_means_equal(before: Any, after: Any) -> None:
    """Contents without a change are equal but for the places of members, which a move shows."""
    equal = canonical.dumps(before) == canonical.dumps(after)

    assert (field_changes(before, after) == ()) == equal


@settings(max_examples=25)
@given(CONTENTS, CONTENTS)
def test_the_other_way_round_is_the_mirror(before: Any, after: Any) -> None:
    """Going back is the same list with the sides swapped."""
    there = [(c.path, c.before, c.after) for c in field_changes(before, after)]
    back = [(c.path, c.after, c.before) for c in field_changes(after, before)]

    assert json.dumps(there) == json.dumps(back)
