"""Locks and maintenance as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.core import lock_texts
from reconciler.core.canonical import Json
from reconciler.core.coordination import Activity, Maintenance
from reconciler.core.locks import Liveness, Lock, SeenLock, Standing
from reconciler.core.render import wording
from reconciler.core.render.foreign import shown
from reconciler.core.render.json import FORMAT_VERSION, Answer
from reconciler.core.render.style import BOLD, DIM, PLAIN, YELLOW, Style

NOTHING = "No locks are held, and no environment is in maintenance."
_PROCESS = {
    Liveness.ALIVE: "Its process still runs; what it writes from now on is refused.",
    Liveness.DEAD: "Its process is gone.",
    Liveness.UNKNOWN: "Whether its process still runs is not known here; what it writes from now "
    "on is refused.",
}


def answer(many: Iterable[SeenLock]) -> Answer:
    """Return the answer of `lock show`."""
    return {"formatVersion": FORMAT_VERSION, "locks": [_row(each.lock) for each in many]}


def page(
    locks: Sequence[SeenLock],
    closed: Sequence[Maintenance],
    activities: Sequence[Activity] = (),
    *,
    style: Style = PLAIN,
) -> str:
    """Return what is known of each lock, what is in maintenance, and what else is waited for."""
    parts = [line for each in locks for line in _lines(each, style)]
    parts += [_closed(each, style) for each in closed]
    parts += [_active(each, style) for each in activities]
    return "\n".join(parts) or NOTHING


def warnings(many: Iterable[SeenLock]) -> list[str]:
    """Return a warning for each lock that nobody holds any more."""
    return [
        f"The lock {each.lock.id} on {shown(each.lock.environment)} {_free(each)}: it stands in "
        "nobody's way, and the next command that needs it takes it over."
        for each in many
        if each.standing.may_be_taken
    ]


def released(lock: Lock, liveness: Liveness, unfinished: Sequence[str], *, opened: bool) -> str:
    """Return what became of a lock that was taken away, and what comes next."""
    environment = shown(lock.environment)
    held = f"held by {shown(lock_texts.holder(lock))} since {wording.short_time(lock.since)}"
    lines = [
        f"Released the lock {lock.id} on {environment}, {held}: {shown(lock.reason)}",
        _PROCESS[liveness],
    ]
    if unfinished:
        lines.append(
            f"It left {' and '.join(unfinished)} unfinished, and {environment} stays in "
            f"maintenance: run `reconciler reconcile --environment {environment}`, which finishes "
            "or undoes it."
        )
    elif opened:
        lines.append(f"{environment} is open again: no deployment was left unfinished.")
    else:
        lines.append("It left no deployment unfinished.")
    return "\n".join(lines)


def _row(lock: Lock) -> dict[str, Json]:
    return {
        "id": lock.id,
        "environment": lock.environment,
        "owner": lock_texts.holder(lock),
        "reason": lock.reason,
        "since": lock.since,
        "expiresAt": lock.expires_at,
        "token": lock.token,
    }


def _lines(each: SeenLock, style: Style) -> list[str]:
    lock = each.lock
    ends = "until somebody releases it"
    if lock.expires_at is not None:
        ends = f"renewed until {wording.short_time(lock.expires_at)}"
    head = f"{shown(lock.environment)}: locked by {shown(lock_texts.holder(lock))}"
    told = f"  lock {lock.id}, token {lock.token}, since {wording.short_time(lock.since)}, {ends}"
    lines = [style.paint(head, BOLD), f"  {shown(lock.reason)}", style.paint(told, DIM)]
    if each.standing.may_be_taken:
        lines.append(style.paint(f"  it {_free(each)}: it stands in nobody's way", YELLOW))
    return lines


def _free(each: SeenLock) -> str:
    return "belongs to a process that is gone" if each.standing is Standing.DEAD else "has run out"


def _active(each: Activity, style: Style) -> str:
    head = style.paint(f"{shown(each.environment)}: deployments wait", BOLD)
    told = f"{shown(each.description)} runs since {wording.short_time(each.since)}"
    where = lock_texts.process(each.owner)
    return f"{head} for what is at work: {told}{f' ({where})' if where else ''}"


def _closed(each: Maintenance, style: Style) -> str:
    since = wording.short_time(each.since)
    head = style.paint(f"{shown(each.environment)}: in maintenance since {since}", BOLD)
    return f"{head} for deployment {each.deployment}: {shown(each.reason)}"
