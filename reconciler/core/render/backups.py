"""Backups as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from reconciler.core.backups import Backup, BackupState, Drilled, Live, Verdict
from reconciler.core.canonical import Json
from reconciler.core.model import Action, Difference
from reconciler.core.render import wording
from reconciler.core.render.foreign import shown
from reconciler.core.render.json import FORMAT_VERSION, Answer, errors
from reconciler.core.render.style import (
    BOLD,
    DIM,
    GREEN,
    PLAIN,
    RED,
    SYMBOLS,
    YELLOW,
    Style,
    columns,
    pad,
)

NOTHING = (
    "No backups yet: one is taken before each deployment.\n"
    "Next: `reconciler backup create --environment E` takes one now."
)
_NEXT = (
    "Next: `reconciler backup verify --drill` tries them all; `reconciler backup restore ID` puts "
    "one back."
)
_HEAD = ("ID", "ENVIRONMENT", "NO", "TAKEN", "AGE", "RESOURCES", "USERS", "SIZE", "STATE", "FOR")
_RIGHT = frozenset({"NO", "AGE", "RESOURCES", "USERS", "SIZE"})
_COLOURS = {BackupState.INCOMPLETE: (YELLOW,), BackupState.DAMAGED: (RED,)}
_UNITS = ("B", "KB", "MB", "GB", "TB")


def text(backups: Sequence[Backup], now: str, style: Style = PLAIN) -> str:
    """Return backups as a table in the order they came in; ages are as of `now` (RFC 3339)."""
    if not backups:
        return NOTHING
    rows = [_HEAD, *(_row(backup, now) for backup in backups)]
    widths = [max(columns(row[at]) for row in rows) for at in range(len(_HEAD))]
    head, *body = ["  ".join(map(_cell, _HEAD, row, widths)).rstrip() for row in rows]
    painted = [
        style.paint(line, *_COLOURS.get(backup.state, ()))
        for backup, line in zip(backups, body, strict=True)
    ]
    return "\n".join([style.paint(head, DIM), *painted, "", _NEXT])


def answer(backups: Iterable[Backup]) -> Answer:
    """Return the answer of `backup list` and `backup create`."""
    return {"formatVersion": FORMAT_VERSION, "backups": [_json(backup) for backup in backups]}


def made(backup: Backup) -> str:
    """Say which backup was taken."""
    return (
        f"Backup {_named(backup)}: {_held(backup.resources, backup.users)}, {size(backup.bytes)} "
        "added to the store; read back, and compared with what runs.\n"
        f"Next: `reconciler backup verify {shown(backup.id)} --drill` tries it."
    )


def verdict(one: Verdict, style: Style = PLAIN) -> str:
    """Return what verifying a backup found, as one line."""
    name = _named(one.backup)
    if one.skipped:
        return style.paint(f"- {name}: never completed, it cannot be restored", YELLOW)
    if one.problem is not None:
        return style.paint(f"✗ {name}: {shown(one.problem.text)}", RED)
    found = _held(one.backup.resources, one.backup.users)
    return f"{style.paint('✓', GREEN)} {name}: {found} as they were stored{_drilled(one.drilled)}"


def verified(verdicts: Sequence[Verdict]) -> str:
    """Return the last line of verifying."""
    wrong = sum(1 for each in verdicts if each.problem is not None)
    good = sum(1 for each in verdicts if each.problem is None and not each.skipped)
    if not verdicts:
        return NOTHING
    if not wrong:
        return f"Verified: {wording.counted(good, 'backup')}, none damaged."
    hints = dict.fromkeys(e.problem.hint for e in verdicts if e.problem and e.problem.hint)
    steps = "".join(f"\nNext: {shown(hint)}" for hint in hints)
    total = f"Verified: {wording.counted(good, 'backup')} in order, {wrong:,} not to be restored."
    return total + steps


def verified_answer(verdicts: Sequence[Verdict]) -> Answer:
    """Return the answer of `backup verify`."""
    rows = [{**_json(each.backup), **_verdict_json(each)} for each in verdicts]
    found: Answer = {"formatVersion": FORMAT_VERSION, "backups": rows}
    problems = [each.problem for each in verdicts if each.problem is not None]
    if problems:
        found["errors"] = errors(problems)
    return found


def _verdict_json(one: Verdict) -> dict[str, Json]:
    drilled = one.drilled
    verdict = "skipped" if one.skipped else "in-order" if one.problem is None else "refused"
    return {
        "verdict": verdict,
        "reason": None if one.problem is None else one.problem.text,
        "drilled": None
        if drilled is None
        else {"resources": drilled.resources, "users": drilled.users, "unread": drilled.unread},
    }


def preview(
    backup: Backup,
    live: Live | None,
    changes: Sequence[Difference],
    now: str,
    style: Style = PLAIN,
) -> str:
    """Return what restoring a backup would change, and what it would not."""
    taken = f"taken {wording.short_time(backup.created_at)} ({_ago(backup.created_at, now)})"
    was = "" if live is None or live.version is None else f", when {live.version} was live"
    lines = [style.paint(f"Backup {_named(backup)}, {taken}{shown(was)}", BOLD), ""]
    lines += [f"  {style.sign(SYMBOLS[each.action])} {shown(str(each.key))}" for each in changes]
    lines += [""] if changes else []
    counts = _counts(changes)
    total = ", ".join(f"{counts[each.value]} to {each.value}" for each in Action)
    lines.append(f"Restore: {total}." if changes else "Everything runs as it did then.")
    lines.append(
        "Users keep what they have; what they had of what was purged since is given back. "
        f"{shown(backup.environment)} is held afterwards."
    )
    return "\n".join(lines)


def restored(backup: Backup, summary: Mapping[str, int], users: int) -> str:
    """Say what was put back, and what follows from it."""
    counts = ", ".join(
        f"{summary.get(action.value, 0)} {word}"
        for action, word in zip(Action, ("added", "modified", "removed"), strict=True)
    )
    given = f" {wording.counted(users, 'user')} got something back." if users else ""
    environment = shown(backup.environment)
    return (
        f"Restored from {_named(backup)}: {counts}.{given}\n"
        f"{environment} is held: `reconcile` reports, and neither heals nor promotes there.\n"
        f"Next: `reconciler release resume {environment}` when git says what shall run. A newer "
        "release ends the hold too, and so does `apply` in an editable environment."
    )


def _counts(changes: Iterable[Difference]) -> Counter[str]:
    return Counter(each.action.value for each in changes)


def _drilled(drilled: Drilled | None) -> str:
    if drilled is None:
        return ""
    unread = f"; {drilled.unread:,} could not be read when it was taken" if drilled.unread else ""
    return f"; restored on trial, {_held(drilled.resources, drilled.users)} came back{unread}"


def _held(resources: int, users: int) -> str:
    return f"{wording.counted(resources, 'resource')} and {wording.counted(users, 'user')}"


def _named(backup: Backup) -> str:
    """Return which backup it is: its id, environment and number."""
    return f"{shown(backup.id)} ({shown(backup.environment)}, no {backup.sequence})"


def _ago(at: str, now: str) -> str:
    passed = age(at, now)
    return "just now" if passed in ("", "now") else f"{passed} ago"


def size(number: int) -> str:
    """Return a number of bytes for people: `14.2 KB`."""
    amount = float(number)
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"


def age(at: str, now: str) -> str:
    """Return how long ago something was, in its largest unit; empty for what is no time."""
    try:
        passed = datetime.fromisoformat(now) - datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return ""
    for unit, length in (
        ("d", timedelta(days=1)),
        ("h", timedelta(hours=1)),
        ("min", timedelta(minutes=1)),
    ):
        if passed >= length:
            return f"{passed // length} {unit}"
    return "now"


def _row(backup: Backup, now: str) -> tuple[str, ...]:
    return (
        shown(backup.id),
        shown(backup.environment),
        str(backup.sequence),
        shown(wording.short_time(backup.created_at)),
        age(backup.created_at, now),
        f"{backup.resources:,}",
        f"{backup.users:,}",
        size(backup.bytes),
        backup.state.value,
        "by hand" if backup.deployment is None else f"deployment {shown(backup.deployment)}",
    )


def _cell(name: str, value: str, width: int) -> str:
    return " " * (width - columns(value)) + value if name in _RIGHT else pad(value, width)


def _json(backup: Backup) -> dict[str, Json]:
    return {
        "id": backup.id,
        "environment": backup.environment,
        "sequence": backup.sequence,
        "deployment": backup.deployment,
        "createdAt": backup.created_at,
        "resources": backup.resources,
        "users": backup.users,
        "bytes": backup.bytes,
        "digest": backup.digest,
        "state": backup.state.value,
    }
