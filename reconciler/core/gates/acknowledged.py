"""Which warnings are acknowledged, and until when; it must not know other gates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.core.gates.model import GateFacts, OpenWarning


def is_acknowledged(warning: OpenWarning, day: date) -> bool:
    """Say whether somebody's word for a warning counts on a day; its last day is one of them."""
    given = warning.acknowledgement
    if given is None:
        return False
    if given.until is None:
        return True
    last = last_day(given.until)
    return last is not None and day <= last


def lapse(warning: OpenWarning) -> str:
    """Say that the acknowledgement of a warning that is not acknowledged has lapsed, if any."""
    given = warning.acknowledgement
    return "" if given is None else f" (its acknowledgement lapsed after {given.until})"


def every(facts: GateFacts) -> Iterator[OpenWarning]:
    """Yield everything that somebody may take responsibility for."""
    yield from facts.warnings or ()
    if facts.removal_budget is not None:
        yield facts.removal_budget


def last_day(text: str) -> date | None:
    """Return the day that a text means, None when there is no such day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
