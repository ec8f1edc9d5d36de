"""The files of one commit, listed and read by object id; nothing is checked out or filtered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from operator import attrgetter

from reconciler.adapters.git.command import GitCommand
from reconciler.adapters.git.objects import Wanted, read_objects
from reconciler.core.errors import RepositoryError
from reconciler.core.paths import OTHER, SUBMODULE, SYMLINK
from reconciler.core.printable import one_line
from reconciler.ports import TreeFile

_PLAIN = bytes([0, 9, *range(0x20, 0x7F)])
_TREE_MODE = "040000"
# Listings up to this length are kept: single manifests are asked for again and again.
_SHORT = 100
_UNREADABLE = {SYMLINK: "a symlink", SUBMODULE: "a submodule", OTHER: "not a regular file"}


def readable(file: TreeFile) -> TreeFile:
    """Return a listed file that holds bytes of its own.

    Raises:
        RepositoryError: it is a symlink, a submodule or no regular file.
    """
    kind = _UNREADABLE.get(file.mode)
    if kind is not None:
        raise RepositoryError(f"{file.path} is {kind} and is not read.")
    return file


def folder_name(folder: str) -> str:
    """Return a folder's path without slashes at its end.

    Raises:
        RepositoryError: it is no path below the repository's root.
    """
    name = folder.rstrip("/")
    segments = name.split("/") if name else []
    if folder.startswith("/") or "\0" in name or not {"", ".", ".."}.isdisjoint(segments):
        raise RepositoryError(f"`{one_line(folder)}` is not a folder below the repository's root.")
    return name


class GitSnapshot:
    """The files of one commit (see `ports.Snapshot`)."""

    def __init__(self, command: GitCommand, commit: str, ref: str | None) -> None:
        """Take a full commit id, and the ref that was asked for."""
        self._command = command
        self._commit = commit
        self._ref = ref
        self._trees: dict[str, str | None] = {}
        self._short: dict[str, list[TreeFile]] = {}

    @property
    def commit(self) -> str:
        """Full commit id."""
        return self._commit

    @property
    def ref(self) -> str | None:
        """The ref that was asked for."""
        return self._ref

    def files(self, folder: str) -> Sequence[TreeFile]:
        """List every file below a folder, sorted by path.

        A symlink, submodule or file in the folder's own place, or in that of a folder above it,
        is listed alone.

        Raises:
            RepositoryError: a tree is missing or corrupt.
        """
        name = folder_name(folder)
        if name in self._short:
            return list(self._short[name])
        found = self._listed(name, "-r") or self._in_its_place(name)
        if len(found) <= _SHORT:
            self._short[name] = list(found)
        return found

    def tree_id(self, folder: str) -> str | None:
        """Return the git tree id of a folder, None when it is missing."""
        name = folder_name(folder)
        if name not in self._trees:
            self._trees[name] = self._tree_id(name)
        return self._trees[name]

    def read(self, files: Iterable[TreeFile]) -> Iterator[tuple[TreeFile, bytes]]:
        """Yield the bytes of the files, in their order, from one git process.

        Raises:
            RepositoryError: an object is missing, corrupt or too large; names the path.
        """
        asked = [readable(file) for file in files]
        wanted = [Wanted(file.oid, file.path) for file in asked]
        yield from zip(asked, read_objects(self._command, wanted), strict=True)

    def _tree_id(self, name: str) -> str | None:
        if not name:
            asked = f"{self._commit}^{{tree}}\n".encode("ascii")
            return self._command.need("cat-file", "--batch-check", stdin=asked).text.split(" ")[0]
        found = [file for file in self._listed(name, "-d") if file.path == name]
        return found[0].oid if found and found[0].mode == _TREE_MODE else None

    def _in_its_place(self, name: str) -> list[TreeFile]:
        segments = name.split("/")
        above = ["/".join(segments[:count]) for count in range(1, len(segments) + 1)]
        found = self._listed(above[0], "-t", *above[1:]) if name else []
        return [file for file in found if file.mode != _TREE_MODE and file.path in above]

    def _listed(self, name: str, how: str, *more: str) -> list[TreeFile]:
        # Everything from users stands behind `--` and is taken literally (GIT_LITERAL_PATHSPECS).
        paths = ("--", name, *more) if name else ()
        asked = ("ls-tree", "-z", "--full-tree", how, self._commit, *paths)
        return parse_listing(self._command.need(*asked).output, len(self._commit))


def parse_listing(listing: bytes, width: int) -> list[TreeFile]:
    """Parse the output of `git ls-tree -z` with ids of `width` digits, sorted by path.

    Raises:
        RepositoryError: a path is listed twice, which only a forged tree does.
    """
    count = listing.count(b"\0")
    # One look at the whole shows that no name needs care; it is slow only where one does.
    plain = listing.count(b"\t") == count and not listing.translate(None, _PLAIN)
    records = listing.decode("utf-8", "surrogateescape").split("\0")[:count]
    start, end = len("100644 blob "), len("100644 blob ") + width
    files = [
        TreeFile(record[end + 1 :], record[start:end], record[:6])
        if record[7] == "b"
        else _parse_record(record)
        for record in records
    ]
    if not plain:
        files = [TreeFile(one_line(file.path), file.oid, file.mode) for file in files]
    files.sort(key=attrgetter("path"))
    if len({file.path for file in files}) != count:
        raise RepositoryError(
            f"a folder lists one name twice: {_twice(files)}.", hint="Make that commit anew."
        )
    return files


def _twice(files: Sequence[TreeFile]) -> str:
    return next(one.path for one, other in pairwise(files) if one.path == other.path)


def _parse_record(record: str) -> TreeFile:
    meta, _, path = record.partition("\t")
    mode, _, oid = meta.split(" ")
    return TreeFile(path, oid, mode)
