"""What is made in a repository and sent to its remote: commits, tags, pushes."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.adapters.git.opened import Opened
from reconciler.adapters.git.writing.commits import Commits
from reconciler.adapters.git.writing.merging import Merging
from reconciler.adapters.git.writing.pushing import Pushing
from reconciler.adapters.git.writing.tags import Tags
from reconciler.adapters.git.writing.user import User
from reconciler.ports import Commit, MadeTag


class Writing(Opened):
    """A repository in which commits and tags are made (see `ports.GitWriter`); no hook runs."""

    def identity(self) -> tuple[str, str]:
        """Return name and address of who commits.

        Raises:
            RepositoryError: git knows none.
        """
        told = self._user().variables()
        return told["GIT_COMMITTER_NAME"], told["GIT_COMMITTER_EMAIL"]

    def branch_commit(self, branch: str) -> str | None:
        """Return the commit of a local branch, None when there is no such branch."""
        return self._refs.branch_commit(branch)

    def commit_files(self, commit: Commit) -> str:
        """Make a commit by plumbing and return its id; runs no hook.

        Raises:
            RepositoryError: git knows no user, a path is refused, or the branch is checked out.
            Conflict: the branch is not where it was expected.
        """
        made = Commits(
            command=self._command, place=self._place, user=self._user(), width=self._width
        )
        return made.commit(commit)

    def make_tag(self, name: str, target: str, message: str, *, sign: bool | None) -> MadeTag:
        """Make the annotated tag `name` on a commit; the same one again changes nothing.

        `sign` True asks for an SSH signature, None for one where a key is configured.

        Raises:
            RepositoryError: no key is configured, or it could not sign.
            Conflict: there is another tag of this name.
        """
        return self._tags().make(name, target, message, sign=sign)

    def remove_tag(self, name: str, oid: str) -> None:
        """Take back a tag that still is this object; others are left alone."""
        self._tags().remove(name, oid)

    def _tags(self) -> Tags:
        return Tags(
            command=self._command,
            place=self._place,
            user=self._user(),
            refs=self._refs,
            history=self._history,
        )

    def merge_text(self, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
        """Return ours with what theirs changed since the base, None if both changed one place."""
        merging = Merging(command=self._command, directory=self._private.path)
        return merging.merge(ours, base, theirs)

    def push(self, refs: Sequence[str], *, force: bool = False) -> None:
        """Push full ref names to the remote, one by one.

        `force` replaces a branch there whose commits are all known here; tags never.

        Raises:
            RemoteUnreachable: the remote does not answer.
            RepositoryError: a ref is refused; says which one and why.
        """
        pushing = Pushing(remotes=self._remotes(), refs=self._refs, history=self._history)
        pushing.push(refs, self._address(), force=force)

    def _user(self) -> User:
        return User(command=self._command, place=self._place)
