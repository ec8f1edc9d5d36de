"""Single gates' facts, from what is known of a release; pure but for its types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from reconciler.core import digests
from reconciler.core.calendar.calendar import Calendar
from reconciler.core.canonical import Json
from reconciler.core.gates.model import GateState, Hold, OpenWarning, Proof, RequiredApproval
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Change, ResourceKey
from reconciler.core.plan import Plan
from reconciler.core.releases.acceptance import Judgement
from reconciler.core.releases.approvals import ActiveHold, Approval
from reconciler.core.releases.model import Acknowledgement, Release, ReleaseName, ReleaseType
from reconciler.core.releases.outside import OUTSIDE
from reconciler.core.releases.trust import RELEASE_MANAGER
from reconciler.services.releases.judging.standing import JudgedTag, Standing
from reconciler.services.releases.judging.witnessing import Witnessed
from reconciler.services.releases.reading.grounds import Grounds

# What is said of bindings, which are read at the tip: it may come and go after the review.
OF_BINDINGS = (
    "EnvironmentSecretMissing",
    "EnvironmentValueShared",
    "IntegrationNeedsAppConfiguration",
)


def plan_unchanged(
    standing: Standing, release: Release, plan: Plan, adopted: Sequence[Change] | None = None
) -> Proof:
    """Say whether a release still does what was reviewed: from the same base, with the same effect.

    `adopted` is what an adoption would still change on the platform, None where that is not known.

    Messages about bindings may come and go after the review, since these are read at the tip; what
    is left of the plan must have the digest that the manifest records.
    """
    live, base = standing.live, release.base
    again = f"run `reconciler release create --to {release.environment} --supersede`"
    if live is not None and live.version is not None and live.version == release.version:
        return Proof(reason="it is what is live")
    was = None if base is None else (base.version, base.content_digest)
    now = None if live is None else (live.version, live.content_digest)
    if was != now:
        found = "nothing" if live is None else live.version or "content without a version"
        made = "nothing" if base is None else base.version or "content without a version"
        return Proof(
            state=GateState.BLOCKED,
            reason=f"it was made when {made} was live, and now {found} is; {again}",
        )
    if release.type is ReleaseType.ADOPTION and live is not None:
        return _adopts(release, adopted)
    if as_reviewed(release, plan) != release.plan_digest:
        return Proof(
            state=GateState.BLOCKED,
            reason=f"the plan is no longer the one that was reviewed; {again}",
        )
    return Proof()


def _adopts(release: Release, adopted: Sequence[Change] | None) -> Proof:
    """Say whether an adoption leaves everything as it runs: that is why it waits for nobody."""
    if adopted is None:
        return Proof(state=GateState.UNKNOWN, reason="what runs cannot be read here")
    if not adopted:
        return Proof(reason="it changes nothing that runs")
    return Proof(
        state=GateState.BLOCKED,
        reason=f"an adoption changes nothing that runs, and this one would change {adopted[0].key};"
        f" run `reconciler import --environment {release.environment}` again",
    )


def as_reviewed(release: Release, plan: Plan) -> str:
    """Return the digest of a plan with what was said of bindings when it was reviewed."""
    kept = [m for m in plan.messages if m.code not in OF_BINDINGS]
    # Only what the digest is made of has to be right here.
    kept += [recorded_message(row) for row in release.messages if row["code"] in OF_BINDINGS]
    return digests.plan_digest(
        plan.environment,
        plan.base_content_digest,
        plan.content_digest,
        plan.changes,
        kept,
    )


def recorded_message(row: Mapping[str, Json]) -> Message:
    """Return a message as a manifest recorded it."""
    subject = row["subject"]
    return Message(
        code=str(row["code"]),
        severity=Severity(str(row["severity"])),
        subject=ResourceKey(str(subject["kind"]), str(subject["name"])),
        text=str(row.get("text") or ""),
        action=str(row.get("action") or ""),
        fingerprint=str(row["fingerprint"]),
    )


def applies(active: ActiveHold, name: ReleaseName) -> bool:
    """Say whether a hold of the environment holds this release."""
    return active.hold.version in (None, name.version)


def release_managers(standing: Standing, calendar: Calendar, at: datetime) -> tuple[str, ...]:
    """Return who may decide, the one whose turn it is first."""
    environment = standing.environment.name
    members = standing.authority.members(RELEASE_MANAGER, environment)
    turn = calendar.release_manager(calendar.day(at))
    return tuple(sorted(members, key=lambda member: (member != turn, member)))


def warnings(plan: Plan) -> Iterable[Message]:
    """Return what must be resolved or acknowledged."""
    return (m for m in plan.messages if m.severity is Severity.WARNING)


def warning(message: Message, name: ReleaseName, said: Iterable[Acknowledgement]) -> OpenWarning:
    """Return a warning, with the acknowledgement that counts longest."""
    about = (message.code, message.subject, message.fingerprint)
    fitting = [each for each in said if each.about == about]
    # Of several the one that counts longest; without a last day it counts for ever.
    best = max(fitting, key=lambda each: each.until or "9999", default=None)
    return OpenWarning(
        code=message.code,
        subject=str(message.subject),
        action=acknowledge_command(name, message),
        acknowledgement=best,
    )


def acknowledge_command(name: ReleaseName | None, message: Message) -> str:
    """Return the command that takes responsibility for a warning."""
    release = "RELEASE" if name is None else str(name)
    return (
        f"reconciler release acknowledge {release} {message.code} {message.subject} "
        "--reason REASON --push"
    )


def approvals(
    standing: Standing,
    found: Witnessed,
    calendar: Calendar,
    at: datetime,
) -> dict[str, RequiredApproval]:
    """Return each role that must approve, and who did."""
    environment = standing.environment.name
    managers = release_managers(standing, calendar, at)
    wanted = {}
    for role, approval in found.given.items():
        members = tuple(sorted(standing.authority.members(role, environment)))
        outside = any(kind in OUTSIDE for kind in standing.authority.via(role))
        wanted[role] = RequiredApproval(
            members=managers if role == RELEASE_MANAGER else members,
            given=None if approval is None else approval.by or "an unsigned tag",
            evidence="" if approval is None else _shown(approval),
            refused=found.refused.get(role, ()),
            unread=found.unread if outside else None,
            ways=found.ways.get(role),
        )
    return wanted


def _shown(approval: Approval) -> str:
    """Return by what a release was approved, and when that was seen where it is not of now."""
    notice = approval.notice if approval.evidence in OUTSIDE else None
    return approval.told if notice is None else f"{approval.told}; {notice.rstrip('.')}"


def hold(active: ActiveHold, calendar: Calendar) -> Hold:
    """Return a hold as gates judge it."""
    return Hold(
        name=active.name,
        reason=active.hold.reason,
        by=active.by or "somebody (not signed)",
        until=hold_end(active.hold.until, calendar),
    )


def hold_end(until: str | None, calendar: Calendar) -> datetime | None:
    """Return when a hold ends: a moment, or the end of a day in the calendar's zone."""
    if until is None:
        return None
    if "T" in until:
        return datetime.fromisoformat(until)
    day = datetime.fromisoformat(until).replace(tzinfo=calendar.zone)
    return day + timedelta(days=1)


