"""What is asked of a promotion, and what became of it, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.core.errors import (
    EXIT_DONE,
    NotRestored,
    ReconcilerError,
    Restored,
    RestoredWithDifferences,
)
from reconciler.core.gates.model import Gate
from reconciler.core.plan import Plan
from reconciler.core.releases.model import ReleaseName
from reconciler.services.deploying.options import Applied, ApplyOptions

Show = Callable[[Plan], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What became of one release tag, or (version None) of an environment without any to promote.

    `gates` are those that hold it; `told` is news about the environment's tags.
    """

    environment: str
    outcome: str
    reason: str
    version: str | None = None
    tag: str | None = None
    exit_code: int = EXIT_DONE
    gates: tuple[Gate, ...] = ()
    earliest: str | None = None
    applied: Applied | None = None
    error: ReconcilerError | None = None
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for: `only` one release, or all that are pending.

    `retry` tries a version again that failed. `scheduled` is a job that comes again: waiting is
    no fault then, and what was told before is not told again.
    """

    options: ApplyOptions
    show: Show
    only: ReleaseName | None = None
    retry: bool = False
    scheduled: bool = False


_OUTCOMES: tuple[tuple[type[ReconcilerError], str], ...] = (
    (RestoredWithDifferences, "restored-with-differences"),
    (Restored, "restored"),
    (NotRestored, "not-restored"),
)


def outcome_of(error: ReconcilerError) -> str:
    """Return how something ended that an error ended."""
    return next((name for kind, name in _OUTCOMES if isinstance(error, kind)), "refused")
