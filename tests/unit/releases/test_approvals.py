"""Which approvals, acknowledgements and holds count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from reconciler.core.model import ResourceKey
from reconciler.core.releases.acceptance import Judgement, SignatureFinding, TagEvidence
from reconciler.core.releases.approvals import (
    AcknowledgementEvidence,
    Approval,
    ApprovalEvidence,
    HoldEvidence,
    active_holds,
    first_valid,
    judge_approval,
    valid_acknowledgements,
)
from reconciler.core.releases.model import Acknowledgement, ReleaseName
from reconciler.core.releases.statements import Hold, Resume
from reconciler.core.releases.tags import TagObject

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
RELEASE = ReleaseName("staging", "1.4.0")
YES = Judgement(accepted=True, code="accepted", reason="", principal="ana", signed=True)
NO = Judgement(accepted=False, code="signature-missing", reason="")


def tag(name: str, who: str = "quinn") -> TagEvidence:
    """Return what is found of a tag that is right."""
    return TagEvidence(
        name=name,
        oid="a" * 40,
        kind="tag",
        tag=TagObject(
            oid="a" * 40,
            name=name,
            target="c" * 40,
            target_kind="commit",
            tagger_name=who,
            tagger_email=who,
            message="",
            payload=b"",
        ),
        release=RELEASE,
        signature=SignatureFinding(signed=True, format="ssh", principal=who),
    )


def approval(rest: str, role: str = "qa", *, same_content: bool = True) -> ApprovalEvidence:
    """Return what is found of an approval that is right, but for its content if so wanted."""
    found = tag(f"approvals/staging/v1.4.0/{role}/{rest}")
    return ApprovalEvidence(role=role, tag=found, same_content=same_content)


RELEASE_TAG = replace(tag("staging/v1.4.0", "ana"), on_protected=True)
UNSIGNED = replace(approval("1"), tag=replace(approval("1").tag, signature=SignatureFinding()))


def test_an_approval_of_the_same_content_counts() -> None:
    """On any commit with this content and plan, off the branch and whatever is live."""
    assert judge_approval(approval("1")).accepted
    assert judge_approval(replace(approval("1"), tag=replace(UNSIGNED.tag, live="9.0.0"))) == (
        judge_approval(UNSIGNED)
    )


def test_an_approval_of_other_content_does_not_count() -> None:
    """What was approved is the content and plan, not the version's name."""
    found = judge_approval(approval("1", same_content=False))
    assert (found.accepted, found.code) == (False, "approval-other-content")
    assert found.principal == "quinn"
    assert "`reconciler release approve staging/1.4.0 --role qa --push`" in str(found.hint)


def test_an_approval_is_verified_as_a_release_tag_is() -> None:
    """An unsigned approval is refused by the same rule, and told first."""
    found = judge_approval(replace(UNSIGNED, same_content=False))
    assert (found.accepted, found.code) == (False, "signature-missing")


def test_the_first_valid_approval_counts() -> None:
    """What is refused, or of another role, is passed over."""
    given = [
        approval("1", same_content=False),
        UNSIGNED,
        approval("2", role="tests"),
        approval("3"),
        approval("4"),
    ]
    assert first_valid("qa", given) == Approval(
        role="qa",
        by="quinn",
        signed=True,
        evidence="tag",
        name="approvals/staging/v1.4.0/qa/3",
    )


def test_an_unsigned_approval_says_so() -> None:
    """Where signatures are optional an approval counts without anybody's name."""
    optional = replace(UNSIGNED, tag=replace(UNSIGNED.tag, signature_required=False))
    found = first_valid("qa", [optional])
    assert found is not None
    assert (found.by, found.signed) == (None, False)


def test_a_release_tag_is_the_release_managers_approval() -> None:
    """Who tags the release need not approve it again, and approves as no other role."""
    found = first_valid("release-manager", [], RELEASE_TAG)
    assert found is not None
    assert (found.by, found.name) == ("ana", "staging/v1.4.0")
    assert first_valid("qa", [], RELEASE_TAG) is None
    assert first_valid("release-manager", []) is None


def test_a_refused_release_tag_approves_nothing() -> None:
    """Only an accepted release tag is an approval."""
    assert first_valid("release-manager", [], replace(RELEASE_TAG, on_protected=False)) is None


def hold(number: int, until: str | None = None, judgement: Judgement = YES) -> HoldEvidence:
    """Return a hold of staging."""
    said = Hold(reason="Freeze", until=until)
    return HoldEvidence(name=f"holds/staging/{number}", statement=said, judgement=judgement)


