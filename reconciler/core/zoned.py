"""Moments with the offset of a time zone: how all answers give them. The store keeps UTC."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, TypeVar

_MOMENTS = frozenset({"started_at", "finished_at", "created_at", "since", "expires_at", "as_of"})
# What holds records with moments of their own.
_RECORDS = frozenset({"steps", "lock", "backup", "messages"})

T = TypeVar("T")


def moment(text: str, zone: tzinfo) -> str:
    """Return an RFC 3339 moment as it is in a zone; anything else as it is."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    if found.tzinfo is None:
        return text
    return found.astimezone(zone).isoformat()


def local(rows: Iterable[T], zone: tzinfo) -> list[T]:
    """Return records with their moments as they are in a zone."""
    return [_local(row, zone) for row in rows]


def _local(row: Any, zone: tzinfo) -> Any:
    if not is_dataclass(row) or isinstance(row, type):
        return row
    changed: dict[str, Any] = {}
    for each in fields(row):
        value = getattr(row, each.name)
        if each.name in _MOMENTS and isinstance(value, str):
            changed[each.name] = moment(value, zone)
        elif each.name in _RECORDS:
            several = isinstance(value, tuple)
            inner = tuple(_local(one, zone) for one in value) if several else _local(value, zone)
            changed[each.name] = inner
    return replace(row, **changed) if changed else row
