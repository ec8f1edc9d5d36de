"""A snapshot with some files replaced in thought: what a release would hold, before it is written.

It must not know releases; bytes that are not in git yet get the blob id that git would give them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.ports import Snapshot, TreeFile

# What stands at a path instead: bytes, a blob that git has, or nothing.
Replacement = bytes | TreeFile | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """A commit's files with replacements by path (see `ports.Snapshot`)."""

    base: Snapshot
    files_at: Mapping[str, Replacement]
    _bytes: dict[str, bytes] = field(default_factory=dict)

    @property
    def commit(self) -> str | None:
        """The commit below the replacements."""
        return self.base.commit

    @property
    def ref(self) -> str | None:
        """The ref that the commit was asked for by."""
        return self.base.ref

    def files(self, folder: str) -> Sequence[TreeFile]:
        """List the files below a folder, with the replacements, sorted by path."""
        prefix = f"{folder}/" if folder else ""
        found = {file.path: file for file in self.base.files(folder)}
        for path, replacement in self.files_at.items():
            if path != folder and not path.startswith(prefix):
                continue
            if replacement is None:
                found.pop(path, None)
            else:
                found[path] = self._file(path, replacement)
        return [found[path] for path in sorted(found)]

    def tree_id(self, folder: str) -> str | None:
        """Return the tree id of a folder in which nothing is replaced, None for any other."""
        prefix = f"{folder}/" if folder else ""
        touched = any(path.startswith(prefix) for path in self.files_at)
        return None if touched else self.base.tree_id(folder)

    def read(self, files: Iterable[TreeFile]) -> Iterator[tuple[TreeFile, bytes]]:
        """Yield the bytes of the files, in their order."""
        asked = list(files)
        from_git = [file for file in asked if file.oid not in self._bytes]
        read = iter(self.base.read(from_git))
        for file in asked:
            yield (file, self._bytes[file.oid]) if file.oid in self._bytes else next(read)

    def _file(self, path: str, replacement: bytes | TreeFile) -> TreeFile:
        if isinstance(replacement, TreeFile):
            return TreeFile(path, replacement.oid, replacement.mode)
        oid = blob_id(replacement, len(self.base.commit or ""))
        self._bytes[oid] = replacement
        return TreeFile(path, oid)


def blob_id(data: bytes, width: int = 40) -> str:
    """Return the id that git gives to a blob; width is 64 in a SHA-256 repository."""
    made = hashlib.sha256() if width == 64 else hashlib.sha1(usedforsecurity=False)
    made.update(b"blob %d\0" % len(data))
    made.update(data)
    return made.hexdigest()
