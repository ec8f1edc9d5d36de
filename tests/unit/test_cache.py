"""What was parsed once is remembered, and a cache never fails a command."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.adapters.cache import packing
from reconciler.adapters.cache.sqlite import NullCache, SqliteCache
from reconciler.core.model import Facts
from reconciler.ports import CachedDocument

KEY = ("Workflow", "a" * 40)
CONTENT = {"kind": "Workflow", "spec": {"steps": [1, None, "ü"]}}


def document(name: str = "sync", facts: Facts | None = None) -> CachedDocument:
    """Return a document to remember."""
    return CachedDocument(name, "sha256:b", "sha256:d", facts or Facts(event="order-paid"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a repository's cache stands."""
    return tmp_path / ".reconciler" / "cache.db"


@pytest.fixture
def filled(path: Path) -> Path:
    """Return a cache file with one document and one text, written under rules `r1`."""
    cache = SqliteCache(path, "r1")
    cache.remember([(KEY, document(), CONTENT)])
    cache.remember_value("index", "text")
    return path


def is_empty(cache: SqliteCache) -> bool:
    """Say whether a cache answers nothing of what was written to a filled one."""
    return not (cache.documents([KEY]) or cache.contents([KEY]) or cache.value("index"))


def test_documents_come_back_by_kind_and_blob(filled: Path) -> None:
    """A later run finds what an earlier one wrote, and nothing else."""
    cache = SqliteCache(filled, "r1")
    others = [("AppEvent", KEY[1]), ("Workflow", "b" * 40)]

    assert cache.documents([KEY, *others]) == {KEY: document()}
    assert cache.contents([KEY, *others]) == {KEY: CONTENT}
    assert cache.value("index") == "text"
    assert cache.value("other") is None


def test_remembering_again_replaces(filled: Path) -> None:
    """The last word on a blob, or a key, counts."""
    cache = SqliteCache(filled, "r1")
    cache.remember([(KEY, document("new"), {"new": True})])
    cache.remember_value("index", "new")

    assert cache.documents([KEY])[KEY].name == "new"
    assert cache.contents([KEY]) == {KEY: {"new": True}}
    assert cache.value("index") == "new"


def test_a_document_without_a_digest_is_remembered(path: Path) -> None:
    """The digest is None where values must be filled in first."""
    cache = SqliteCache(path, "r1")
    unfilled = dataclasses.replace(document(), digest=None)
    cache.remember([(KEY, unfilled, CONTENT)])

    assert cache.documents([KEY]) == {KEY: unfilled}


@pytest.mark.parametrize("wanted", [10, 900, 1_500, 2_500])
def test_few_and_many_are_read_alike(path: Path, wanted: int) -> None:
    """Whichever way they are looked up, exactly the wanted ones come back."""
    cache = SqliteCache(path, "r1")
    keys = [("Workflow", f"{number:040x}") for number in range(2_500)]
    cache.remember((key, document(key[1]), number) for number, key in enumerate(keys))
    keys = keys[:wanted]

    assert {key: each.name for key, each in cache.documents(keys).items()} == {
        key: key[1] for key in keys
    }
    assert cache.contents(keys) == {key: number for number, key in enumerate(keys)}


def test_every_field_of_facts_comes_back() -> None:
    """Text and lists of each field survive, alone and together."""
    full = {name: ("a", "b c", "ü") if many else "x" for name, many in packing.FIELDS}
    for name, value in full.items():
        alone = Facts(**{name: value})
        assert packing.unpacked(packing.packed(alone) or "") == alone
    assert packing.unpacked(packing.packed(Facts(**full)) or "") == Facts(**full)
    assert packing.packed(Facts()) == ""


@pytest.mark.parametrize("name", ["a\x1fb", "a\x1eb", ""])
def test_facts_that_cannot_be_packed_are_not_remembered(path: Path, name: str) -> None:
    """A document whose facts would come back changed is parsed again each time."""
    cache = SqliteCache(path, "r1")
    cache.remember([(KEY, document(facts=Facts(workflows=(name,))), CONTENT)])

    assert cache.documents([KEY]) == {}


def test_other_rules_see_nothing(filled: Path) -> None:
    """What was read under other rules is not known, and is dropped by the next write."""
    other = SqliteCache(filled, "r2")

    assert is_empty(other)
    other.remember_value("new", "text")
    assert is_empty(SqliteCache(filled, "r1"))
    assert other.value("new") == "text"


def test_a_run_with_old_rules_never_reads_what_new_ones_wrote(filled: Path) -> None:
    """The rules are compared in the transaction that reads, not once at the start."""
    old = SqliteCache(filled, "r1")
    assert old.documents([KEY])
    SqliteCache(filled, "r2").remember([(KEY, document("new"), CONTENT)])

    assert is_empty(old)


