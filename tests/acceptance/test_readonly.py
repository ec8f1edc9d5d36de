"""Reading commands write nothing: no store, no key, no ref, no file but the cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.acceptance.manifests import workflow
from tests.acceptance.program import Shop

pytestmark = pytest.mark.both_stores

READING = (
    ("validate",),
    ("plan", "--detailed-exitcode"),
    ("plan", "--worktree", "--format", "markdown"),
    ("plan", "--against", "HEAD~1"),
    ("drift",),
    ("history", "--details"),
    ("secret", "list", "-e", "development"),
    ("doctor",),
    ("lock", "show"),
)
CACHE = ("cache.db", "cache.db-journal", "cache.db-wal", "cache.db-shm", ".gitignore")


def files(shop: Shop) -> dict[str, tuple[bytes, int]]:
    """Return content and time of every file of the repository but the cache."""
    found = [path for path in shop.root.rglob("*") if path.is_file() and path.name not in CACHE]
    return {
        str(path.relative_to(shop.root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in found
    }


@pytest.mark.parametrize("is_deployed", [True, False])
def test_reading_commands_write_nothing(deployed: Shop, committed: Shop, is_deployed: bool) -> None:
    """With a store and without one, every file of repository and store stays as it was."""
    shop = deployed if is_deployed else committed
    shop.commit({"workflows/news.yaml": workflow("news", title="Later")})
    before, stored = files(shop), is_deployed and shop.store.read_bytes()

    for command in READING[:: 1 if is_deployed else 2]:
        shop.run(*command, code=None)

    assert files(shop) == before
    assert shop.store.exists() is is_deployed
    assert (is_deployed and shop.store.read_bytes()) == stored


@pytest.mark.embedded_store
def test_a_folder_that_cannot_be_written_is_read_all_the_same(
    committed: Shop, tmp_path: Path
) -> None:
    """Where no cache can be kept, reading commands answer without one."""
    (committed.root / ".reconciler").write_text("in the way", encoding="utf-8")

    plan = committed.run("plan", "-e", "development", "--against", "HEAD")
    valid = committed.run("validate")

    assert plan.last == "No changes."
    assert valid.out == "Valid: 5 resources in 2 environments.\n"


@pytest.mark.embedded_store
def test_a_store_of_another_program_is_left_alone(committed: Shop, tmp_path: Path) -> None:
    """A file that is no store of ours is refused with a sentence and keeps every byte."""
    for content in (b"", b"SQLite format 3\0" + bytes(100), os.urandom(4_096)):
        path = tmp_path / "other.db"
        path.write_bytes(content)

        refused = committed.run("--store", f"sqlite:///{path}", "plan", code=None)

        assert refused.code in (0, 1)
        assert refused.code == 0 or f"The store {path}" in refused.err
        assert path.read_bytes() == content


def test_an_older_and_a_newer_store_wait_for_a_person(deployed: Shop) -> None:
    """A schema that is not this program's is never touched; the next step is named."""
    deployed.sql("UPDATE alembic_version SET version_num = '9999'")
    before = deployed.store.read_bytes()

    for command in (("plan",), ("reconcile",)):
        refused = deployed.run(*command, code=1)
        assert "upgrade this program" in refused.all.lower()

    assert "newer" in deployed.run("doctor", code=1).out
    assert deployed.store.read_bytes() == before
