"""One git repository as the rest of the program sees it: commits, snapshots, remotes.

It must not know manifests, environments or releases.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.adapters.git.command import GitCommand, temporary_files
from reconciler.adapters.git.objects import commit_infos, read_tags
from reconciler.adapters.git.private import bare, find
from reconciler.adapters.git.pulls import Pulls
from reconciler.adapters.git.refs import FETCHED_HEADS, FETCHED_TAGS, checked_name
from reconciler.adapters.git.remote import EVERY
from reconciler.adapters.git.snapshot import GitSnapshot, folder_name
from reconciler.adapters.git.worktree import WorktreeSnapshot
from reconciler.adapters.git.writing.writing import Writing
from reconciler.core.commits import CommitInfo, TagRef
from reconciler.core.errors import RepositoryError
from reconciler.core.printable import one_line
from reconciler.ports import PullRefs, TreeFile


def open_repository(start: Path) -> GitRepository:
    """Open the repository at or above a folder.

    Raises:
        RepositoryError: there is none, or git is missing.
    """
    return GitRepository(find(start))


def open_mirror(git_dir: Path, url: str | None = None) -> GitRepository:
    """Open a bare repository of our own, which may lie inside a working tree.

    With the URL that it mirrors, its branches and tags are those that were fetched.
    """
    return GitRepository(bare(git_dir), url)


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


class GitRepository(Writing):
    """A repository that is read through a private git directory, so nothing in it runs."""

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
        known = self.resolve(ref) if commit is None else self._history.checked(commit)
        return GitSnapshot(self._command, known, ref)

    def worktree(self) -> WorktreeSnapshot:
        """Return the files of the working tree.

        Raises:
            RepositoryError: there is none.
        """
        if self._place.root is None:
            raise RepositoryError(f"{self._shown} has no working tree.", hint="Use --ref instead.")
        return WorktreeSnapshot(self._place.root, self._width)

    def fetch(self, branch: str, remote: str = "origin", url: str | None = None) -> str:
        """Fetch a branch and all tags into `refs/reconciler/`; return the branch's commit.

        A mirror fetches every branch. A history that is cut off is completed if that can be done.

        Raises:
            RepositoryError: there is no such remote, or it is refused, does not answer or has no
                such branch. Local refs are as they were.
        """
        address = url or self.remote_url(remote)
        if address is None:
            raise RepositoryError(f"there is no remote called {one_line(remote)}.")
        checked_name(branch)
        self._remotes().fetch(branch if self._mirrored is None else EVERY, address)
        if self.is_shallow:
            self.deepen(branch, address)
        return self._refs.resolve(f"{FETCHED_HEADS}{branch}")

    def fetch_pulls(self, numbers: Iterable[int]) -> Mapping[int, PullRefs]:
        """Fetch pull requests of the remote as data; return their commits, by number.

        Raises:
            RepositoryError: there is no remote, or it is refused or does not answer.
        """
        return Pulls(remotes=self._remotes(), refs=self._refs).fetch(numbers, self._address())

    def deepen(self, branch: str, url: str | None = None) -> bool:
        """Fetch what a history that is cut off lacks; say whether it is whole now."""
        address = url or self.remote_url()
        if address is None or not self.is_shallow:
            return not self.is_shallow
        return self._remotes().deepen(branch, address)

    def tags(self, *, fetched: bool) -> tuple[TagRef, ...]:
        """Return all tags sorted by name: those the remote named at the last fetch, or the own.

        Those of a mirror are always what was fetched.
        """
        is_fetched = fetched or self._mirrored is not None
        return self._refs.tags(FETCHED_TAGS if is_fetched else "refs/tags/")

    def tag_objects(self, oids: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of annotated tags by object id; those above 1 MiB are left out.

        Raises:
            RepositoryError: one is missing, corrupt or no annotated tag.
        """
        asked = [self._history.checked(oid) for oid in dict.fromkeys(oids)]
        return dict(read_tags(self._command, asked)) if asked else {}

    def exists(self, commit: str) -> bool:
        """Say whether a commit is here."""
        return self._history.exists(commit)

    def ahead(self, commit: str, other: str) -> int:
        """Count the commits behind one commit that are not behind another; full ids."""
        return self._history.ahead(commit, other)

    def is_ancestor(self, commit: str, tip: str) -> bool | None:
        """Say whether a commit is behind a tip; None where the history is cut off before it."""
        return self._history.is_ancestor(commit, tip)

    def introduced(self, tip: str, path: str) -> str | None:
        """Return the commit on the first-parent line that gave a path the form it has at a tip.

        Raises:
            RepositoryError: the history is cut off where the path is there already.
        """
        return self._history.introduced(tip, path)

    def commits(
        self, since: str | None, until: str, folders: Sequence[str], limit: int = 1000
    ) -> tuple[CommitInfo, ...]:
        """Return what touched the folders after one commit up to another, newest first.

        Raises:
            RepositoryError: one of the commits is not here.
        """
        return self._history.commits(since, until, folders, limit)

    def oddities(self) -> tuple[str, ...]:
        """Return a sentence for each thing by which others are shown another history."""
        return self._history.oddities()

    def commit_info(self, commit: str) -> CommitInfo:
        """Return what people see of a commit."""
        return next(commit_infos(self._command, [self._history.checked(commit)]))

    def commit_infos(self, commits: Iterable[str]) -> tuple[CommitInfo, ...]:
        """Return what people see of commits, in their order, from one git process."""
        return tuple(commit_infos(self._command, [self._history.checked(item) for item in commits]))

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
        changed = command.run("diff-index", *options, self._history.checked(commit), *paths)
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
