"""What has to be put back from a backup, and what differs from it afterwards."""

from __future__ import annotations

import pytest

from reconciler.core.model import ResourceKey
from reconciler.core.restoring import (
    Before,
    Now,
    differences,
    managed,
    to_put_back,
    written_since,
)

A, B, C = (ResourceKey("Workflow", name) for name in "abc")


def written(then: tuple[str | None, str | None], now: tuple[str | None, str | None]) -> bool:
    """Say whether a resource counts as written; each side is what ran and what was applied."""
    return A in written_since(*sides(then, now))


def sides(
    then: tuple[str | None, str | None], now: tuple[str | None, str | None]
) -> tuple[Before, Now]:
    """Return both sides of one resource."""
    (ran, had), (runs, has) = then, now
    return (
        Before(running={A: ran} if ran else {}, applied={A: had} if had else {}),
        Now(running={A: runs} if runs else {}, applied={A: has} if has else {}),
    )


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ((None, None), ("2", "2")),
        (("1", "1"), ("2", "2")),
        (("1", "1"), (None, None)),
        (("drift", "1"), ("1", "1")),
        ((None, "1"), ("1", "1")),
        (("1", "1"), ("edited", "2")),
        (("2", "1"), ("2", "2")),
    ],
    ids=["added", "modified", "removed", "healed", "came back", "edited since", "noted"],
)
def test_what_a_deployment_wrote(
    then: tuple[str | None, str | None], now: tuple[str | None, str | None]
) -> None:
    """What is recorded otherwise than before, and drift that runs as recorded since."""
    assert written(then, now)


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (("1", "1"), ("1", "1")),
        (("1", "1"), ("edited", "1")),
        (("theirs", None), ("edited", None)),
        (("1", "1"), (None, "1")),
        (("drift", "1"), ("drift", "1")),
    ],
    ids=["untouched", "edited", "unmanaged", "deleted by hand", "drift left alone"],
)
def test_what_others_changed_meanwhile_is_not_ours(
    then: tuple[str | None, str | None], now: tuple[str | None, str | None]
) -> None:
    """A change outside during the deployment is nothing to undo."""
    assert not written(then, now)


def test_what_is_known_to_be_written_counts() -> None:
    """On a platform without transactions the effects say it before anything is recorded."""
    before = Before(running={A: "1"}, applied={A: "1"})
    now = Now(running={A: "2"}, applied={A: "1"}, written=frozenset({A}))
    assert written_since(before, now) == {A}


def test_a_person_puts_back_all_that_is_ours() -> None:
    """What was ours then or is now; what was never ours stays as it is."""
    before = Before(running={A: "1", C: "theirs"}, applied={A: "1"})
    now = Now(running={B: "1", C: "edited"}, applied={B: "1"})

    assert managed(before, now) == {A, B}
    assert to_put_back(before, now, managed(before, now)) == (A, B)
    assert differences(before, now) == (A, B, C)


def test_what_runs_as_it_did_is_not_put_back() -> None:
    """A restore writes the difference and no more."""
    before = Before(running={A: "1", B: "1"}, applied={A: "1", B: "1"})
    now = Now(running={A: "1", B: "2"}, applied={A: "1", B: "2"})

    assert to_put_back(before, now, [B, A]) == (B,)
    assert differences(before, Now(running=before.running, applied={})) == ()
