"""Merges three versions of one text line by line, outside of any repository's history."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from reconciler.adapters.git.command import GitCommand, temporary_files

_NAMES = ("ours", "base", "theirs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """Merges texts in a private directory; no attribute or merge driver has a say."""

    command: GitCommand
    directory: Path

    def merge(self, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
        """Return ours with what theirs changed since the base, None if both changed one place."""
        with temporary_files(), tempfile.TemporaryDirectory(dir=self.directory) as folder:
            paths = [Path(folder) / name for name in _NAMES]
            for path, data in zip(paths, (ours, base, theirs), strict=True):
                path.write_bytes(data)
            merged = self.command.run("merge-file", "-p", "-q", *map(str, paths))
        return None if merged.status else merged.output
