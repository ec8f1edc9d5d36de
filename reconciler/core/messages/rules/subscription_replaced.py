"""SubscriptionReplaced: the provider is asked anew to send its webhooks, for each user."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.affected import HavingOn
from reconciler.core.canonical import Json
from reconciler.core.messages.reading import Pair, Spec, modified, pointer, trigger_type
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.model import Kind

CODE = "SubscriptionReplaced"

_FIRST = (
    "is made for each user who has it on.",
    "Take away webhooks that were set up by hand, or events arrive twice.",
)
_LAST = (
    "is ended for each user who has it on; no events arrive any more.",
    "Set the webhooks up by hand at the provider if they must go on.",
)
_MAKE_FIRST = (
    (
        "is replaced for each user who has it on, the new one made before the old one is ended "
        "(make-before-break): some events may arrive twice."
    ),
    "Check that running twice for one event does no harm.",
)
_BREAK_FIRST = (
    (
        "is replaced for each user who has it on, the old one ended before the new one is made "
        "(break-before-make): events in between are lost."
    ),
    "Deploy at a quiet time, or set `replace: make-before-break` if the provider takes two.",
)


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each webhook workflow with another subscription."""
    for pair in modified(review, Kind.WORKFLOW):
        if trigger_type(pair.before) == trigger_type(pair.after) == "webhook":
            before, after = _definition(pair.before), _definition(pair.after)
            if before != after:
                yield _message(review, pair, before, after)


def _definition(spec: Spec) -> dict[str, Json] | None:
    """Return what is asked of the provider; which comes first replaces nothing by itself."""
    subscription = spec["trigger"].get("subscription")
    if subscription is None:
        return None
    return {key: value for key, value in subscription.items() if key != "replace"}


def _message(review: Review, pair: Pair, before: Json, after: Json) -> Message:
    text, action = _words(pair, before, after)
    return Message(
        code=CODE,
        severity=Severity.INFO,
        subject=pair.key,
        text=(
            f"The webhook subscription of workflow {pair.key.name} in "
            f"{review.environment.name} {text}"
        ),
        action=action,
        fingerprint=fingerprint(CODE, pair.key, before, after),
        affected=HavingOn(workflow=pair.key.name, integration=pair.before.get("integration")),
        pointer=pointer("trigger", "subscription"),
    )


def _words(pair: Pair, before: Json, after: Json) -> tuple[str, str]:
    """Return what happens to each user, and what to do."""
    if before is None:
        return _FIRST
    if after is None:
        return _LAST
    replace = pair.after["trigger"]["subscription"].get("replace")
    return _MAKE_FIRST if replace == "make-before-break" else _BREAK_FIRST
