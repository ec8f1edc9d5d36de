"""What is desired: files of a commit, the manifests in them, and what is remembered of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.core.canonical import Json
from reconciler.core.model import Facts, Finding


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file below a folder: path from the repository's root, git object id and git mode."""

    path: str
    oid: str
    mode: str = "100644"


class Snapshot(Protocol):
    """The files of one commit, or of the working tree (then `commit` is None).

    Bytes are those of the blob: no filter, replace ref, attribute or config changes them.
    """

    @property
    def commit(self) -> str | None:
        """Full commit id, None for the working tree."""

    @property
    def ref(self) -> str | None:
        """The ref that was asked for, None for the working tree."""

    def files(self, folder: str) -> Sequence[TreeFile]:
        """List every file below a folder, recursively, sorted by path; empty when it is missing.

        Symlinks and submodules are listed with their mode (120000, 160000), never followed.
        """

    def tree_id(self, folder: str) -> str | None:
        """Return the git tree id of a folder, None when missing or not known (working tree)."""

    def read(self, files: Iterable[TreeFile]) -> Iterator[tuple[TreeFile, bytes]]:
        """Yield the bytes of the files, in their order.

        Raises:
            RepositoryError: an object is missing or corrupt.
        """


@dataclass(frozen=True, slots=True)
class Parsed:
    """A manifest that fits its schema, normalised, with `${{ }}` references still in place."""

    content: Mapping[str, Json]
    facts: Facts


@dataclass(frozen=True, slots=True)
class ParseRequest:
    """Bytes to parse; `path` is for findings, `expected` the kind that its folder holds."""

    path: str
    data: bytes
    expected: str


class Manifests(Protocol):
    """Reads manifests strictly; never raises anything but its own errors on any bytes."""

    @property
    def rules_version(self) -> str:
        """A digest that changes with the schemas or reading rules, so that caches know."""

    def parse(self, requests: Sequence[ParseRequest]) -> Iterator[Parsed | tuple[Finding, ...]]:
        """Yield, in order, the manifest or every finding in it. Many are parsed in parallel."""

    def parse_definition(self, path: str, data: bytes, format: str) -> Json | tuple[Finding, ...]:
        """Return the content of an engine's definition file: a JSON value or text."""

    def position(self, data: bytes, pointer: str) -> tuple[int, int]:
        """Return line and column (from 1) of a JSON Pointer, or of its nearest parent there."""

    def with_member(self, data: bytes, donor: bytes, pointer: str) -> bytes | None:
        """Return `data` with the block at a JSON Pointer replaced by that of `donor`, by text.

        Everything else keeps its bytes. A block that the donor lacks is removed, one that only the
        donor has is put at the end of its mapping. None where that cannot be done.
        """


@dataclass(frozen=True, slots=True)
class CachedDocument:
    """What is remembered of one blob; `content` is JSON text."""

    name: str
    bytes_digest: str
    digest: str | None
    facts: Facts


class DocumentCache(Protocol):
    """What was parsed and validated once, by git blob id; safe to delete at any time."""

    def documents(
        self, blobs: Iterable[tuple[str, str]]
    ) -> Mapping[tuple[str, str], CachedDocument]:
        """Return what is remembered of (kind, blob id) pairs."""

    def contents(self, blobs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Json]:
        """Return the normalised contents of (kind, blob id) pairs that are remembered."""

    def remember(self, documents: Iterable[tuple[tuple[str, str], CachedDocument, Json]]) -> None:
        """Remember documents with their contents."""

    def value(self, key: str) -> str | None:
        """Return a remembered text, such as an index by tree id."""

    def remember_value(self, key: str, text: str) -> None:
        """Remember a text by key."""