def test_asking_makes_no_file(path: Path) -> None:
    """Only remembering writes."""
    assert is_empty(SqliteCache(path, "r1"))
    assert not path.parent.exists()


def test_the_file_is_private_and_ignored(filled: Path) -> None:
    """The cache holds manifests: nobody else reads it, and git never sees it."""
    assert stat.S_IMODE(filled.stat().st_mode) == 0o600
    assert stat.S_IMODE(filled.parent.stat().st_mode) == 0o700
    assert "*" in (filled.parent / ".gitignore").read_text().splitlines()


def test_a_full_cache_is_emptied(path: Path) -> None:
    """Above its size the cache begins anew, and does not grow further."""
    cache = SqliteCache(path, "r1", largest=200_000)
    sizes = []
    for number in range(20):
        cache.remember_value(f"key {number}", "x" * 50_000)
        sizes.append(path.stat().st_size)

    assert cache.value("key 19") is not None
    assert cache.value("key 0") is None
    assert max(sizes) < 300_000


def damage(path: Path, how: str) -> None:
    """Make a cache file unusable."""
    if how == "no database":
        path.write_bytes(b"no database at all" * 100)
    elif how == "torn":
        data = path.read_bytes()
        path.write_bytes(data[:4096] + os.urandom(len(data) - 4096))
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    elif how == "a folder":
        path.unlink()
        path.mkdir()
    elif how == "a symlink":
        path.rename(path.with_name("other.db"))
        path.symlink_to("other.db")
    elif how == "shared":
        path.chmod(0o622)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP TABLE documents")
            connection.execute("DROP TABLE contents")
            connection.execute("DROP TABLE texts")


DAMAGES = ["no database", "torn", "cut", "a folder", "a symlink", "shared", "other tables"]


@pytest.mark.parametrize("how", DAMAGES)
def test_an_unusable_file_is_no_error(filled: Path, how: str) -> None:
    """A damaged or foreign cache answers nothing and takes nothing, without an exception."""
    damage(filled, how)
    cache = SqliteCache(filled, "r1")

    assert is_empty(cache)
    cache.remember([(KEY, document(), CONTENT)])
    cache.remember_value("index", "text")


@pytest.mark.parametrize("how", ["no database", "torn", "cut"])
def test_a_damaged_file_is_replaced(filled: Path, how: str) -> None:
    """The run after the one that met a damaged cache has a new one."""
    damage(filled, how)
    assert is_empty(SqliteCache(filled, "r1"))

    SqliteCache(filled, "r1").remember([(KEY, document(), CONTENT)])

    assert SqliteCache(filled, "r1").documents([KEY]) == {KEY: document()}


def test_a_damaged_content_is_not_known(filled: Path) -> None:
    """A content that is no JSON is as good as forgotten."""
    with closing(sqlite3.connect(filled)) as connection, connection:
        connection.execute("UPDATE contents SET content = '{'")

    assert SqliteCache(filled, "r1").contents([KEY]) == {}


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """Where no file can be made there is no cache."""
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "cache.db", Path("/proc/none/cache.db")):
        cache = SqliteCache(place, "r1")
        cache.remember([(KEY, document(), CONTENT)])
        assert is_empty(cache)


@pytest.fixture
def locked(filled: Path) -> Iterator[Path]:
    """Return a filled cache that another run keeps locked."""
    with closing(sqlite3.connect(filled, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield filled


def test_a_locked_cache_is_no_error(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run waits for another's write only for a moment, then goes on without a cache."""
    monkeypatch.setattr("reconciler.adapters.cache.sqlite._TIMEOUT", 0.05)
    cache = SqliteCache(locked, "r1")

    cache.remember_value("index", "new")
    assert is_empty(cache)


def test_two_runs_share_the_file(filled: Path) -> None:
    """What one run writes the other sees, in both directions."""
    first, second = SqliteCache(filled, "r1"), SqliteCache(filled, "r1")
    first.remember_value("one", "1")
    second.remember_value("two", "2")

    assert (first.value("two"), second.value("one")) == ("2", "1")


def test_a_failure_while_remembering_writes_nothing(path: Path) -> None:
    """An exception of the caller passes through, and leaves no half of its documents."""
    cache = SqliteCache(path, "r1")

    def documents() -> Iterator[tuple[tuple[str, str], CachedDocument, object]]:
        """Yield one document, then fail."""
        yield KEY, document(), CONTENT
        raise KeyError("ours")

    with pytest.raises(KeyError, match="ours"):
        cache.remember(documents())
    assert is_empty(cache)


def test_the_null_cache_remembers_nothing() -> None:
    """Without a cache every question has an empty answer."""
    cache = NullCache()
    cache.remember([(KEY, document(), CONTENT)])
    cache.remember_value("index", "text")

    assert (cache.documents([KEY]), cache.contents([KEY]), cache.value("index")) == ({}, {}, None)
