"""A new repository with its first commit, for `init`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.adapters.git.commits import Commit
from reconciler.adapters.git.private import find
from reconciler.adapters.git.repository import init_repository
from reconciler.core.errors import RepositoryError

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

    def first_commit(self, folder: Path, branch: str, files: Mapping[str, bytes]) -> str:
        """Make a repository and its first commit; return its id."""
        with init_repository(folder, branch) as git:
            return git.commit_files(
                Commit(branch=branch, message=_MESSAGE, files=files, stage=True)
            )
