"""Edits by hand in the built-in platform's table are seen, whatever they write."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reconciler.adapters.platforms.builtin import BuiltinPlatform
from reconciler.adapters.sql.database import Database
from reconciler.core import canonical
from reconciler.core.errors import PlatformError
from reconciler.core.model import ResourceKey
from reconciler.ports import Operation
from reconciler.testing import FakeClock, integration, operation, removal, workflow
from tests.contract.worlds import SqliteWorld, SqlWorld, execute_by_hand

DEV = "development"
SYNC = ResourceKey("Workflow", "sync-contacts")
HUBSPOT = ResourceKey("Integration", "hubspot")


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that tests move on."""
    return FakeClock()


@pytest.fixture
def platform(sql_world: SqlWorld, clock: FakeClock) -> BuiltinPlatform:
    """Return a platform that runs one workflow and one integration."""
    return filled(sql_world.database, clock)


def filled(database: Database, clock: FakeClock) -> BuiltinPlatform:
    """Return a platform that runs one workflow and one integration."""
    made = BuiltinPlatform(database, DEV, now=clock.now)
    with database.writing() as unit:
        made.deploy(unit, [operation(workflow()), operation(integration())], "0")
    return made


def by_hand(platform: BuiltinPlatform, statement: str, *parameters: object) -> None:
    """Execute one statement from outside."""
    execute_by_hand(platform._database, statement, parameters)


def row(platform: BuiltinPlatform, columns: str) -> tuple[object, ...]:
    """Return columns of the workflow's row."""
    query = f"SELECT {columns} FROM platform_resources WHERE kind = 'Workflow'"  # noqa: S608 - constants only
    return execute_by_hand(platform._database, query)[0]


def deploy(platform: BuiltinPlatform, write: Operation) -> None:
    """Write one operation on what runs now."""
    with platform._database.writing() as unit:
        platform.deploy(unit, [write], platform.observe().revision)


def set_content(platform: BuiltinPlatform, content: str | bytes) -> None:
    """Overwrite the content of the workflow, and nothing else."""
    by_hand(platform, "UPDATE platform_resources SET content = ? WHERE kind = 'Workflow'", content)


def test_an_edited_content_has_another_digest(platform: BuiltinPlatform) -> None:
    """Only `content` was edited; the digest follows, that of other rows stays."""
    edited = workflow(title="Edited")
    set_content(platform, json.dumps(edited))
    digests = platform.observe().digests

    assert digests == {SYNC: canonical.digest(edited), HUBSPOT: canonical.digest(integration())}
    assert platform.contents([SYNC]) == {SYNC: edited}


def test_another_spelling_of_the_same_is_no_drift(platform: BuiltinPlatform) -> None:
    """Spaces, order of keys, escapes and whole floats do not make another content."""
    before = platform.observe().digests
    text = json.dumps({**dict(reversed(workflow().items()))}, indent=2)
    set_content(platform, text.replace("reconciler/v1", "reconciler\\/v1"))

    assert platform.observe().digests == before


def test_whole_floats_are_integers(platform: BuiltinPlatform) -> None:
    """A number is the same however it is written."""
    set_content(platform, '{"spec": {"limit": 5.0}}')

    assert platform.contents([SYNC]) == {SYNC: {"spec": {"limit": 5}}}
    assert platform.observe().digests[SYNC] == canonical.digest({"spec": {"limit": 5}})


def test_a_forged_digest_is_forgotten(platform: BuiltinPlatform) -> None:
    """A digest that is written without its content, before or after, hides nothing."""
    true = canonical.digest(workflow())
    by_hand(platform, "UPDATE platform_resources SET digest = 'sha256:forged'")
    assert platform.observe().digests[SYNC] == true
    set_content(platform, json.dumps(workflow(title="Edited")))
    by_hand(platform, "UPDATE platform_resources SET digest = ? WHERE kind = 'Workflow'", true)

    assert platform.observe().digests[SYNC] == canonical.digest(workflow(title="Edited"))


def test_a_row_added_by_hand_is_hashed(platform: BuiltinPlatform) -> None:
    """Who adds a row need not know of digests, states or versions."""
    by_hand(
        platform,
        "INSERT INTO platform_resources (environment, kind, name, content) VALUES (?, ?, ?, ?)",
        DEV,
        "Workflow",
        "other",
        json.dumps(workflow("other")),
    )

    assert platform.observe().digests[ResourceKey("Workflow", "other")] == canonical.digest(
        workflow("other")
    )


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM platform_resources WHERE kind = 'Workflow'",
        "UPDATE platform_resources SET state = 'removed' WHERE kind = 'Workflow'",
        "UPDATE platform_resources SET environment = 'elsewhere' WHERE kind = 'Workflow'",
        "UPDATE platform_resources SET name = 'renamed' WHERE kind = 'Workflow'",
    ],
)
def test_what_was_taken_away_by_hand_is_absent(platform: BuiltinPlatform, statement: str) -> None:
    """A row that is deleted, removed, moved or renamed is no longer there, at another revision."""
    before = platform.observe().revision
    by_hand(platform, statement)
    seen = platform.observe()

    assert SYNC not in seen.digests
    assert seen.revision != before


