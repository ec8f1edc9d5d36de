"""What holds for every three-way merge of manifests."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import canonical
from reconciler.core.diff import field_changes
from reconciler.core.releases.merging import merge

KEYS = st.sampled_from(["a", "b", "c/d", "name"])
SCALARS = st.integers(0, 2) | st.booleans() | st.none() | st.sampled_from(["x", "y"])
MEMBERS = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("klm")}, optional={"v": SCALARS}),
    max_size=3,
    unique_by=lambda member: member["name"],
)
VALUES = st.recursive(
    SCALARS | MEMBERS,
    lambda of: st.lists(of, max_size=2) | st.dictionaries(KEYS, of, max_size=3),
    max_leaves=6,
)
CONTENTS = st.none() | st.dictionaries(KEYS, VALUES, max_size=3)


def same(one: Any, other: Any) -> bool:
    """Say whether two contents are one in JSON."""
    return canonical.dumps(one) == canonical.dumps(other)


@settings(max_examples=200)
@given(CONTENTS, CONTENTS)
def test_a_change_of_what_is_unchanged_elsewhere_is_that_change(base: Any, changed: Any) -> None:
    """Merged into the base itself the change gives the changed content, and never a conflict."""
    found = merge(base, changed, base)

    assert found.conflicts == ()
    assert same(found.content, changed)
    assert same(merge(base, base, changed).content, changed)


@settings(max_examples=300)
@given(CONTENTS, CONTENTS, CONTENTS)
def test_a_change_that_was_merged_is_there(base: Any, changed: Any, other: Any) -> None:
    """Merging the same change again changes nothing."""
    found = merge(base, changed, other)
    if not found.conflicts:
        again = merge(base, changed, found.content)

        assert again.conflicts == ()
        assert same(again.content, found.content)


@settings(max_examples=200)
@given(*[st.dictionaries(KEYS, VALUES, max_size=3)] * 3)
def test_a_conflict_is_a_field_that_both_sides_have_otherwise(
    base: Any, changed: Any, other: Any
) -> None:
    """Each conflict lies where the change changed something, or above it."""
    paths = [change.path for change in field_changes(base, changed)]

    for conflict in merge(base, changed, other).conflicts:
        assert not same(conflict.changed, conflict.other) or None in conflict[1:]
        assert any(
            path == conflict.path
            or path.startswith(f"{conflict.path}/")
            or conflict.path.startswith(f"{path}/")
            for path in paths
        )
