"""The start of a run on a mirror: what the remote names is fetched, and HEAD put where it belongs.

It must not know how a mirror is kept or where.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from reconciler.core.errors import NotFound, RemoteUnreachable, RepositoryError


class Mirrored(Protocol):
    """A mirror of a remote."""

    @property
    def is_empty(self) -> bool:
        """True before the first fetch."""

    def follow(self) -> str:
        """Fetch everything; return the ref of the branch that the remote itself puts first.

        Raises:
            RemoteUnreachable: the remote does not answer.
        """

    def protect(self, branch: str) -> None:
        """Let HEAD name the protected branch.

        Raises:
            NotFound: the remote has no such branch.
        """


def begin(
    mirror: Mirrored, protected_branch: Callable[[str], str], *, offline: bool
) -> tuple[str, ...]:
    """Bring a mirror to what the remote names now; return what is to be said about it.

    `protected_branch` reads the name of the protected branch at a ref. When the remote does not
    answer, or is not to be asked, the mirror stays as it was.

    Raises:
        RepositoryError: there is nothing to go on with yet.
    """
    if offline and mirror.is_empty:
        raise RepositoryError(
            "nothing of this remote is known here yet.", hint="Run it once without --offline."
        )
    if offline:
        return ()
    try:
        first = mirror.follow()
    except RemoteUnreachable as error:
        if mirror.is_empty:
            raise
        return (f"The remote did not answer: {error.text} Going on with what is known here.",)
    mirror.protect(_protected(first, protected_branch))
    return ()


def _protected(first: str, protected_branch: Callable[[str], str]) -> str:
    """Return the protected branch; without a pipeline it is the one the remote puts first."""
    try:
        return protected_branch(first)
    except NotFound:
        return first.split("/", 3)[3]
