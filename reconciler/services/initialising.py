"""`init`: writes a ready repository, never over a file that exists."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from reconciler.core import layout
from reconciler.core.ci import Rendered
from reconciler.core.errors import Conflict, RepositoryError

_NAME_MARK = b"{{name}}"
_FALLBACK_NAME = "shop"
BRANCH = "main"
_PROTECTED = f"protectedBranch: {BRANCH}".encode()

# Renders the files for the forge, for a protected branch and the address of the remote, if any.
CiFiles = Callable[[str, str | None], Rendered]


class NewRepository(Protocol):
    """What is needed of git: is there a repository, and a first commit in a new one."""

    def root_of(self, folder: Path) -> Path | None:
        """Return the root of the repository at or above a folder, None when there is none."""

    def branch_of(self, root: Path) -> str | None:
        """Return the branch that is checked out in a repository, None when there is none."""

    def remote_of(self, root: Path) -> str | None:
        """Return the address of a repository's remote, None when there is none."""

    def first_commit(self, folder: Path, branch: str, files: Mapping[str, bytes]) -> str:
        """Make a repository and its first commit; return its id.

        Raises:
            RepositoryError: git does not know who commits; the repository is there all the same.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What was written; `commit` is None when committing is left to the user.

    `kept` were there already and are as they were. `needs` is what has to be set up on the forge.
    """

    root: Path
    written: tuple[str, ...]
    commit: str | None = None
    kept: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def initialise(
    folder: Path,
    starter: Mapping[str, bytes],
    ci: CiFiles,
    write: Callable[[Path, Mapping[str, bytes]], None],
    git: NewRepository,
) -> Initialised:
    """Write the starter repository into a folder, and the files for its forge.

    In a repository of the user's, files that are there and belong to no environment are kept:
    another `.gitignore` will do.

    Raises:
        Conflict: a file is in the way, or the folder lies inside another repository.
    """
    files = named(starter, folder)
    root = git.root_of(folder)
    if root is not None and root != folder:
        raise Conflict(
            f"{folder} lies inside the repository {root}; nothing was written.",
            hint="Run `reconciler init` at its root, or choose a folder outside of it.",
        )
    if root is not None:
        return _into(folder, files, ci, write, git)
    rendered = ci(BRANCH, None)
    files |= encoded(rendered)
    refuse_existing(folder, files)
    write(folder, files)
    made = Initialised(root=folder, written=tuple(files), needs=rendered.needs)
    try:
        return replace(made, commit=git.first_commit(folder, BRANCH, files))
    except RepositoryError as error:
        notice = f"The files are written, the first commit is not: {error}"
        return replace(made, notices=(notice,))


def _into(
    folder: Path,
    files: dict[str, bytes],
    ci: CiFiles,
    write: Callable[[Path, Mapping[str, bytes]], None],
    git: NewRepository,
) -> Initialised:
    """Write into a repository that is there; committing is left to its user."""
    branch = git.branch_of(folder)
    rendered = ci(branch or BRANCH, git.remote_of(folder))
    refuse_existing(folder, [path for path in files if path.startswith(f"{layout.ROOT}/")])
    files = _protecting(files, branch) | encoded(rendered)
    kept = tuple(_existing(folder, files))
    files = {path: data for path, data in files.items() if path not in kept}
    write(folder, files)
    return Initialised(root=folder, written=tuple(files), kept=kept, needs=rendered.needs)


def encoded(rendered: Rendered) -> dict[str, bytes]:
    """Return rendered files as they are written."""
    return {path: text.encode() for path, text in rendered.files.items()}


def named(starter: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    """Return the starter's files with a name for the pipeline, made of the folder's."""
    name = pipeline_name(folder.name).encode()
    return {path: data.replace(_NAME_MARK, name) for path, data in starter.items()}


def _protecting(files: dict[str, bytes], branch: str | None) -> dict[str, bytes]:
    """Return the files with the branch that is worked on as the protected one."""
    if branch is None or branch == BRANCH or layout.PIPELINE not in files:
        return files
    told = f"protectedBranch: {json.dumps(branch, ensure_ascii=False)}".encode()
    pipeline = files[layout.PIPELINE].replace(_PROTECTED, told)
    return {**files, layout.PIPELINE: pipeline}


def pipeline_name(folder_name: str) -> str:
    """Return a name made of a folder's: lower case letters, digits and dashes."""
    name = re.sub(r"[^a-z0-9]+", "-", folder_name.lower()).strip("-")[:63].strip("-")
    return name or _FALLBACK_NAME


def _existing(folder: Path, paths: Iterable[str]) -> list[str]:
    return [path for path in paths if (folder / path).exists() or (folder / path).is_symlink()]


def refuse_existing(folder: Path, paths: Iterable[str]) -> None:
    """Refuse to write over files, were they dangling links.

    Raises:
        Conflict: naming the first of them.
    """
    there = _existing(folder, paths)
    if there:
        shown = ", ".join(there[:3]) + (f" and {len(there) - 3} more" if there[3:] else "")
        raise Conflict(
            f"{shown} {'is' if len(there) == 1 else 'are'} there already; nothing was written.",
            hint="Choose an empty folder, or move them away.",
        )
