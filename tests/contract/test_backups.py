"""Backups in every kind of store, and giving users back what a purge took."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event

from reconciler.adapters.store import backups as stored
from reconciler.core import canonical
from reconciler.core.backups import Backup, BackupState
from reconciler.core.canonical import Json
from reconciler.core.errors import (
    BackupDamaged,
    LockLost,
    NotFound,
    ReconcilerError,
    StoreError,
)
from reconciler.core.locks import LockRequest
from reconciler.core.model import Environment, ResourceKey
from reconciler.ports import Unit
from reconciler.services.backups import Keeper, drilling
from reconciler.services.backups.drilling import Scratch
from reconciler.testing import (
    FakeClock,
    FakeSealer,
    integration,
    operation,
    removal,
    user,
    workflow,
)
from tests.contract.worlds import MemoryWorld, SqliteWorld, World, deploy, put_users

PRODUCTION, STAGING = "production", "staging"
HUBSPOT, SYNC = ResourceKey("Integration", "hubspot"), ResourceKey("Workflow", "sync-contacts")
LATER = "2027-02-05T09:00:01+00:00"
CONTENTS = {canonical.sha256(data): data for data in (b"", b"one", b"\0" * 100_000)}


def backup(id: str = "b-1", environment: str = PRODUCTION, **fields: Json) -> Backup:
    """Return a backup that was begun."""
    at = "2026-01-06T09:00:00+00:00"
    return Backup(id=id, environment=environment, created_at=at, **fields)


def complete(world: World, begun: Backup, manifest: bytes = b"manifest") -> Backup:
    """Complete a backup."""
    whole = replace(
        begun, resources=2, users=3, bytes=4, digest="sha256:d", seal="s", sealed_by="store"
    )
    return world.store.complete_backup(whole, manifest)


# --- what is listed ------------------------------------------------------------------------------


def test_a_backup_is_listed_from_its_beginning(world: World) -> None:
    """It is incomplete, has no manifest, and the next number of its environment."""
    first = world.store.begin_backup(backup(deployment="d-1"))
    second = world.store.begin_backup(backup("b-2", sequence=99))
    other = world.store.begin_backup(backup("b-3", STAGING))

    assert (first.sequence, second.sequence, other.sequence) == (1, 2, 1)
    assert {each.state for each in (first, second, other)} == {BackupState.INCOMPLETE}
    assert world.store.backups() == [second, first, other]
    assert world.store.backups(STAGING) == [other]
    assert world.store.backup_manifest("b-1") is None
    assert world.store.backup_manifest("b-9") is None


def test_a_backup_is_usable_when_it_is_complete(world: World) -> None:
    """It is listed with all that was given, and its manifest is there as it was."""
    whole = complete(world, world.store.begin_backup(backup(deployment="d-1")), b"m" * 5_000)

    assert world.store.backups() == [whole]
    assert (whole.state, whole.resources, whole.users) == (BackupState.USABLE, 2, 3)
    assert (whole.digest, whole.seal, whole.sealed_by) == ("sha256:d", "s", "store")
    assert 4 < whole.bytes < 1_000
    assert world.store.backup_manifest("b-1") == b"m" * 5_000


def test_only_what_was_begun_is_completed(world: World) -> None:
    """A backup that is complete, or was forgotten, cannot be completed."""
    begun = world.store.begin_backup(backup())
    complete(world, begun)

    for each in (begun, backup("b-2")):
        with pytest.raises(NotFound):
            complete(world, each, b"another")
    assert world.store.backup_manifest("b-1") == b"manifest"


def test_a_damaged_backup_is_listed_so(world: World) -> None:
    """The others are as they were; one that is not there is none."""
    whole = complete(world, world.store.begin_backup(backup()))
    world.store.begin_backup(backup("b-2"))
    world.store.mark_backup("b-1", BackupState.DAMAGED)
    world.store.mark_backup("b-1", BackupState.DAMAGED)
    world.store.mark_backup("b-9", BackupState.DAMAGED)

    second, first = world.store.backups()
    assert first == replace(whole, state=BackupState.DAMAGED)
    assert second.state is BackupState.INCOMPLETE


# --- contents ------------------------------------------------------------------------------------


def test_contents_come_back_as_they_were(world: World) -> None:
    """Empty, small and large ones; unknown addresses are left out."""
    added = world.store.store_contents(iter(CONTENTS.items()))

    assert dict(world.store.backed_up([*CONTENTS, "sha256:none"])) == CONTENTS
    assert world.store.known_contents([*CONTENTS, "sha256:none"]) == set(CONTENTS)
    assert 0 < added < 1_000


def test_a_content_is_stored_once(world: World) -> None:
    """What is there already stays as it is and adds nothing."""
    world.store.store_contents(CONTENTS.items())

    assert world.store.store_contents(CONTENTS.items()) == 0
    address = canonical.sha256(b"one")
    assert world.store.store_contents([(address, b"two")]) == 0
    assert dict(world.store.backed_up([address])) == {address: b"one"}


def test_many_contents_are_streamed(world: World) -> None:
    """More than go into a transaction or a page, drawn from the same store while they are kept."""
    many = {canonical.sha256(data): data for n in range(1_234) if (data := str(n).encode())}
    world.store.store_contents(many.items())

    again = ((canonical.sha256(data * 2), data * 2) for _, data in world.store.backed_up(many))
    world.store.store_contents(again)

    assert dict(world.store.backed_up(many)) == many
    assert (
        len(world.store.known_contents(canonical.sha256(each * 2) for each in many.values()))
        == 1_234
    )


# --- forgetting ----------------------------------------------------------------------------------


def test_a_forgotten_backup_takes_its_contents_along(world: World) -> None:
    """What `keep` names stays, be it there or not; the others stay listed."""
    for each in ("b-1", "b-2"):
        complete(world, world.store.begin_backup(backup(each)))
    world.store.store_contents(CONTENTS.items())
    kept = canonical.sha256(b"one")

    world.store.drop_backups(["b-1"], {kept, "sha256:none"}, ["b-2", "b-7"])

    assert [each.id for each in world.store.backups()] == ["b-2"]
    assert world.store.backup_manifest("b-1") is None
    assert world.store.known_contents(CONTENTS) == {kept}


def test_a_backup_that_nobody_looked_at_keeps_every_content(world: World) -> None:
    """It may have begun a moment ago, in another environment, and found its contents stored."""
    world.store.store_contents(CONTENTS.items())
    for each, environment in (("b-1", PRODUCTION), ("b-2", STAGING)):
        world.store.begin_backup(backup(each, environment))

    world.store.drop_backups(["b-1"], (), ())

    assert [each.id for each in world.store.backups()] == ["b-2"]
    assert world.store.known_contents(CONTENTS) == set(CONTENTS)


def test_whoever_lost_the_lock_takes_no_backup(world: World) -> None:
    """Neither begins nor completes it, nor stores or forgets anything."""
    request = {"environment": PRODUCTION, "holder": "ana", "reason": "r", "ticks": 0.0}
    at = "2026-01-06T09:00:00+00:00"
    lock = world.store.take_lock(LockRequest(id="l-1", at=at, **request))
    fenced = world.store.fenced(lock)
    begun = fenced.begin_backup(backup())
    world.store.break_lock("l-1")

    for write in (
        lambda: fenced.begin_backup(backup("b-2")),
        lambda: fenced.store_contents(CONTENTS.items()),
        lambda: fenced.complete_backup(begun, b"manifest"),
        lambda: fenced.drop_backups(["b-1"], (), ()),
    ):
        with pytest.raises(LockLost):
            write()
    assert world.store.backups() == [begun]
    assert world.store.known_contents(CONTENTS) == set()


# --- all of it -----------------------------------------------------------------------------------


def test_a_backup_of_a_real_platform_comes_back(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Taken in any store, of a platform with many users, it passes the drill on SQLite."""
    contents = [integration(), *(workflow(f"w-{n}", integration="hubspot") for n in range(40))]
    deploy(world, PRODUCTION, *map(operation, contents))
    users = [
        user(
            f"u-{n:04}ü",
            "hubspot",
            scopes=("b", "a"),
            settings={"n": n, "x": None, "f": 1.5},
            workflows=({"name": "w-1", "enabled": False, "disabledBy": "user"},),
        )
        for n in range(1_500)
    ]
    put_users(world, PRODUCTION, *users)
    keeper = Keeper(store=world.store, sealer=FakeSealer(), clock=FakeClock())
    taken = keeper.take(world.store, world.platform(PRODUCTION), Environment(name=PRODUCTION), None)
    scratch = SqliteWorld(tmp_path_factory.mktemp("scratch"))

    saved = keeper.contents(taken.id, PRODUCTION)
    drilled = drilling.drill(saved, lambda _: nothing_more(scratch))

    assert (drilled.resources, drilled.users) == (41, 1_500)
    assert list(saved.users()) == list(world.platform(PRODUCTION).users())


