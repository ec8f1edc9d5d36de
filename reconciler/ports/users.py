"""Connected users: read and written on a platform that keeps them, and waiting to be written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from reconciler.core.canonical import Json
from reconciler.ports.platforms import Platform, PlatformReader, Unit


class UserReader(PlatformReader, Protocol):
    """A platform with its own users. It cannot write."""

    def users(self, integration: str | None = None) -> Iterator[Mapping[str, Json]]:
        """Stream records of users, ordered by id, with flat memory.

        With an integration, those who have a connection to it. What belongs to a removed
        integration or workflow is hidden.
        """


class UserPlatform(UserReader, Platform, Protocol):
    """A platform with its own users that can be written."""

    def put_users(self, unit: Unit, users: Iterable[Mapping[str, Json]]) -> None:
        """Replace what is known of each of these users, but for what is hidden.

        Raises:
            PlatformError: a value cannot be kept.
        """


class UserStaging(Protocol):
    """Where users wait, outside memory, until all of them are known to be right."""

    def add(self, line: int, user: str, record: Mapping[str, Json] | None) -> int | None:
        """Keep a user; return the line where the id stood before, None when it is new.

        Without a record only the id is remembered.
        """

    def records(self) -> Iterator[Mapping[str, Json]]:
        """Yield the records ordered by id."""
