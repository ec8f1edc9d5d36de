"""The files of a working tree as they lie there; no index, filter or ignore file has a say.

Every component is opened without following symlinks, so that what is swapped in between the
listing and the reading is not followed either.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path

from reconciler.adapters.git.objects import MAX_BYTES, object_id
from reconciler.adapters.git.snapshot import folder_name, readable
from reconciler.core.errors import RepositoryError
from reconciler.core.paths import MAX_DEPTH, OTHER, SUBMODULE, SYMLINK
from reconciler.core.printable import one_line
from reconciler.ports import TreeFile

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class WorktreeSnapshot:
    """The files of a working tree (see `ports.Snapshot`); ids are of the bytes as they lie."""

    def __init__(self, root: Path, width: int = 40) -> None:
        """Take the root of the working tree, and the digits of an object id."""
        self._root = root
        self._width = width

    @property
    def commit(self) -> None:
        """A working tree is no commit."""

    @property
    def ref(self) -> None:
        """A working tree has no ref."""

    def tree_id(self, folder: str) -> None:
        """Return None: a working tree has no tree ids."""

    def files(self, folder: str) -> Sequence[TreeFile]:
        """List and hash every file below a folder, sorted by path.

        Raises:
            RepositoryError: a folder or file cannot be read, or changes while it is.
        """
        name = folder_name(folder)
        parts = name.split("/") if name else []
        with _opened_root(self._root) as root:
            return sorted(self._start(root, parts), key=attrgetter("path"))

    def read(self, files: Iterable[TreeFile]) -> Iterator[tuple[TreeFile, bytes]]:
        """Yield the bytes of the files, in their order.

        Raises:
            RepositoryError: the bytes are no longer those that were listed.
        """
        with _opened_root(self._root) as root:
            for file in files:
                yield file, self._read(root, readable(file))

    def _start(self, root: int, parts: list[str]) -> Iterator[TreeFile]:
        """Go down to the folder; what is in its place or in that of one above is listed alone."""
        folder = os.dup(root)
        try:
            for count, part in enumerate(parts, start=1):
                path = "/".join(parts[:count])
                alone = self._alone(folder, part, path)
                if alone is not None:
                    yield from alone
                    return
                below = _open(folder, part, _FOLDER, path)
                os.close(folder)
                folder = below
            yield from self._walk(folder, "/".join(parts), len(parts))
        finally:
            os.close(folder)

    def _alone(self, folder: int, name: str, path: str) -> list[TreeFile] | None:
        """Return what stands in place of a folder, None when it is one."""
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreadable(path, error) from error
        if stat.S_ISDIR(mode) and not _has(folder, f"{name}/.git"):
            return None
        return [self._listed(folder, name, path, mode)]

    def _walk(self, folder: int, path: str, depth: int) -> Iterator[TreeFile]:
        try:
            with os.scandir(folder) as entries:
                names = [entry.name for entry in entries]
        except OSError as error:
            raise _unreadable(path, error) from error
        for name in names:
            if path or name != ".git":
                below = f"{path}/{_shown(name)}" if path else _shown(name)
                yield from self._entry(folder, name, below, depth + 1)

    def _entry(self, folder: int, name: str, path: str, depth: int) -> Iterator[TreeFile]:
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except OSError as error:
            raise _unreadable(path, error) from error
        if not stat.S_ISDIR(mode) or _has(folder, f"{name}/.git"):
            yield self._listed(folder, name, path, mode)
        elif depth > MAX_DEPTH:
            # Deeper is refused anyway, so it is not worth the descriptors.
            yield TreeFile(path, "0" * self._width, OTHER)
        else:
            below = _open(folder, name, _FOLDER, path)
            try:
                yield from self._walk(below, path, depth)
            finally:
                os.close(below)

    def _listed(self, folder: int, name: str, path: str, mode: int) -> TreeFile:
        if stat.S_ISREG(mode):
            oid = self._hash(folder, name, path)
            return TreeFile(path, oid, "100755" if mode & stat.S_IXUSR else "100644")
        if stat.S_ISLNK(mode):
            target = os.fsencode(os.readlink(name, dir_fd=folder))
            return TreeFile(path, object_id("blob", target, self._width), SYMLINK)
        return TreeFile(path, "0" * self._width, SUBMODULE if stat.S_ISDIR(mode) else OTHER)

    def _hash(self, folder: int, name: str, path: str) -> str:
        data = _content(folder, name, path)
        return "0" * self._width if data is None else object_id("blob", data, self._width)

    def _read(self, root: int, file: TreeFile) -> bytes:
        *folders, name = file.path.split("/")
        folder = os.dup(root)
        try:
            for part in folders:
                below = _open(folder, part, _FOLDER, file.path)
                os.close(folder)
                folder = below
            data = _content(folder, name, file.path)
        finally:
            os.close(folder)
        if data is None:
            raise RepositoryError(
                f"{file.path} is larger than {MAX_BYTES:,} bytes, which is the limit.",
                hint="Keep large files out of the folder.",
            )
        if object_id("blob", data, len(file.oid)) != file.oid:
            raise _changed(file.path)
        return data


@contextmanager
def _opened_root(root: Path) -> Iterator[int]:
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(one_line(str(root)), error) from error
    try:
        yield folder
    finally:
        os.close(folder)


def _content(folder: int, name: str, path: str) -> bytes | None:
    """Return the bytes of a regular file, None when it is larger than is read."""
    handle = _open(folder, name, _FILE, path)
    with os.fdopen(handle, "rb", buffering=0) as stream:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise _changed(path)
        if found.st_size > MAX_BYTES:
            return None
        data = stream.read(found.st_size + 1)
    if len(data) != found.st_size:
        raise _changed(path)
    return data


def _open(folder: int, name: str, flags: int, path: str) -> int:
    try:
        return os.open(name, flags, dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _changed(path) from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _changed(path) from error
        raise _unreadable(path, error) from error


def _has(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def _shown(name: str) -> str:
    return one_line(os.fsencode(name).decode("utf-8", "surrogateescape"))


def _changed(path: str) -> RepositoryError:
    return RepositoryError(f"{path} changed while it was read.", hint="Try again.")


def _unreadable(path: str, error: OSError) -> RepositoryError:
    return RepositoryError(f"{path} cannot be read: {error.strerror}.")
