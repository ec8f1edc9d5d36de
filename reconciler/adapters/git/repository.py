"""One git repository as the rest of the program sees it: commits, snapshots, remotes.

It must not know manifests, environments or releases.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from reconciler.adapters.git.command import GitCommand, temporary_files
from reconciler.adapters.git.commits import Commit, Commits
from reconciler.adapters.git.objects import CommitInfo, commit_infos
from reconciler.adapters.git.private import Place, PrivateDirectory, bare, find
from reconciler.adapters.git.refs import Refs, checked_name
from reconciler.adapters.git.remote import FETCHED_HEADS, Remotes
from reconciler.adapters.git.snapshot import GitSnapshot, folder_name
from reconciler.adapters.git.worktree import WorktreeSnapshot
from reconciler.core.errors import NotFound, RepositoryError
from reconciler.core.printable import one_line
from reconciler.ports import TreeFile


def open_repository(start: Path) -> GitRepository:
    """Open the repository at or above a folder.

    Raises:
        RepositoryError: there is none, or git is missing.
    """
    return GitRepository(find(start))


def open_mirror(git_dir: Path) -> GitRepository:
    """Open a bare repository of our own, which may lie inside a working tree."""
    return GitRepository(bare(git_dir))


def init_repository(path: Path, branch: str) -> GitRepository:
    """Make a repository with a working tree at a folder; no template and no hook is used."""
    checked_name(branch)
    git_dir = Path(os.path.realpath(path)) / ".git"
    if git_dir.exists():
        raise RepositoryError(f"{one_line(str(path))} already is a git repository.")
    with temporary_files(), tempfile.TemporaryDirectory(prefix="reconciler-git-") as folder:
        command = GitCommand(directory=Path(folder), shown=one_line(str(path)))
        made = replace(command, variables={"GIT_DIR": str(git_dir)})
        made.need("init", "--quiet", "--template=", f"--initial-branch={branch}")
    return open_repository(path)


class GitRepository:
    """A repository that is read through a private git directory, so nothing in it runs."""

    def __init__(self, place: Place) -> None:
        """Take a repository that was found."""
        self._place = place
        self._private = PrivateDirectory(place)
        self._command = self._private.command()
        self._width = 64 if self._private.object_format == "sha256" else 40
        self._refs = Refs(command=self._command, place=place, width=self._width)

    def __enter__(self) -> Self:
        """Return the repository; leaving closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the repository."""
        self.close()

    def close(self) -> None:
        """Remove the private directory; the repository cannot be used any more."""
        self._private.close()

    @property
    def root(self) -> Path | None:
        """The root of the working tree, None when there is none."""
        return self._place.root

    @property
    def git_dir(self) -> Path:
        """The git directory."""
        return self._place.git_dir

    @property
    def private_directory(self) -> Path:
        """The temporary git directory through which the repository is read."""
        return self._private.path

    @property
    def is_bare(self) -> bool:
        """True when there is no working tree."""
        return self._place.root is None

    @property
    def is_shallow(self) -> bool:
        """True when the history was cut off, so that ancestry cannot be proven."""
        return (self._place.common_dir / "shallow").exists()

    def resolve(self, ref: str) -> str:
        """Return the id of the commit that a branch, tag, commit id or HEAD names.

        Raises:
            NotFound: there is none; tells the branches there are.
            RepositoryError: several have this name, or the object is missing.
        """
        return self._refs.resolve(ref)

    def protected(self, branch: str) -> tuple[str, str]:
        """Return full ref and commit of a branch, or of what `origin` was last seen to have.

        Raises:
            NotFound: there is neither; tells the branches there are.
        """
        return self._refs.protected(branch)

    def branches(self) -> tuple[str, ...]:
        """Return the names of all branches, sorted: `main`, `origin/main`."""
        return self._refs.branches()

    def checked_out(self) -> str:
        """Return the full name of the branch that is checked out, or the id of a detached HEAD."""
        return self._refs.head_ref()

    def snapshot(self, ref: str, commit: str | None = None) -> GitSnapshot:
        """Return the files of the commit that a ref names; `commit` when that was resolved before.

        Raises:
            NotFound: there is none.
        """
        known = self.resolve(ref) if commit is None else self._checked_id(commit)
        return GitSnapshot(self._command, known, ref)

    def worktree(self) -> WorktreeSnapshot:
        """Return the files of the working tree.

        Raises:
            RepositoryError: there is none.
        """
        if self._place.root is None:
            raise RepositoryError(
                f"{self._place.shown} has no working tree.", hint="Use --ref instead."
            )
        return WorktreeSnapshot(self._place.root, self._width)

    def remote_url(self, remote: str = "origin") -> str | None:
        """Return the URL of a remote, None without one; it may hold credentials: never show it."""
        return self._remotes().url(remote)

    def fetch(self, branch: str, remote: str = "origin", url: str | None = None) -> str:
        """Fetch a branch and all tags into `refs/reconciler/`; return the branch's commit.

        Raises:
            RepositoryError: there is no such remote, or it is refused, does not answer or has no
                such branch. Local refs are as they were.
        """
        address = url or self.remote_url(remote)
        if address is None:
            raise RepositoryError(f"there is no remote called {one_line(remote)}.")
        self._remotes().fetch(branch, address)
        return self._refs.resolve(f"{FETCHED_HEADS}{branch}")

    def ahead(self, commit: str, other: str) -> int:
        """Count the commits behind one commit that are not behind another; full ids."""
        ids = (self._checked_id(commit), f"^{self._checked_id(other)}")
        return int(self._command.need("rev-list", "--count", *ids).text)

    def commit_info(self, commit: str) -> CommitInfo:
        """Return what people see of a commit."""
        return next(commit_infos(self._command, [self._checked_id(commit)]))

    def commit_infos(self, commits: Iterable[str]) -> tuple[CommitInfo, ...]:
        """Return what people see of commits, in their order, from one git process."""
        return tuple(commit_infos(self._command, [self._checked_id(item) for item in commits]))

    def commit_files(self, commit: Commit) -> str:
        """Make a commit by plumbing and return its id; runs no hook.

        Raises:
            RepositoryError: git knows no user, a path is refused, or the branch is checked out.
            Conflict: the branch is not where it was expected.
        """
        return Commits(command=self._command, place=self._place, width=self._width).commit(commit)

    def uncommitted(self, folder: str, commit: str) -> bool:
        """Say whether a folder of the working tree differs from a commit; runs no filter.

        It looks at the bytes of those files only that the index does not know to be unchanged.
        """
        root = self._place.root
        if root is None:
            return False
        name = folder_name(folder)
        variables = {
            "GIT_WORK_TREE": str(root),
            "GIT_INDEX_FILE": str(self._place.git_dir / "index"),
        }
        command = replace(self._command, variables=variables)
        paths = ("--", name) if name else ()
        options = ("--raw", "-z", "--no-renames", "--abbrev=64", "--ignore-submodules=all")
        changed = command.run("diff-index", *options, self._checked_id(commit), *paths)
        others = command.run(
            "ls-files", "-z", "--others", "--exclude-per-directory=.gitignore", *paths
        )
        if changed.status or others.status:
            return self._differs(name, commit)
        return bool(others.output) or self._touched(changed.output)

    def _touched(self, raw: bytes) -> bool:
        """Say whether any file of a raw diff really has other bytes or another mode."""
        parts = raw.decode("utf-8", "surrogateescape").split("\0")
        worktree = self.worktree()
        for meta, path in zip(parts[::2], parts[1::2], strict=False):
            mode, _, oid, _, _ = meta.lstrip(":").split(" ")
            if worktree.files(path) != [TreeFile(path, oid, mode)]:
                return True
        return False

    def _differs(self, name: str, commit: str) -> bool:
        snapshot = GitSnapshot(self._command, commit, None)
        return list(self.worktree().files(name)) != list(snapshot.files(name))

    def _remotes(self) -> Remotes:
        return Remotes(command=self._command, place=self._place, directory=self._private.path)

    def _checked_id(self, commit: str) -> str:
        if len(commit) != self._width or not set(commit) <= set("0123456789abcdef"):
            raise NotFound(f"`{one_line(commit[:100])}` is not a full commit id.")
        return commit
