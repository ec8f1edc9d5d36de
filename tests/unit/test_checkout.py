"""Files of the working tree are written all together or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.checkout import write_all
from reconciler.core.errors import ReconcilerError


def names(root: Path) -> list[str]:
    """Return every file below a folder."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_files_are_written_and_replaced(tmp_path: Path) -> None:
    """Folders are made as needed, what was there is replaced, and nothing else is left."""
    (tmp_path / "a.yaml").write_bytes(b"old")
    write_all(tmp_path, {"a.yaml": b"new", "below/it/b.yaml": b"b"})

    assert names(tmp_path) == ["a.yaml", "below/it/b.yaml"]
    assert (tmp_path / "a.yaml").read_bytes() == b"new"
    assert (tmp_path / "a.yaml").stat().st_mode & 0o777 == 0o644


def test_one_that_cannot_be_written_leaves_all_as_it_was(tmp_path: Path) -> None:
    """Files that were prepared before it are taken back."""
    (tmp_path / "a.yaml").write_bytes(b"old")
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(ReconcilerError, match=r"file/b\.yaml cannot be written: .*; nothing was"):
        write_all(tmp_path, {"a.yaml": b"new", "file/b.yaml": b"b"})
    assert names(tmp_path) == ["a.yaml", "file"]
    assert (tmp_path / "a.yaml").read_bytes() == b"old"


def test_a_move_that_fails_takes_back_those_before_it(tmp_path: Path) -> None:
    """A folder in place of a file is found last; what was moved by then is as it was."""
    (tmp_path / "a.yaml").write_bytes(b"old")
    (tmp_path / "b.yaml").mkdir()

    with pytest.raises(ReconcilerError, match=r"b\.yaml cannot be written"):
        write_all(tmp_path, {"0.yaml": b"0", "a.yaml": b"new", "b.yaml": b"b"})
    assert names(tmp_path) == ["a.yaml"]
    assert (tmp_path / "a.yaml").read_bytes() == b"old"
