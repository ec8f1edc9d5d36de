"""What `plan --publish` writes: to the pull request that was planned, and to no other."""

from __future__ import annotations

import pytest

from reconciler.core.render.comment import Report
from reconciler.services.publishing.publisher import NO_TOKEN, Publisher
from tests.unit.services.publishing.desk import Desk
from tests.unit.services.releases.delivery import SYNC

WORKFLOW = "environments/development/workflows/sync.yaml"


@pytest.fixture
def desk() -> Desk:
    """A shop with one pull request."""
    made = Desk()
    made.edit("change", WORKFLOW, SYNC.replace("title: Sync", "title: Contacts"))
    made.pull("change")
    return made


def published(desk: Desk, branch: str, number: int | None = 1) -> list[str]:
    """Publish the plan of a branch to a pull request."""
    chosen = desk.workspace.choose(ref=branch)
    plans = desk.viewer.plans_against(chosen, "main", [])
    report = desk.reviewer().from_git(desk.grounds, chosen, "main", plans)
    publisher = Publisher(forge=desk.forge, summary=desk.page, git=desk.git)
    return list(publisher.publish(report, number, None))


def test_the_plan_of_its_head_is_written(desk: Desk) -> None:
    """The comment, the statuses and the job's page say the same."""
    notes = published(desk, "change")

    assert len(notes) == 2
    assert all(note.endswith("was written.") for note in notes)
    assert "1 to modify" in desk.comment(1)
    assert "1 to modify" in desk.page.texts[0]


def test_another_branch_is_not_written_to_it(desk: Desk) -> None:
    """What was not planned here gets no comment and no status."""
    desk.edit("other", WORKFLOW, SYNC.replace("title: Sync", "title: Other"))

    (note,) = published(desk, "other")
    assert "nothing was written to it" in note
    assert desk.forge.comments_of == {}
    assert desk.forge.status_log == []


def test_a_closed_one_is_left_alone(desk: Desk) -> None:
    """A pull request that is closed or merged keeps what its last run said."""
    desk.forge.change(1, is_open=False)

    (note,) = published(desk, "change")
    assert "is closed" in note
    assert desk.forge.comments_of == {}


def test_one_that_is_not_there_is_said(desk: Desk) -> None:
    """A wrong number is told, and the job's page is written all the same."""
    (note,) = published(desk, "change", 77)

    assert "no pull request 77" in note
    assert desk.page.texts


def test_without_a_token_the_page_is_all() -> None:
    """A fork's run writes its page and says that nothing else was."""
    desk = Desk()
    publisher = Publisher(forge=None, summary=desk.page, git=desk.git)

    assert list(publisher.publish(Report(), 1, None)) == [NO_TOKEN]
    assert desk.page.texts