@contextmanager
def nothing_more(world: SqliteWorld) -> Iterator[Scratch]:
    """Return the scratch platform of a world."""
    yield Scratch(world.store, world.platform(PRODUCTION))


# --- giving back what a purge took ---------------------------------------------------------------

FIRST = user(
    "u-1",
    "hubspot",
    scopes=("contacts.read",),
    settings={"region": "eu"},
    workflows=(
        {"name": "sync-contacts", "enabled": False, "disabledBy": "user", "settings": {"size": 5}},
    ),
)
SECOND = user("u-2", "slack", settings={"channel": "ops"})
RUNNING = (integration(), integration("slack"), workflow(integration="hubspot"))


@pytest.fixture
def purged(world: World) -> World:
    """A world where hubspot and its workflow were purged, and a third user is gone for good."""
    deploy(world, PRODUCTION, *map(operation, RUNNING))
    put_users(world, PRODUCTION, FIRST, SECOND)
    deploy(world, PRODUCTION, removal(RUNNING[0]), removal(RUNNING[2]))
    with world.store.transaction() as unit:
        world.platform(PRODUCTION).purge(unit, LATER)
    return world


def give_back(world: World, *records: Json, keys: tuple[ResourceKey, ...] = (HUBSPOT, SYNC)) -> int:
    """Give users back what they had, and write the resources again."""
    platform = world.platform(PRODUCTION)
    with world.store.transaction() as unit:
        given = platform.give_back(unit, iter(records), keys)
    deploy(world, PRODUCTION, operation(RUNNING[0]), operation(RUNNING[2]))
    return given


