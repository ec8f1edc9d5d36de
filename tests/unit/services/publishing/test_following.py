"""Open pull requests get what only a run with platform and store knows."""

from __future__ import annotations

import pytest

from reconciler.core.errors import ForgeRefused, ForgeUnreachable
from reconciler.core.forge.model import State
from reconciler.core.model import Environment
from reconciler.ports.git import PullRefs
from reconciler.testing import MemoryPlatform
from tests.unit.services.publishing.desk import Desk
from tests.unit.services.releases.delivery import PRODUCTION, STAGING, SYNC

WORKFLOW = "environments/development/workflows/sync.yaml"


@pytest.fixture
def desk() -> Desk:
    """A shop whose development runs, with a release pull request for staging."""
    made = Desk()
    made.reconcile()
    return made


def proposed(desk: Desk) -> int:
    """Open the pull request of a release for staging; return its number."""
    prepared = desk.make(STAGING, "1.0.0", description="The first one")
    return desk.pull(prepared.branch).number


def test_a_release_gets_its_preview_with_gates(desk: Desk) -> None:
    """The comment of a release pull request is its preview: what changes, and what it waits for."""
    number = proposed(desk)

    assert desk.follow() == []
    comment = desk.comment(number)
    assert "staging/1.0.0" in comment
    assert "reconciler release tag staging/1.0.0 --push" in comment


def test_the_same_again_writes_nothing(desk: Desk) -> None:
    """A second run over the same pull requests neither comments nor sets a status."""
    proposed(desk)
    desk.follow()
    desk.forge.calls.clear()
    desk.clock.advance(600)
    desk.follow()

    written = {"add_comment", "edit_comment", "set_status", "remove_comment"}
    assert written.isdisjoint(desk.forge.calls)


def test_a_change_is_compared_with_what_runs(desk: Desk) -> None:
    """The comment of any other pull request says what it would change on the platform."""
    desk.edit("change", WORKFLOW, SYNC.replace("title: Sync", "title: Contacts"))
    number = desk.pull("change").number

    desk.follow()
    assert "1 to modify" in desk.comment(number)


def test_statuses_say_what_is_planned(desk: Desk) -> None:
    """One status for each environment, and one for all, stand at the pull request's head."""
    desk.edit("change", WORKFLOW, SYNC.replace("title: Sync", "title: Contacts"))
    pull = desk.pull("change")
    desk.follow()

    found = {each.context: each.state for each in desk.forge.statuses(pull.head_commit)}
    assert found == {"reconciler/development": State.SUCCESS, "reconciler": State.SUCCESS}


