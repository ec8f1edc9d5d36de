"""What the store in memory remembers of notices, and a messenger that only remembers.

They keep the promises of `reconciler.ports.notices`, and must not know the rest of the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reconciler.core.errors import NoticeError
from reconciler.core.notices import Notice, NoticeState


class MemoryNotices:
    """The part of `MemoryStore` about notices."""

    def __init__(self) -> None:
        """Begin empty."""
        self._notices: dict[tuple[str, str], Notice] = {}

    def unsent_notices(self, environment: str) -> Sequence[Notice]:
        """Return what is neither sent nor given up, oldest first."""
        found = [
            each
            for each in self._notices.values()
            if each.environment == environment and not each.state.is_over
        ]
        return sorted(found, key=lambda each: (each.created_at, each.event, each.receiver))

    def is_announced(self, event: str, receiver: str) -> bool:
        """Say whether an event was announced to a receiver before."""
        return (event, receiver) in self._notices

    def announce(self, notices: Iterable[Notice]) -> int:
        """Record what is to be told and was not announced before; return how many are new."""
        before = len(self._notices)
        for notice in notices:
            self._notices.setdefault((notice.event, notice.receiver), notice)
        return len(self._notices) - before

    def claim_notice(self, notice: Notice, at: str) -> bool:
        """Mark a notice as being sent, if it is as it was read."""
        key = (notice.event, notice.receiver)
        found = self._notices.get(key)
        if found is None or (found.state, found.attempts) != (notice.state, notice.attempts):
            return False
        self._notices[key] = replace(
            found, state=NoticeState.CLAIMED, attempts=found.attempts + 1, claimed_at=at
        )
        return True

    def settle_notice(
        self, notice: Notice, at: str, state: NoticeState, reason: str | None = None
    ) -> None:
        """Record what became of a notice."""
        key = (notice.event, notice.receiver)
        found = self._notices.get(key)
        if found is None or found.state.is_over:
            return
        sent = state is NoticeState.SENT
        if not sent and found.attempts > notice.attempts + 1:
            return
        self._notices[key] = replace(
            found, state=state, sent_at=at if sent else None, reason=reason
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """A text that was sent."""

    address: str
    subject: str
    body: str
    event: str


class FakeMessenger:
    """Remembers what was sent; `failing` addresses do not answer, `unknown` ones cannot be used."""

    def __init__(self, *, failing: Iterable[str] = (), unknown: Iterable[str] = ()) -> None:
        """Begin with nothing sent."""
        self.sent: list[Sent] = []
        self.tries = 0
        self.failing = set(failing)
        self.unknown = set(unknown)

    def check(self, address: str) -> None:
        """Refuse an unknown address."""
        if address in self.unknown:
            raise NoticeError("There is no mail server.", hint="Set RECONCILER_SMTP_URL.")

    def send(self, address: str, subject: str, body: str, *, event: str) -> None:
        """Remember a text."""
        self.tries += 1
        if address in self.failing:
            raise NoticeError("The server does not answer.")
        self.sent.append(Sent(address, subject, body, event))