def records(world: World) -> dict[str, Json]:
    """Return connections and choices of each user."""
    return {
        each["id"]: (each["connections"], each["workflows"])
        for each in world.platform(PRODUCTION).users()
    }


def test_what_a_purge_took_comes_back(purged: World) -> None:
    """Connection, scopes, settings and choices; who is gone stays gone, others are untouched."""
    before = records(purged)
    gone = user("u-9", "hubspot")

    assert before["u-1"] == ([], [])
    assert give_back(purged, FIRST, SECOND, gone) == 1
    after = records(purged)
    assert after["u-1"] == (FIRST["connections"], FIRST["workflows"])
    assert after == before | {"u-1": after["u-1"]}


def test_only_what_is_put_back_is_given_back(purged: World) -> None:
    """What belongs to another resource is not touched."""
    assert give_back(purged, FIRST, keys=(SYNC,)) == 1

    [connections, workflows] = records(purged)["u-1"]
    assert connections == []
    assert [each["name"] for each in workflows] == ["sync-contacts"]


def test_what_the_platform_still_knows_is_not_given_back(world: World) -> None:
    """A hidden resource has its users' things still, newer ones perhaps."""
    deploy(world, PRODUCTION, *map(operation, RUNNING))
    put_users(world, PRODUCTION, FIRST, SECOND)
    deploy(world, PRODUCTION, removal(RUNNING[0]))
    older = user("u-2", "hubspot", settings={"region": "us"})

    assert give_back(world, older) == 0
    assert [each["integration"] for each in records(world)["u-2"][0]] == ["slack"]


