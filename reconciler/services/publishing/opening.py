"""Opens the pull request of a release's branch, and brings an open one up to date.

It must not know how answers are shown, nor push anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler import telemetry
from reconciler.core.errors import ForgeError, ReconcilerError
from reconciler.core.forge import web
from reconciler.core.forge.model import PullRequest
from reconciler.core.releases.model import Release
from reconciler.core.render import proposals
from reconciler.ports import Forge
from reconciler.services.releases.judging.gating import GateKeeper
from reconciler.services.releases.making.drafting import Draft
from reconciler.services.releases.proposing import proposal
from reconciler.services.releases.proposing.proposal import Proposal
from reconciler.services.releases.reading.grounds import Grounds

# How many closed pull requests of one branch are looked at, the newest first.
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The pull request that shall be open: from a branch, with a release and what is told of it."""

    release: Release
    branch: str
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Opens pull requests; without a forge it says how a person does.

    `is_known` says whether it is known where the forge is: then only a token is missing.
    """

    forge: Forge | None
    is_known: bool
    keeper: GateKeeper

    def wanted(self, grounds: Grounds, drafts: Sequence[Draft], branch: str, title: str) -> Wanted:
        """Return the pull request of a branch that holds these releases."""
        at = datetime.fromisoformat(self.keeper.clock.now())
        pages = []
        for draft in drafts:
            standing = self.keeper.judge.standing(grounds, draft.environment)
            judged = self.keeper.judged(grounds, standing, draft.release, draft.loaded, at)
            pages.append(proposal.page(grounds, standing, draft, judged, at))
        # What a hotfix brings beside its releases is of environments that have none.
        edited = dict.fromkeys(path.split("/")[1] for draft in drafts for path in draft.more)
        return Wanted(
            release=drafts[0].release,
            branch=branch,
            title=titled(title, len(drafts)),
            body=proposals.bodies(telemetry.redactor().record(pages), edited),
        )

    def of_proposal(self, each: Proposal) -> Wanted | None:
        """Return the pull request of what is proposed, None where nothing is."""
        if each.prepared is None or each.draft is None or each.body is None:
            return None
        return Wanted(
            release=each.draft.release,
            branch=each.prepared.branch,
            title=f"Release {each.draft.release.name}",
            body=each.body,
        )

    def still(self, grounds: Grounds, each: Proposal) -> Proposal:
        """Return a proposal, or that a person declined it: then its branch is not pushed either."""
        wanted = self.of_proposal(each)
        closed = None if wanted is None else self.closed(grounds, wanted)
        return each if closed is None else proposal.declined(each, closed.url)

    def closed(self, grounds: Grounds, wanted: Wanted) -> PullRequest | None:
        """Return the pull request of the same content that a person closed without merging it.

        None when another one of the branch is open, and where the forge does not tell.
        """
        if self.forge is None:
            return None
        base = grounds.pipeline.protected_branch
        try:
            found = [e for e in self.forge.pull_requests_from(wanted.branch) if e.base == base]
        except ForgeError:
            return None  # opening it tells why
        if any(each.is_open for each in found):
            return None
        gone = (each for each in found[:_LOOKED_AT] if not each.is_merged)
        return next((each for each in gone if self._is_same(grounds, each, wanted)), None)

    def open(self, grounds: Grounds, wanted: Wanted) -> PullRequest:
        """Open it, or bring the open one up to date; its branch must be on the remote.

        Raises:
            ForgeError: it could not be opened; says how a person does.
        """
        base = grounds.pipeline.protected_branch
        page = web.compare_url(grounds.workspace.git.remote_url(), base, wanted.branch)
        byhand = (
            f"open it by hand{f' at {page}' if page else f', from {wanted.branch} into {base}'}"
        )
        if self.forge is None:
            if not self.is_known:
                why = "no forge is known on which it could be opened"
                raise ForgeError(
                    f"{wanted.branch} has no pull request yet: {why}.", hint=_sentence(byhand)
                )
            raise ForgeError(
                f"{wanted.branch} has no pull request yet: there is no token for the forge.",
                hint=f"Set RECONCILER_FORGE_TOKEN and run it again, or {byhand}.",
            )
        try:
            return self.forge.propose(wanted.branch, base, wanted.title, wanted.body)
        except ForgeError as error:
            text = f"{wanted.branch} has no pull request yet: {error.text}"
            step = f"{error.hint} Or {byhand}." if error.hint else f"Run it again, or {byhand}."
            raise type(error)(text, hint=step) from error

    def _is_same(self, grounds: Grounds, request: PullRequest, wanted: Wanted) -> bool:
        """Say whether a pull request brought the same content; its branch may be gone."""
        catalog, git = self.keeper.catalog, grounds.workspace.git
        try:
            if not git.exists(request.head_commit):
                git.fetch_pulls([request.number])
            then = catalog.release(catalog.at(request.head_commit), wanted.release.name)
        except ReconcilerError:
            return False  # what cannot be read is not what is proposed now
        return then is not None and then.content_digest == wanted.release.content_digest


def titled(title: str, count: int) -> str:
    """Return the title of a pull request with so many releases."""
    return title if count == 1 else f"{title} and {count - 1} more"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
