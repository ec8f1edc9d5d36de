"""Writes files into a working tree: all of them, or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from reconciler.core.errors import ReconcilerError

_MODE = 0o644


def write_all(root: Path, contents: Mapping[str, bytes]) -> None:
    """Write files, replacing what is there; each is written beside its place before any moves.

    Raises:
        ReconcilerError: one cannot be written; all is as it was.
    """
    ready: dict[Path, Path] = {}
    before: dict[Path, bytes | None] = {}
    target = root
    try:
        for path, data in contents.items():
            target = root / path
            before[target] = target.read_bytes() if target.exists() else None
            target.parent.mkdir(parents=True, exist_ok=True)
            ready[target] = _beside(target, data)
        for target, new in ready.items():
            new.replace(target)
    except OSError as error:
        _undo(ready, before)
        raise ReconcilerError(
            f"{target} cannot be written: {error.strerror}; nothing was written.",
            hint="Make room, or see who may write there.",
        ) from error


def _beside(target: Path, data: bytes) -> Path:
    handle, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=target.parent)
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        new.chmod(_MODE)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    return new


def _undo(ready: Mapping[Path, Path], before: Mapping[Path, bytes | None]) -> None:
    """Take back what can be taken back: the disk that failed may fail again."""
    for target, new in ready.items():
        with suppress(OSError):
            if new.exists():
                new.unlink()
                continue
            old = before[target]
            target.unlink() if old is None else target.write_bytes(old)