def test_what_is_newer_is_never_overwritten(purged: World) -> None:
    """Who connected or chose again keeps exactly that, with nothing older mixed in."""
    newer = user(
        "u-1",
        "hubspot",
        status="expired",
        settings={"zone": "b"},
        workflows=({"name": "sync-contacts", "enabled": True, "settings": {"deep": True}},),
    )
    put_users(purged, PRODUCTION, newer)

    assert give_back(purged, FIRST) == 0
    assert records(purged)["u-1"] == (newer["connections"], [*newer["workflows"]])


def test_giving_back_twice_gives_nothing_more(purged: World) -> None:
    """The same call again finds everything there."""
    platform = purged.platform(PRODUCTION)
    for expected in (1, 0):
        with purged.store.transaction() as unit:
            assert platform.give_back(unit, [FIRST], [HUBSPOT, SYNC]) == expected


def test_a_roll_back_takes_it_away_again(purged: World) -> None:
    """What is given back belongs to the transaction."""

    def stop(unit: Unit) -> None:
        purged.platform(PRODUCTION).give_back(unit, [FIRST], [HUBSPOT, SYNC])
        raise ReconcilerError("stop")

    with pytest.raises(ReconcilerError, match="stop"), purged.store.transaction() as unit:
        stop(unit)
    assert records(purged)["u-1"] == ([], [])


def test_without_a_purge_no_record_is_read(world: World) -> None:
    """Where the platform knows everything, a million users are not looked at."""
    deploy(world, PRODUCTION, *map(operation, RUNNING))
    platform = world.platform(PRODUCTION)

    def never() -> Iterator[Json]:
        raise AssertionError
        yield

    with world.store.transaction() as unit:
        assert platform.give_back(unit, never(), [HUBSPOT, SYNC]) == 0


def test_while_records_are_read_the_transaction_does_not_idle(purged: World) -> None:
    """A server ends a transaction that stands still while a million users are looked at."""
    said: list[float] = []
    records = (user(f"x-{number}") for number in range(2_500))

    @event.listens_for(Engine, "before_cursor_execute")
    def listen(*_: object) -> None:
        said.append(1)

    with purged.store.transaction() as unit:
        before = len(said)
        assert purged.platform(PRODUCTION).give_back(unit, records, [HUBSPOT]) == 0
        after = len(said)
    event.remove(Engine, "before_cursor_execute", listen)

    assert after - before >= 5 or isinstance(purged, MemoryWorld)


# --- how a content is stored ---------------------------------------------------------------------


def test_a_content_says_how_long_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more, or to less, than it says is damaged, and so is what is too large."""
    packed = stored.packed(b"x" * 1_000)

    assert stored.unpacked(packed) == stored.unpacked(packed, 1_000) == b"x" * 1_000
    with pytest.raises(BackupDamaged):
        stored.unpacked(packed, 999)
    for wrong in (packed[:-1], packed + b"x", b"", b"\0" * 8, packed[:8] + b"junk", "x", None):
        with pytest.raises(BackupDamaged):
            stored.unpacked(wrong)
    monkeypatch.setattr(stored, "LARGEST", 999)
    for said in (0, 1, 500, 1_001):
        with pytest.raises(BackupDamaged):
            stored.unpacked(said.to_bytes(8) + zlib.compress(b"x" * 1_000))
    with pytest.raises(StoreError, match="1,000 bytes cannot be backed up"):
        stored.packed(b"x" * 1_000)
