"""The tree of errors and their exit codes."""

from __future__ import annotations

import itertools

import pytest

from reconciler.core import errors
from reconciler.core.errors import Invalid, ReconcilerError, worst_exit
from reconciler.core.model import Finding


def everyone(kind: type[ReconcilerError] = ReconcilerError) -> list[type[ReconcilerError]]:
    """Return an error class with all below it."""
    return [kind, *itertools.chain.from_iterable(map(everyone, kind.__subclasses__()))]


@pytest.mark.parametrize("kind", [kind for kind in everyone() if kind is not Invalid])
def test_every_error_speaks_for_itself(kind: type[ReconcilerError]) -> None:
    """Without a text an error says its own docstring, and its class is its code."""
    error = kind()

    assert str(error) == error.text
    assert error.text.endswith(".")
    assert error.code == kind.__name__
    assert error.exit_code != errors.EXIT_DONE


def test_a_hint_follows_the_text() -> None:
    """The next step stands behind what was found."""
    error = ReconcilerError("It is full.", hint="Empty it.")

    assert str(error) == "It is full. Empty it."
    assert (error.text, error.hint) == ("It is full.", "Empty it.")


def test_one_thing_more_is_said_before_the_hint() -> None:
    """What is added belongs to the text, however the error is shown."""
    error = ReconcilerError("It is full.", hint="Empty it.")
    error.add("Nothing was changed.")

    assert error.text == "It is full. Nothing was changed."
    assert str(error) == "It is full. Nothing was changed. Empty it."


@pytest.mark.parametrize(("count", "text"), [(1, "1 finding in"), (2, "2 findings in")])
def test_findings_are_counted(count: int, text: str) -> None:
    """Findings are carried out whole, and the text counts them."""
    findings = tuple(Finding("a.yaml", line + 1, 1, "bad") for line in range(count))

    assert Invalid(findings).findings == findings
    assert text in str(Invalid(findings))


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 2], 2),
        ([2, 3], 3),
        ([3, 1], 1),
        ([1, 4], 4),
        ([4, 5], 5),
        ([5, 6], 6),
        ([6, 7, 0, 1, 2, 3, 4, 5], 7),
        ([0, 64], 1),
    ],
)
def test_the_worst_code_speaks_for_all(codes: list[int], worst: int) -> None:
    """Of several environments the first of 7, 6, 5, 4, 1, 3, 2, 0 that any has is the answer."""
    assert worst_exit(codes) == worst
