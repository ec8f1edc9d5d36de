"""What the routes of the forge's API share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from reconciler.testing.github.answers import Reply, Request, invalid, missing, paged
from reconciler.testing.github.shapes import Shapes
from reconciler.testing.github.state import Entry, GitHubState

LONGEST_DESCRIPTION = 140


class Part:
    """A part of the API of one repository."""

    def __init__(self, state: GitHubState, url: str) -> None:
        """Take what the forge holds, and the API's address."""
        self.state = state
        self.shapes = Shapes(url, state.repository)
        self.url = url

    def listed(self, request: Request, found: Sequence[Any], shown: Callable[[Any], Any]) -> Reply:
        """Return a page of a list."""
        items, headers = paged(request, self.url, found)
        return Reply(body=[shown(each) for each in items], headers=headers)

    def counted(
        self, request: Request, found: Sequence[Any], shown: Callable[[Any], Any], name: str
    ) -> Reply:
        """Return a page of a list that tells how long the whole is."""
        items, headers = paged(request, self.url, found)
        body = {"total_count": len(found), name: [shown(each) for each in items]}
        return Reply(body=body, headers=headers)

    def one(self, kind: str, id: str) -> Entry:
        """Return an entry by its id.

        Raises:
            Refused: there is none.
        """
        found = self.state.one(kind, id=int(id)) if id.isdecimal() else None
        if found is None:
            raise missing()
        return found

    def one_pull(self, number: str) -> Entry:
        """Return a pull request.

        Raises:
            Refused: there is none.
        """
        found = self.state.one("pulls", number=int(number)) if number.isdecimal() else None
        if found is None:
            raise missing()
        return found


def check_length(resource: str, field: str, text: str | None, longest: int) -> None:
    """Refuse a text that is too long.

    Raises:
        Refused: it is.
    """
    if text is not None and len(text) > longest:
        raise invalid(resource, field, f"{field} is too long (maximum is {longest} characters)")
