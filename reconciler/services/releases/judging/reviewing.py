"""Looks at the forge for reviews and checks of a release; what counts is decided in `core`.

What it finds there is foreign. It reads pull requests as data, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from reconciler.core.errors import ForgeError, ForgeUnreachable, NotFound, RepositoryError
from reconciler.core.forge.model import PullRequest, Verdict
from reconciler.core.releases import names
from reconciler.core.releases.model import Release
from reconciler.core.releases.outside import CHECK, REVIEW, Outside, SeenCheck, SeenReview
from reconciler.ports import ForgeReader
from reconciler.services.releases.judging import checking
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds

# Of one release there are a few pull requests; more are somebody's game with the branch.
_MOST = 20
_NOT_LOOKED_AT = "its commit was not looked at"


def no_forge() -> ForgeReader | None:
    """Give no forge: what counts is what was seen before."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewing:
    """Reads what a forge shows of releases, once for each in a run."""

    catalog: Catalog
    forge: Callable[[], ForgeReader | None] = no_forge

    def outside(
        self, grounds: Grounds, standing: Standing, release: Release, kinds: Collection[str]
    ) -> Outside:
        """Return what the forge shows of a release: reviews, checks or both."""
        about = (grounds.tag_name(release.name), f"{release.approved} {sorted(kinds)}")
        if about not in grounds.outside:
            grounds.outside[about] = self._asked(grounds, standing, release, kinds)
        return grounds.outside[about]

    def _asked(
        self, grounds: Grounds, standing: Standing, release: Release, kinds: Collection[str]
    ) -> Outside:
        if not grounds.chosen.fetched:
            return Outside(unread="the remote was not asked")
        forge = self.forge()
        if forge is None:
            return Outside(unread="no forge with a token is known")
        try:
            return _Reading(
                catalog=self.catalog,
                forge=forge,
                grounds=grounds,
                standing=standing,
                release=release,
                kinds=kinds,
            ).read()
        except ForgeUnreachable as error:
            return Outside(unread=error.text.rstrip("."))
        except (ForgeError, RepositoryError) as error:
            # It did answer: a stranger may have made the list too long to hide a withdrawal.
            why = f"{error.text.rstrip('.')}, so what was seen there before does not count either"
            return Outside(unread=why, answered=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One look at the forge for one release."""

    catalog: Catalog
    forge: ForgeReader
    grounds: Grounds
    standing: Standing
    release: Release
    kinds: Collection[str]
    _problems: dict[str | None, str | None] = field(default_factory=dict)
    _members: dict[str, bool] = field(default_factory=dict)

    def read(self) -> Outside:
        """Read the reviews and checks of the release's pull requests.

        Raises:
            ForgeError: the forge does not answer, or the token may not read there.
            RepositoryError: the pull requests cannot be fetched.
        """
        merged = self.catalog.introduced(self.grounds.tip, self.release.name)
        pulls = self._pulls(merged)
        if pulls:
            # So that their commits can be read; which commit a review is of, the forge says.
            self.grounds.workspace.git.fetch_pulls([pull.number for pull in pulls])
        reviews = tuple(self._reviews(pulls)) if REVIEW in self.kinds else ()
        checks = tuple(self._checks(pulls, reviews, merged)) if CHECK in self.kinds else ()
        return Outside(reviews=reviews, checks=checks, pulls=tuple(pull.url for pull in pulls))

    def _pulls(self, merged: str | None) -> list[PullRequest]:
        """Return the pull requests into the protected branch, those that were merged first.

        Those of the release's branch in this repository, and those that brought the manifest,
        also from a fork once they are merged: until then a fork may call its branch as it likes.
        """
        pipeline = self.grounds.pipeline
        branch = names.branch_name(pipeline.branch_format, self.release.name)
        found = [pull for pull in self.forge.pull_requests_from(branch) if pull.head == branch]
        if merged is not None:
            found += self.forge.pull_requests_with(merged)
        known = {
            pull.number: pull
            for pull in found
            if pull.base == pipeline.protected_branch and (pull.is_merged or self._is_ours(pull))
        }
        # What was merged first: nobody crowds that out.
        ordered = sorted(known.values(), key=lambda each: (not each.is_merged, -each.number))
        return ordered[:_MOST]

    def _is_ours(self, pull: PullRequest) -> bool:
        here = pull.head_repository
        return here is not None and here.lower() == self.forge.name.lower()

    def _reviews(self, pulls: Iterable[PullRequest]) -> Iterator[SeenReview]:
        for pull in pulls:
            for review in self.forge.reviews(pull.number):
                decides = review.verdict is not Verdict.COMMENTED
                if not decides and not self._is_member(review.author):
                    continue  # anybody may write thousands of these
                # A stranger's, and one that approves nothing, is not worth a look at its commit.
                looked = review.verdict is Verdict.APPROVED and self._is_member(review.author)
                problem = self._problem(review.commit) if looked else _NOT_LOOKED_AT
                yield SeenReview(review=review, problem=problem)

    def _checks(
        self, pulls: Iterable[PullRequest], reviews: Iterable[SeenReview], merged: str | None
    ) -> Iterator[SeenCheck]:
        """Yield the checks of the commit that was merged, of heads, and of what members approved.

        Once it is merged, heads of other pull requests are somebody's later idea. What workflows
        a commit brings decides what its checks mean, so one that nobody looked at has no say.
        """
        heads = [p.head_commit for p in pulls if merged is None or p.is_merged]
        approved = [
            each.review.commit
            for each in reviews
            if each.review.verdict is Verdict.APPROVED and each.problem is None
        ]
        for commit in dict.fromkeys([merged, *heads, *approved]):
            if commit is None:
                continue
            problem = self._problem(commit)
            for check in self.forge.checks(commit):
                told = None if check.commit == commit else "it is of another commit"
                yield SeenCheck(check=check, problem=told or problem)

    def _is_member(self, login: str) -> bool:
        if login not in self._members:
            authority, where = self.standing.authority, self.release.environment
            self._members[login] = any(
                authority.reviewer(role, where, login) for role in authority.approvals
            )
        return self._members[login]

    def _problem(self, commit: str | None) -> str | None:
        """Say why a commit is not the release: its manifest but for statements, its folder."""
        if commit not in self._problems:
            self._problems[commit] = self._looked_at(commit)
        return self._problems[commit]

    def _looked_at(self, commit: str | None) -> str | None:
        name, release = self.release.name, self.release
        if commit is None or not self._is_here(commit):
            return f"its commit {(commit or 'unknown')[:12]} cannot be read here"
        there, problem = checking.at_commit(
            self.catalog, self.grounds, self.standing.environment, name, commit
        )
        same = there is not None and there.approved == release.approved
        if same and problem is None:
            return None
        why = "" if problem is None or not same else f": {problem.rstrip('.')}"
        return f"its commit {commit[:12]} does not hold {name} as it is released{why}"

    def _is_here(self, commit: str) -> bool:
        try:
            return self.grounds.workspace.git.exists(commit)
        except (NotFound, RepositoryError):
            return False  # the forge's id is not one of this repository
