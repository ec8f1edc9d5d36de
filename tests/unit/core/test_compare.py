"""The three-way comparison: every combination of desired, actual and last applied."""

from __future__ import annotations

import pytest

from reconciler.core.compare import Comparison, changed, compare
from reconciler.core.model import Action, Applied, Kind, Observation, Reason, ResourceKey

KEY = ResourceKey(Kind.WORKFLOW, "sync")
A, B, C = "sha256:a", "sha256:b", "sha256:c"

Outcome = tuple[Action, Reason] | None


def compared(
    desired: str | None,
    actual: str | None,
    last: str | None,
    *,
    complete: bool = True,
    unfinished: bool = False,
) -> Comparison:
    """Compare one resource; None is absent."""
    return compare(
        {} if desired is None else {KEY: desired},
        Observation(digests={} if actual is None else {KEY: actual}, complete=complete),
        Applied(
            digests={} if last is None else {KEY: last},
            unfinished=frozenset({KEY} if unfinished else ()),
        ),
    )


def outcome(comparison: Comparison) -> Outcome:
    """Return action and reason of the one difference there may be."""
    found = [*comparison.pending, *comparison.drift]
    assert len(found) < 2
    return (found[0].action, found[0].reason) if found else None


@pytest.mark.parametrize(
    ("desired", "actual", "last", "expected"),
    [
        (None, None, None, None),
        (A, A, A, None),
        (A, None, None, (Action.ADD, Reason.PENDING)),
        (B, A, A, (Action.MODIFY, Reason.PENDING)),
        (None, A, A, (Action.REMOVE, Reason.PENDING)),
        (A, B, A, (Action.MODIFY, Reason.CHANGED_OUTSIDE)),
        (A, None, A, (Action.ADD, Reason.CHANGED_OUTSIDE)),
        (C, B, A, (Action.MODIFY, Reason.CONFLICT)),
        (B, None, A, (Action.ADD, Reason.CONFLICT)),
        (None, B, A, (Action.REMOVE, Reason.CONFLICT)),
        (A, B, None, (Action.MODIFY, Reason.CONFLICT)),
        (A, A, None, None),
        (None, A, None, None),
        (None, None, A, None),
        (B, B, A, None),
    ],
)
def test_the_table(
    desired: str | None, actual: str | None, last: str | None, expected: Outcome
) -> None:
    """Who moved since the last apply decides: git, the platform, or both."""
    assert outcome(compared(desired, actual, last)) == expected


@pytest.mark.parametrize(
    ("desired", "actual", "last"), [(A, None, None), (B, A, A), (A, B, A), (None, A, A)]
)
def test_unfinished_outweighs_other_reasons(
    desired: str | None, actual: str | None, last: str | None
) -> None:
    """What a deployment left half done is neither pending nor anybody else's change."""
    found = compared(desired, actual, last, unfinished=True)

    assert found.pending == ()
    assert [difference.reason for difference in found.drift] == [Reason.UNFINISHED]


def test_what_is_unfinished_and_equal_is_no_difference() -> None:
    """A resource that runs as desired needs nothing, however its deployment ended."""
    assert outcome(compared(A, A, A, unfinished=True)) is None


def test_pending_and_drift_are_kept_apart() -> None:
    """What git changed is pending; what the platform changed is drift."""
    one, two = ResourceKey(Kind.WORKFLOW, "one"), ResourceKey(Kind.WORKFLOW, "two")
    found = compare(
        {one: B, two: A},
        Observation(digests={one: A, two: B}),
        Applied(digests={one: A, two: A}),
    )

    assert [difference.key for difference in found.pending] == [one]
    assert [difference.key for difference in found.drift] == [two]


def test_unmanaged_is_listed_once_and_never_removed() -> None:
    """A resource that we did not make and do not want is listed, and that is all."""
    found = compared(None, A, None)

    assert found == Comparison(unmanaged=(KEY,))


@pytest.mark.parametrize("desired", [A, B])
def test_a_desired_name_is_not_counted_as_unmanaged(desired: str) -> None:
    """Somebody else's resource of a desired name is equal or a conflict, not one more unmanaged."""
    assert compared(desired, A, None).unmanaged == ()


def test_a_record_without_a_resource_is_gone() -> None:
    """What neither git nor the platform has is only a record of ours, to be forgotten."""
    assert compared(None, None, A) == Comparison(gone=(KEY,))


def test_what_others_brought_to_the_desired_state_is_settled() -> None:
    """Where platform and git agree on something newer than our record, only the record is old."""
    assert compared(B, B, A) == Comparison(settled=(KEY,))


def test_what_others_made_as_desired_stays_theirs() -> None:
    """An equal resource without a record of ours is not settled: it is not ours to remove."""
    assert compared(A, A, None) == Comparison()


@pytest.mark.parametrize("actual", [None, A, B])
def test_an_incomplete_read_removes_nothing(actual: str | None) -> None:
    """Unknown is never absent: an incomplete observation yields no removal and nothing gone."""
    found = compared(None, actual, A, complete=False)

    assert outcome(found) is None
    assert found.gone == ()


@pytest.mark.parametrize(("desired", "expected"), [(A, None), (B, (Action.MODIFY, Reason.PENDING))])
def test_what_an_incomplete_read_misses_is_as_last_applied(desired: str, expected: Outcome) -> None:
    """A resource with a record that was not seen is taken to run as we wrote it."""
    assert outcome(compared(desired, None, A, complete=False)) == expected


def test_an_incomplete_read_still_shows_what_it_saw() -> None:
    """What was seen to differ is drift, whatever else was not seen."""
    found = compared(A, B, A, complete=False)

    assert outcome(found) == (Action.MODIFY, Reason.CHANGED_OUTSIDE)


def test_order_does_not_depend_on_the_maps() -> None:
    """Differences are sorted by kind and name, in whatever order the sides were listed."""
    keys = [ResourceKey(kind, name) for kind in ("Workflow", "AppEvent") for name in "cab"]
    desired = dict.fromkeys(keys, A)
    base = dict.fromkeys(reversed(keys[2:]), B)
    found = compare(desired, Observation(digests=base), Applied(digests=base))
    gone = compare({}, Observation(digests=base), Applied(digests=base))

    assert [difference.key for difference in found.pending] == sorted(keys)
    assert [difference.key for difference in gone.pending] == sorted(base)


def test_changed_compares_two_commits() -> None:
    """From git alone every difference is pending, removals included."""
    names = {name: ResourceKey(Kind.APP_EVENT, name) for name in "abcd"}
    base = {names["a"]: A, names["b"]: A, names["c"]: A}
    desired = {names["a"]: A, names["b"]: B, names["d"]: A}

    assert [(d.key.name, d.action, d.reason) for d in changed(base, desired)] == [
        ("b", Action.MODIFY, Reason.PENDING),
        ("c", Action.REMOVE, Reason.PENDING),
        ("d", Action.ADD, Reason.PENDING),
    ]
