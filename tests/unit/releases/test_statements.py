"""What the messages of acknowledgements, holds and resumes say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.model import ResourceKey
from reconciler.core.releases import statements
from reconciler.core.releases.model import Acknowledgement, ReleaseName
from reconciler.core.releases.statements import Hold, Resume

STAGING = ReleaseName("staging", "1.4.0")
SAID = Acknowledgement(
    code="EnvironmentSecretMissing",
    subject=ResourceKey("Integration", "hubspot"),
    fingerprint="sha256:" + "a" * 64,
    reason="The secret comes tomorrow.",
    until="2026-01-31",
)
ACKNOWLEDGED = statements.acknowledgement_message(STAGING, SAID)
HELD = "Hold\n\nStatement: hold\nScope: environment\nReason: Why\n"
REASONS = st.text(min_size=1).filter(lambda text: text.strip() and "\ufffd" not in text)


def test_an_acknowledgement_is_for_people_and_programs() -> None:
    """A line for people comes first, then one line for each value."""
    assert (
        "Acknowledge EnvironmentSecretMissing of Integration/hubspot for staging/1.4.0\n"
        "\n"
        "Statement: acknowledgement\n"
        "Code: EnvironmentSecretMissing\n"
        "Kind: Integration\n"
        "Name: hubspot\n"
        f"Fingerprint: sha256:{'a' * 64}\n"
        "Reason: The secret comes tomorrow.\n"
        "Until: 2026-01-31\n"
    ) == ACKNOWLEDGED
    assert statements.parse_acknowledgement(ACKNOWLEDGED) == SAID


@pytest.mark.parametrize(
    ("hold", "first"),
    [
        (Hold(reason="Freeze"), "Hold staging"),
        (Hold(reason="Freeze", until="2026-01-31"), "Hold staging"),
        (
            Hold(reason="Freeze", until="2026-01-31T09:00:00+01:00", version="1.4.0"),
            "Hold staging/1.4.0",
        ),
    ],
)
def test_a_hold_reads_as_it_was_written(hold: Hold, first: str) -> None:
    """Reason, end and scope of a hold stand in its message."""
    message = statements.hold_message("staging", hold)
    assert message.splitlines()[0] == first
    assert statements.parse_hold(message) == hold


@pytest.mark.parametrize("reason", [None, "Fixed"])
def test_a_resume_reads_as_it_was_written(reason: str | None) -> None:
    """A resume names the holds that it ends."""
    resume = Resume(holds=("holds/staging/1", "holds/staging/3"), reason=reason)
    message = statements.resume_message("staging", resume)
    assert message.startswith("Resume staging\n\nStatement: resume\n")
    assert statements.parse_hold(message) == resume


@settings(max_examples=60)
@given(REASONS)
def test_a_reason_cannot_leave_its_line(reason: str) -> None:
    """Whatever a reason holds, it reads as written and no line of it is another value's."""
    message = statements.hold_message("staging", Hold(reason=reason))
    assert len(message.splitlines()) == 5
    assert statements.parse_hold(message) == Hold(reason=reason.strip())


def test_a_reason_with_half_a_character_is_still_written() -> None:
    """What no file takes is replaced."""
    message = statements.hold_message("staging", Hold(reason="a\udc80b"))
    assert statements.parse_hold(message) == Hold(reason="a?b")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("", "its last paragraph is not made of lines"),
        ("Just wait", "its last paragraph is not made of lines"),
        (HELD + "and more", "its last paragraph is not made of lines"),
        (HELD.replace("Why", "\\x41"), "its last paragraph is not made of lines"),
        (HELD.replace("Why", "\\ud800"), "its last paragraph is not made of lines"),
        (HELD.replace("Why", "W\rhy"), "its last paragraph is not made of lines"),
        (HELD + "Reason: Other", "it says Reason twice"),
        (HELD.replace("Reason: Why\n", ""), "it does not say Reason"),
        (HELD.replace("Statement: hold\n", ""), "it does not say Statement"),
        (HELD.replace(": hold", ": acknowledgement"), "its Statement is not hold"),
        (HELD + "Also: this", "nobody knows what its line Also means"),
        (HELD + "Until: tomorrow", "its Until is neither a day"),
        (HELD + "Until: 2026-02-30", "its Until is neither a day"),
        (HELD + "Until: 2026-02-30T00:00:00Z", "its Until is neither a day"),
        (HELD + "Until: 2026-02-20T00:00:00", "its Until is neither a day"),
        (HELD.replace("environment", "1.4"), "its Scope is neither environment nor a version"),
        ("x\n\nStatement: resume", "it does not say Holds"),
    ],
)
def test_a_hold_that_is_not_understood_says_why(message: str, reason: str) -> None:
    """Nothing is guessed of a message that a person wrote otherwise."""
    found = statements.parse_hold(message)
    assert isinstance(found, str)
    assert reason in found


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Fine by me", "its last paragraph is not made of lines"),
        (ACKNOWLEDGED.replace("2026-01-31", "2026-01-31T00:00:00Z"), "its Until is no day"),
        (ACKNOWLEDGED.replace("Name: hubspot\n", ""), "it does not say Name"),
        (HELD, "it does not say Code"),
    ],
)
def test_an_acknowledgement_that_is_not_understood_says_why(message: str, reason: str) -> None:
    """An acknowledgement has all it is about, and ends on a day."""
    found = statements.parse_acknowledgement(message)
    assert isinstance(found, str)
    assert reason in found


def test_an_acknowledgement_may_have_no_end() -> None:
    """Without a day it lasts as long as what it is about."""
    found = statements.parse_acknowledgement(ACKNOWLEDGED.replace("Until: 2026-01-31\n", ""))
    assert isinstance(found, Acknowledgement)
    assert found.until is None
