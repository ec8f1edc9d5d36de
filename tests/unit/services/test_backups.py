"""Taking, verifying, trying and pruning backups, with everything in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import pytest

from reconciler.core import canonical
from reconciler.core.backups import Backup, BackupState, Content, Drilled, Live
from reconciler.core.canonical import Json
from reconciler.core.coordination import Hold
from reconciler.core.errors import (
    BackupDamaged,
    BackupRefused,
    Conflict,
    NotFound,
    PlatformError,
    StoreError,
)
from reconciler.core.locks import LockRequest
from reconciler.core.model import Environment, Phase, ResourceKey
from reconciler.services.backups import Keeper, drilling
from reconciler.services.backups.drilling import Scratch
from reconciler.testing import (
    FakeClock,
    FakeSealer,
    MemoryPlatform,
    MemoryStore,
    MemoryUnit,
    deployment,
    integration,
    operation,
    user,
    workflow,
)

PRODUCTION = Environment(name="production")
HUBSPOT, SYNC = ResourceKey("Integration", "hubspot"), ResourceKey("Workflow", "sync-contacts")
USERS = [
    user("u-1", "hubspot", scopes=("read",), settings={"region": "eu"}),
    user("u-2", workflows=({"name": "sync-contacts", "enabled": True, "settings": {"a": 1}},)),
]


class World:
    """A store, a platform, and what keeps backups."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.platform = MemoryPlatform([integration(), workflow()])
        self.sealer = FakeSealer()
        self.clock = FakeClock()
        self.keeper = Keeper(store=self.store, sealer=self.sealer, clock=self.clock)

    def take(self, deployment: str | None = None, environment: str = "production") -> Backup:
        """Take a backup."""
        named = Environment(name=environment)
        return self.keeper.take(self.store, self.platform, named, deployment)

    def take_many(self, number: int, days: float = 1) -> list[Backup]:
        """Take backups, some days apart."""
        found = []
        for each in range(number):
            self.platform.edit(integration(title=f"no {each}"))
            found.append(self.take())
            self.clock.advance(days * 86_400)
        return found

    def deploy(self, *contents: Mapping[str, Json], version: str = "1.3.0") -> None:
        """Deploy resources as a release, and record it."""
        operations = [operation(each) for each in contents]
        made = deployment("d-0", "production", version=version, tag=f"production/v{version}")
        self.store.begin(made)
        with self.store.transaction() as unit:
            self.store.record_applied(unit, "production", operations, (), "sha256:c", "d-0")
        self.store.mark_live("d-0")
        self.store.finish("d-0", Phase.SUCCEEDED, self.clock.now())

    @property
    def sequences(self) -> list[int]:
        """The numbers of the backups there are."""
        return [each.sequence for each in self.store.backups("production")]


@pytest.fixture
def world() -> World:
    """A platform that runs two resources and has two users."""
    found = World()
    found.platform.put_users(MemoryUnit(), USERS)
    return found


# --- taking --------------------------------------------------------------------------------------


def test_a_backup_holds_what_runs_and_its_users(world: World) -> None:
    """Every resource and user comes back as it was, whatever becomes of the platform."""
    backup = world.take("d-1")
    world.platform.delete(SYNC)
    world.platform.edit(integration(title="another"))
    saved = world.keeper.contents(backup.id, "production", deployment="d-1")

    assert saved.content([HUBSPOT, SYNC]) == {HUBSPOT: integration(), SYNC: workflow()}
    assert saved.digests == {
        HUBSPOT: canonical.digest(integration()),
        SYNC: canonical.digest(workflow()),
    }
    assert [each["id"] for each in saved.users()] == ["u-1", "u-2"]
    assert next(saved.users())["connections"] == USERS[0]["connections"]
    assert (backup.sequence, backup.deployment, backup.resources, backup.users) == (1, "d-1", 2, 2)
    assert (backup.state, backup.sealed_by) == (BackupState.USABLE, "environment")


