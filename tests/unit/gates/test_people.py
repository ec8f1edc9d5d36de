"""Gates that people open: proofs, warnings, the removal budget, holds and approvals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core.gates.engine import evaluate
from reconciler.core.gates.model import GateState, OpenWarning, Proof, RequiredApproval
from tests.unit.calendar.making import at
from tests.unit.gates.making import (
    ANA,
    BEN,
    COMMAND,
    OPEN,
    QUINN,
    approvals,
    closed,
    facts,
    hold,
    judged,
    ships,
    warning,
)

PROOFS = ("tag", "version_increases", "plan_unchanged", "platform_idle", "store_healthy")
GATES = ("tag-accepted", "version-increases", "plan-unchanged", "platform-idle", "store-healthy")


@pytest.mark.parametrize(("field", "name"), list(zip(PROOFS, GATES, strict=True)))
def test_a_proof_is_told_as_it_was_given(field: str, name: str) -> None:
    """State, reason, until and who of a proof are those of its gate."""
    until = at("2026-12-08T12:00")
    proof = Proof(state=GateState.BLOCKED, reason="it is not", until=until, who=(BEN,))
    gate = judged(name, facts(**{field: proof}))

    assert (gate.state, gate.reason, gate.until, gate.who) == (
        "blocked",
        "it is not",
        until,
        (BEN,),
    )


def test_a_passed_proof_says_what_passed() -> None:
    """A proof without a reason gets the one of its gate; its own is kept."""
    assert judged("tag-accepted", facts()).reason == "the release tag is accepted"
    kept = facts(tag=Proof(reason="signed by ana"))
    assert judged("tag-accepted", kept).reason == "signed by ana"


# --- warnings and the removal budget ------------------------------------------------------------


def test_no_warnings() -> None:
    """Without warnings the gate is passed."""
    assert judged("warnings-resolved", facts()).reason == "there are none"


def test_warnings_that_cannot_be_computed() -> None:
    """What is not known is not passed, and no acknowledgement opens it."""
    unknown = facts(warnings=None)

    assert judged("warnings-resolved", unknown).state == "unknown"
    assert ships(unknown) is None


def test_an_open_warning_blocks() -> None:
    """It is named with its subject and command, asks release managers, and moves nothing."""
    given = facts(warnings=(warning(), warning(acknowledged=False)))
    gate = judged("warnings-resolved", given)

    assert (gate.state, gate.who, gate.until) == ("blocked", (ANA, BEN), None)
    assert gate.reason == f"WorkflowRemoved of Workflow/sync is open: `{COMMAND}`"
    assert ships(given) == "2026-12-08T10:00"


def test_an_acknowledgement_counts_on_its_last_day() -> None:
    """The last day is one of them, by the calendar's clock; the next is not."""
    given = facts(warnings=(warning("2026-12-08"),))
    gate = judged("warnings-resolved", given, at("2026-12-08T23:59"))
    assert (gate.state, gate.reason) == (
        "passed",
        "acknowledged: WorkflowRemoved of Workflow/sync until 2026-12-08",
    )

    lapsed = judged("warnings-resolved", given, at("2026-12-09T00:00"))
    assert lapsed.state == "blocked"
    assert "(its acknowledgement lapsed after 2026-12-08)" in lapsed.reason


def test_an_acknowledgement_without_a_last_day_stays() -> None:
    """Without a date it does not lapse."""
    gate = judged("warnings-resolved", facts(warnings=(warning(),)), at("2036-12-08T10:00"))

    assert gate.reason == "acknowledged: WorkflowRemoved of Workflow/sync"


def test_an_acknowledgement_until_no_day_does_not_count() -> None:
    """A text that is no date is no last day."""
    assert closed(facts(warnings=(warning("2026-13-45"),))) == ["warnings-resolved"]


def test_an_acknowledgement_that_lapses_too_early() -> None:
    """Where one that counts now lapses before anything else opens, nothing can ship."""
    monday = at("2026-12-07T10:00")
    assert ships(facts(warnings=(warning("2026-12-08"),)), monday) == "2026-12-08T09:00"

    verdict = evaluate(facts(warnings=(warning(), warning("2026-12-07"))), monday)
    assert verdict.earliest is None
    assert verdict.never == (
        "the acknowledgement of WorkflowRemoved of Workflow/sync lapses before "
        f"Tue 2026-12-08 09:00: {COMMAND}"
    )


def test_an_exceeded_removal_budget_blocks() -> None:
    """Until somebody acknowledges it; that moves nothing and may lapse too."""
    exceeded = OpenWarning(
        code="RemovalBudgetExceeded", subject="Environment/production", action="a"
    )
    gate = judged("removal-budget", facts(removal_budget=exceeded))
    assert (gate.state, gate.who) == ("blocked", (ANA, BEN))
    assert gate.reason == "RemovalBudgetExceeded of Environment/production is open: `a`"
    assert ships(facts(removal_budget=exceeded)) == "2026-12-08T10:00"

    answered = facts(removal_budget=warning("2026-12-08"))
    assert judged("removal-budget", answered).state == "passed"
    assert ships(answered, at("2026-12-08T17:00")) is None


