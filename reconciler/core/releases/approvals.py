"""Which approvals, acknowledgements and holds count.

It is given what was found of each tag and must not know git, keys or the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from reconciler.core.names import quoted
from reconciler.core.releases import names, texts
from reconciler.core.releases.acceptance import judge, judge_object
from reconciler.core.releases.evidence import Judgement, TagEvidence
from reconciler.core.releases.model import Acknowledgement
from reconciler.core.releases.statements import Hold, Resume
from reconciler.core.releases.trust import RELEASE_MANAGER


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalEvidence:
    """What was found of an approval tag.

    `same_content`: the tag's commit holds the manifest with this content and plan digest. Of
    `tag`, what is only for release tags is not looked at.
    """

    role: str
    tag: TagEvidence
    same_content: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval that counts; `by` is None for a tag that nobody signed, the app for a check.

    `evidence` is `tag`, `review` or `check`; `name` that of the tag, reviewer or check. `link` is
    where a forge shows it, `at` when it was given there (RFC 3339).
    """

    role: str
    by: str | None
    signed: bool
    evidence: str
    name: str
    notice: str | None = None
    link: str | None = None
    at: str | None = None

    @property
    def told(self) -> str:
        """What shows it, for people: `review https://…`."""
        return " ".join((self.evidence, *self._shown()))

    def _shown(self) -> tuple[str, ...]:
        if self.evidence == "review" and self.link:
            return (self.link,)
        return (self.name, self.link) if self.link else (self.name,)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEvidence:
    """A tag below `holds/`, what it says (or why that is unclear) and what was judged of it.

    The judgement of a hold is for any role, of a resume for a release manager.
    """

    name: str
    statement: Hold | Resume | str
    judgement: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementEvidence:
    """An acknowledgement tag, what it says (or why that is unclear) and what was judged of it."""

    name: str
    statement: Acknowledgement | str
    judgement: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveHold:
    """A hold in force: the name of its tag, what it says, and who holds where that is signed."""

    name: str
    hold: Hold
    by: str | None = None


def judge_approval(evidence: ApprovalEvidence) -> Judgement:
    """Say whether an approval tag counts; the first rule that it breaks is the reason."""
    found = judge_object(evidence.tag)
    if not found.accepted or evidence.same_content:
        return found
    release, role = evidence.tag.release, evidence.role
    return replace(
        found,
        accepted=False,
        code="approval-other-content",
        reason=f"The approval {quoted(evidence.tag.name)} was given to a commit that does not "
        f"hold the manifest of {release} with this content and plan.",
        hint=f"Have it approved again {texts.by_tag(str(release), role)}.",
    )


def first_valid(
    role: str, candidates: Iterable[ApprovalEvidence], release_tag: TagEvidence | None = None
) -> Approval | None:
    """Return the first approval of this role that counts, None when there is none.

    An accepted release tag is also its release manager's approval.
    """
    for each in candidates:
        found = judge_approval(each)
        if each.role == role and found.accepted:
            return _approval(role, each.tag, found)
    if release_tag is None or role != RELEASE_MANAGER:
        return None
    found = judge(release_tag)
    return _approval(role, release_tag, found) if found.accepted else None


def active_holds(
    holds: Iterable[HoldEvidence], resumes: Iterable[HoldEvidence], at: datetime
) -> tuple[ActiveHold, ...]:
    """Return the holds in force at a moment, given in the calendar's time zone.

    A hold that nobody can read holds the whole environment without end. A resume ends holds of
    its own environment only.
    """
    ended = {name for each in resumes for name in _ended(each)}
    found = (_held(each) for each in holds if each.judgement.accepted and each.name not in ended)
    return tuple(each for each in found if each is not None and _in_force(each.hold, at))


def valid_acknowledgements(
    tags: Iterable[AcknowledgementEvidence], today: date
) -> tuple[Acknowledgement, ...]:
    """Return what release managers acknowledged and still holds today, with who said so.

    `today` is the day in the calendar's time zone; `until` is the last day.
    """
    return tuple(
        replace(each.statement, by=each.judgement.principal)
        for each in tags
        if each.judgement.accepted
        and isinstance(each.statement, Acknowledgement)
        and (each.statement.until is None or today.isoformat() <= each.statement.until)
    )


def _approval(role: str, tag: TagEvidence, found: Judgement) -> Approval:
    """Return the approval that an accepted tag is."""
    return Approval(
        role=role,
        by=found.principal,
        signed=found.signed,
        evidence="tag",
        name=tag.name,
        notice=found.notice,
    )


def _ended(evidence: HoldEvidence) -> Iterator[str]:
    """Yield the holds that a tag ends: accepted, and of the environment in its name."""
    here = names.parse_hold(evidence.name)
    if here is None or not evidence.judgement.accepted:
        return
    if isinstance(evidence.statement, Resume):
        prefix = names.hold_prefix(here.environment)
        yield from (each for each in evidence.statement.holds if each.startswith(prefix))


def _held(evidence: HoldEvidence) -> ActiveHold | None:
    """Return the hold that a tag is, None for one that resumes."""
    said = evidence.statement
    if isinstance(said, Resume):
        return None
    hold = Hold(reason=f"The tag cannot be understood: {said}.") if isinstance(said, str) else said
    return ActiveHold(name=evidence.name, hold=hold, by=evidence.judgement.principal)


def _in_force(hold: Hold, at: datetime) -> bool:
    """Say whether a hold lasts at a moment; a day counts to its end, in the moment's zone."""
    if hold.until is None:
        return True
    if "T" in hold.until:
        return at < datetime.fromisoformat(hold.until)
    return at.date().isoformat() <= hold.until
