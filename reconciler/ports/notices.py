"""Notices: kept in the store until they are sent, and what sends them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from reconciler.core.notices import Notice, NoticeState


class NoticeReader(Protocol):
    """Notices that were announced. It cannot write."""

    def unsent_notices(self, environment: str) -> Sequence[Notice]:
        """Return what is neither sent nor given up, oldest first."""

    def is_announced(self, event: str, receiver: str) -> bool:
        """Say whether an event was announced to a receiver before."""


class Notices(NoticeReader, Protocol):
    """The same for those who write. It is a part of `Store`."""

    def announce(self, notices: Iterable[Notice]) -> int:
        """Record what is to be told; an event that was announced to a receiver stays as it is.

        Returns how many are new; when none is, nothing is written.
        """

    def claim_notice(self, notice: Notice, at: str) -> bool:
        """Mark a notice as being sent, counting the attempt.

        False when it is no longer as it was read: another process claimed, sent or settled it.
        """

    def settle_notice(
        self, notice: Notice, at: str, state: NoticeState, reason: str | None = None
    ) -> None:
        """Record what became of a notice, as it was read before it was claimed.

        Sent counts whoever holds the claim; anything else is ignored when another process has
        claimed it since, or when it is sent or given up.
        """


class Messenger(Protocol):
    """Sends a text to an address."""

    def check(self, address: str) -> None:
        """Look, without the network, whether a text can be sent to such an address at all.

        Raises:
            NoticeError: it cannot; the hint says what to set.
        """

    def send(self, address: str, subject: str, body: str, *, event: str) -> None:
        """Send a text; `event` lets a receiver recognise one that comes twice.

        Raises:
            NoticeError: it could not be sent; the text never holds the address's password.
        """