def test_a_backup_holds_what_the_store_recorded(world: World) -> None:
    """What was last applied and adopted is there with its contents, and what was live."""
    world.deploy(integration(title="as applied"), workflow())
    world.store.adopt("production", {HUBSPOT: ("sha256:old", integration(title="old"))}, "t")
    saved = world.keeper.contents(world.take().id, "production")

    assert saved.live == Live(deployment="d-0", version="1.3.0", tag="production/v1.3.0")
    assert saved.content_digest == "sha256:c"
    assert saved.applied == {
        HUBSPOT: canonical.digest(integration(title="as applied")),
        SYNC: canonical.digest(workflow()),
    }
    assert saved.applied_content([HUBSPOT])[HUBSPOT]["spec"]["title"] == "as applied"
    assert saved.adopted == {HUBSPOT: "sha256:old"}
    assert saved.adopted_content([HUBSPOT])[HUBSPOT]["spec"]["title"] == "old"


def test_an_empty_environment_can_be_backed_up() -> None:
    """Before its first release there is nothing, and that can be restored too."""
    world = World()
    world.platform.delete(HUBSPOT)
    world.platform.delete(SYNC)
    saved = world.keeper.contents(world.take().id, "production")

    assert (saved.digests, list(saved.users()), saved.live) == ({}, [], None)