# --- holds --------------------------------------------------------------------------------------


def test_a_hold_without_an_end_blocks() -> None:
    """It says who holds it with what and why, and time does not open it."""
    held = facts(holds=(hold(), hold("2026-12-09T10:00")))
    gate = judged("not-held", held)

    assert (gate.state, gate.until, gate.who) == ("blocked", None, (ANA, BEN))
    assert gate.reason.split("; ") == [
        f"{QUINN} holds it with holds/production/1: incident",
        f"{QUINN} holds it until Wed 2026-12-09 10:00 with holds/production/1: incident",
        "`reconciler release resume production --push` ends it",
    ]
    assert ships(held) is None


def test_holds_that_end() -> None:
    """The last of them opens the gate, on a whole minute, and nobody must act."""
    early, late = hold("2026-12-08T11:00"), hold("2026-12-08T12:00:01")
    held = facts(holds=(late, early))
    gate = judged("not-held", held)

    assert (gate.state, gate.until) == ("waiting", at("2026-12-08T12:01"))
    assert ships(held) == "2026-12-08T12:01"
    assert evaluate(held, OPEN).who == ()


def test_a_hold_that_is_over() -> None:
    """From its end on a hold holds nothing."""
    held = facts(holds=(hold("2026-12-08T10:00"),))

    assert closed(held) == []
    assert closed(held, OPEN - timedelta(microseconds=1)) == ["not-held"]


def test_a_hold_until_the_end_of_time() -> None:
    """An end that no calendar reaches is none."""
    held = facts(holds=(hold("9999-12-31T23:59"),))

    assert judged("not-held", held).state == "blocked"
    assert ships(held) is None


# --- approvals ----------------------------------------------------------------------------------


def test_approvals_that_are_not_listed() -> None:
    """A role that the policy does not list is not asked."""
    assert judged("qa-approved", facts(approvals={})).reason == "not asked for here"


def test_a_missing_approval_waits_for_its_members() -> None:
    """It names the command and the members, and does not move the earliest moment."""
    given = facts(approvals=approvals(qa=None))
    gate = judged("qa-approved", given)

    assert (gate.state, gate.who, gate.until) == ("waiting", (QUINN,), None)
    assert gate.reason == (
        "the approval of qa is missing; "
        "give it with `reconciler release approve production/1.4.0 --role qa --push`"
    )
    assert ships(given) == "2026-12-08T10:00"


def test_what_does_not_count_is_told() -> None:
    """An approval that was found and refused is named with its reason."""
    refused = RequiredApproval(members=(QUINN,), refused=("approvals/x is not signed",))

    assert (
        "; found and not counted: approvals/x is not signed; "
        in judged("qa-approved", facts(approvals={"qa": refused})).reason
    )


def test_much_that_does_not_count_hides_nothing() -> None:
    """Of many refusals three are told, the rest is counted, and the way to go on stays."""
    many = tuple(f"review {number} is a stranger's" for number in range(1_003))
    wanted = RequiredApproval(members=(QUINN,), refused=many)
    gate = judged("qa-approved", facts(approvals={"qa": wanted}))

    assert "review 2 is" in gate.reason
    assert "review 3 is" not in gate.reason
    assert "; and 1,000 more that do not count; give it with " in gate.reason


def test_each_way_to_approve_is_told() -> None:
    """Where reviews count too, both ways are named; where none is left, where to look."""
    both = RequiredApproval(members=(QUINN,), ways=("with a tag", "by a review"))
    gate = judged("qa-approved", facts(approvals={"qa": both}))
    assert gate.reason.endswith("; give it with a tag, or by a review")

    none = RequiredApproval(members=(QUINN,), ways=())
    gate = judged("qa-approved", facts(approvals={"qa": none}))
    assert gate.reason.endswith("by both the trusted commit and the tip: `reconciler trust show`")


def test_a_forge_that_cannot_be_asked_is_told() -> None:
    """Who waits for a review learns that reviews cannot be read here, and why."""
    unread = RequiredApproval(members=(QUINN,), unread="it does not answer")
    gate = judged("qa-approved", facts(approvals={"qa": unread}))

    assert "; reviews and checks cannot be read here: it does not answer; " in gate.reason


def test_a_role_without_members() -> None:
    """Where nobody can approve, it is said where to name somebody."""
    gate = judged("tests-passed", facts(approvals={"tests": RequiredApproval()}))

    assert gate.reason.endswith(
        "roles.tests in environments/pipeline.yaml has no members who could give it"
    )


def test_an_approval_says_by_whom() -> None:
    """The principal and the evidence are told."""
    given = replace(approvals(qa=QUINN)["qa"], evidence="review of pull request 7")

    assert judged("qa-approved", facts(approvals={"qa": given})).reason == (
        f"approved by {QUINN} (review of pull request 7)"
    )


def test_everybody_is_named_once() -> None:
    """Who must act is named once, in the order of the gates."""
    given = facts(
        approvals=approvals(qa=None, release_manager=None), warnings=(warning(acknowledged=False),)
    )

    assert evaluate(given, OPEN).who == (ANA, BEN, QUINN)
