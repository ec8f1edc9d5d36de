"""A call of a promotion fails: the disk is full, it breaks, memory or files run out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.shops import Makers
from tests.faults.sweeping import failures, measured

PARTS = 4
Tried = Callable[[int], None]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_failing_call_ends_in_a_true_sentence(
    makers: Makers, kind: str, part: int, tried: Tried
) -> None:
    """A command whose call fails says what is true, and what it names next brings the release."""
    found = measured(makers, kind, every=True)
    found.failed(failures(found.points)[part::PARTS])
    tried(found.tried)
    found.check()
