"""What people stated by tags beside releases: approvals, warnings taken on, holds and their ends.

It must not know how a tag is verified; that stands in `tagging`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reconciler.core.commits import TagRef
from reconciler.core.errors import Invalid, NotFound
from reconciler.core.releases import acceptance, approvals, names, statements
from reconciler.core.releases.approvals import (
    AcknowledgementEvidence,
    ActiveHold,
    Approval,
    ApprovalEvidence,
    HoldEvidence,
)
from reconciler.core.releases.model import Acknowledgement, Release, ReleaseName
from reconciler.core.releases.statements import Hold, Resume
from reconciler.core.releases.tags import TagObject
from reconciler.core.releases.trust import RELEASE_MANAGER
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Reads what people stated about a release or an environment."""

    catalog: Catalog
    judge: TagJudge

    def approvals(
        self, grounds: Grounds, standing: Standing, release: Release
    ) -> dict[str, Approval | None]:
        """Return the approval of each role that must approve, None where it is missing."""
        tag = self.judge.tag(grounds, standing, release.name)
        found = self.approval_evidence(grounds, standing, release)
        return {
            role: approvals.first_valid(
                role,
                [each for each in found if each.role == role],
                None if tag is None else tag.evidence,
            )
            for role in standing.authority.approvals
        }

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
        return there is not None and (there.content_digest, there.plan_digest) == (
            release.content_digest,
            release.plan_digest,
        )


def _below(grounds: Grounds, prefix: str) -> list[TagRef]:
    found = [ref for name, ref in grounds.tags.items() if name.startswith(prefix)]
    grounds.read(found)
    return found
