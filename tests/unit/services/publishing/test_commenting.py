"""The one comment of a pull request: found again, written when it says something new."""

from __future__ import annotations

import pytest

from reconciler.core.errors import ForgeRefused
from reconciler.core.forge.model import Comment
from reconciler.core.forge.sticky import Source, Wanted
from reconciler.services.publishing.commenting import Commenter
from reconciler.testing.forge import MemoryForge

END = "<sub>from git alone</sub>"


def wanted(text: str = "Plan: 1 to add.", source: Source = Source.GIT) -> Wanted:
    """Return a comment that shall stand."""
    return Wanted(text=f"{text}\n\n{END}", stated=text, head="c" * 40, source=source)


@pytest.fixture
def forge() -> MemoryForge:
    """A forge with one pull request."""
    made = MemoryForge()
    made.open(head="change")
    return made


def test_the_same_again_writes_nothing(forge: MemoryForge) -> None:
    """A comment is added once; a run that says the same only looks."""
    assert Commenter(forge=forge).comment(1, wanted())
    forge.calls.clear()

    assert not Commenter(forge=forge).comment(1, wanted())
    assert set(forge.calls) == {"comments", "me"}


def test_something_new_edits_the_same_comment(forge: MemoryForge) -> None:
    """There is one comment for a pull request, however often it changes."""
    for text in ("first", "second", "third"):
        Commenter(forge=forge).comment(1, wanted(text))

    (comment,) = forge.comments_of[1]
    assert "third" in comment.body


def test_what_a_person_edited_is_put_right(forge: MemoryForge) -> None:
    """A comment that somebody edited says again what the plan is."""
    Commenter(forge=forge).comment(1, wanted())
    forge.edit_by_hand(forge.comments_of[1][0].id, "Approved by everybody")
    Commenter(forge=forge).comment(1, wanted())

    assert [("Plan: 1 to add." in each.body) for each in forge.comments_of[1]].count(True) == 1


def test_a_deleted_comment_comes_back(forge: MemoryForge) -> None:
    """Somebody deletes the comment; the next run writes it again."""
    Commenter(forge=forge).comment(1, wanted())
    forge.delete_by_hand(forge.comments_of[1][0].id)
    Commenter(forge=forge).comment(1, wanted())

    assert len(forge.comments_of[1]) == 1


class Racing(MemoryForge):
    """A forge on which a second run comments at the same moment."""

    def add_comment(self, number: int, body: str) -> Comment:
        """Add what the other run says first."""
        if not self.comments_of.get(number):
            self.comment_by(self.me(), number, body)
        return super().add_comment(number, body)


def test_two_runs_at_once_leave_one_comment() -> None:
    """Both runs add a comment; each looks again, and the oldest stays."""
    forge = Racing()
    forge.open(head="change")
    Commenter(forge=forge).comment(1, wanted())

    assert [each.id for each in forge.comments_of[1]] == [1]


class Deleting(MemoryForge):
    """A forge on which somebody deletes the comment while it is being edited."""

    def edit_comment(self, comment: Comment, body: str) -> None:
        """Find nothing any more."""
        self.delete_by_hand(comment.id)
        super().edit_comment(comment, body)


def test_a_comment_that_is_deleted_meanwhile_is_added(forge: MemoryForge) -> None:
    """An edit that comes too late becomes a new comment."""
    forge = Deleting()
    forge.open(head="change")
    Commenter(forge=forge).comment(1, wanted("first"))
    Commenter(forge=forge).comment(1, wanted("second"))

    (comment,) = forge.comments_of[1]
    assert "second" in comment.body


def test_what_a_live_run_said_stays(forge: MemoryForge) -> None:
    """What git alone knows of a head does not replace what a run with the platform said of it."""
    Commenter(forge=forge).comment(1, wanted("42 users affected", Source.LIVE))
    Commenter(forge=forge).comment(1, wanted("users: not known here"))

    (comment,) = forge.comments_of[1]
    assert "42 users" in comment.body


def test_a_refusal_is_passed_on(forge: MemoryForge) -> None:
    """A token that may not comment is an error that the caller tells."""
    forge.fail_with = {"add_comment": ForgeRefused("The token may not comment.")}
    with pytest.raises(ForgeRefused, match="may not comment"):
        Commenter(forge=forge).comment(1, wanted())
