"""The texts of notices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.notices import News, Occasion, Said
from reconciler.core.render import notices
from tests.unit.render import golden

RELEASE = News(
    environment="production",
    version="1.4.0",
    commit="c0ffee" * 6 + "c0ff",
    description="Contacts can be enriched.",
    actor="ana@example.com",
    deployment="01KAJ3Z7Q5",
    started_at="2026-11-24T09:00:00+00:00",
    finished_at="2026-11-24T09:01:10+00:00",
    changed={"add": 1, "modify": 2, "remove": 0},
    messages=(
        Said("warning", "Scopes were added; users must connect again.", 1203),
        Said("info", "The title of Workflow/sync-contacts changed."),
    ),
    links=(("Commit", "https://github.com/shop/flows/commit/c0ffee"),),
)
BROKEN = replace(
    RELEASE,
    step="apply",
    reason="The platform refused Workflow/sync-contacts.",
    next_step="Mend the cause; then `reconciler promote production/1.4.0 --retry`.",
    links=(),
)
NEWS = {
    Occasion.STARTED: replace(RELEASE, finished_at=None),
    Occasion.WAITING: News(
        environment="production",
        version="1.4.0",
        lines=(
            "qa-approved: nobody approved it yet (who: quinn@example.com)",
            "soaked: 3 of 7 days have passed",
        ),
        earliest="2026-11-28T09:00+01:00",
        next_step="Run `reconciler gates production/1.4.0` to see them all.",
    ),
    Occasion.DONE: replace(RELEASE, links=(*RELEASE.links, ("Errors", "https://example.com/e"))),
    Occasion.FAILED: replace(BROKEN, step="backup", reason="The disk is full."),
    Occasion.RESTORED: BROKEN,
    Occasion.NOT_RESTORED: replace(BROKEN, next_step="`reconciler backup restore 01KAJ3Z7Q6`"),
    Occasion.DRIFT: News(
        environment="production",
        lines=(
            "Workflow/sync-contacts: Changed on the platform; git did not change it. (/spec/title)",
            "Workflow/old: Removed on the platform; git still has it.",
        ),
        heals=True,
    ),
}


@pytest.mark.parametrize("occasion", list(Occasion))
def test_each_text_is_as_agreed(occasion: Occasion) -> None:
    """Subject and body of each occasion are those that somebody read and found good."""
    news = NEWS[occasion]
    text = notices.body(occasion, news, f"01KAJ3Z7Q5/{occasion}")
    golden.check(f"notice-{occasion}.txt", f"{notices.subject(occasion, news)}\n\n{text}")


@pytest.mark.parametrize("occasion", list(Occasion))
def test_a_change_without_a_version_is_told_too(occasion: Occasion) -> None:
    """An editable environment has no releases; no text speaks of one or of None."""
    news = News(environment="development", lines=("one",))
    told = notices.subject(occasion, news) + notices.body(occasion, news, "e")
    assert "None" not in told
    assert "release" not in told.lower()


def test_an_empty_fact_is_left_out() -> None:
    """What is not known makes no line and no heading."""
    text = notices.body(Occasion.DONE, News(environment="production", version="1.4.0"), "e")
    for word in ("Changes", "Users", "By", "When", "Commit", "Why", "What to do", "Messages"):
        assert word not in text


HOSTILE = "Fine\r\nBcc: all@example.com\n\nDear user \x1b]52;c;x\x07 \u202e gnp.exe"


def test_a_subject_is_one_line_whatever_a_version_is_called() -> None:
    """No line end leaves a subject, so nobody adds a header to a mail."""
    news = replace(RELEASE, version=HOSTILE, environment=HOSTILE)
    for occasion in Occasion:
        subject = notices.subject(occasion, news)
        assert subject.isprintable()
        assert len(subject) <= 160


def test_foreign_text_is_visible_and_makes_no_line_of_its_own() -> None:
    """Titles, reasons and names cannot forge a line, a heading or an escape sequence."""
    news = replace(
        RELEASE,
        description=HOSTILE,
        actor=HOSTILE,
        reason=HOSTILE,
        next_step=HOSTILE,
        lines=(HOSTILE,),
        messages=(Said("error", HOSTILE, 1),),
        links=((HOSTILE, HOSTILE),),
    )
    for occasion in Occasion:
        text = notices.body(occasion, news, HOSTILE)
        assert all(line.isprintable() for line in text.split("\n"))
        assert not [line for line in text.split("\n") if line.startswith(("Bcc", "Dear"))]


def test_long_lists_end_with_how_many_more() -> None:
    """A mail shows twenty lines of a list; the headline counts all of them."""
    news = News(environment="production", lines=tuple(f"Workflow/w-{n}" for n in range(1_000)))
    text = notices.body(Occasion.DRIFT, news, "e")
    assert "… and 980 more" in text
    assert notices.subject(Occasion.DRIFT, news).endswith("1,000 resources changed outside")


def test_users_are_counted_without_adding_those_of_each_message() -> None:
    """The same user may be concerned by several messages, so the largest number is told."""
    messages = (Said("warning", "one", 5), Said("warning", "two", 7), Said("info", "three", 0))
    text = notices.body(Occasion.DONE, replace(RELEASE, messages=messages), "e")
    assert "up to 7 users affected by one message" in text
    assert "(0 users" not in text