def tag(
    grounds: Grounds,
    standing: Standing,
    name: ReleaseName,
    managers: tuple[str, ...],
    tag: JudgedTag | None,
) -> Proof:
    """Return the gate `tag-accepted`."""
    if tag is None:
        live = standing.live
        if live is not None and live.version == name.version and live.from_store:
            return Proof(reason=f"{live.tag or name} is live")
        return Proof(
            state=GateState.WAITING,
            reason=f"there is no tag {grounds.tag_name(name)} yet: run `reconciler release tag "
            f"{name} --push` when it is merged",
            who=managers,
        )
    return tag_proof(tag.judgement, managers, tag)


def tag_proof(judgement: Judgement, managers: tuple[str, ...], tag: JudgedTag) -> Proof:
    """Return the gate `tag-accepted` of a tag that is there."""
    if not judgement.accepted:
        text = (
            judgement.reason if judgement.hint is None else f"{judgement.reason} {judgement.hint}"
        )
        return Proof(state=GateState.BLOCKED, reason=text, who=managers)
    if not judgement.signed:
        return Proof(
            reason=f"{tag.ref.name} is not signed, which counts since signatures are optional"
        )
    return Proof(reason=f"{tag.ref.name} is signed by {judgement.principal}")


def version(standing: Standing, name: ReleaseName) -> Proof:
    """Return the gate `version-increases`."""
    live = standing.live
    if standing.is_above(name) or (live is not None and live.version == name.version):
        return Proof()
    return Proof(
        state=GateState.BLOCKED,
        reason=f"{name.version} is not higher than {live.version if live else ''}, which is live",
    )
