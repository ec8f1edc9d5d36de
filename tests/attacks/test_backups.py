"""Backups that somebody who can write to the store has altered: none of them is ever restored."""

from __future__ import annotations

import copy
import json
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from reconciler.adapters.secrets.keys import EnvironmentKeys
from reconciler.adapters.secrets.sealer import AesSealer
from reconciler.core import backup_format, backups, canonical
from reconciler.core.backups import Backup, BackupState
from reconciler.core.canonical import Json
from reconciler.core.errors import BackupDamaged, BackupRefused, NotFound, ReconcilerError
from reconciler.core.model import Environment, ResourceKey
from reconciler.core.render import backups as render
from reconciler.services.backups import Keeper, Restorable
from reconciler.testing import FakeClock, integration, operation, user, workflow
from tests.contract.worlds import SqliteWorld, deploy, put_users

PRODUCTION, STAGING = "production", "staging"
WRONG_SEAL = "seal of backup [a-z0-9-]+ is not right"
KEY = {"RECONCILER_KEY_PRODUCTION": "p" * 43, "RECONCILER_KEY_STAGING": "s" * 43}


class Vault:
    """A store with two backups of production and one of staging, and a hand in it."""

    def __init__(
        self, folder: Path, environ: Mapping[str, str] = KEY, identity: str = "here"
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.world = SqliteWorld(folder)
        self.sql("UPDATE store_identity SET id = ?", identity)
        self.clock = FakeClock()
        self.keeper = self.with_keys(environ)
        for environment in (PRODUCTION, STAGING):
            deploy(self.world, environment, operation(integration()), operation(workflow()))
            put_users(self.world, environment, user("u-1", "hubspot", settings={"a": environment}))
        self.older, self.staging = self.take(PRODUCTION), self.take(STAGING)
        deploy(self.world, PRODUCTION, operation(workflow(title="2"), expected=workflow()))
        self.newer = self.take(PRODUCTION)

    def with_keys(self, environ: Mapping[str, str]) -> Keeper:
        """Return what keeps backups, with these keys."""
        sealer = AesSealer(EnvironmentKeys(environ, None))
        return Keeper(store=self.world.store, sealer=sealer, clock=self.clock)

    def take(self, environment: str) -> Backup:
        """Take a backup."""
        platform = self.world.platform(environment)
        named = Environment(name=environment)
        return self.keeper.take(self.world.store, platform, named, f"d-{environment}")

    def sql(self, statement: str, *values: Json) -> list[tuple[Json, ...]]:
        """Do something by hand."""
        return self.world.execute(statement, values)

    def set(self, column: str, value: Json, backup: Backup | None = None) -> None:
        """Change a column of a backup by hand."""
        which = (backup or self.newer).id
        statement = "UPDATE backups SET COLUMN = ? WHERE id = ?"
        self.sql(statement.replace("COLUMN", column), value, which)

    def copy(self, columns: str, source: Backup, target: Backup) -> None:
        """Copy columns of one backup over those of another."""
        names = columns.split()
        statement = "SELECT COLUMNS FROM backups WHERE id = ?"
        [values] = self.sql(statement.replace("COLUMNS", ", ".join(names)), source.id)
        for name, value in zip(names, values, strict=True):
            self.set(name, value, target)

    def manifest(self) -> dict[str, Json]:
        """Return the manifest of the newer backup."""
        found: dict[str, Json] = json.loads(self.world.store.backup_manifest(self.newer.id) or b"")
        return found

    def blobs(self) -> dict[str, bytes]:
        """Return what is stored, as it lies there."""
        rows = self.sql("SELECT address, content FROM backup_blobs")
        return {str(address): bytes(content) for address, content in rows}

    def opened(self) -> Restorable:
        """Return the newer backup, verified."""
        return self.keeper.contents(self.newer.id, PRODUCTION)

    def refused(self, text: str | None = None) -> None:
        """Check that the newer backup is refused, and that listing it is still possible."""
        with pytest.raises(BackupRefused, match=text):
            self.opened()
        assert render.text(self.keeper.backups(), self.clock.now())
        assert render.answer(self.keeper.backups())

    def copied(self, folder: Path) -> Vault:
        """Return a copy, to be altered."""
        found = copy.copy(self)
        found.world = SqliteWorld(folder)
        found.world.path.write_bytes(self.world.path.read_bytes())
        found.keeper = replace(self.keeper, store=found.world.store)
        return found


@pytest.fixture(scope="module")
def sealed_by_keys(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """Return a store with backups that the keys of environments sealed."""
    return Vault(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def sealed_by_store(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """Return a store with backups that it sealed itself."""
    return Vault(tmp_path_factory.mktemp("store"), {})


@pytest.fixture
def vault(sealed_by_keys: Vault, tmp_path: Path) -> Vault:
    """Return a copy of the first."""
    return sealed_by_keys.copied(tmp_path)


@pytest.fixture
def keyless(sealed_by_store: Vault, tmp_path: Path) -> Vault:
    """Return a copy of the second."""
    return sealed_by_store.copied(tmp_path)


def packed(data: bytes, size: int | None = None) -> bytes:
    """Return bytes as a store keeps them, saying another size perhaps."""
    return (len(data) if size is None else size).to_bytes(8) + zlib.compress(data)


def everything(saved: Restorable) -> Json:
    """Return all that a backup would put back."""
    keys = [*saved.digests]
    return [saved.digests, saved.content(keys), list(saved.users()), saved.applied, saved.live]


def test_untouched_backups_are_fine(vault: Vault) -> None:
    """What the tests below alter can be restored before."""
    assert everything(vault.opened())
    assert vault.keeper.contents(vault.older.id, PRODUCTION).digests
    assert vault.keeper.contents(vault.staging.id, STAGING).digests


# --- bytes ---------------------------------------------------------------------------------------


def altered(data: bytes) -> Iterator[bytes]:
    """Yield a content with one bit turned, cut, grown, or with a part of it gone."""
    for at in range(0, len(data), max(1, len(data) // 12)):
        yield data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]
    yield from (data[: len(data) // 3], data[:-1], b"", data + b"\0", data + data)
    yield data[: len(data) // 2] + data[len(data) // 2 + 1 :]


def test_altered_contents_are_refused(vault: Vault) -> None:
    """Whichever byte of whichever content is turned, cut or added: damaged, and listed so."""
    blobs = vault.blobs()
    saved = vault.opened()
    used = {each.address for each in (*saved.running.values(), *saved.chunks)}
    used |= {address for address, _ in vault.manifest()["pages"]}
    for address, data in blobs.items():
        for wrong in altered(data):
            vault.sql("UPDATE backup_blobs SET content = ? WHERE address = ?", wrong, address)
            problem = outcome(vault)
            assert isinstance(problem, BackupDamaged) == (address in used)
            vault.sql("UPDATE backup_blobs SET content = ? WHERE address = ?", data, address)
            vault.sql("UPDATE backups SET state = 'usable'")


def outcome(vault: Vault) -> ReconcilerError | None:
    """Return what refuses the newer backup; where nothing does, it is what it was."""
    good = {"Workflow": workflow(title="2"), "Integration": integration()}
    try:
        saved = vault.opened()
    except ReconcilerError as error:
        return error
    assert {key.kind: value for key, value in saved.content(saved.digests).items()} == good
    assert [each["id"] for each in saved.users()] == ["u-1"]
    return None


def test_altered_manifests_are_refused(vault: Vault) -> None:
    """Whichever byte of the manifest is turned, cut or added."""
    [(data,)] = vault.sql("SELECT manifest FROM backups WHERE id = ?", vault.newer.id)
    for wrong in altered(data):
        vault.set("manifest", wrong)
        assert isinstance(outcome(vault), BackupDamaged)
        vault.set("state", "usable")


@pytest.mark.parametrize("wrong", [b"", b"x" * 50, "text", 7, None])
def test_what_is_no_content_is_refused(vault: Vault, wrong: Json) -> None:
    """SQLite keeps any type in any column."""
    vault.set("manifest", wrong)
    vault.refused("damaged")
    vault.set("state", "usable")
    vault.copy("manifest", vault.older, vault.newer)
    vault.refused()


def test_a_missing_content_is_missed(vault: Vault) -> None:
    """One that was deleted makes the backup damaged; that of another backup does not."""
    old = canonical.digest(workflow())
    vault.sql("DELETE FROM backup_blobs WHERE address = ?", old)
    assert everything(vault.opened())

    vault.sql("DELETE FROM backup_blobs WHERE address = ?", canonical.digest(workflow(title="2")))
    vault.refused("1 of its contents are missing")
    assert vault.keeper.find(vault.newer.id).state is BackupState.DAMAGED


def test_a_content_is_not_taken_for_another(vault: Vault) -> None:
    """An older content under the address of the newer one is found out."""
    old, new = canonical.digest(workflow()), canonical.digest(workflow(title="2"))
    vault.sql(
        "UPDATE backup_blobs SET content = (SELECT content FROM backup_blobs WHERE address = ?)"
        " WHERE address = ?",
        old,
        new,
    )
    vault.refused("a content in it was altered")


# --- bombs ---------------------------------------------------------------------------------------


@cache
def zeros() -> bytes:
    """Return half a gigabyte of zeros, compressed."""
    compressor, some = zlib.compressobj(1), b"\0" * (1024 * 1024)
    return b"".join(compressor.compress(some) for _ in range(512)) + compressor.flush()


@pytest.mark.parametrize("where", ["manifest", "content"])
@pytest.mark.parametrize("said", [20, 64 * 1024 * 1024, 2**62])
def test_a_bomb_is_not_unpacked(vault: Vault, where: str, said: int) -> None:
    """Half a gigabyte of zeros takes neither memory nor time, whatever size it claims."""
    bomb = said.to_bytes(8) + zeros()
    if where == "manifest":
        vault.set("manifest", bomb)
    else:
        vault.sql("UPDATE backup_blobs SET content = ?", bomb)
    tracemalloc.start()
    begun = time.monotonic()

    vault.refused()

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300 * 1024 * 1024
    assert time.monotonic() - begun < 20


# --- one backup for another ----------------------------------------------------------------------


def test_swapped_manifests_are_refused(vault: Vault) -> None:
    """An older manifest under the id of a newer backup, with its seal and digest, is refused."""
    vault.copy("manifest digest seal sealed_by", vault.older, vault.newer)

    vault.refused(f"its manifest is that of {vault.older.id}")


def test_an_older_backup_is_not_replayed(vault: Vault) -> None:
    """Everything of the older row under the newer id does not help either."""
    columns = "deployment created_at resources users bytes digest seal sealed_by manifest"
    vault.copy(columns, vault.older, vault.newer)

    vault.refused(f"its manifest is that of {vault.older.id}")


def test_an_older_number_is_not_replayed(vault: Vault) -> None:
    """A backup that is given the number of a later one is refused."""
    vault.set("sequence", 99)

    vault.refused("number 99")


def test_another_environment_is_refused(vault: Vault) -> None:
    """The backup of staging, said to be one of production, has the seal of staging."""
    vault.sql(
        "UPDATE backups SET environment = 'production', sequence = 9 WHERE id = ?", vault.staging.id
    )
    with pytest.raises(BackupRefused, match=WRONG_SEAL):
        vault.keeper.contents(vault.staging.id, PRODUCTION)


def test_another_environment_without_keys_is_refused(keyless: Vault) -> None:
    """Where the store seals for all of them, the manifest still says whose it is."""
    vault = keyless
    vault.sql(
        "UPDATE backups SET environment = 'production', sequence = 9 WHERE id = ?", vault.staging.id
    )

    with pytest.raises(BackupRefused, match="holds staging, not production"):
        vault.keeper.contents(vault.staging.id, PRODUCTION)


@pytest.mark.parametrize("environ", [KEY, {}])
def test_another_store_is_refused(tmp_path: Path, environ: Mapping[str, str]) -> None:
    """Rows and contents of one store do nothing in another, with the same key or with none."""
    vault = Vault(tmp_path, environ, "there")
    vault.sql("UPDATE store_identity SET id = 'here'")

    vault.refused("another store")


# --- the seal ------------------------------------------------------------------------------------


def forge(vault: Vault, change: Callable[[dict[str, Json]], None], *, store_seal: bool) -> None:
    """Write another manifest, consistent but for what only the key can make."""
    manifest = vault.manifest()
    change(manifest)
    data = canonical.dumps(manifest).encode()
    vault.set("manifest", packed(data))
    vault.set("digest", canonical.sha256(data))
    vault.set("resources", manifest["resources"])
    vault.set("users", manifest["users"])
    if store_seal:
        vault.set("sealed_by", "store")
        vault.set("seal", backups.store_seal(vault.world.store.identity(), data))


def without_users(manifest: dict[str, Json]) -> None:
    """Take the users out of a manifest."""
    manifest |= {"users": 0, "chunks": []}


def older_content(manifest: dict[str, Json]) -> None:
    """Say that a release was live that was not."""
    manifest["content_digest"] = "sha256:other"


@pytest.mark.parametrize("change", [without_users, older_content])
@pytest.mark.parametrize("store_seal", [False, True])
def test_a_forged_manifest_is_refused(
    vault: Vault, change: Callable[[dict[str, Json]], None], store_seal: bool
) -> None:
    """Digest, counts and the seal that anybody can make are right: only the key's seal counts."""
    forge(vault, change, store_seal=store_seal)

    vault.refused("without the key" if store_seal else WRONG_SEAL)


@pytest.mark.parametrize("seal", ["", None, "0" * 64, "ä", 7, b"x"])
def test_a_wrong_seal_is_refused(vault: Vault, seal: Json) -> None:
    """Whatever stands in its column."""
    vault.set("seal", seal)

    vault.refused(WRONG_SEAL)


def test_the_seal_of_another_backup_is_refused(vault: Vault) -> None:
    """The right key made it, for something else."""
    vault.copy("seal", vault.older, vault.newer)

    vault.refused(WRONG_SEAL)


@pytest.mark.parametrize("column", ["resources", "users", "deployment", "created_at"])
@pytest.mark.parametrize("value", [9, "text", b"bytes"])
def test_altered_facts_are_refused(vault: Vault, column: str, value: Json) -> None:
    """What is listed must be what the sealed manifest says."""
    vault.set(column, value)

    vault.refused("listed otherwise than its manifest says")


def test_an_incomplete_backup_cannot_be_declared_usable(vault: Vault) -> None:
    """There is no manifest to it."""
    begun = vault.world.store.begin_backup(
        Backup(id="b-9", environment=PRODUCTION, created_at=vault.clock.now())
    )
    vault.set("state", "usable", begun)

    with pytest.raises(BackupDamaged, match="its manifest is missing"):
        vault.keeper.contents("b-9", PRODUCTION)


def test_an_unknown_state_counts_as_damaged(vault: Vault) -> None:
    """Listing works, and what the backup holds decides, not what is listed of it."""
    vault.set("state", "excellent")
    [newest, *_] = vault.keeper.backups(PRODUCTION)
    assert newest.state is BackupState.DAMAGED

    vault.keeper.contents(newest.id, PRODUCTION)
    [newest, *_] = vault.keeper.backups(PRODUCTION)
    assert newest.state is BackupState.USABLE
    with pytest.raises(NotFound):
        vault.keeper.contents("b-9' OR 1=1 --", PRODUCTION)


# --- where the store alone seals, contents are still what digests say ----------------------------


def test_a_newer_program_is_told(keyless: Vault) -> None:
    """A manifest of a newer format is refused by its number, and not called damaged."""
    forge(keyless, lambda manifest: manifest.update(format=2), store_seal=True)

    keyless.refused("has format 2, this program knows only 1")
    assert keyless.keeper.find(keyless.newer.id).state is BackupState.USABLE


@pytest.mark.parametrize(
    "lie",
    [
        lambda manifest: manifest.update(users=5),
        lambda manifest: manifest.update(resources=1),
        lambda manifest: manifest["pages"].clear(),
        lambda manifest: manifest["pages"].append(manifest["pages"][0]),
        lambda manifest: manifest["chunks"].append(manifest["chunks"][0]),
        lambda manifest: manifest["pages"][0].__setitem__(1, 7),
        lambda manifest: manifest["pages"][0].__setitem__(0, "sha256:none"),
        lambda manifest: manifest["chunks"][0].__setitem__(0, manifest["pages"][0][0]),
        lambda manifest: manifest["pages"][0].__setitem__(0, manifest["chunks"][0][0]),
        lambda manifest: manifest["pages"][0].__setitem__(0, canonical.digest(workflow())),
    ],
)
def test_a_manifest_that_does_not_fit_its_contents_is_refused(
    keyless: Vault, lie: Callable[[dict[str, Json]], None]
) -> None:
    """Counts, pages and chunks must agree, even where a seal could be made."""
    forge(keyless, lie, store_seal=True)

    keyless.refused("damaged")


def test_names_in_a_backup_reach_no_terminal_raw(vault: Vault) -> None:
    """What somebody wrote into a row is shown as text that nothing obeys."""
    vault.set("deployment", "\x1b[31m::error::x\nb")

    shown = render.text(vault.keeper.backups(), vault.clock.now())

    assert "\x1b" not in shown
    assert "\n::error" not in shown
    assert len(shown.splitlines()) == 6


def test_hostile_pages_are_no_rows() -> None:
    """A page is read with distrust, however deep or odd it is."""
    key = ResourceKey("Workflow", "a")
    for data in (b"[" * 10_000, b"[[{},{},1,1,1]]", b"[[[],[],[],[],[]]]", b'"text"', b"\x00"):
        with pytest.raises(BackupDamaged):
            backup_format.read_page(str(key), data, 1)