class Asked(Desk):
    """A shop that remembers which platforms were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[object] = []

    def platform_of(self, environment: Environment) -> MemoryPlatform:
        """Return the platform, and remember what it was named as."""
        self.asked.append(environment.platform)
        return super().platform_of(environment)


def test_the_platform_is_that_of_the_protected_branch() -> None:
    """A pull request that names another platform is planned on the one that is configured."""
    desk = Asked()
    desk.reconcile()
    desk.asked.clear()
    path = "environments/development/environment.yaml"
    text = str(desk.git.files[path]).replace(
        "mode: editable", "mode: editable\n  platform: {type: n8n, url: https://evil.example}"
    )
    desk.edit("change", path, text)
    desk.pull("change")
    desk.follow()

    assert desk.asked
    assert all(each == {"type": "builtin"} for each in desk.asked)


def test_only_the_job_of_the_last_environment_speaks(desk: Desk) -> None:
    """Of jobs that serve one environment each only one writes the comment."""
    number = proposed(desk)

    desk.follow("development")
    desk.follow(PRODUCTION)
    assert not desk.forge.comments_of.get(number)
    desk.follow(STAGING)
    assert desk.comment(number)


def test_what_was_merged_meanwhile_is_not_shown_as_taken_back(desk: Desk) -> None:
    """A head that lacks newer commits of the protected branch says nothing of other changes."""
    desk.edit("change", WORKFLOW, SYNC.replace("title: Sync", "title: Contacts"))
    number = desk.pull("change", stale=True).number
    desk.follow()

    assert not desk.forge.comments_of.get(number)


def test_the_merge_of_an_older_head_is_not_the_newest(desk: Desk) -> None:
    """A forge that has not merged the newest head yet gives no counts of it."""
    desk.edit("older", WORKFLOW, SYNC.replace("title: Sync", "title: Harmless"))
    pull = desk.pull("older")
    desk.edit("newer", WORKFLOW, SYNC.replace("title: Sync", "title: Harmful"))
    newer = desk.git.branches["newer"]
    desk.forge.change(pull.number, head_commit=newer)
    desk.git.pulls[pull.number] = PullRefs(newer, desk.git.branches["older"])
    desk.follow()

    assert not desk.forge.comments_of.get(pull.number)


def test_a_head_that_moved_meanwhile_waits(desk: Desk) -> None:
    """What was fetched is told only for the head that the forge named."""
    desk.edit("change", WORKFLOW, SYNC.replace("title: Sync", "title: Contacts"))
    pull = desk.pull("change")
    desk.forge.change(pull.number, head_commit="d" * 40)
    desk.follow()

    assert not desk.forge.comments_of.get(pull.number)


def test_rules_that_change_are_told(desk: Desk) -> None:
    """What acts when it is merged stands in the comment: platform, secrets, who may release."""
    path = "environments/development/environment.yaml"
    text = str(desk.git.files[path]).replace(
        "mode: editable", "mode: editable\n  secrets: {KEY: {from: env, name: RECONCILER_STORE}}"
    )
    desk.edit("change", path, text)
    pull = desk.pull("change")
    desk.follow()

    comment = desk.comment(pull.number)
    assert "rules change in 1 file" in comment
    assert "RECONCILER_STORE" in comment
    found = {each.context: each.description for each in desk.forge.statuses(pull.head_commit)}
    assert found["reconciler"].endswith("; rules change")


def test_a_release_that_says_what_is_not_so_is_told(desk: Desk) -> None:
    """A manifest that calls itself a rollback to other content is a finding, not a preview."""
    desk.released(STAGING, "1.0.0")
    desk.change("Other")
    desk.reconcile()
    prepared = desk.make(STAGING, "1.1.0")
    path = "environments/staging/releases/1.1.0.yaml"
    (text,) = [
        data.decode()
        for _, data in desk.git.snapshot(prepared.branch).read(
            desk.git.snapshot(prepared.branch).files(path)
        )
    ]
    forged = text.replace("type: regular", "type: rollback")
    assert forged != text
    before = dict(desk.git.files)
    held = desk.git.snapshot(prepared.branch)
    desk.git.files = {f.path: data for f, data in held.read(held.files("environments"))}
    desk.git.files[path] = forged
    desk.git.commit(prepared.branch)
    desk.git.files = before
    pull = desk.pull(prepared.branch)
    desk.follow()

    assert "says that it is a rollback" in desk.comment(pull.number)


def test_a_read_only_folder_that_changes_alone_is_told(desk: Desk) -> None:
    """What `validate` refuses is in the comment that a live run writes too."""
    desk.released(STAGING, "1.0.0")
    desk.edit("change", "environments/staging/workflows/sync.yaml", SYNC.replace("Sync", "X", 1))
    pull = desk.pull("change")
    desk.follow()

    assert "Cannot be planned" in desk.comment(pull.number)
    found = {each.context: each.state for each in desk.forge.statuses(pull.head_commit)}
    assert found["reconciler"] is State.FAILURE


def test_a_release_that_is_behind_gets_its_preview_alone(desk: Desk) -> None:
    """Rules that changed on the protected branch meanwhile are not told as those of a release."""
    number = proposed(desk)
    desk.git.pulls[number] = PullRefs(desk.git.pulls[number].head, None)
    desk.policy(STAGING, "  promotion: {selfHeal: true}\n")
    desk.follow()

    comment = desk.comment(number)
    assert "staging/1.0.0" in comment
    assert "ules change" not in comment
    assert "Cannot be planned" not in comment


def test_one_refused_comment_stops_no_other(desk: Desk) -> None:
    """A locked conversation is told, and the other pull requests get their comments."""
    for name in ("one", "two"):
        desk.edit(name, WORKFLOW, SYNC.replace("title: Sync", f"title: {name}"))
    first, locked = desk.pull("one"), desk.pull("two")
    desk.forge.locked.add(locked.number)

    (note,) = desk.follow()
    assert f"pull request {locked.number} was not written" in note
    assert desk.comment(first.number)


def test_a_token_that_may_nothing_ends_the_round(desk: Desk) -> None:
    """After three refusals in a row the others are left alone, and that is said."""
    for number in range(5):
        desk.edit(f"b{number}", WORKFLOW, SYNC.replace("title: Sync", f"title: T{number}"))
        desk.pull(f"b{number}")
    desk.forge.fail_with = {"add_comment": ForgeRefused("The token may not comment.")}

    notes = desk.follow()
    assert len(notes) == 4
    assert "No more pull requests" in notes[-1]


def test_a_forge_that_does_not_answer_is_a_note(desk: Desk) -> None:
    """Nothing fails where the forge cannot be asked."""
    desk.forge.fail_with = ForgeUnreachable("The forge does not answer.")

    (note,) = desk.follow()
    assert "The forge does not answer." in note


def test_an_invalid_change_is_told(desk: Desk) -> None:
    """A manifest that cannot be read is told in the comment, and fails the status."""
    desk.edit("change", WORKFLOW, SYNC.replace("title: Sync", "title: [Sync"))
    pull = desk.pull("change")
    desk.follow()

    assert WORKFLOW in desk.comment(pull.number)
    found = {each.context: each.state for each in desk.forge.statuses(pull.head_commit)}
    assert found["reconciler"] is State.FAILURE
