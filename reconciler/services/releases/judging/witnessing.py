"""What people stated by tags beside releases: approvals, warnings taken on, holds and their ends.

It must not know how a tag is verified; that stands in `tagging`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.core.commits import TagRef
from reconciler.core.errors import Invalid, NotFound
from reconciler.core.forge.records import ForgeEvidence
from reconciler.core.gates.model import GateName
from reconciler.core.gates.table import skipped
from reconciler.core.releases import acceptance, approvals, names, outside, statements
from reconciler.core.releases.approvals import (
    AcknowledgementEvidence,
    ActiveHold,
    Approval,
    ApprovalEvidence,
    HoldEvidence,
)
from reconciler.core.releases.model import Acknowledgement, Release, ReleaseName
from reconciler.core.releases.outside import OUTSIDE, Outside, Question
from reconciler.core.releases.statements import Hold, Resume
from reconciler.core.releases.tags import TagObject
from reconciler.core.releases.trust import RELEASE_MANAGER
from reconciler.services.releases.judging.reviewing import Reviewing
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds

_GATES = {
    "tests": GateName.TESTS_PASSED,
    "qa": GateName.QA_APPROVED,
    RELEASE_MANAGER: GateName.RELEASE_MANAGER_APPROVED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """Who approved a release, by role, None where it is missing.

    `refused` says why what was found of a role does not count, `ways` how else it can be given.
    `unread` is why a forge could not be asked that should have been. `evidence` is all that counts
    there now, None where it was not asked or did not answer.
    """

    given: Mapping[str, Approval | None]
    refused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ways: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: str | None = None
    evidence: tuple[ForgeEvidence, ...] | None = None

    @property
    def notices(self) -> tuple[str, ...]:
        """What to tell of a forge that could not be asked."""
        if self.unread is None:
            return ()
        seen = any(each is not None and each.evidence in OUTSIDE for each in self.given.values())
        rest = "; what was seen there before counts" if seen else ""
        return (f"Reviews and checks cannot be read here: {self.unread}{rest}.",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Reads what people stated about a release or an environment."""

    catalog: Catalog
    judge: TagJudge
    reviewing: Reviewing

    def approvals(
        self, grounds: Grounds, standing: Standing, release: Release, also: Iterable[str] = ()
    ) -> Witnessed:
        """Return who approved, of each role that must and of those that are named beside.

        The forge is asked only for a role that takes its word, and that no tag speaks for.
        """
        authority = standing.authority
        tags = self._tags(grounds, standing, release, (*authority.approvals, *also))
        asked = (role for role in authority.approvals if _is_asked(role, release))
        needed = [role for role in asked if tags.given[role] is None]
        kinds = {kind for role in authority.approvals for kind in _kinds(standing, role)}
        wanted = any(_kinds(standing, role) for role in needed)
        seen = self.reviewing.outside(grounds, standing, release, kinds) if wanted else None
        return self._outside(standing, release, tags, seen)

    def roles(self, grounds: Grounds, standing: Standing, release: Release) -> tuple[str, ...]:
        """Return the roles that said anything of a release, whether or not they must."""
        found = {each.role for each in self.approval_evidence(grounds, standing, release)}
        found |= {each.role for each in self._known(release)}
        return tuple(sorted(found & {*standing.authority.roles(release.environment)}))

    def _tags(
        self, grounds: Grounds, standing: Standing, release: Release, roles: Iterable[str]
    ) -> Witnessed:
        """Return what tags say of each role; they count where both commits take tags."""
        tag = self.judge.tag(grounds, standing, release.name)
        evidence = self.approval_evidence(grounds, standing, release)
        given: dict[str, Approval | None] = {}
        refused = {}
        for role in dict.fromkeys(roles):
            own = [each for each in evidence if each.role == role]
            if "tag" not in standing.authority.via(role):
                given[role] = None
                refused[role] = tuple(
                    f"{each.tag.name}, since no tag counts as the approval of {role}"
                    for each in own
                )
                continue
            given[role] = approvals.first_valid(role, own, None if tag is None else tag.evidence)
            judged = (approvals.judge_approval(each) for each in own)
            refused[role] = tuple(each.reason.rstrip(".") for each in judged if not each.accepted)
        return Witnessed(given=given, refused=refused)

    def _outside(
        self, standing: Standing, release: Release, tags: Witnessed, seen: Outside | None
    ) -> Witnessed:
        """Add what the forge shows, or showed when it was last looked at."""
        given, refused, ways = dict(tags.given), dict(tags.refused), {}
        known, now = self._known(release), self.judge.clock.now()
        counting: list[ForgeEvidence] = []
        for role, tag in tags.given.items():
            question = Question(role=role, release=release, authority=standing.authority, at=now)
            ways[role] = tuple(outside.ways(question, seen))
            notice = None
            if seen is None or seen.is_away:
                evidence = outside.remembered(question, known)
                notice = evidence and f"It counted when it was seen at {evidence[0].seen_at}."
            else:
                counted = outside.count(question, seen)
                evidence = counted.evidence
                refused[role] = (*refused[role], *counted.refused)
                counting += evidence
            if tag is None and evidence:
                given[role] = outside.approval(evidence[0], notice or None)
        asked = seen is not None and not seen.is_away
        return Witnessed(
            given=given,
            refused=refused,
            ways=ways,
            unread=None if seen is None else seen.unread,
            evidence=tuple(counting) if asked else None,
        )

    def _known(self, release: Release) -> Collection[ForgeEvidence]:
        return self.judge.store.forge_evidence(release.environment, release.version)

    def approval_evidence(
        self, grounds: Grounds, standing: Standing, release: Release
    ) -> list[ApprovalEvidence]:
        """Return what was found of each approval tag of a release."""
        prefix = names.approval_prefix(release.name)
        found = []
        for ref in _below(grounds, prefix):
            said = names.parse_approval(ref.name)
            if said is None or said.release != release.name:
                continue
            evidence = self.judge.evidence(grounds, standing, ref, release.name, (said.role,))
            same = self._holds(evidence.tag, release)
            found.append(ApprovalEvidence(role=said.role, tag=evidence, same_content=same))
        return found

    def acknowledgements(
        self, grounds: Grounds, standing: Standing, release: Release, at: datetime
    ) -> tuple[Acknowledgement, ...]:
        """Return what the manifest and signed tags acknowledge of a release's warnings."""
        found = []
        for ref in _below(grounds, names.acknowledgement_prefix(release.name)):
            evidence = self.judge.evidence(grounds, standing, ref, release.name, (RELEASE_MANAGER,))
            message = evidence.tag.message if isinstance(evidence.tag, TagObject) else ""
            found.append(
                AcknowledgementEvidence(
                    name=ref.name,
                    statement=statements.parse_acknowledgement(message),
                    judgement=acceptance.judge_object(evidence),
                )
            )
        signed = approvals.valid_acknowledgements(found, at.date())
        return (*release.acknowledgements, *signed)

    def holds(self, grounds: Grounds, standing: Standing, at: datetime) -> tuple[ActiveHold, ...]:
        """Return the holds of an environment that are in force at a moment."""
        environment = standing.environment.name
        holds: list[HoldEvidence] = []
        resumes: list[HoldEvidence] = []
        for ref in _below(grounds, names.hold_prefix(environment)):
            found = self._hold(grounds, standing, ref)
            (resumes if isinstance(found.statement, Resume) else holds).append(found)
        return approvals.active_holds(holds, resumes, at)

    def _hold(self, grounds: Grounds, standing: Standing, ref: TagRef) -> HoldEvidence:
        authority, environment = standing.authority, standing.environment.name
        tag = grounds.tag_object(ref)
        said: Hold | Resume | str = "it cannot be read"
        if isinstance(tag, TagObject):
            said = statements.parse_hold(tag.message)
        roles = (RELEASE_MANAGER,) if isinstance(said, Resume) else authority.roles(environment)
        evidence = self.judge.evidence(grounds, standing, ref, ReleaseName(environment, ""), roles)
        return HoldEvidence(
            name=ref.name, statement=said, judgement=acceptance.judge_object(evidence)
        )

    def _holds(self, tag: TagObject | str | None, release: Release) -> bool:
        """Say whether the commit of a tag holds the manifest that was reviewed."""
        if not isinstance(tag, TagObject) or tag.target_kind != "commit":
            return False
        try:
            there = self.catalog.release(self.catalog.at(tag.target), release.name)
        except (NotFound, Invalid):
            return False
        return there is not None and there.approved == release.approved


def _is_asked(role: str, release: Release) -> bool:
    """Say whether a release of this type waits for the role at all."""
    gate = _GATES.get(role)
    return gate is None or skipped(gate, release.type) is None


def _kinds(standing: Standing, role: str) -> tuple[str, ...]:
    """Return what of the forge counts for a role by both commits."""
    return tuple(kind for kind in standing.authority.via(role) if kind in OUTSIDE)


def _below(grounds: Grounds, prefix: str) -> list[TagRef]:
    found = [ref for name, ref in grounds.tags.items() if name.startswith(prefix)]
    grounds.read(found)
    return found
