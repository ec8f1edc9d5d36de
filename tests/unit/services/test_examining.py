"""What `doctor` says of versions and looks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.errors import Invalid, StoreTooOld
from reconciler.core.model import Finding
from reconciler.services.examining import BROKEN, LOOK, OK, Machine, attempt, examine_machine

GOOD = Machine(
    python=(3, 11, 7), git=(2, 39, 5), sqlite=(3, 40, 1), openssh=(9, 2), has_libyaml=True
)


def states(machine: Machine) -> dict[str, str]:
    """Return the state of each check."""
    return {check.name: check.state for check in examine_machine(machine)}


def test_a_good_machine_is_in_order() -> None:
    """Every version above its floor is ok."""
    assert set(states(GOOD).values()) == {OK}


@pytest.mark.parametrize(
    ("machine", "name", "state"),
    [
        (replace(GOOD, python=(3, 10, 9)), "Python", BROKEN),
        (replace(GOOD, git=(2, 33)), "git", BROKEN),
        (replace(GOOD, git=None), "git", BROKEN),
        (replace(GOOD, sqlite=(3, 36)), "SQLite", BROKEN),
        (replace(GOOD, openssh=None), "OpenSSH", LOOK),
        (replace(GOOD, openssh=(8, 1)), "OpenSSH", LOOK),
        (replace(GOOD, has_libyaml=False), "libyaml", LOOK),
    ],
)
def test_what_is_too_old_or_missing_is_told(machine: Machine, name: str, state: str) -> None:
    """What nothing works without is broken, what some things need is worth a look."""
    found = {check.name: check for check in examine_machine(machine)}

    assert found[name].state == state
    assert found[name].next is not None
    assert [check.state for check in found.values()].count(OK) == len(found) - 1


def test_a_look_that_succeeds_is_told() -> None:
    """What was found is the text."""
    check = attempt("store", lambda: "here")

    assert (check.state, check.text) == (OK, "here")


def test_a_look_that_fails_is_broken() -> None:
    """An error of ours is told with its next step."""

    def look() -> str:
        raise StoreTooOld(hint="Run `reconciler store migrate`.")

    check = attempt("store", look)
    assert (check.state, check.next) == (BROKEN, "Run `reconciler store migrate`.")


def test_findings_are_told_by_the_first() -> None:
    """Of findings the number and the first are told, and where to see all."""

    def look() -> str:
        raise Invalid((Finding("a.yaml", 1, 2, "bad"), Finding("b.yaml", 1, 1, "bad")))

    check = attempt("manifests", look)
    assert check.text == "2 findings in the manifests. The first: a.yaml:1:2: bad"
    assert check.next == "Run `reconciler validate` to see all of them."
