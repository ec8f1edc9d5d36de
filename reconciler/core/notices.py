"""What is told to people outside: notices, once for each event and receiver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.core.model import Environment


class Occasion(StrEnum):
    """What happened."""

    STARTED = "started"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"  # nothing had been changed, or it is not known whether
    RESTORED = "restored"
    NOT_RESTORED = "not-restored"
    DRIFT = "drift"


# Who is told of it, by the names in `notifications[].on` of environment.yaml: a restored deployment
# failed too, and either way the environment is unlocked then.
WANTED_BY: Mapping[Occasion, frozenset[str]] = {
    Occasion.STARTED: frozenset({"started"}),
    Occasion.WAITING: frozenset({"waiting"}),
    Occasion.DONE: frozenset({"done", "unlocked"}),
    Occasion.FAILED: frozenset({"failed"}),
    Occasion.RESTORED: frozenset({"failed", "restored", "unlocked"}),
    Occasion.NOT_RESTORED: frozenset({"failed", "not-restored"}),
    Occasion.DRIFT: frozenset({"drift"}),
}


class NoticeState(StrEnum):
    """How far a notice came."""

    PENDING = "pending"
    CLAIMED = "claimed"  # being sent; after a crash it is not known whether it went out
    SENT = "sent"
    GIVEN_UP = "given-up"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it."""
        return self in (NoticeState.SENT, NoticeState.GIVEN_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One text for one receiver. `event` names what happened: the same event is told once.

    `receiver` is what environment.yaml says: an address, or the name of a secret that holds one.
    `attempts` counts how often it was claimed.
    """

    event: str
    receiver: str
    environment: str
    occasion: Occasion
    subject: str
    body: str
    created_at: str
    state: NoticeState = NoticeState.PENDING
    attempts: int = 0
    claimed_at: str | None = None
    sent_at: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a plan as a notice tells it; `users` is None where it is not known."""

    severity: str
    text: str
    users: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a notice tells about what happened; what is empty is left out of the text.

    `reason` says why it failed or waits, `lines` are its details (closed gates, drifted resources,
    what differs after a restore), `next_step` what to do. `links` are titles with URLs. `changed`
    counts what was added, modified and removed. `heals` says that drift is undone by itself.
    """

    environment: str
    version: str | None = None
    commit: str | None = None
    description: str | None = None
    actor: str | None = None
    deployment: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    changed: Mapping[str, int] = field(default_factory=dict)
    messages: tuple[Said, ...] = ()
    step: str | None = None
    reason: str | None = None
    lines: tuple[str, ...] = ()
    next_step: str | None = None
    earliest: str | None = None
    heals: bool = False
    links: tuple[tuple[str, str], ...] = ()


def receivers(environment: Environment, occasion: Occasion) -> tuple[str, ...]:
    """Return who is told of an occasion, each once, in the order of environment.yaml."""
    wanted = WANTED_BY[occasion]
    return tuple(dict.fromkeys(to for to, on in _notifications(environment) if wanted & set(on)))


def all_receivers(environment: Environment) -> frozenset[str]:
    """Return everyone who is told of anything."""
    return frozenset(to for to, _ in _notifications(environment))


def is_address(receiver: str) -> bool:
    """Say whether a receiver is a mail address; anything else is the name of a secret."""
    return "@" in receiver


def _notifications(environment: Environment) -> list[tuple[str, list[str]]]:
    given = environment.raw.get("notifications")
    return [
        (str(each.get("to")), [str(name) for name in each.get("on") or ()])
        for each in (given if isinstance(given, list) else ())
        if isinstance(each, dict)
    ]