def test_a_replacing_insert_does_not_turn_the_revision_back(
    sqlite_world: SqliteWorld, clock: FakeClock
) -> None:
    """INSERT OR REPLACE is seen like any other edit."""
    platform = filled(sqlite_world.database, clock)
    before = platform.observe()
    edited = workflow(title="Edited")
    by_hand(
        platform,
        "INSERT OR REPLACE INTO platform_resources (environment, kind, name, content)"
        " VALUES (?, ?, ?, ?)",
        DEV,
        *SYNC,
        json.dumps(edited),
    )
    seen = platform.observe()

    assert int(seen.revision) > int(before.revision)
    assert seen.digests[SYNC] == canonical.digest(edited)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ('{"a": NaN}', "not JSON"),
        ('{"a": ' + "9" * 5000 + "}", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ('{"a": "\\ud800"}', "not valid Unicode"),
    ],
)
def test_an_unreadable_content_is_drift_with_a_reason(
    platform: BuiltinPlatform, content: str, reason: str
) -> None:
    """What is no manifest is told as such, has a digest that fits nothing, and stops nobody."""
    check_unreadable(platform, content, reason)


def test_bytes_that_are_no_text_are_drift_with_a_reason(
    sqlite_world: SqliteWorld, clock: FakeClock
) -> None:
    """A file keeps any bytes in place of text; a server refuses them."""
    platform = filled(sqlite_world.database, clock)
    check_unreadable(platform, b"\xff\xfe{}", "not valid Unicode")


def check_unreadable(platform: BuiltinPlatform, content: str | bytes, reason: str) -> None:
    """Edit the workflow and look what is told of it."""
    set_content(platform, content)
    digest = platform.observe().digests[SYNC]
    (found,) = platform.contents([SYNC]).values()

    assert reason in found["unreadable"]
    assert digest not in (canonical.digest(workflow()), canonical.digest(found))
    assert platform.inactive() == {}
    set_content(platform, json.dumps(found))
    assert platform.observe().digests[SYNC] != digest


def test_a_digest_of_ours_does_not_make_a_content_readable(platform: BuiltinPlatform) -> None:
    """A row inserted with a digest and nonsense is read like any nonsense."""
    by_hand(platform, "DELETE FROM platform_resources WHERE kind = 'Workflow'")
    by_hand(
        platform,
        "INSERT INTO platform_resources (environment, kind, name, content, digest)"
        " VALUES (?, ?, ?, ?, ?)",
        DEV,
        *SYNC,
        "nonsense",
        "sha256:forged",
    )

    assert "not JSON" in platform.contents([SYNC])[SYNC]["unreadable"]


def test_observing_writes_nothing(sqlite_world: SqliteWorld, clock: FakeClock) -> None:
    """Looking at edited rows changes no byte of the store."""
    platform, path = filled(sqlite_world.database, clock), sqlite_world.path
    set_content(platform, json.dumps(workflow(title="Edited")))
    before = path.read_bytes()
    platform.observe()
    platform.contents([SYNC])

    assert path.read_bytes() == before


def test_healing_restores_the_row(platform: BuiltinPlatform) -> None:
    """An edited row that is deployed again has its content, its digest and a higher version."""
    edited = workflow(title="Edited")
    set_content(platform, json.dumps(edited))
    deploy(platform, operation(workflow(), expected=edited))

    digest = canonical.digest(workflow())
    assert row(platform, "content, digest, state, version") == (
        canonical.dumps(workflow()),
        digest,
        "enabled",
        2,
    )


def test_a_removed_row_keeps_its_content_and_times(
    platform: BuiltinPlatform, clock: FakeClock
) -> None:
    """Removing disables and hides; the row waits for its return or its purge, however often."""
    created = clock.now()
    clock.advance(60)
    removed = clock.now()
    deploy(platform, removal(workflow()))
    clock.advance(60)
    deploy(platform, replace(removal(workflow()), expected=None))

    expected = (canonical.dumps(workflow()), "removed", created, removed, removed)
    assert row(platform, "content, state, created_at, updated_at, removed_at") == expected


def test_a_row_that_comes_back_is_the_same_row(platform: BuiltinPlatform, clock: FakeClock) -> None:
    """What is deployed again by name keeps its beginning and counts its versions."""
    created = clock.now()
    deploy(platform, removal(workflow()))
    clock.advance(60)
    deploy(platform, operation(workflow()))

    expected = ("enabled", 3, created, clock.now(), None)
    assert row(platform, "state, version, created_at, updated_at, removed_at") == expected


def test_the_database_dates_rows_when_nobody_else_does(platform: BuiltinPlatform) -> None:
    """Without a clock of its own the platform takes the database's time, with its offset."""
    plain = BuiltinPlatform(platform._database, "staging")
    with platform._database.writing() as unit:
        plain.deploy(unit, [operation(workflow())], "0")
    query = "SELECT created_at FROM platform_resources WHERE environment = 'staging'"
    ((created,),) = execute_by_hand(platform._database, query)

    assert created.endswith("+00:00")


def test_text_that_is_no_unicode_is_not_deployed(platform: BuiltinPlatform) -> None:
    """A lone surrogate is refused with the name of the resource that holds it."""
    broken, revision = operation(workflow(title="\ud800")), platform.observe().revision
    with (
        pytest.raises(PlatformError, match="sync-contacts"),
        platform._database.writing() as unit,
    ):
        platform.deploy(unit, [broken], revision)
