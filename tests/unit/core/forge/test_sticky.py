"""One comment of ours in each pull request: found again, and written only when it must be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.forge import sticky
from reconciler.core.forge.model import Comment
from reconciler.core.forge.sticky import Decision, Source, Wanted

ME = "github-actions[bot]"
HEAD, NEXT = "a" * 40, "b" * 40
TEN, ELEVEN = (
    f"<sub>Head `{HEAD[:12]}`, from git alone, 2026-11-22 {at} UTC</sub>"
    for at in ("10:00", "11:00")
)
WANTED = Wanted(text=f"## Plan\n\n{TEN}", stated="## Plan", head=HEAD, source=Source.GIT, plan="p")
LIVE = replace(
    WANTED, text=f"## Plan\n\n42 users\n\n{TEN}", stated="## Plan\n\n42 users", source=Source.LIVE
)
LEAVE = Decision(body=None)


def comment(body: str, number: int = 1, author: str = ME) -> Comment:
    """Return a comment."""
    return Comment(number, author, body, f"https://github.com/acme/x/pull/7#issuecomment-{number}")


def ours(wanted: Wanted, number: int = 1) -> Comment:
    """Return the comment that we wrote."""
    return comment(sticky.body(wanted), number)


def test_the_first_comment_is_added() -> None:
    """Without a comment of ours one is added, with marker and text."""
    decision = sticky.decide(WANTED, [], ME)
    assert decision == Decision(body=sticky.body(WANTED))
    assert (decision.body or "").startswith("<!-- reconciler:comment v1 head=aaa")
    assert (decision.body or "").endswith(f" -->\n## Plan\n\n{TEN}")


def test_another_moment_changes_nothing() -> None:
    """What says the same is left alone, also where a moment in it is another."""
    later = replace(WANTED, text=f"## Plan\n\n{ELEVEN}")
    assert sticky.decide(later, [ours(WANTED)], ME) == LEAVE


@pytest.mark.parametrize(
    "other", [{"stated": "## Other"}, {"head": NEXT}, {"source": Source.LIVE}, {"plan": "q"}]
)
def test_what_says_something_else_is_written(other: dict[str, str]) -> None:
    """Another text, head, source or plan edits the comment that stands."""
    wanted = replace(WANTED, **other)
    standing = ours(WANTED)
    assert sticky.decide(wanted, [standing], ME) == Decision(
        body=sticky.body(wanted), edit=standing
    )


def test_a_forge_may_change_line_ends() -> None:
    """CRLF and trimmed ends, as forges return them, are no edit by a person."""
    returned = "\r\n" + sticky.body(WANTED).replace("\n", "\r\n") + "\r\n\r\n"
    assert sticky.decide(WANTED, [comment(returned)], ME) == LEAVE


def test_what_a_person_edited_is_written_anew() -> None:
    """A comment whose text is no longer ours does not stand, whatever its marker says."""
    edited = comment(sticky.body(WANTED).replace("## Plan", "## All is well"))
    assert sticky.decide(WANTED, [edited], ME) == Decision(body=sticky.body(WANTED), edit=edited)


@pytest.mark.parametrize("author", ["mallory", "github-actions", "dependabot[bot]", ""])
def test_a_strangers_comment_is_never_ours(author: str) -> None:
    """A marker that somebody else wrote is not ours: nothing of theirs is edited or removed."""
    theirs = comment(sticky.body(LIVE), 1, author)
    assert sticky.decide(WANTED, [theirs], ME) == Decision(body=sticky.body(WANTED))


def test_logins_have_no_case() -> None:
    """A forge takes logins in any case."""
    assert sticky.decide(WANTED, [ours(WANTED)], ME.upper()) == LEAVE


@pytest.mark.parametrize("before", ["> ", "Look:\n", "```\n", "<p>", "x"])
def test_a_quotation_is_not_ours(before: str) -> None:
    """A marker that does not begin the comment is a quotation, even one of our own."""
    quoted = comment(before + sticky.body(WANTED))
    assert sticky.decide(WANTED, [quoted], ME) == Decision(body=sticky.body(WANTED))


@pytest.mark.parametrize("version", ["v0", "v2", "v1x", "v1 head= source=", "v1 foo=bar"])
def test_a_marker_of_another_version_is_written_anew(version: str) -> None:
    """A comment by another version of the program is ours, and is replaced."""
    older = comment(f"<!-- reconciler:comment {version} -->\n## Old")
    assert sticky.decide(WANTED, [older], ME) == Decision(body=sticky.body(WANTED), edit=older)


def test_live_beats_git() -> None:
    """What was said with the platform stays when git alone says less of the same plan."""
    assert sticky.decide(WANTED, [ours(LIVE)], ME) == LEAVE


@pytest.mark.parametrize("other", [{"head": NEXT}, {"plan": "q"}])
def test_live_of_something_else_is_replaced(other: dict[str, str]) -> None:
    """Another head, or another plan since the branch moved, is news even from git alone."""
    wanted, standing = replace(WANTED, **other), ours(LIVE)
    assert sticky.decide(wanted, [standing], ME) == Decision(
        body=sticky.body(wanted), edit=standing
    )


@pytest.mark.parametrize("told", ["## All is well", "## Plan\n\nAll is well", "## Plan and more"])
def test_a_marker_that_fits_a_forged_text_proves_nothing(told: str) -> None:
    """Who can write as we do can make a marker that fits: the text itself is compared."""
    forged = ours(replace(WANTED, text=f"{told}\n\n{TEN}"))
    assert sticky.decide(WANTED, [forged], ME).edit == forged


@pytest.mark.parametrize(
    "end",
    ["", "All is well", TEN.replace("git alone", "all of us"), f"{TEN}\n\nApproved", f"{TEN}{TEN}"],
)
def test_only_what_a_run_changes_may_differ(end: str) -> None:
    """Behind what counts stands what it was made from, and when; nothing else."""
    forged = ours(replace(WANTED, text=f"## Plan\n\n{end}"))
    assert sticky.decide(WANTED, [forged], ME).edit == forged


def test_what_was_edited_by_a_person_beats_nothing() -> None:
    """A live comment that somebody edited is replaced, also from git alone."""
    edited = comment(sticky.body(LIVE).replace("42", "0"))
    assert sticky.decide(WANTED, [edited], ME).edit == edited


def test_the_oldest_of_two_is_kept() -> None:
    """Two runs at once may leave two comments: the oldest stays, the others go."""
    second, first = ours(WANTED, 9), ours(WANTED, 4)
    assert sticky.decide(WANTED, [second, first], ME) == Decision(body=None, remove=(second,))


def test_the_oldest_says_what_the_best_said() -> None:
    """Where the younger of two knows more, the oldest takes over its text."""
    first, second = ours(WANTED, 4), ours(LIVE, 9)
    assert sticky.decide(WANTED, [first, second], ME) == Decision(
        body=second.body, edit=first, remove=(second,)
    )


@pytest.mark.parametrize("head", ["", "-->", 'zzz";echo${IFS}"hello";#', "a b source=live"])
def test_a_marker_cannot_be_forged_by_a_head(head: str) -> None:
    """Whatever a head is called, the marker is one line of our own fields, found again."""
    wanted = replace(WANTED, head=head)
    first = sticky.body(wanted).split("\n")[0]
    assert first.count("-->") == 1
    assert first.count("source=") == 1 or "source" not in head
    assert sticky.decide(wanted, [ours(wanted)], ME) == LEAVE


def test_any_text_can_be_told() -> None:
    """Texts that are no Unicode do not stop it."""
    wanted = replace(WANTED, text=f"\ud800\n\n{TEN}", stated="\ud800", plan="\ud800")
    assert sticky.decide(wanted, [ours(wanted)], ME) == LEAVE
