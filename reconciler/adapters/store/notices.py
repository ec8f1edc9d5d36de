"""Notices as rows: announced once for each event and receiver, claimed before they are sent.

It must not know how a notice is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import RowMapping, select, update

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.database import Database
from reconciler.adapters.sql.schema import notices
from reconciler.core.notices import Notice, NoticeState, Occasion

_TABLE = notices.c
_OVER = [state.value for state in NoticeState if state.is_over]
_OPEN = [state.value for state in NoticeState if not state.is_over]


class SqlNoticeReader:
    """The notices of `ports.StoreReader`."""

    _database: Database

    def unsent_notices(self, environment: str) -> Sequence[Notice]:
        """Return what is neither sent nor given up, oldest first."""
        query = (
            select(notices)
            .where(_TABLE.state.in_(_OPEN), _TABLE.environment == environment)
            .order_by(_TABLE.created_at, _TABLE.event, _TABLE.receiver)
        )
        with self._database.reading() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def is_announced(self, event: str, receiver: str) -> bool:
        """Say whether an event was announced to a receiver before."""
        query = select(_TABLE.event).where(_TABLE.event == event, _TABLE.receiver == receiver)
        with self._database.reading() as connection:
            return connection.execute(query).first() is not None


class SqlNoticeWriter(SqlNoticeReader):
    """The notices of `ports.Store`."""

    def announce(self, told: Iterable[Notice]) -> int:
        """Record what is to be told and was not announced before; return how many are new."""
        new = [each for each in told if not self.is_announced(each.event, each.receiver)]
        if not new:
            return 0
        insert = dialect.insert_new(notices).returning(_TABLE.event)
        with self._database.writing() as unit:
            inserted = [unit.connection.execute(insert, _row(each)).all() for each in new]
        return sum(map(len, inserted))

    def claim_notice(self, notice: Notice, at: str) -> bool:
        """Mark a notice as being sent, if it is as it was read."""
        claim = (
            update(notices)
            .where(
                *_is(notice),
                _TABLE.state == notice.state.value,
                _TABLE.attempts == notice.attempts,
            )
            .values(state=NoticeState.CLAIMED.value, attempts=notice.attempts + 1, claimed_at=at)
        )
        with self._database.writing() as unit:
            return unit.connection.execute(claim).rowcount == 1

    def settle_notice(
        self, notice: Notice, at: str, state: NoticeState, reason: str | None = None
    ) -> None:
        """Record what became of a notice."""
        sent = state is NoticeState.SENT
        settle = (
            update(notices)
            .where(*_is(notice), _TABLE.state.not_in(_OVER))
            .values(state=state.value, sent_at=at if sent else None, reason=reason)
        )
        if not sent:
            settle = settle.where(_TABLE.attempts <= notice.attempts + 1)
        with self._database.writing() as unit:
            unit.connection.execute(settle)


def _is(notice: Notice) -> tuple[Any, Any]:
    return _TABLE.event == notice.event, _TABLE.receiver == notice.receiver


def _row(notice: Notice) -> dict[str, Any]:
    row = {column.name: getattr(notice, column.name) for column in notices.columns}
    return row | {"occasion": notice.occasion.value, "state": notice.state.value}


def _read(row: RowMapping) -> Notice:
    named = {"occasion": Occasion(row["occasion"]), "state": NoticeState(row["state"])}
    return Notice(**{**row, **named})