def resume(*names: str, at: str = "holds/staging/9", judgement: Judgement = YES) -> HoldEvidence:
    """Return a tag that ends holds."""
    return HoldEvidence(name=at, statement=Resume(holds=names), judgement=judgement)


def names(*found: HoldEvidence, at: datetime = NOON) -> list[str]:
    """Return the names of the holds in force; every tag is given as hold and as resume."""
    return [each.name for each in active_holds(found, found, at)]


def test_a_hold_says_who_holds_and_why() -> None:
    """A hold in force carries its reason and its signer."""
    (found,) = active_holds([hold(1)], [], NOON)
    assert (found.name, found.hold.reason, found.by) == ("holds/staging/1", "Freeze", "ana")


@pytest.mark.parametrize(
    ("until", "holds"),
    [
        (None, True),
        ("2026-01-31", True),
        ("2026-01-30", False),
        ("2026-01-31T12:00:01Z", True),
        ("2026-01-31T13:00:00+01:00", False),
    ],
)
def test_a_hold_lasts_until_its_end(until: str | None, holds: bool) -> None:
    """A day counts to its end, a moment to the second."""
    assert bool(names(hold(1, until))) is holds


def test_the_day_of_a_hold_is_that_of_the_calendars_zone() -> None:
    """The moment is given in the calendar's zone, whose day decides."""
    late = datetime(2026, 2, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert names(hold(1, "2026-01-31"), at=late) == []
    assert names(hold(1, "2026-01-31"), at=late.astimezone(UTC)) == ["holds/staging/1"]


def test_a_resume_ends_what_it_names() -> None:
    """Other holds stay."""
    assert names(hold(1), hold(2), resume("holds/staging/1")) == ["holds/staging/2"]


@pytest.mark.parametrize(
    "end",
    [
        resume("holds/staging/1", judgement=NO),
        resume("holds/staging/1", at="holds/production/1"),
        resume("holds/staging/1", at="elsewhere"),
        resume("holds/staging/2"),
    ],
)
def test_other_resumes_end_nothing(end: HoldEvidence) -> None:
    """A resume that is refused, of another environment or of another hold ends nothing."""
    assert [each.name for each in active_holds([hold(1)], [end], NOON)] == ["holds/staging/1"]


def test_a_hold_ends_no_hold() -> None:
    """What is given as a resume but is a hold changes nothing."""
    assert len(active_holds([hold(1)], [hold(1)], NOON)) == 1


def test_a_refused_hold_holds_nothing() -> None:
    """Not everybody who can push a tag can stop a promotion."""
    assert names(hold(1, judgement=NO)) == []


def test_a_hold_that_nobody_understands_holds() -> None:
    """A signed hold that a person wrote otherwise is not passed over."""
    odd = replace(hold(1), statement="it does not say Reason")
    (found,) = active_holds([odd], [], NOON)
    assert found.hold == Hold(reason="The tag cannot be understood: it does not say Reason.")


SAID = Acknowledgement(
    code="EnvironmentSecretMissing",
    subject=ResourceKey("Integration", "hubspot"),
    fingerprint="sha256:1",
    reason="Tomorrow",
    until="2026-01-31",
)


def acknowledged(
    statement: Acknowledgement | str = SAID, judgement: Judgement = YES
) -> AcknowledgementEvidence:
    """Return what is found of an acknowledgement tag."""
    return AcknowledgementEvidence(
        name="acknowledgements/staging/v1.4.0/1", statement=statement, judgement=judgement
    )


def test_an_acknowledgement_holds_to_the_end_of_its_day() -> None:
    """Its signer is who takes responsibility; the day after it has lapsed."""
    assert valid_acknowledgements([acknowledged()], date(2026, 1, 31)) == (replace(SAID, by="ana"),)
    assert valid_acknowledgements([acknowledged()], date(2026, 2, 1)) == ()


def test_an_acknowledgement_without_a_day_does_not_lapse() -> None:
    """It ends with what it is about."""
    found = valid_acknowledgements([acknowledged(replace(SAID, until=None))], date(2036, 1, 1))
    assert len(found) == 1


@pytest.mark.parametrize(
    "given", [acknowledged("it does not say Code"), acknowledged(judgement=NO)]
)
def test_other_acknowledgements_do_not_count(given: AcknowledgementEvidence) -> None:
    """What is refused or not understood acknowledges nothing."""
    assert valid_acknowledgements([given], date(2026, 1, 1)) == ()
