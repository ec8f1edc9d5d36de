"""Proposed releases as Markdown and as text."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.commits import CommitInfo
from reconciler.core.gates.model import Gate, GateName, GateState, Verdict
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Action, Change, Reason
from reconciler.core.plan import Plan
from reconciler.core.releases.model import Release, ReleaseName, ReleaseType, Source
from reconciler.core.render import proposals
from reconciler.core.render.pages import Page, Preview
from tests.unit.render.build import COMMIT, DIGEST, field, key

NEVER = Verdict(
    gates=(
        Gate(name=GateName.QA_APPROVED, state=GateState.WAITING, reason="missing", who=("q|a",)),
    ),
    open=False,
    never="it is held",
)


def message(severity: Severity, text: str, number: int = 0) -> Message:
    """Return a message about a workflow."""
    return Message(
        code="UserSettingRemoved",
        severity=severity,
        subject=key(f"w{number}"),
        text=text,
        action="Tell them.",
        fingerprint=f"f{number}",
    )


def page(*, description: str = "What is new", **plan: object) -> Page:
    """Return a page about a plan."""
    release = Release(
        name=ReleaseName("production", "1.4.0"),
        type=ReleaseType.REGULAR,
        source=Source(environment="staging", commit=COMMIT, version="1.4.0"),
        base=None,
        description=description,
        content_digest=DIGEST,
        plan_digest=DIGEST,
    )
    made = replace(Plan(environment="production"), **plan)
    return Page(
        preview=Preview(plan=made, release=release, verdict=NEVER),
        branch="release/production/1.4.0",
        protected="main",
        roles=("qa",),
    )


def changes(count: int) -> tuple[Change, ...]:
    """Return changed workflows."""
    return tuple(
        Change(action=Action.MODIFY, key=key(f"w{n}"), fields=(field(),), reason=Reason.PENDING)
        for n in range(count)
    )


def test_warnings_stand_before_notes() -> None:
    """Warnings come first, each with its command; notes have none."""
    messages = (message(Severity.INFO, "A note."), message(Severity.WARNING, "A loss.", 1))
    made = replace(page(messages=messages), commands={"f1": "reconciler release acknowledge …"})
    text = proposals.body(made)

    assert text.index("### Warnings: 1") < text.index("A loss.") < text.index("### Notes: 1")
    assert text.count("*Or acknowledge:* `reconciler release acknowledge …`") == 1


def test_foreign_text_does_nothing() -> None:
    """What others wrote makes no link, mention, table cell or order to a build server."""
    hostile = "[skip ci] @all <img src=x> | [link](https://example.com) ***NO_CI*** ## Title"
    commit = CommitInfo(commit=COMMIT, author=hostile, email="a", date=None, subject=hostile)
    messages = (message(Severity.WARNING, hostile), message(Severity.INFO, "A `[skip ci]` B"))
    made = page(description=hostile, messages=messages)
    made = replace(
        made,
        preview=replace(made.preview, commits=[commit]),
        monitors=[(hostile, "javascript:alert(1)"), ("Errors", "https://example.com/a>b")],
    )
    text = proposals.body(made)

    for order in ("[skip ci]", "***NO_CI***", "<img", "](https://", "](<", "q|a"):
        assert order not in text
    assert "@all" not in text.replace("`[ skip ci]`", "")
    assert "`[ skip ci]`" in text


def test_long_lists_are_cut_with_a_note() -> None:
    """A body fits a pull request, and says how much was left out."""
    text = proposals.body(page(changes=changes(5_000)))

    assert len(text) <= proposals.LIMIT
    assert "more\n" in text
    assert "### How to ship it" in text


def test_one_branch_is_merged() -> None:
    """Several releases come from the branch of the first; what is edited is deployed last."""
    lower = replace(page(), branch="release/staging/1.4.0")
    text = proposals.bodies([page(), lower], ["development"])

    assert text.count("Merge `release/production/1.4.0` into `main`.") == 2
    assert "release/staging" not in text
    assert text.endswith("reconciler reconcile --environment development\n   ```")
    assert text.count("--environment development") == 1


def test_values_alone() -> None:
    """A release that changes no resource says what does change."""
    assert "No resource changes; the environment's values do." in proposals.body(page())


def test_nothing_can_open_it() -> None:
    """Where no moment is open the body says why, and who is asked though nobody is on rotation."""
    made = replace(page(), managers=("ana@example.com", "ben@example.com"))

    assert "Earliest: none; it is held" in proposals.body(made)
    assert "Release manager: any of ana@example.com, ben@example.com" in proposals.text(made)
    assert "Release manager: nobody is named" in proposals.text(page())


def test_text_is_short() -> None:
    """A terminal shows the first changes, every warning and what is still to be given."""
    made = page(changes=changes(20), messages=(message(Severity.WARNING, "A loss."),))
    made = replace(made, preview=replace(made.preview, missing=[("Secret", "KEY", ("value",))]))
    lines = proposals.text(made).splitlines()

    assert lines[8].strip() == "… and 12 more"
    assert "  warning UserSettingRemoved Workflow/w0: A loss." in lines
    assert "  still to be given: Secret KEY: value" in lines
