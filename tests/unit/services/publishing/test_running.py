"""What a run did is told on the job's page and, where there is a token, on the forge."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.errors import ForgeUnreachable
from reconciler.core.forge.model import State
from reconciler.core.render.summary import Done
from reconciler.services.publishing import running
from tests.unit.services.publishing.desk import Desk
from tests.unit.services.releases.delivery import STAGING


def released() -> tuple[Desk, list[Done], str]:
    """Return a shop in which a release just went live, what the run did, and its commit."""
    desk = Desk()
    commit = desk.tagged(STAGING, "1.0.0")
    return desk, running.of_promotions(desk.promote(STAGING)), commit


def test_a_promotion_marks_the_commit_of_its_release() -> None:
    """The commit that brought the release says that it is live."""
    desk, done, commit = released()

    assert desk.run_publisher.publish(desk.grounds, done) == ()
    found = {each.context: each.state for each in desk.forge.statuses(commit)}
    assert found == {"reconciler/staging": State.SUCCESS, "reconciler": State.SUCCESS}


def test_the_summary_tells_every_environment() -> None:
    """The page of the job has a row for each environment."""
    desk, done, _ = released()
    desk.run_publisher.publish(desk.grounds, done)

    (text,) = desk.page.texts
    assert "| staging | `1.0.0` | ✅ applied |" in text


def test_without_a_token_the_summary_says_so() -> None:
    """A run without a token writes its page, and says what was not written."""
    desk, done, _ = released()
    publisher = replace(desk.run_publisher, telling=None)

    (note,) = publisher.publish(desk.grounds, done)
    assert "GITHUB_TOKEN" in note
    assert "No comment and no status was written" in desk.page.texts[0]
    assert desk.forge.calls == []


def test_a_forge_that_does_not_answer_is_told() -> None:
    """What could not be told on the forge stands in the summary."""
    desk, done, _ = released()
    desk.forge.fail_with = ForgeUnreachable("The forge does not answer.")
    (note,) = desk.run_publisher.publish(desk.grounds, done)

    assert "The forge does not answer." in note
    assert desk.forge.calls == ["tell"], "it is not asked again and again"
    assert "The forge does not answer." in desk.page.texts[0]


def test_what_holds_a_release_is_told() -> None:
    """The summary names each closed gate, its reason and who must act."""
    desk = Desk()
    desk.tagged(STAGING, "1.0.0")
    desk.hold()
    desk.run_publisher.publish(desk.grounds, running.of_promotions(desk.promote(STAGING)))

    (text,) = desk.page.texts
    assert "`not-held`" in text
    assert "fair" in text


def test_an_environment_without_a_release_marks_nothing() -> None:
    """What waits for its first release leaves no pending status at the protected branch."""
    desk = Desk()
    done = running.of_promotions(desk.promote(STAGING))
    desk.run_publisher.publish(desk.grounds, done)

    assert desk.forge.status_log == []


def merged_pull(desk: Desk, commit: str) -> int:
    """Return a pull request that brought a commit."""
    number = desk.forge.open(head="release/staging/1.0.0", head_commit="a" * 40).number
    desk.forge.change(number, is_open=False, is_merged=True)
    desk.forge.brought[commit] = [number]
    return number


def test_the_pull_request_of_a_release_is_told_how_it_ended() -> None:
    """The comment goes on after the merge: it says that the release is live."""
    desk, done, commit = released()
    number = merged_pull(desk, commit)
    desk.run_publisher.publish(desk.grounds, done)

    assert "## Release staging/1.0.0: ✅ it is live" in desk.comment(number)


def test_what_a_merged_release_waits_for_is_told_once() -> None:
    """While a gate holds a merged release its pull request says which; the same again is silent."""
    desk = Desk()
    commit = desk.tagged(STAGING, "1.0.0")
    desk.hold()
    number = merged_pull(desk, commit)
    for _ in range(2):
        desk.forge.calls.clear()
        done = running.of_promotions(desk.promote(STAGING))
        desk.run_publisher.publish(desk.grounds, done)

    assert "`not-held`" in desk.comment(number)
    assert {"add_comment", "edit_comment"}.isdisjoint(desk.forge.calls)
