"""How a backup is written, read with distrust, and how long it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import backup_format, canonical, retention
from reconciler.core.backups import (
    Backup,
    BackupState,
    Content,
    Live,
    Manifest,
    Piece,
    Row,
    store_seal,
)
from reconciler.core.errors import BackupDamaged, BackupRefused
from reconciler.core.model import ResourceKey
from reconciler.testing import user

NOW = "2026-03-01T12:00:00+00:00"
MANIFEST = Manifest(
    id="b-1",
    environment="production",
    store="store-1",
    sequence=7,
    deployment="d-1",
    created_at=NOW,
    resources=2,
    users=1,
    content_digest="sha256:c",
    live=Live(deployment="d-0", version="1.3.0", tag="production/v1.3.0"),
    pages=(Piece("sha256:p", 2),),
    chunks=(Piece("sha256:u", 1),),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
CONTENTS = st.none() | st.builds(Content, TEXTS, st.none() | TEXTS)


def backup(sequence: int, days: float = 0, state: BackupState = BackupState.USABLE) -> Backup:
    """Return a backup of so many days ago."""
    at = datetime.fromisoformat(NOW) - timedelta(days=days)
    return Backup(
        id=f"b-{sequence}",
        environment="production",
        created_at=at.isoformat(),
        sequence=sequence,
        state=state,
    )


def sequences(backups: Iterable[Backup]) -> list[int]:
    """Return the numbers of backups."""
    return [each.sequence for each in backups]


# --- the manifest --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "manifest",
    [
        MANIFEST,
        replace(MANIFEST, deployment=None, live=None, content_digest=None, store=None),
        replace(MANIFEST, live=Live(deployment="d-0"), pages=(), chunks=()),
    ],
)
def test_a_manifest_is_read_as_it_was_written(manifest: Manifest) -> None:
    """Everything in it comes back, what is absent too."""
    data = backup_format.write_manifest(manifest)

    assert backup_format.read_manifest("b-1", data) == manifest


def test_a_newer_manifest_is_refused() -> None:
    """A program that does not know a format says so, and does not call the backup damaged."""
    data = json.loads(backup_format.write_manifest(MANIFEST))
    newer = canonical.dumps(data | {"format": 2, "more": True}).encode()

    with pytest.raises(BackupRefused, match="has format 2, this program knows only 1") as caught:
        backup_format.read_manifest("b-1", newer)
    assert not isinstance(caught.value, BackupDamaged)


WRONG = {
    "format": (None, True, 0, "1", 1.0),
    **{name: (None, 1, []) for name in ("id", "environment", "created_at")},
    **{name: (1, [], {}) for name in ("store", "deployment", "content_digest")},
    **dict.fromkeys(("sequence", "resources", "users"), (None, -1, True, 1.5, "1")),
    **{
        name: (None, {}, [1], [["a"]], [["a", -1]], [["a", 1, 2]], [[1, 1]], [["a", True]])
        for name in ("pages", "chunks")
    },
    "live": (1, [], {}, {"deployment": 1, "version": None, "tag": None}),
    "more": (1,),
}


def manifests_gone_wrong() -> list[bytes]:
    """Return manifests that no program wrote."""
    good = json.loads(backup_format.write_manifest(MANIFEST))
    wrong: list[object] = [[], None, 1, "text", {}]
    wrong += [{name: value for name, value in good.items() if name != gone} for gone in good]
    wrong += [good | {name: value} for name, values in WRONG.items() for value in values]
    written = [canonical.dumps(each).encode() for each in wrong]
    spaced = json.dumps(good).encode()
    return [*written, spaced, b"", b"\xff", b"{", b'{"a":' * 100_000, b"[" * 100_000, b"NaN"]


@pytest.mark.parametrize("data", manifests_gone_wrong())
def test_what_is_no_manifest_is_damaged(data: bytes) -> None:
    """Garbage, wrong types, missing and unknown names, deep nesting: one class of error."""
    with pytest.raises(BackupDamaged, match="Backup b-1 is damaged"):
        backup_format.read_manifest("b-1", data)


# --- resources -----------------------------------------------------------------------------------


@given(
    st.dictionaries(
        st.builds(ResourceKey, TEXTS, TEXTS), st.tuples(CONTENTS, CONTENTS, CONTENTS), max_size=40
    )
)
def test_pages_are_read_as_they_were_written(
    found: dict[ResourceKey, tuple[Content | None, Content | None, Content | None]],
) -> None:
    """Every resource comes back with all that is known of it, once."""
    rows = {
        key: Row(key=key, running=running, applied=applied, adopted=adopted)
        for key, (running, applied, adopted) in found.items()
    }

    read = [
        row
        for data, count in backup_format.write_pages(rows)
        for row in backup_format.read_page("b-1", data, count)
    ]

    assert sorted(read, key=lambda row: row.key) == [rows[key] for key in sorted(rows)]


def many_rows(number: int) -> dict[ResourceKey, Row]:
    """Return the rows of so many workflows."""
    keys = (ResourceKey("Workflow", f"w-{each}") for each in range(number))
    return {
        key: Row(key=key, running=Content(digest := canonical.digest(key.name), digest))
        for key in keys
    }


def test_a_change_writes_one_page() -> None:
    """A resource that is changed, added or removed leaves every other page as it was."""
    rows = many_rows(3_000)
    before = {data for data, _ in backup_format.write_pages(rows)}
    key, added = ResourceKey("Workflow", "w-77"), ResourceKey("Workflow", "new")
    changed = rows | {key: Row(key=key, running=Content("sha256:x", None))}
    fewer = {each: row for each, row in rows.items() if each != key}

    assert len(before) > 8
    for after in (changed, rows | {added: Row(key=added)}, fewer):
        assert len({data for data, _ in backup_format.write_pages(after)} - before) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[1]",
        b"[[]]",
        b'[["Workflow","a",null,null]]',
        b'[["Workflow",1,null,null,null]]',
        b'[["Workflow","a",[1,2],null,null]]',
        b'[["Workflow","a",{"digest":"d","address":"a"},null,null]]',
        b'[["Workflow","a",["d"],null,null]]',
        b'[["Workflow","a",null,null,null],["Workflow","b",null,null,null]]',
    ],
)
def test_what_is_no_page_is_damaged(data: bytes) -> None:
    """A page that holds anything but the rows that it should is not read."""
    with pytest.raises(BackupDamaged, match="Backup b-1 is damaged"):
        backup_format.read_page("b-1", data, 1)


# --- users ---------------------------------------------------------------------------------------


def test_users_are_read_as_they_were_written() -> None:
    """Chunks hold every record in the order in which they came."""
    records = [user(f"u-{each:05}", "hubspot", settings={"n": "ä\n"}) for each in range(5_000)]

    chunks = list(backup_format.write_users(iter(records)))

    read = [each for data, count in chunks for each in backup_format.read_users("b", data, count)]
    assert read == records
    assert len(chunks) > 1
    assert all(count <= 4_000 for _, count in chunks)


def test_one_more_user_writes_one_chunk() -> None:
    """A user who is added in the middle leaves every other chunk as it was."""
    records = [user(f"u-{each:05}") for each in range(20_000)]
    before = {data for data, _ in backup_format.write_users(iter(records))}

    after = {
        data
        for data, _ in backup_format.write_users([*records[:9_000], user("u-x"), *records[9_000:]])
    }

    assert len(before) > 10
    assert len(after - before) <= 2


def test_chunks_of_large_users_are_small() -> None:
    """Settings of a megabyte each do not gather in one piece."""
    records = [user(f"u-{each}", "hubspot", settings={"x": "y" * 900_000}) for each in range(4)]

    assert [count for _, count in backup_format.write_users(iter(records))] == [2, 2]


@pytest.mark.parametrize("data", [b"", b"{}", b"[]\n", b"{}\n", b'{"id":1}\n', b"\xff\n", b"{\n"])
def test_what_is_no_chunk_is_damaged(data: bytes) -> None:
    """A chunk that holds anything but the records that it should is not read."""
    with pytest.raises(BackupDamaged, match="Backup b-1 is damaged"):
        list(backup_format.read_users("b-1", data, 1))


# --- the seal of a store -------------------------------------------------------------------------


def test_the_seal_of_a_store_is_its_own() -> None:
    """Another store, or another manifest, has another seal."""
    assert store_seal("a", b"m") == store_seal("a", b"m")
    assert len({store_seal("a", b"m"), store_seal("b", b"m"), store_seal("a", b"n")}) == 3


# --- how long ------------------------------------------------------------------------------------


def test_the_newest_backups_are_kept_however_old() -> None:
    """Ten usable ones stay, and the others go as soon as there are five of them."""
    old = [backup(number, days=100 - number) for number in range(1, 16)]

    assert retention.expendable(old[:14], NOW) == ()
    assert sequences(retention.expendable(old, NOW)) == [1, 2, 3, 4, 5]


def test_young_backups_are_kept_up_to_a_number() -> None:
    """Within two weeks fifty stay."""
    young = [backup(number, days=1) for number in range(1, 61)]

    assert retention.expendable(young[:54], NOW) == ()
    assert sequences(retention.expendable(young, NOW)) == list(range(1, 11))


def test_what_is_referred_to_is_kept() -> None:
    """A backup that a running deployment or a hold needs stays, however old."""
    old = [backup(number, days=100) for number in range(1, 21)]

    gone = retention.expendable(old, NOW, {"b-2", "b-3", None})

    assert sequences(gone) == [1, *range(4, 11)]


def test_the_newest_usable_backup_is_always_kept() -> None:
    """However many newer ones are damaged or incomplete, the last that can be restored stays."""
    rule = retention.BackupRule(newest=0, young=timedelta(0), most=0, slack=1)
    newer = [
        backup(2, days=90, state=BackupState.DAMAGED),
        backup(3, days=80, state=BackupState.INCOMPLETE),
    ]

    assert retention.expendable([backup(1, days=99), *newer], NOW, rule=rule) == ()
    assert retention.expendable(newer, NOW, rule=rule) == ()


def test_abandoned_and_old_damaged_backups_go() -> None:
    """What was never completed goes once a newer one is usable, damaged ones after two weeks."""
    found = [
        backup(1, days=3, state=BackupState.INCOMPLETE),
        backup(2, days=3, state=BackupState.DAMAGED),
        backup(3, days=15, state=BackupState.DAMAGED),
        backup(4, days=1),
        backup(5, days=0, state=BackupState.INCOMPLETE),
    ]
    rule = replace(retention.BACKUPS, slack=1)

    assert sequences(retention.expendable(found, NOW, rule=rule)) == [1, 3]


def test_a_backup_is_abandoned_after_a_day() -> None:
    """Nobody takes that long; what bears no time is not."""
    assert retention.is_abandoned(backup(1, days=1.01), NOW)
    assert not retention.is_abandoned(backup(1, days=0.99), NOW)
    assert not retention.is_abandoned(replace(backup(1), created_at="soon"), NOW)
