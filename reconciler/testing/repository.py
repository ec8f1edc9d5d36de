"""A git repository in memory, with a linear history."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from reconciler.core.errors import NotFound, RemoteUnreachable, RepositoryError
from reconciler.testing.sources import MemorySnapshot

FETCHED = "refs/reconciler/heads/"

Files = Mapping[str, bytes | str]


class MemoryRepository:
    """A `ports.GitRepository`; `files` is the working tree, `main` the branch checked out.

    With a `remote` (files by branch) there is an origin; `unreachable` is why it does not answer.
    """

    def __init__(self, files: Files | None = None) -> None:
        """Begin with a first commit of these files on `main`."""
        self.files: dict[str, bytes | str] = dict(files or {})
        self.branches: dict[str, str] = {}
        self.remote: dict[str, str] | None = None
        self.unreachable: str | None = None
        self._commits: dict[str, tuple[dict[str, bytes | str], str | None]] = {}
        self.commit()

    def commit(self, branch: str = "main") -> str:
        """Commit the working tree on a branch and return the commit's id."""
        parent = self.branches.get(branch, self.branches.get("main"))
        text = repr((parent, sorted(self.files.items()), len(self._commits)))
        commit = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        self._commits[commit] = (dict(self.files), parent)
        self.branches[branch] = commit
        return commit

    def push(self, branch: str = "main") -> None:
        """Bring a branch to the remote, which there is from now on."""
        self.remote = {**(self.remote or {}), branch: self.branches[branch]}

    def snapshot(self, ref: str) -> MemorySnapshot:
        """Return the files of a branch, a commit or HEAD."""
        name = "main" if ref == "HEAD" else ref.removeprefix("refs/heads/")
        commit = self.branches.get(name, ref)
        if commit not in self._commits:
            known = ", ".join(sorted(self.branches))
            raise NotFound(f"There is no {ref}; there are: {known}.")
        return MemorySnapshot(self._commits[commit][0], commit=commit, ref=ref)

    def worktree(self) -> MemorySnapshot:
        """Return the files of the working tree."""
        return MemorySnapshot(self.files, commit=None, ref=None)

    def protected(self, branch: str) -> tuple[str, str]:
        """Return full ref and commit of a branch."""
        if branch not in self.branches:
            known = ", ".join(sorted(self.branches))
            raise NotFound(f"There is no branch {branch}; there are: {known}.")
        return f"refs/heads/{branch}", self.branches[branch]

    def remote_url(self) -> str | None:
        """Return an address when there is a remote."""
        return None if self.remote is None else "https://example.com/shop.git"

    def fetch(self, branch: str) -> str:
        """Return the commit of a branch on the remote."""
        if self.unreachable is not None:
            raise RemoteUnreachable(self.unreachable)
        if self.remote is None or branch not in self.remote:
            raise RepositoryError(f"The remote has no branch {branch}.")
        self.branches[f"{FETCHED}{branch}"] = self.remote[branch]
        return self.remote[branch]

    def ahead(self, commit: str, other: str) -> int:
        """Count the commits behind one that are not behind the other."""
        return len(set(self._line(commit)) - set(self._line(other)))

    def uncommitted(self, folder: str, commit: str) -> bool:
        """Say whether the working tree's files below a folder differ from a commit's."""
        committed = MemorySnapshot(self._commits[commit][0]).files(folder)
        return list(committed) != list(self.worktree().files(folder))

    def _line(self, commit: str | None) -> list[str]:
        line = []
        while commit is not None:
            line.append(commit)
            commit = self._commits[commit][1]
        return line