class Counting(MemoryPlatform):
    """Counts the contents that are read."""

    read = 0

    def contents(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return contents."""
        found = super().contents(keys)
        self.read += len(found)
        return found


def test_what_is_stored_already_is_not_read_again(world: World) -> None:
    """The second backup reads what changed, and adds little to the store."""
    world.platform = Counting([integration(), *(workflow(f"w-{each}") for each in range(50))])
    first = world.take()
    world.platform.edit(workflow("w-7", title="changed"))
    world.platform.read = 0
    second = world.take()

    assert world.platform.read == 1
    assert second.bytes < first.bytes / 4
    assert (
        world.keeper.contents(second.id, "production").digests == world.platform.observe().digests
    )


def test_secrets_are_never_in_a_backup(world: World) -> None:
    """Neither the stored value of a secret nor a sealed one stands anywhere in it."""
    sealed = world.sealer.seal("production", "TOKEN", "canary-value")
    world.store.put_secret("production", "TOKEN", sealed, "t")
    world.platform.give_secrets(MemoryUnit(), {"TOKEN": sealed})
    backup = world.take()

    kept = dict(world.store.backed_up(world.store.blobs))
    everything = b"".join([*kept.values(), world.store.backup_manifest(backup.id) or b""])
    assert len(everything) > 500
    for secret in (b"canary-value", b"eulav-yranac", sealed.fingerprint.encode()):
        assert secret not in everything


def test_where_users_are_unknown_there_are_none(world: World) -> None:
    """A platform that keeps no users of its own is backed up without them."""
    world.platform.users_known = False

    assert world.take().users == 0


class Unreadable(MemoryPlatform):
    """Somebody wrote something into it that is no manifest."""

    def contents(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return contents."""
        return dict(super().contents(keys)) | {HUBSPOT: {"unreadable": "it is not JSON"}}


def test_what_nobody_can_read_is_kept_by_its_digest(world: World) -> None:
    """It ran with that digest, so it is listed; nothing claims to be its content."""
    world.platform = Unreadable([integration()])
    saved = world.keeper.contents(world.take().id, "production")

    digest = canonical.digest(integration())
    assert saved.running == {HUBSPOT: Content(digest, None)}
    assert saved.content([HUBSPOT]) == {}
    assert saved.unread == {HUBSPOT}


# --- what keeps a backup from being usable -------------------------------------------------------


def test_an_incomplete_read_is_no_backup(world: World) -> None:
    """What the platform did not list is unknown, so nothing usable comes of it."""
    world.platform.incomplete = "page 2 was missing"

    with pytest.raises(PlatformError, match="as a whole"):
        world.take()
    [backup] = world.keeper.backups()
    assert backup.state is BackupState.INCOMPLETE
    with pytest.raises(BackupRefused, match="never completed"):
        world.keeper.contents(backup.id, "production")


class Moving(MemoryPlatform):
    """Somebody edits it whenever its contents are read, so many times."""

    times = 1

    def contents(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return contents."""
        found = super().contents(keys)
        if self.times:
            self.times -= 1
            self.edit(workflow(title=f"edit {self.times}"))
        return found


class Vanishing(Moving):
    """Somebody takes a resource away just before contents are read."""

    def contents(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return contents."""
        if self.times:
            self.times -= 1
            self.delete(SYNC)
        return MemoryPlatform.contents(self, keys)


@pytest.mark.parametrize("platform", [Moving, Vanishing])
def test_what_moves_once_is_taken_again(world: World, platform: type[Moving]) -> None:
    """The backup holds what ran when it was complete, not a mixture."""
    world.platform = platform([integration(), workflow()])
    backup = world.take()

    assert backup.sequence == 1
    saved = world.keeper.contents(backup.id, "production")
    assert saved.digests == world.platform.observe().digests


def test_what_moves_twice_is_no_backup(world: World) -> None:
    """Somebody is at work on the platform: that is a conflict, and the backup stays incomplete."""
    world.platform = Moving([integration(), workflow()])
    world.platform.times = 2

    with pytest.raises(Conflict, match="is being changed while it is backed up"):
        world.take()
    assert [each.state for each in world.keeper.backups()] == [BackupState.INCOMPLETE]


class Losing(MemoryStore):
    """Loses or changes what it is given; `spoil` is called after each write."""

    spoil: Callable[[MemoryStore], None] = staticmethod(lambda store: None)
    spoil_manifest: Callable[[MemoryStore], None] = staticmethod(lambda store: None)

    def store_contents(self, contents: Iterable[tuple[str, bytes]]) -> int:
        """Store contents."""
        added = super().store_contents(contents)
        self.spoil(self)
        return added

    def complete_backup(self, backup: Backup, manifest: bytes) -> Backup:
        """Complete a backup."""
        complete = super().complete_backup(backup, manifest)
        self.spoil_manifest(self)
        return complete


def cut(store: MemoryStore) -> None:
    """Cut every content off."""
    store.blobs = {address: data[:-5] for address, data in store.blobs.items()}


def swap(store: MemoryStore) -> None:
    """Store one content as every other."""
    store.blobs = dict.fromkeys(store.blobs, store.blobs[min(store.blobs)])


@pytest.mark.parametrize("spoil", [cut, swap, lambda store: store.blobs.clear()])
def test_what_is_stored_is_read_back(spoil: Callable[[MemoryStore], None]) -> None:
    """A store that keeps something else than it was given is found out before it counts."""
    world = World()
    world.store = store = Losing()
    store.spoil = spoil

    with pytest.raises(BackupDamaged):
        world.take()
    assert [each.state for each in store.backups()] == [BackupState.INCOMPLETE]


def test_what_goes_while_it_is_taken_is_missed() -> None:
    """A content that was there at first, and is gone at the end, makes no usable backup."""
    world = World()
    world.store = store = Losing()
    store.spoil = lambda store: store.blobs.pop(canonical.digest(integration()), None)
    store.blobs[canonical.digest(integration())] = b"never read"

    with pytest.raises(BackupDamaged, match="1 of its contents are gone"):
        world.take()


@pytest.mark.parametrize(
    "spoil",
    [lambda store: store.manifests.clear(), lambda store: store.drop_backups(["id-0001"], (), ())],
)
def test_the_manifest_is_read_back(spoil: Callable[[MemoryStore], None]) -> None:
    """A manifest that is not in the store as it was written makes no usable backup."""
    world = World()
    world.store = store = Losing()
    store.spoil_manifest = spoil

    with pytest.raises(BackupDamaged, match="not in the store as it was written"):
        world.take()
    assert BackupState.USABLE not in {each.state for each in store.backups()}


# --- which one it is -----------------------------------------------------------------------------


def test_an_unknown_backup_is_not_found(world: World) -> None:
    """The error names the id and where ids are listed."""
    with pytest.raises(NotFound, match="There is no backup b-9") as caught:
        world.keeper.contents("b-9", "production")
    assert "reconciler backup list" in str(caught.value.hint)


def test_a_backup_of_another_environment_is_refused(world: World) -> None:
    """What ran in staging is never put into production."""
    backup = world.take(environment="staging")

    with pytest.raises(BackupRefused, match="is one of staging, not of production"):
        world.keeper.contents(backup.id, "production")


def test_a_backup_of_another_deployment_is_refused(world: World) -> None:
    """A deployment is undone with the backup that was taken for it, not with an older one."""
    older, _ = world.take("d-1"), world.take("d-2")

    with pytest.raises(BackupRefused, match="was not taken for deployment d-2"):
        world.keeper.contents(older.id, "production", deployment="d-2")


def test_damage_is_written_down(world: World) -> None:
    """What was found damaged is listed as such, until it is found to be whole again."""
    backup = world.take()
    kept = dict(world.store.blobs)
    swap(world.store)

    with pytest.raises(BackupDamaged):
        world.keeper.contents(backup.id, "production")
    assert world.keeper.find(backup.id).state is BackupState.DAMAGED
    world.store.blobs = kept
    world.keeper.contents(backup.id, "production")
    assert world.keeper.find(backup.id).state is BackupState.USABLE


class ReadOnly(MemoryStore):
    """Cannot be written."""

    def mark_backup(self, id: str, state: BackupState) -> None:
        """Refuse."""
        raise StoreError("The store cannot be written.")


def test_damage_is_told_although_it_cannot_be_written_down() -> None:
    """The damage matters more than a store that is read-only."""
    world = World()
    world.store = ReadOnly()
    world.keeper = replace(world.keeper, store=world.store)
    backup = world.take()
    swap(world.store)

    with pytest.raises(BackupDamaged):
        world.keeper.contents(backup.id, "production")


# --- two at once ---------------------------------------------------------------------------------


class Meeting(MemoryStore):
    """Lets another work when a backup has looked what is stored, or before contents go."""

    meanwhile: Callable[[], object] | None = None
    moment = ""

    def known_contents(self, addresses: Iterable[str]) -> set[str]:
        """Return what is stored, and only then let the other work."""
        found = super().known_contents(addresses)
        self._meet("known")
        return found

    def drop_backups(
        self, ids: Collection[str], keep: Collection[str], looked_at: Collection[str]
    ) -> None:
        """Let the other work after it was decided what goes, and before it does."""
        self._meet("drop")
        super().drop_backups(ids, keep, looked_at)

    def _meet(self, moment: str) -> None:
        if moment == self.moment and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()


@pytest.fixture
def meeting() -> tuple[World, Meeting, MemoryPlatform]:
    """A world with much to prune, and staging, which runs what only the oldest backup holds."""
    world = World()
    world.store = store = Meeting()
    world.take_many(15, days=30)
    return world, store, MemoryPlatform([integration(title="no 0")])


def take_staging(world: World, platform: MemoryPlatform) -> Backup:
    """Take a backup of staging."""
    return world.keeper.take(world.store, platform, Environment(name="staging"), None)


def test_a_prune_does_not_harm_a_backup_that_has_begun(
    meeting: tuple[World, Meeting, MemoryPlatform],
) -> None:
    """Staging saw that its content is stored; production prunes at that very moment."""
    world, store, platform = meeting
    store.moment = "known"
    store.meanwhile = lambda: world.keeper.prune(store, "production")
    backup = take_staging(world, platform)

    assert store.meanwhile is None
    assert len(world.sequences) == 10
    world.keeper = replace(world.keeper, store=store)
    assert world.keeper.contents(backup.id, "staging").content([HUBSPOT])


def test_a_backup_between_look_and_drop_keeps_its_contents(
    meeting: tuple[World, Meeting, MemoryPlatform],
) -> None:
    """Production decided what goes before staging had begun; staging is complete when it goes."""
    world, store, platform = meeting
    made: list[Backup] = []
    store.moment = "drop"
    store.meanwhile = lambda: made.append(take_staging(world, platform))
    world.keeper.prune(store, "production")

    [backup] = made
    assert len(world.sequences) == 10
    world.keeper = replace(world.keeper, store=store)
    assert world.keeper.contents(backup.id, "staging").content([HUBSPOT])


# --- keys ----------------------------------------------------------------------------------------


def test_without_a_key_the_store_seals(world: World) -> None:
    """PostgreSQL without a key still tells its own backups from those of other stores."""
    world.sealer.keys["production"] = None
    backup = world.take()

    assert backup.sealed_by == "store"
    assert world.keeper.contents(backup.id, "production").digests


def test_once_there_is_a_key_it_alone_counts(world: World) -> None:
    """Who can write to the store could have made the other seal."""
    world.sealer.keys["production"] = None
    backup = world.take()
    world.sealer.keys["production"] = "key"

    with pytest.raises(BackupRefused, match="was made without the key of production"):
        world.keeper.contents(backup.id, "production")
    assert world.keeper.find(backup.id).state is BackupState.USABLE


@pytest.mark.parametrize(
    ("key", "text"), [(None, "there is none here"), ("another", "seal of backup .* is not right")]
)
def test_without_its_key_a_backup_is_refused(world: World, key: str | None, text: str) -> None:
    """It is not called damaged: with the right key it can be restored."""
    backup = world.take()
    world.sealer.keys["production"] = key

    with pytest.raises(BackupRefused, match=text) as caught:
        world.keeper.contents(backup.id, "production")
    assert not isinstance(caught.value, BackupDamaged)
    del world.sealer.keys["production"]
    assert world.keeper.contents(backup.id, "production").digests


# --- the drill -----------------------------------------------------------------------------------


@contextmanager
def scratch(_environment: str) -> Iterator[Scratch]:
    """Open an empty platform."""
    yield Scratch(MemoryStore(), MemoryPlatform())


def test_a_drill_brings_everything_back(world: World) -> None:
    """Resources and users are counted that came back as they were."""
    saved = world.keeper.contents(world.take().id, "production")

    assert drilling.drill(saved, scratch) == Drilled(resources=2, users=2)


class Forgetful(MemoryPlatform):
    """Loses a user, a setting, or a resource."""

    loses = ""

    def users(self, integration: str | None = None) -> Iterator[Mapping[str, Json]]:
        """Stream users."""
        for record in super().users(integration):
            if self.loses == "setting":
                yield {**record, "connections": []}
            elif self.loses != "user" or record["id"] != "u-2":
                yield record

    def contents(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return contents."""
        found = dict(super().contents(keys))
        return found | ({SYNC: integration()} if self.loses == "content" else {})


@pytest.mark.parametrize(
    ("loses", "text"),
    [
        ("user", "a user did not come back"),
        ("setting", "a user did not come back"),
        ("content", "Workflow/sync-contacts did not come back"),
    ],
)
def test_a_drill_misses_what_did_not_come_back(world: World, loses: str, text: str) -> None:
    """A restore that would lose something is found out on the scratch platform."""
    saved = world.keeper.contents(world.take().id, "production")

    @contextmanager
    def losing(_environment: str) -> Iterator[Scratch]:
        platform = Forgetful()
        platform.loses = loses
        yield Scratch(MemoryStore(), platform)

    with pytest.raises(BackupDamaged, match=text):
        drilling.drill(saved, losing)


def test_a_drill_tells_what_could_not_be_read(world: World) -> None:
    """What nobody could read when the backup was taken is counted apart."""
    world.platform = Unreadable([integration(), workflow()])
    saved = world.keeper.contents(world.take().id, "production")

    assert drilling.drill(saved, scratch) == Drilled(resources=1, users=0, unread=1)


# --- pruning -------------------------------------------------------------------------------------


def test_pruning_forgets_old_backups_and_their_contents(world: World) -> None:
    """What no other backup refers to goes too, and the others can still be restored."""
    backups = world.take_many(15, days=30)
    before = set(world.store.blobs)

    gone = world.keeper.prune(world.store, "production")

    assert [each.sequence for each in gone] == [1, 2, 3, 4, 5]
    assert world.sequences == list(range(15, 5, -1))
    first = canonical.digest(integration(title="no 0"))
    assert first in before
    assert first not in world.store.blobs
    for backup in backups[5:]:
        world.keeper.contents(backup.id, "production")


def test_below_the_slack_nothing_is_pruned(world: World) -> None:
    """Looking through all manifests is not worth a few backups."""
    world.take_many(14, days=30)

    assert world.keeper.prune(world.store, "production") == ()
    assert len(world.sequences) == 14


def test_contents_of_other_environments_stay(world: World) -> None:
    """What staging refers to is kept when production forgets it."""
    staging = world.take(environment="staging")
    world.take_many(15, days=30)
    world.keeper.prune(world.store, "production")

    assert world.keeper.contents(staging.id, "staging").digests[HUBSPOT]


def test_a_backup_that_is_being_taken_keeps_every_content(world: World) -> None:
    """Another environment may have found its contents stored a moment ago."""
    world.take_many(15, days=30)
    begun = Backup(id="x", environment="staging", created_at=world.clock.now())
    world.store.begin_backup(begun)
    before = set(world.store.blobs)

    assert len(world.keeper.prune(world.store, "production")) == 5
    assert set(world.store.blobs) == before


def test_an_abandoned_backup_keeps_nothing(world: World) -> None:
    """One that was begun long ago, and whose process is gone, is in nobody's way for ever."""
    at = world.clock.now()
    world.store.begin_backup(Backup(id="x", environment="staging", created_at=at))
    world.take_many(15, days=30)
    before = set(world.store.blobs)
    world.keeper.prune(world.store, "production")

    assert set(world.store.blobs) < before


def test_a_manifest_that_cannot_be_read_keeps_every_content(world: World) -> None:
    """What it refers to is not known, so nothing goes that it may need."""
    newer = world.take(environment="staging")
    world.take_many(15, days=30)
    before = set(world.store.blobs)
    world.store.manifests[newer.id] = b"not compressed"
    world.keeper.prune(world.store, "production")

    assert set(world.store.blobs) == before
    assert len(world.sequences) == 10


def test_what_a_running_deployment_or_a_hold_needs_is_kept(world: World) -> None:
    """The way back of something that did not end is never pruned."""
    first, second, *_ = world.take_many(17, days=30)
    world.store.begin(deployment("d-1", "production", backup=first.id))
    world.store.note_backup("d-1", first.id)
    hold = Hold(environment="production", since="t", actor="ana", reason="r", backup=second.id)
    world.store.place_hold(hold)

    gone = world.keeper.prune(world.store, "production")

    assert [each.sequence for each in gone] == [3, 4, 5, 6, 7]


def test_while_a_lock_is_kept_nothing_is_pruned(world: World) -> None:
    """A restore failed, and somebody will look for a backup that helps."""
    world.take_many(17, days=30)
    wanted = LockRequest(
        id="l",
        environment="production",
        holder="ana",
        reason="r",
        at=world.clock.now(),
        ticks=0.0,
    )
    lock = world.store.take_lock(wanted)
    world.store.keep_lock(lock, "it failed")

    assert world.keeper.prune(world.store, "production") == ()


class Away(MemoryStore):
    """Goes away when something is to be forgotten."""

    def drop_backups(
        self, ids: Collection[str], keep: Collection[str], looked_at: Collection[str]
    ) -> None:
        """Refuse."""
        raise StoreError("The store is away.")


def test_what_cannot_be_pruned_is_left_to_the_next_time() -> None:
    """A deployment that is done does not fail over its upkeep."""
    world = World()
    world.store = Away()
    world.take_many(15, days=30)

    assert world.keeper.prune(world.store, "production") == ()
    assert len(world.sequences) == 15
