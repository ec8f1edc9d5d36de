"""Backups as text and as JSON."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.backups import Backup, BackupState, Drilled, Live, Verdict
from reconciler.core.errors import BackupDamaged
from reconciler.core.model import Action, Difference, Reason, ResourceKey
from reconciler.core.render import backups
from reconciler.core.render.style import Style

NOW = "2026-03-01T12:00:00+00:00"
BACKUP = Backup(
    id="b-12",
    environment="production",
    created_at="2026-03-01T09:30:00+00:00",
    sequence=12,
    deployment="d-1",
    resources=1_200,
    users=3_402,
    bytes=48_213,
    digest="sha256:d",
    state=BackupState.USABLE,
)
BEGUN = replace(
    BACKUP,
    id="b-3",
    environment="dev",
    sequence=3,
    deployment=None,
    resources=0,
    users=0,
    bytes=0,
    digest=None,
    state=BackupState.INCOMPLETE,
)


def test_backups_are_a_table() -> None:
    """Columns are aligned, numbers to the right, and the next command stands below."""
    head, first, second, empty, following = backups.text([BACKUP, BEGUN], NOW).splitlines()

    taken = "2026-03-01 09:30 UTC  2 h"
    assert head == (
        "ID    ENVIRONMENT  NO  TAKEN                 AGE  RESOURCES  USERS     SIZE  "
        "STATE       FOR"
    )
    assert first == (
        f"b-12  production   12  {taken}      1,200  3,402  48.2 KB  usable      deployment d-1"
    )
    assert second == (
        f"b-3   dev           3  {taken}          0      0      0 B  incomplete  by hand"
    )
    assert empty == ""
    assert following.startswith("Next: `reconciler backup verify --drill` tries them all;")


def test_what_cannot_be_restored_is_coloured() -> None:
    """The state stands there in words too."""
    damaged = replace(BACKUP, state=BackupState.DAMAGED)
    _, usable, begun, wrong, *_ = backups.text(
        [BACKUP, BEGUN, damaged], NOW, Style(colour=True)
    ).splitlines()

    assert not usable.startswith("\x1b")
    assert begun.startswith("\x1b[33m")
    assert wrong.startswith("\x1b[31m")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 KB"),
        (99_949, "99.9 KB"),
        (123_456, "123 KB"),
        (1_500_000, "1.5 MB"),
        (2 * 10**9, "2.0 GB"),
        (7 * 10**15, "7000 TB"),
    ],
)
def test_sizes_are_for_people(number: int, shown: str) -> None:
    """Three figures and a unit."""
    assert backups.size(number) == shown


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-03-01T12:00:00+00:00", "now"),
        ("2026-03-01T11:58:59+00:00", "1 min"),
        ("2026-03-01T11:30:00+01:00", "1 h"),
        ("2026-02-27T11:00:00+00:00", "2 d"),
        ("2026-03-02T12:00:00+00:00", "now"),
        ("2026-03-01T12:00:00", ""),
        ("soon", ""),
    ],
)
def test_ages_are_for_people(at: str, shown: str) -> None:
    """The largest unit says enough; what is no time has none."""
    assert backups.age(at, NOW) == shown


def test_the_answer_has_every_key() -> None:
    """What is absent is null."""
    assert backups.answer([BACKUP, BEGUN]) == {
        "formatVersion": "1.0",
        "backups": [
            {
                "id": "b-12",
                "environment": "production",
                "sequence": 12,
                "deployment": "d-1",
                "createdAt": "2026-03-01T09:30:00+00:00",
                "resources": 1_200,
                "users": 3_402,
                "bytes": 48_213,
                "digest": "sha256:d",
                "state": "usable",
            },
            {
                "id": "b-3",
                "environment": "dev",
                "sequence": 3,
                "deployment": None,
                "createdAt": "2026-03-01T09:30:00+00:00",
                "resources": 0,
                "users": 0,
                "bytes": 0,
                "digest": None,
                "state": "incomplete",
            },
        ],
    }


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        (
            Verdict(backup=BACKUP),
            "✓ b-12 (production, no 12): 1,200 resources and 3,402 users as they were stored",
        ),
        (
            Verdict(backup=BACKUP, drilled=Drilled(resources=1, users=1, unread=2)),
            (
                "✓ b-12 (production, no 12): 1,200 resources and 3,402 users as they were stored"
                "; restored on trial, 1 resource and 1 user came back"
                "; 2 could not be read when it was taken"
            ),
        ),
        (
            Verdict(backup=BACKUP, problem=BackupDamaged("It is\x1b damaged.")),
            "✗ b-12 (production, no 12): It is\\x1b damaged.",
        ),
        (
            Verdict(backup=BEGUN, skipped=True),
            "- b-3 (dev, no 3): never completed, it cannot be restored",
        ),
    ],
)
def test_a_verdict_is_one_line(verdict: Verdict, line: str) -> None:
    """It names the backup and what was found."""
    assert backups.verdict(verdict) == line


def test_the_end_of_verifying_counts() -> None:
    """What was skipped is neither in order nor damaged."""
    good, begun = Verdict(backup=BACKUP), Verdict(backup=BEGUN, skipped=True)
    bad = Verdict(backup=BACKUP, problem=BackupDamaged())

    assert backups.verified([good, begun]) == "Verified: 1 backup, none damaged."
    assert backups.verified([good, good, bad, begun]).splitlines()[0] == (
        "Verified: 2 backups in order, 1 not to be restored."
    )
    assert backups.verified([]) == backups.NOTHING


def test_verifying_answers_with_every_key() -> None:
    """Each backup stands as it is listed, with what was found; what is wrong is an error too."""
    found = backups.verified_answer(
        [
            Verdict(backup=BACKUP, drilled=Drilled(resources=1, users=2, unread=3)),
            Verdict(backup=BACKUP, problem=BackupDamaged("It is damaged.")),
            Verdict(backup=BEGUN, skipped=True),
        ]
    )
    rows = found["backups"]
    listed = backups.answer([BACKUP])["backups"][0]

    assert rows[0] == {
        **listed,
        "verdict": "in-order",
        "reason": None,
        "drilled": {"resources": 1, "users": 2, "unread": 3},
    }
    assert [row["verdict"] for row in rows[1:]] == ["refused", "skipped"]
    assert [row["reason"] for row in rows[1:]] == ["It is damaged.", None]
    assert [error["code"] for error in found["errors"]] == ["BackupDamaged"]
    assert "errors" not in backups.verified_answer([Verdict(backup=BACKUP)])


def test_a_restore_is_shown_before_it_is_done() -> None:
    """Every change with its symbol, counts as in a plan, and what it does not touch."""
    live = Live(deployment="d-0", version="1.3.0", tag="production/v1.3.0")
    changes = [
        Difference(action=action, key=ResourceKey("Workflow", f"w-{action}"), reason=Reason.PENDING)
        for action in (Action.MODIFY, Action.ADD, Action.REMOVE, Action.ADD)
    ]

    head, _, *lines, note = backups.preview(BACKUP, live, changes, NOW).splitlines()

    taken = "taken 2026-03-01 09:30 UTC (2 h ago), when 1.3.0 was live"
    assert head == f"Backup b-12 (production, no 12), {taken}"
    assert lines == [
        "  ~ Workflow/w-modify",
        "  + Workflow/w-add",
        "  - Workflow/w-remove",
        "  + Workflow/w-add",
        "",
        "Restore: 2 to add, 1 to modify, 1 to remove.",
    ]
    assert note.endswith("production is held afterwards.")


def test_a_restore_that_changes_nothing_says_so() -> None:
    """It may still be wanted: the hold, and a lock that was kept."""
    shown = backups.preview(BACKUP, None, [], BACKUP.created_at).splitlines()

    assert shown[0].endswith("taken 2026-03-01 09:30 UTC (just now)")
    assert shown[2] == "Everything runs as it did then."


def test_a_restore_tells_what_follows() -> None:
    """Counts, users, the hold, and how it ends."""
    told = backups.restored(BACKUP, {"add": 2, "remove": 1}, 1).splitlines()

    assert told[0] == (
        "Restored from b-12 (production, no 12): 2 added, 0 modified, 1 removed. "
        "1 user got something back."
    )
    assert "release resume production" in told[2]
    assert "user" not in backups.restored(BACKUP, {}, 0)


def test_a_new_backup_names_the_next_command() -> None:
    """What it holds, what it cost, and how to try it."""
    told = backups.made(BACKUP)

    assert "1,200 resources and 3,402 users, 48.2 KB added" in told
    assert "`reconciler backup verify b-12 --drill`" in told
