"""Finds a repository, and makes the private git directory through which it is read.

The private directory has the repository's objects and refs by links, and a configuration of its
own. So the repository's config, hooks, grafts, attributes and promisor remotes are not disarmed
one by one: they are not there. It must not know refs, snapshots or remotes.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path

from reconciler.adapters.git.command import GitCommand, temporary_files
from reconciler.core.errors import RepositoryError
from reconciler.core.printable import one_line

_MAX_POINTER = 4096
_LINKED = ("objects", "refs", "packed-refs", "shallow", "logs")
_EXTENSIONS = re.compile(r"objectformat|refstorage", re.IGNORECASE)

_CONFIG = """\
[core]
\trepositoryFormatVersion = 1
\tbare = true
\tfileMode = true
\tsymlinks = true
\tfsmonitor = false
\thooksPath = /dev/null
\tattributesFile = /dev/null
\texcludesFile = /dev/null
\tcommitGraph = false
\tuseReplaceRefs = false
\tlogAllRefUpdates = false
\twarnAmbiguousRefs = false
\tbigFileThreshold = 16m
[extensions]
\tobjectFormat = {object_format}
[protocol]
\tallow = never
[transfer]
\tfsckObjects = true
[gc]
\tauto = 0
[maintenance]
\tauto = false
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a repository is; `root` is its working tree, None when it is bare.

    `common_dir` holds objects and refs, and differs from `git_dir` in a linked working tree.
    """

    root: Path | None
    git_dir: Path
    common_dir: Path

    @property
    def shown(self) -> str:
        """The path by which people know it."""
        return one_line(str(self.root or self.git_dir))


def find(start: Path) -> Place:
    """Find the repository at or above a folder; a bare one only at the folder itself.

    Raises:
        RepositoryError: there is none, or a bare one lies inside a working tree.
    """
    folder = Path(os.path.realpath(start))
    try:
        return _found(folder)
    except PermissionError as error:
        raise RepositoryError(
            f"{one_line(str(error.filename))} cannot be read: {error.strerror}.",
            hint="Check its owner and mode.",
        ) from error


def _found(folder: Path) -> Place:
    if not folder.is_dir():
        raise RepositoryError(f"{one_line(str(folder))} is not a folder.")
    if folder.name == ".git" and _is_git_dir(folder):
        folder = folder.parent
    above = next(filter(None, map(_at, (folder, *folder.parents))), None)
    if above is not None and _is_git_dir(folder):
        raise RepositoryError(
            f"{one_line(str(folder))} is a bare repository inside the working tree of"
            f" {above.shown}.",
            hint="Name the one that is meant with --repo, and move the other away.",
        )
    if above is not None:
        return above
    if _is_git_dir(folder):
        return bare(folder)
    raise RepositoryError(
        f"no git repository at or above {one_line(str(folder))};", hint="run reconciler init."
    )


def bare(git_dir: Path) -> Place:
    """Take a folder as a bare repository, such as a mirror of our own.

    Raises:
        RepositoryError: it is none.
    """
    if not _is_git_dir(git_dir):
        raise RepositoryError(f"{one_line(str(git_dir))} is not a git repository.")
    return Place(root=None, git_dir=git_dir, common_dir=_common_dir(git_dir))


def _at(folder: Path) -> Place | None:
    git_dir = folder / ".git"
    if git_dir.is_file():
        git_dir = _pointed(git_dir, r"gitdir: (.+)", folder)
    if not _is_git_dir(git_dir):
        return None
    return Place(root=folder, git_dir=git_dir, common_dir=_common_dir(git_dir))


def _is_git_dir(folder: Path) -> bool:
    common = _common_dir(folder)
    has_head = os.path.lexists(folder / "HEAD")
    return has_head and (common / "objects").is_dir() and (common / "refs").is_dir()


def _common_dir(git_dir: Path) -> Path:
    pointer = git_dir / "commondir"
    return _pointed(pointer, r"(.+)", git_dir) if pointer.is_file() else git_dir


def _pointed(file: Path, pattern: str, base: Path) -> Path:
    """Return the folder that a pointer file names."""
    try:
        with file.open("rb") as stream:
            text = os.fsdecode(stream.read(_MAX_POINTER))
    except OSError as error:
        raise RepositoryError(f"{one_line(str(file))} cannot be read: {error.strerror}.") from error
    match = re.match(pattern, text)
    if match is None:
        raise RepositoryError(f"{one_line(str(file))} does not name a git directory.")
    return Path(os.path.normpath(base / match[1].rstrip("\r")))


class PrivateDirectory:
    """A temporary git directory for one repository; removed when it is closed or forgotten."""

    def __init__(self, place: Place) -> None:
        """Make the directory.

        Raises:
            RepositoryError: there is no room for temporary files, or the format is not known.
        """
        self._place = place
        with temporary_files():
            self.path = Path(tempfile.mkdtemp(prefix="reconciler-git-"))
            self._finalizer = weakref.finalize(self, _remove, self.path, os.getpid())
            self._fill()
        self.object_format = self._extension("objectformat") or "sha1"
        if self.object_format != "sha1":
            self._write_config(self.object_format)
        if self._extension("refstorage") not in {None, "files"}:
            raise RepositoryError(
                f"{place.shown} keeps its refs in a format that is not read here.",
                hint="Convert it with `git refs migrate --ref-format=files`.",
            )

    def close(self) -> None:
        """Remove the directory."""
        self._finalizer()

    def command(self) -> GitCommand:
        """Return a git that works through this directory."""
        return GitCommand(directory=self.path, shown=self._place.shown, owner=self)

    def _fill(self) -> None:
        for name in _LINKED:
            (self.path / name).symlink_to(self._place.common_dir / name)
        # git only asks that there is a valid one; what HEAD names is read from the real file.
        (self.path / "HEAD").write_text("ref: refs/reconciler/none\n", encoding="ascii")
        self._write_config("sha1")

    def _write_config(self, object_format: str) -> None:
        text = _CONFIG.format(object_format=object_format)
        (self.path / "config").write_text(text, encoding="ascii")

    def _extension(self, name: str) -> str | None:
        """Read one `extensions.` key of the real config, the only keys that shape reading."""
        config = self._place.common_dir / "config"
        try:
            text = config.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RepositoryError(
                f"{one_line(str(config))} cannot be read: {error.strerror}."
            ) from error
        if not _EXTENSIONS.search(text):
            return None
        key = f"extensions.{name}"
        asked = ("config", "--file", str(config), "--no-includes", "--get", key)
        return self.command().run(*asked).text.lower() or None


def _remove(path: Path, owner: int) -> None:
    # A forked child inherits this object and must not take the directory from its parent.
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)
