"""RemovalBudgetExceeded: so much would be removed at once that a person must say it is meant."""

from __future__ import annotations

import math
from collections.abc import Iterator

from reconciler.core.messages.reading import pointer
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.messages.words import all_called, plural
from reconciler.core.model import Action, Environment, Kind, Mode, ResourceKey

CODE = "RemovalBudgetExceeded"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message when the removals are above both parts of the budget."""
    gone = sorted(change.key for change in review.changes if change.action is Action.REMOVE)
    if review.environment.removal_budget.exceeded_by(len(gone), len(review.base)):
        yield _message(review.environment, gone, len(review.base))


def _message(environment: Environment, gone: list[ResourceKey], existing: int) -> Message:
    name, budget = environment.name, environment.removal_budget
    allowed = max(budget.count, math.floor(budget.percent * existing / 100))
    subject = ResourceKey(Kind.ENVIRONMENT, name)
    return Message(
        code=CODE,
        severity=Severity.WARNING,
        subject=subject,
        text=(
            f"{len(gone):,} of {plural(existing, 'resource')} would be removed from {name}, and "
            f"without a person's word at most {allowed:,} may be (the larger of {budget.count:,} "
            f"and {budget.percent:g} %): {all_called(gone)}."
        ),
        action=f"{_allow(environment)} Otherwise bring the manifests back.",
        # The resources, not their number: a word given for these is none for others.
        fingerprint=fingerprint(CODE, subject, [str(key) for key in gone], None),
        pointer=pointer("promotion", "removalBudget"),
    )


def _allow(environment: Environment) -> str:
    if environment.mode is Mode.RELEASE_ONLY:
        subject = f"{CODE} Environment/{environment.name}"
        return f"If it is meant, run `reconciler release acknowledge RELEASE {subject} --reason …`."
    return (
        f"If it is meant, run `reconciler apply --environment {environment.name} --allow-removals`."
    )
