"""Whose turn it is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from reconciler.core.calendar.reading import calendar_of
from reconciler.core.calendar.rotation import Rotation, rotation_of

PEOPLE = ["ana", "ben", "eva"]


def rotation(start: str = "2026-01-01", **more: Any) -> Rotation:
    """Return a monthly rotation of three."""
    role = {"members": PEOPLE, "rotation": {"start": start, **more}}
    return rotation_of({"roles": {"release-manager": role}}, "release-manager")


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        ("2026-01-01", "ana"),
        ("2026-01-31", "ana"),
        ("2026-02-01", "ben"),
        ("2026-12-01", "eva"),
        ("2027-01-01", "ana"),
        ("2025-12-31", None),
    ],
)
def test_members_take_turns_by_month(day: str, wanted: str | None) -> None:
    """Each month is the next member's, in their order, from the start on."""
    assert rotation().member(date.fromisoformat(day)) == wanted


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        ("2026-01-31", "ana"),
        ("2026-02-27", "ana"),
        ("2026-02-28", "ben"),
        ("2026-03-30", "ben"),
        ("2026-03-31", "eva"),
    ],
)
def test_a_turn_begins_on_the_day_of_its_start(day: str, wanted: str) -> None:
    """One that starts on the 31st begins on the last day of shorter months."""
    assert rotation("2026-01-31").member(date.fromisoformat(day)) == wanted


def test_members_take_turns_by_week() -> None:
    """A weekly turn begins on the weekday of the start."""
    found = rotation("2026-01-06", every="week").turns(date(2026, 1, 5), date(2026, 1, 20))

    assert [(str(t.first), str(t.last), t.member) for t in found] == [
        ("2026-01-05", "2026-01-05", None),
        ("2026-01-06", "2026-01-12", "ana"),
        ("2026-01-13", "2026-01-19", "ben"),
        ("2026-01-20", "2026-01-20", "eva"),
    ]


def test_the_only_member_always_has_the_turn() -> None:
    """With one member there is no turn to wait for, with or without a rotation."""
    alone = rotation_of({"roles": {"qa": {"members": ["quinn"]}}}, "qa")

    assert alone.member(date(1999, 1, 1)) == "quinn"
    assert len(alone.turns(date(2026, 1, 1), date(2026, 12, 31))) == 1


def test_several_without_a_rotation_are_nobody_in_particular() -> None:
    """Any of them may be asked: it is nobody's turn."""
    several = rotation_of({"roles": {"qa": {"members": PEOPLE}}}, "qa")

    assert several.member(date(2026, 1, 1)) is None
    (turn,) = several.turns(date(2026, 1, 1), date(2026, 12, 31))
    assert turn.member is None


def test_a_role_without_members_has_no_turns() -> None:
    """Where nobody has the role there are no turns."""
    assert rotation_of({}, "qa") == Rotation()
    assert Rotation().member(date(2026, 1, 1)) is None
    assert Rotation().turns(date(2026, 1, 1), date(2026, 12, 31)) == ()


def test_the_calendar_knows_the_release_manager() -> None:
    """The release manager of a month is asked by its first day."""
    role = {"members": PEOPLE, "rotation": {"every": "month", "start": "2026-01-01"}}
    found = calendar_of({"roles": {"release-manager": role}})

    assert found.release_manager(date(2026, 11, 1)) == "ben"
