"""What stands in for git and the cache before there is a repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.core.canonical import Json
from reconciler.ports import CachedDocument, TreeFile


class NoFiles:
    """A `ports.Snapshot` without any file."""

    commit: str | None = None
    ref: str | None = None

    def files(self, _folder: str) -> Sequence[TreeFile]:
        """List nothing."""
        return ()

    def tree_id(self, _folder: str) -> str | None:
        """Return None: there is no tree."""

    def read(self, _files: Iterable[TreeFile]) -> Iterator[tuple[TreeFile, bytes]]:
        """Yield nothing."""
        yield from ()


class NoCache:
    """A `ports.DocumentCache` that remembers nothing."""

    def documents(
        self, _blobs: Iterable[tuple[str, str]]
    ) -> Mapping[tuple[str, str], CachedDocument]:
        """Return nothing."""
        return {}

    def contents(self, _blobs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Json]:
        """Return nothing."""
        return {}

    def remember(self, _documents: Iterable[tuple[tuple[str, str], CachedDocument, Json]]) -> None:
        """Forget it at once."""

    def value(self, _key: str) -> str | None:
        """Return nothing."""

    def remember_value(self, _key: str, _text: str) -> None:
        """Forget it at once."""
