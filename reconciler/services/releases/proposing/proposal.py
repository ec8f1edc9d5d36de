"""What is proposed for one environment, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.core.calendar import reading
from reconciler.core.errors import EXIT_DONE, ReconcilerError
from reconciler.core.messages.review import Severity
from reconciler.core.model import Environment
from reconciler.core.releases import names
from reconciler.core.releases.model import ReleaseName
from reconciler.core.render.pages import Page, Preview
from reconciler.services.releases.judging import proofs
from reconciler.services.releases.judging.gating import Judged
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.making.drafting import Draft
from reconciler.services.releases.making.preparing import Prepared
from reconciler.services.releases.reading.grounds import Grounds


class Outcome(StrEnum):
    """What came of looking at an environment."""

    PROPOSED = "proposed"
    UNCHANGED = "unchanged"
    NOTHING = "nothing"
    REPLACED = "replaced"
    PENDING = "pending"
    DECLINED = "declined"
    NOT_A_RELEASE_DAY = "not-a-release-day"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is proposed for an environment, or a sentence that says why nothing is.

    `prepared`, `draft`, `page` and `body` (Markdown) are there when it is proposed or unchanged.
    `version` is also that of a release that is pending. `shared` when the remote has that commit.
    `error` is what refused it.
    """

    environment: str
    outcome: Outcome
    reason: str
    version: str | None = None
    prepared: Prepared | None = None
    draft: Draft | None = None
    page: Page | None = None
    body: str | None = None
    shared: bool = False
    error: ReconcilerError | None = None

    @property
    def exit_code(self) -> int:
        """The exit code of what refused it; else it is done."""
        return EXIT_DONE if self.error is None else self.error.exit_code


def none(environment: Environment, outcome: Outcome, reason: str) -> Proposal:
    """Return that nothing is proposed, and why."""
    return Proposal(environment=environment.name, outcome=outcome, reason=reason)


def pending(name: ReleaseName, what: str) -> Proposal:
    """Return that nothing is proposed while another release is on its way."""
    return Proposal(
        environment=name.environment,
        outcome=Outcome.PENDING,
        reason=f"{name} {what}",
        version=name.version,
    )


def declined(each: Proposal, url: str) -> Proposal:
    """Return that nothing is proposed, since a person closed the pull request of that content."""
    return Proposal(
        environment=each.environment,
        outcome=Outcome.DECLINED,
        reason=f"{each.reason}; {url} was closed with this content, so it is not opened again",
        version=each.version,
    )


def page(grounds: Grounds, standing: Standing, draft: Draft, judged: Judged, at: datetime) -> Page:
    """Return what reviewers of a release read at a moment."""
    authority, roles = standing.authority, tuple(judged.facts.approvals)
    name, pipeline = draft.release.name, grounds.pipeline
    calendar = reading.calendar_of(pipeline.raw)
    monitors = draft.environment.raw.get("promotion", {}).get("monitors", ())
    return Page(
        preview=Preview(
            plan=draft.plan,
            release=draft.release,
            commits=draft.commits,
            missing=[(each.kind, each.name, each.missing) for each in draft.configuration],
            verdict=judged.verdict,
        ),
        branch=names.branch_name(pipeline.branch_format, name),
        protected=pipeline.protected_branch,
        manager=calendar.release_manager(calendar.day(at)),
        managers=judged.facts.release_managers,
        roles=roles,
        via={role: authority.via(role) for role in roles},
        checks={
            role: [each.name for each in authority.checks(role, name.environment)] for role in roles
        },
        commands={
            message.fingerprint: proofs.acknowledge_command(name, message)
            for message in draft.plan.messages
            if message.severity is Severity.WARNING
        },
        monitors=tuple((each["title"], each["url"]) for each in monitors),
    )
