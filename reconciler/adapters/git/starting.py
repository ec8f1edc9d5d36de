"""A new repository with its first commit, for `init`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from reconciler.adapters.git.private import find
from reconciler.adapters.git.repository import init_repository, open_repository
from reconciler.core.errors import RepositoryError
from reconciler.ports import Commit

_HEADS = "refs/heads/"
_MESSAGE = "Begin with the starter repository\n"


class NewRepositories:
    """Makes repositories; knows whether there is one."""

    def root_of(self, folder: Path) -> Path | None:
        """Return the root of the repository at or above a folder, None when there is none."""
        start = next(place for place in (folder, *folder.parents) if place.is_dir())
        try:
            place = find(start)
        except RepositoryError:
            return None
        return place.root or place.git_dir

    def branch_of(self, root: Path) -> str | None:
        """Return the branch that is checked out in a repository, None when there is none."""
        with open_repository(root) as git:
            ref = git.checked_out()
        return ref.removeprefix(_HEADS) if ref.startswith(_HEADS) else None

    def remote_of(self, root: Path) -> str | None:
        """Return the address of a repository's remote, None when there is none."""
        with open_repository(root) as git:
            return git.remote_url()

    def identity(self) -> tuple[str, str]:
        """Return name and address of the user that a new repository's commits would bear."""
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="reconciler-git-"))
            return stack.enter_context(init_repository(Path(folder), "main")).identity()

    def next_commit(
        self, folder: Path, branch: str, message: str, files: Mapping[str, bytes]
    ) -> str:
        """Make another commit of files that lie in the checkout; return its id."""
        with open_repository(folder) as git:
            tip = git.branch_commit(branch)
            wanted = Commit(
                branch=branch, message=message, files=files, parent=tip, expected=tip, stage=True
            )
            return git.commit_files(wanted)

    def first_commit(self, folder: Path, branch: str, files: Mapping[str, bytes]) -> str:
        """Make a repository and its first commit; return its id."""
        with init_repository(folder, branch) as git:
            return git.commit_files(
                Commit(branch=branch, message=_MESSAGE, files=files, stage=True)
            )
