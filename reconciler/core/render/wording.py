"""The words that every form of a plan uses, so that text and Markdown never differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Action, Change, Reason
from reconciler.core.plan import Plan

SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.INFO)
NOT_APPLICABLE = "This plan is not complete and cannot be applied."
INVALID = "To correct"
NO_CHANGES = "No changes."
SIDES = "Fields read: on the platform → in git."
APART = f"Not part of the changes below. {SIDES}"

_REASON_NOUNS = {
    Reason.CHANGED_OUTSIDE: "changed outside",
    Reason.CONFLICT: "in conflict",
    Reason.UNFINISHED: "unfinished",
    Reason.PENDING: "pending",
}
_HAPPENED = {
    (Reason.CHANGED_OUTSIDE, Action.ADD): "Removed on the platform; git still has it.",
    (Reason.CHANGED_OUTSIDE, Action.MODIFY): "Changed on the platform; git did not change it.",
    (Reason.CHANGED_OUTSIDE, Action.REMOVE): "Added on the platform; git does not have it.",
    (Reason.CONFLICT, Action.ADD): "Removed on the platform and changed in git.",
    (Reason.CONFLICT, Action.MODIFY): (
        "Changed on the platform and in git, or made there by somebody else."
    ),
    (Reason.CONFLICT, Action.REMOVE): "Changed on the platform and removed in git.",
}
_UNFINISHED = "A deployment began to write this and did not complete."
_GIT_WINS = "Git wins with the next apply, and by itself where selfHeal is true."
_NOT_OURS = "What somebody else made is refused until `reconciler import` adopts it."
_FINISHES = "Git wins: the next reconcile finishes it."


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return `1 user`, `1,203 users`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def and_more(number: int, noun: str = "") -> str:
    """Return `… and 1,203 more`, and of what when that is given."""
    return f"… and {number:,} more" + (f" {noun}{'' if number == 1 else 's'}" if noun else "")


def verdict(plan: Plan) -> str:
    """Return the last line of a plan."""
    return NOT_APPLICABLE if plan.errored else totals(plan.summary)


def totals(summary: Mapping[str, int]) -> str:
    """Return `Plan: 1 to add, 2 to modify, 0 to remove.` or `No changes.`."""
    if not any(summary.values()):
        return NO_CHANGES
    return "Plan: " + ", ".join(f"{summary.get(a.value, 0)} to {a.value}" for a in Action) + "."


def summed(plans: Iterable[Plan]) -> dict[str, int]:
    """Add up what several plans change."""
    counts = Counter(change.action for plan in plans for change in plan.changes)
    return {action.value: counts[action] for action in Action}


def happened(change: Change) -> str:
    """Say why a resource drifted, as one sentence."""
    return _HAPPENED.get((change.reason, change.action), _UNFINISHED)


def who_wins(change: Change) -> str:
    """Say which side a drifted resource ends on, and when."""
    if change.reason is Reason.UNFINISHED:
        return _FINISHES
    if change.reason is Reason.CONFLICT and change.action is Action.MODIFY:
        return f"{_GIT_WINS} {_NOT_OURS}"
    return _GIT_WINS


def waiting(plan: Plan) -> str:
    """Say what an environment without a desired state waits for."""
    return f"{plan.environment} waits for {plan.waiting}."


def drift_total(plan: Plan) -> str:
    """Return the last line of a drift report."""
    return f"Drift: {_reasons(plan.drift)}." if plan.drift else "No drift."


def drift_title(drift: Sequence[Change]) -> str:
    """Return the heading of the drift block, true to the reasons in it."""
    if all(change.reason is Reason.CHANGED_OUTSIDE for change in drift):
        what = counted(len(drift), "resource")
        return f"Changed outside since the last deployment: {what}"
    return f"Drift since the last deployment: {_reasons(drift)}"


def by_severity(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Order messages: errors, warnings, infos, each in the order they came in."""
    return tuple(sorted(messages, key=lambda message: SEVERITIES.index(message.severity)))


def loud(plans: Iterable[Plan]) -> list[Message]:
    """Return the messages that ask something of people."""
    return [m for plan in plans for m in plan.messages if m.severity is not Severity.INFO]


def message_counts(messages: Sequence[Message]) -> str:
    """Return `2 warnings, 1 info`, empty without messages."""
    counts = Counter(message.severity for message in messages)
    return ", ".join(counted(counts[s], s.value) for s in SEVERITIES if counts[s])


def affected(message: Message) -> str | None:
    """Return `42 users affected`, or that it is not known here; None when nobody is concerned."""
    if message.affected_users is not None:
        return f"{counted(message.affected_users, 'user')} affected"
    if message.affected is not None:
        return "users affected: not known here"
    return None


def incomplete(plan: Plan) -> str:
    """Say what an incomplete read means."""
    why = f" ({plan.incomplete_reason})" if plan.incomplete_reason else ""
    return (
        f"The platform could not be read completely{why}. "
        "What it did not list is unknown, not absent: nothing is removed."
    )


def unmanaged(count: int) -> str:
    """Say what happens to resources that somebody else made."""
    what = counted(count, "unmanaged resource")
    verb, them = ("is", "it") if count == 1 else ("are", "them")
    return f"{what} on the platform {verb} left alone; `reconciler import` adopts {them}."


def short_commit(commit: str) -> str:
    """Return the beginning of a commit id."""
    return commit[:12]


def short_ref(ref: str) -> str:
    """Return a ref without the folders that everybody knows."""
    for folder in ("refs/reconciler/heads/", "refs/heads/", "refs/tags/", "refs/remotes/"):
        if ref.startswith(folder):
            return ref.removeprefix(folder)
    return ref


def short_time(time: str) -> str:
    """Return `2026-11-22 00:46 UTC` for an RFC 3339 time, the text itself for anything else."""
    if len(time) < 20 or time[10] not in "Tt":
        return time
    offset = time[19:].lstrip(".0123456789")
    zone = "UTC" if offset in ("Z", "z", "+00:00", "-00:00") else offset
    return f"{time[:10]} {time[11:16]} {zone}"


def _reasons(drift: Sequence[Change]) -> str:
    reasons = Counter(change.reason for change in drift)
    return ", ".join(f"{reasons[r]:,} {noun}" for r, noun in _REASON_NOUNS.items() if reasons[r])
