"""`init`: writes a ready repository, never over a file that exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reconciler.core.errors import Conflict, RepositoryError

_NAME_MARK = b"{{name}}"
_FALLBACK_NAME = "shop"
BRANCH = "main"


class NewRepository(Protocol):
    """What is needed of git: is there a repository, and a first commit in a new one."""

    def root_of(self, folder: Path) -> Path | None:
        """Return the root of the repository at or above a folder, None when there is none."""

    def first_commit(self, folder: Path, branch: str, files: Mapping[str, bytes]) -> str:
        """Make a repository and its first commit; return its id.

        Raises:
            RepositoryError: git does not know who commits; the repository is there all the same.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What was written; `commit` is None when committing is left to the user."""

    root: Path
    written: tuple[str, ...]
    commit: str | None = None
    notices: tuple[str, ...] = ()


def initialise(
    folder: Path,
    starter: Mapping[str, bytes],
    write: Callable[[Path, Mapping[str, bytes]], None],
    git: NewRepository,
) -> Initialised:
    """Write the starter repository into a folder.

    Raises:
        Conflict: a file is there already, or the folder lies inside another repository.
    """
    name = pipeline_name(folder.name).encode()
    files = {path: data.replace(_NAME_MARK, name) for path, data in starter.items()}
    root = git.root_of(folder)
    if root is not None and root != folder:
        raise Conflict(
            f"{folder} lies inside the repository {root}; nothing was written.",
            hint="Run `reconciler init` at its root, or choose a folder outside of it.",
        )
    _refuse_existing(folder, files)
    write(folder, files)
    if root is not None:
        return Initialised(root=folder, written=tuple(files))
    try:
        commit = git.first_commit(folder, BRANCH, files)
    except RepositoryError as error:
        notice = f"The files are written, the first commit is not: {error}"
        return Initialised(root=folder, written=tuple(files), notices=(notice,))
    return Initialised(root=folder, written=tuple(files), commit=commit)


def pipeline_name(folder_name: str) -> str:
    """Return a name made of a folder's: lower case letters, digits and dashes."""
    name = re.sub(r"[^a-z0-9]+", "-", folder_name.lower()).strip("-")[:63].strip("-")
    return name or _FALLBACK_NAME


def _refuse_existing(folder: Path, files: Mapping[str, bytes]) -> None:
    there = [path for path in files if (folder / path).exists() or (folder / path).is_symlink()]
    if there:
        shown = ", ".join(there[:3]) + (f" and {len(there) - 3} more" if there[3:] else "")
        raise Conflict(
            f"{shown} {'is' if len(there) == 1 else 'are'} there already; nothing was written.",
            hint="Choose an empty folder, or move them away.",
        )
