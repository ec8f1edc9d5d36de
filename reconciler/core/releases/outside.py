"""Which reviews and checks of a forge count as approvals of a release, and why others do not.

Whoever may open a pull request may write reviews and have checks run: nothing here counts by its
text. It must not know how a forge is asked, nor git.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.core.forge.model import CheckRun, Review, Verdict
from reconciler.core.forge.records import ForgeEvidence
from reconciler.core.names import quoted
from reconciler.core.printable import one_line
from reconciler.core.releases import texts
from reconciler.core.releases.approvals import Approval
from reconciler.core.releases.model import Release
from reconciler.core.releases.roles import Check
from reconciler.core.releases.trust import Authority

REVIEW, CHECK = "review", "check"
OUTSIDE = (REVIEW, CHECK)

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenReview:
    """A review, and why its commit is not the release (None: it holds it as it is released)."""

    review: Review
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCheck:
    """A check that ended, and why its commit is not the release."""

    check: CheckRun
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a forge shows of a release; `unread` is why it could not be read, None where it was.

    `answered` says that it could not although the forge did answer: then nothing counts, also not
    what was seen before, or whoever can have it answer so could keep what was taken back.
    `pulls` are the pages of the pull requests that brought it or would bring it.
    """

    reviews: tuple[SeenReview, ...] = ()
    checks: tuple[SeenCheck, ...] = ()
    pulls: tuple[str, ...] = ()
    unread: str | None = None
    answered: bool = False

    @property
    def is_away(self) -> bool:
        """Say whether the forge said nothing, so that what was seen there before counts."""
        return self.unread is not None and not self.answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What counts for a role, reviews before checks and the oldest first; `refused` says why not.

    The refusals begin with those of members.
    """

    evidence: tuple[ForgeEvidence, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whether a release was approved in a role; `at` is when that is asked (RFC 3339)."""

    role: str
    release: Release
    authority: Authority
    at: str


def count(question: Question, outside: Outside) -> Counted:
    """Judge what a forge shows for one role, where it counts for it at all by both commits."""
    via = question.authority.via(question.role)
    evidence: list[ForgeEvidence] = []
    members: list[str] = []
    strangers: list[str] = []
    if REVIEW in via:
        for seen in newest(outside.reviews):
            who = _reviewer(question, seen.review)
            problem = _review_problem(question, seen, who)
            if who is not None and problem is None:
                evidence.append(_of_review(question, seen.review, who))
            elif problem is not None:
                (strangers if who is None else members).append(problem)
    if CHECK in via:
        for check in sorted(outside.checks, key=lambda each: _moment(each.check.at)):
            problem = _check_problem(question, check)
            if problem is None:
                evidence.append(_of_check(question, check.check))
            elif _is_named(question, check.check):
                strangers.append(problem)
    # One check of several commits is one piece of evidence: the oldest.
    first = {each.key: each for each in reversed(evidence)}
    kept = tuple(each for each in evidence if first[each.key] is each)
    return Counted(evidence=kept, refused=tuple(dict.fromkeys(members + strangers)))


def remembered(question: Question, known: Iterable[ForgeEvidence]) -> tuple[ForgeEvidence, ...]:
    """Return what counted when it was last looked at, and still would by who decides now."""
    release, authority, role = question.release, question.authority, question.role
    environment = release.environment
    via = authority.via(role)
    digests = (release.content_digest, release.plan_digest)
    return tuple(
        each
        for each in known
        if each.role == role
        and each.evidence in via
        and (each.content_digest, each.plan_digest) == digests
        and (
            authority.reviewer(role, environment, each.name) == each.by
            if each.evidence == REVIEW
            else Check(each.name, each.by) in authority.checks(role, environment)
        )
    )


def approval(evidence: ForgeEvidence, notice: str | None = None) -> Approval:
    """Return the approval that a review or a check is; nothing of it is signed."""
    return Approval(
        role=evidence.role,
        by=evidence.by,
        signed=False,
        evidence=evidence.evidence,
        name=evidence.name,
        notice=notice,
        link=evidence.link,
        at=evidence.at,
    )


