"""What `--push` and `--open` of the release commands do with a branch that is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, ForgeError
from reconciler.core.forge.model import PullRequest

if TYPE_CHECKING:
    from reconciler.services.publishing.opening import Opener, Wanted
    from reconciler.services.releases.making.drafting import Draft
    from reconciler.services.releases.making.preparing import Prepared
    from reconciler.services.releases.reading.grounds import Grounds

Open = Annotated[
    bool,
    typer.Option(
        "--open", help="Send the branch, and open its pull request or bring it up to date."
    ),
]


class Share(Enum):
    """How far a branch goes."""

    STAYS = "stays"
    PUSHED = "pushed"
    OPENED = "opened"

    @classmethod
    def of(cls, *, push: bool, open: bool) -> Share:
        """Return what the options ask for; --open sends the branch too."""
        return cls.OPENED if open else cls.PUSHED if push else cls.STAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What came of `--open`: the pull request, or why there is none; neither when nobody asked."""

    request: PullRequest | None = None
    error: ForgeError | None = None

    @property
    def url(self) -> str | None:
        """The page of the open pull request."""
        return None if self.request is None else self.request.url

    @property
    def exit_code(self) -> int:
        """What was asked for and could not be done is an error."""
        return EXIT_DONE if self.error is None else self.error.exit_code


NOT_ASKED = Opened()

# Who the token is that GitHub gives to every run of Actions.
DEFAULT_ACCOUNT = "github-actions[bot]"


def opener(session: Session, share: Share) -> Opener | None:
    """Return what opens pull requests, None when nobody asked.

    It comes before anything is written: a setting that cannot be meant stops the command.
    """
    return session.services.publishing.opener if share is Share.OPENED else None


def of_drafts(
    session: Session,
    with_opener: Opener | None,
    found: Grounds,
    drafts: Sequence[Draft],
    prepared: Prepared,
    title: str,
) -> Opened:
    """Open the pull request of a branch that was just pushed."""
    if with_opener is None:
        return NOT_ASKED
    wanted = with_opener.wanted(found, drafts, prepared.branch, title)
    closed = with_opener.closed(found, wanted)
    if closed is not None:
        error = ForgeError(
            f"{wanted.branch} is not opened again: {closed.url} was closed with the same content.",
            hint="Open it again there if that was not meant.",
        )
        return Opened(error=error)
    return opened(session, with_opener, found, wanted)


def opened(session: Session, with_opener: Opener, found: Grounds, wanted: Wanted) -> Opened:
    """Open a pull request; what kept it from that is told by whoever shows the answer."""
    try:
        request = with_opener.open(found, wanted)
    except ForgeError as error:
        return Opened(error=error)
    if request.author == DEFAULT_ACCOUNT:
        session.note(
            f"{request.url} starts no checks, since the default token of GitHub Actions opened it. "
            "Give RECONCILER_FORGE_TOKEN the token of an app that may write contents and pull "
            "requests, or close and open it again as a person."
        )
    return Opened(request=request)


def merging(found: Opened) -> str:
    """Return what is left to do with a branch on the remote."""
    return "open its pull request and merge it" if found.url is None else f"merge {found.url}"
