"""Merging three versions of one text by git itself, without its configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.git.repository import open_repository
from reconciler.testing import MemoryRepository
from tests.repositories import Repository

BASE = b"one\n\ntwo\n\nthree\n"


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        (BASE, BASE.replace(b"two", b"2"), BASE.replace(b"two", b"2")),
        (BASE.replace(b"one", b"1"), BASE.replace(b"three", b"3"), b"1\n\ntwo\n\n3\n"),
        (BASE.replace(b"two", b"2"), BASE.replace(b"two", b"zwei"), None),
        (b"\0\1", b"\0\2", None),
    ],
    ids=["theirs", "both", "conflict", "binary"],
)
def test_both_changes_or_nothing(
    tmp_path: Path, ours: bytes, theirs: bytes, merged: bytes | None
) -> None:
    """Lines that one side changed are taken from it; a place that both changed gives None."""
    with open_repository(Repository(tmp_path).root) as repository:
        assert repository.merge_text(ours, BASE, theirs) == merged
    if b"\0" not in ours:
        assert MemoryRepository().merge_text(ours, BASE, theirs) == merged


def test_nothing_is_left_behind_and_no_setting_counts(tmp_path: Path) -> None:
    """The texts are gone afterwards, and a merge driver or conflict style changes nothing."""
    made = Repository(tmp_path)
    made.git("config", "merge.conflictStyle", "diff3")
    made.write({".gitattributes": "* merge=union\n"})
    with open_repository(made.root) as repository:
        before = sorted(repository.private_directory.iterdir())

        assert repository.merge_text(b"a\n", b"b\n", b"c\n") is None
        assert sorted(repository.private_directory.iterdir()) == before