def newest(reviews: Iterable[SeenReview]) -> tuple[SeenReview, ...]:
    """Return the newest review of each login that decides, the oldest of these first.

    A comment decides nothing: it counts only for whoever said nothing else. A dismissal ends what
    was said before it, too.
    """
    found: dict[str, SeenReview] = {}
    for seen in sorted(reviews, key=lambda each: (_moment(each.review.at), each.review.id)):
        review = seen.review
        login = review.author.lower() if review.author.isascii() else review.author
        before = found.get(login)
        comment = review.verdict is Verdict.COMMENTED
        if before is None or not comment or before.review.verdict is Verdict.COMMENTED:
            found[login] = seen
    return tuple(sorted(found.values(), key=lambda each: _moment(each.review.at)))


def _reviewer(question: Question, review: Review) -> str | None:
    environment = question.release.environment
    return question.authority.reviewer(question.role, environment, review.author)


def _review_problem(question: Question, seen: SeenReview, who: str | None) -> str | None:
    """Say why a review does not count; nothing of a stranger who only commented."""
    review, name = seen.review, quoted(seen.review.author)
    link = one_line(review.url, 200)
    if who is None and review.verdict is not Verdict.APPROVED:
        return None
    if who is None:
        return (
            f"the review of {name}, whose account is no member's of {question.role} for "
            f"{question.release.environment} by both the trusted commit and the tip ({link})"
        )
    if review.verdict is not Verdict.APPROVED:
        said = {
            Verdict.CHANGES_REQUESTED: "requests changes",
            Verdict.COMMENTED: "is a comment and approves nothing",
            Verdict.DISMISSED: "was dismissed",
        }[review.verdict]
        return f"the review of {name} {said} ({link})"
    return None if seen.problem is None else f"the review of {name}: {seen.problem} ({link})"


def _check_problem(question: Question, seen: SeenCheck) -> str | None:
    run, environment = seen.check, question.release.environment
    name, link = f"the check {quoted(run.name)}", one_line(run.url, 200)
    wanted = question.authority.checks(question.role, environment)
    if Check(run.name, run.app) not in wanted:
        apps = ", ".join(check.app for check in wanted if check.name == run.name)
        return f"{name} was run by {quoted(run.app)}, not by {apps or 'an app of the role'}"
    if not run.passed:
        return f"{name} did not pass at {run.commit[:12]} ({link})"
    return None if seen.problem is None else f"{name}: {seen.problem} ({link})"


def _is_named(question: Question, run: CheckRun) -> bool:
    """Say whether people would take a check for one that was asked for."""
    wanted = question.authority.checks(question.role, question.release.environment)
    return any(check.name == run.name for check in wanted)


def _of_review(question: Question, review: Review, who: str) -> ForgeEvidence:
    return _evidence(question, REVIEW, (review.author, who, review.commit or ""), review)


def _of_check(question: Question, run: CheckRun) -> ForgeEvidence:
    return _evidence(question, CHECK, (run.name, run.app, run.commit), run)


def _evidence(
    question: Question, kind: str, told: tuple[str, str, str], seen: Review | CheckRun
) -> ForgeEvidence:
    name, by, commit = told
    release = question.release
    return ForgeEvidence(
        environment=release.environment,
        version=release.version,
        role=question.role,
        evidence=kind,
        name=name,
        by=by,
        commit=commit,
        link=seen.url,
        at=seen.at,
        seen_at=question.at,
        content_digest=release.content_digest,
        plan_digest=release.plan_digest,
    )


def ways(question: Question, outside: Outside | None) -> Iterator[str]:
    """Yield how an approval that is missing can be given, each behind `give it`."""
    role, release, authority = question.role, question.release, question.authority
    via, environment = authority.via(role), release.environment
    if "tag" in via:
        yield texts.by_tag(str(release.name), role)
    logins = authority.accounts(role, environment)
    if REVIEW in via and logins:
        where = outside.pulls[0] if outside is not None and outside.pulls else "its pull request"
        yield f"by an approving review of {one_line(where, 200)} by {' or '.join(logins)}"
    checks = authority.checks(role, environment)
    if CHECK in via and checks:
        told = " or ".join(f"{quoted(check.name)} of the app {check.app}" for check in checks)
        yield f"by the check {told}"


def _moment(text: str) -> datetime:
    """Return a moment of the forge; one that cannot be read was before all others."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return _BEGINNING
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
