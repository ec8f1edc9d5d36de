"""Runs that find something else than the last one left: drift, people, a merge queue, many tags."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.workflows import golden, team
from tests.workflows.hosting import Host, Pull
from tests.workflows.story import TITLE, change


def opened(host: Host) -> Pull:
    """Open the pull request that changes development, and forget its run."""
    host.work("ana", change(host), branch="chatter", message=TITLE)
    pull = host.open("chatter", by="ana", title=TITLE)
    host.ran.clear()
    return pull


def drifted(host: Host) -> None:
    """Change a workflow on the platform by hand, in two environments."""
    path = host.root / "store" / "state.db"
    statement = (
        "UPDATE platform_resources SET content = replace(content, '30 2 * * *', '0 * * * *')"
        " WHERE name = 'salesforce-nightly-contacts' AND environment IN ('development', 'staging')"
    )
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount == 2


def test_drift_is_told_apart_from_what_a_pull_request_changes(host: Host) -> None:
    """The scheduled run reports drift where it may not heal, heals it elsewhere, and says both."""
    pull = opened(host)
    drifted(host)

    jobs = {job.name: job for job in host.schedule()}

    golden.check("drift.md", host.forge.comment(pull.number))
    assert {job.result for job in jobs.values()} == {"success"}
    assert "salesforce-nightly-contacts" in jobs["development"].output
    assert "healed" in jobs["staging"].output
    assert "1 changed outside" in jobs["development"].summary
    assert "healed" in jobs["staging"].summary


def test_a_deleted_comment_is_written_again(host: Host) -> None:
    """When somebody deletes the comment, the next run writes it again, once."""
    pull = opened(host)
    (first,) = host.forge.comments(pull.number)
    host.forge.state.remove("comments", first)

    host.again(pull)

    told = golden.steady(golden.without_marker(host.forge.comment(pull.number)))
    assert told == golden.steady(golden.without_marker(first["body"]))


def test_an_edited_comment_is_put_right(host: Host) -> None:
    """When somebody edits the comment, the next run puts back what is true."""
    pull = opened(host)
    (comment,) = host.forge.comments(pull.number)
    true = comment["body"]
    false = true.replace("1 warning", "0 warnings")
    host.forge.state.edit("comments", comment, body=false)

    host.again(pull)

    assert golden.without_marker(host.forge.comment(pull.number)) != golden.without_marker(false)
    assert "1 warning" in host.forge.comment(pull.number)


def test_the_same_run_again_writes_nothing(host: Host) -> None:
    """A run for the same head finds comment and statuses as they shall be, and writes nothing."""
    pull = opened(host)
    before = len(host.forge.writes())

    (job,) = host.again(pull)

    assert job.result == "success"
    assert host.forge.writes()[before:] == []


def test_a_new_head_is_told_in_the_same_comment(host: Host) -> None:
    """A push to the branch changes the one comment, and gives the new head its statuses."""
    pull = opened(host)
    (first,) = host.forge.comments(pull.number)

    nightly = team.read(host, team.NIGHTLY).replace("30 2", "30 3")
    head = host.work("ana", {team.NIGHTLY: nightly}, branch="chatter", message="Run later")

    (second,) = host.forge.comments(pull.number)
    assert second["id"] == first["id"]
    assert "3 to modify" in second["body"]
    assert "3 to modify" in host.forge.statuses(head)["reconciler"][1]


def test_a_merge_queue_is_checked_and_not_told(host: Host) -> None:
    """In the merge queue the same checks run, with statuses at its commit and no comment."""
    pull = opened(host)
    before = host.forge.comments(pull.number)

    (job,) = host.queue(pull)

    assert job.result == "success"
    assert "2 to modify" in job.summary
    assert host.forge.comments(pull.number) == before
    paths = {path for method, path, _ in host.forge.writes()[5:]}
    assert len(paths) == 1
    assert paths.pop().startswith("/statuses/")


def test_a_push_of_many_tags_starts_nothing_and_loses_nothing(host: Host) -> None:
    """More than three tags at once make no event; the schedule finds them all the same."""
    desk = host.desk("ana")
    for number in range(4):
        name = f"approvals/staging/v1.0.0/qa/{number}"
        desk.signed_tag(name, host.key("quinn").key, "staging/1.0.0 is approved as qa")
    desk.git("push", "--quiet", "origin", "--tags")

    assert host.settle("quinn") == []
    assert {job.result for job in host.schedule()} == {"success"}
