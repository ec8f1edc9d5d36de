"""Marks of adopted resources: they count with what git desires, and give no right alone."""

from __future__ import annotations

from reconciler.core.adoption import with_marks
from reconciler.core.compare import compare
from reconciler.core.model import Applied, Observation, ResourceKey

ONE, TWO = ResourceKey("Workflow", "one"), ResourceKey("Workflow", "two")


def test_a_mark_counts_once_git_desires_the_resource() -> None:
    """What is marked and desired is ours, with the digest of its mark."""
    found = with_marks(Applied(), {ONE: "a", TWO: "b"}, [ONE])

    assert found == Applied(digests={ONE: "a"}, adopted=frozenset([ONE]))


def test_what_was_written_since_is_worth_more_than_a_mark() -> None:
    """A record of our own takes the place of a mark."""
    applied = Applied(digests={ONE: "new"})

    assert with_marks(applied, {ONE: "old"}, [ONE]) is applied


def test_an_equal_adopted_resource_is_no_change_and_noted() -> None:
    """Where desired, actual and mark agree nothing differs, and the next apply writes it down."""
    applied = Applied(digests={ONE: "a"}, adopted=frozenset([ONE]))
    found = compare({ONE: "a"}, Observation(digests={ONE: "a"}), applied)

    assert (found.pending, found.drift, found.settled) == ((), (), (ONE,))
