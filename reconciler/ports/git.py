"""What git says, and the few things that are written to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from reconciler.core.commits import CommitInfo, TagRef
from reconciler.ports.desired import Snapshot


class PullRefs(NamedTuple):
    """The newest commit of a pull request, and what merging it would make, where that is known."""

    head: str
    merge: str | None = None


class GitRepository(Protocol):
    """A git repository: which commits and tags there are. Only fetching touches the network.

    No replace ref, graft, hook or configuration of the repository has an effect. Commits are full
    ids wherever a ref is not asked for.
    """

    def snapshot(self, ref: str) -> Snapshot:
        """Return the files of a commit, branch or tag.

        Raises:
            NotFound: with the branches that there are.
        """

    def worktree(self) -> Snapshot:
        """Return the files of the checkout as they are.

        Raises:
            RepositoryError: there is no checkout.
        """

    def protected(self, branch: str) -> tuple[str, str]:
        """Return full ref and commit of a branch as this checkout has it, local before remote.

        Raises:
            NotFound: with the branches that there are.
        """

    def remote_url(self) -> str | None:
        """Return the URL of the remote `origin`, None without one; it may hold a token."""

    def fetch(self, branch: str) -> str:
        """Ask the remote for a branch and all tags; return the branch's commit there.

        A history that is cut off is completed; where that fails it stays cut off.

        Raises:
            RepositoryError: the remote does not answer, with its reason.
        """

    def fetch_pulls(self, numbers: Iterable[int]) -> Mapping[int, PullRefs]:
        """Fetch pull requests as data; return their commits, by number.

        One that the remote does not have, or that is not sound, is not among them. Nothing that
        people write, and no tag or branch, is ever looked up in what was fetched so.

        Raises:
            RepositoryError: there is no remote, or it does not answer.
        """

    def ahead(self, commit: str, other: str) -> int:
        """Count the commits that are in one and not in the other."""

    def uncommitted(self, folder: str, commit: str) -> bool:
        """Say whether the checkout's files below a folder differ from a commit's."""

    def tags(self, *, fetched: bool) -> Sequence[TagRef]:
        """Return all tags sorted by name: those the remote named at the last fetch, or the own."""

    def tag_objects(self, oids: Iterable[str]) -> Mapping[str, bytes]:
        """Return the bytes of annotated tags by object id; those above 1 MiB are left out.

        Raises:
            RepositoryError: one is missing, corrupt or no annotated tag.
        """

    def exists(self, commit: str) -> bool:
        """Say whether a commit is here."""

    def is_ancestor(self, commit: str, tip: str) -> bool | None:
        """Say whether a commit is in the history of a tip, or that tip itself.

        False also when the commit is not here; None when the history is cut off before it.
        """

    def introduced(self, tip: str, path: str) -> str | None:
        """Return the commit on the first-parent line of a tip that gave a path the form it has.

        So it is the commit on that branch itself, however it was merged. None: it holds no such.

        Raises:
            RepositoryError: the history is cut off where the path is there already.
        """

    def commits(
        self, since: str | None, until: str, folders: Sequence[str], limit: int = 1000
    ) -> Sequence[CommitInfo]:
        """Return what touched any of the folders after one commit up to another, newest first.

        Raises:
            RepositoryError: one of the commits is not here.
        """

    def oddities(self) -> tuple[str, ...]:
        """Return a sentence for each thing that shows others another history: it has no effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit to make on `branch`.

    `files` maps paths to bytes, None takes a file away; all else is as in `parent` (None: no
    history). The branch must stand at `expected` (None: must not exist). `stage` also makes the
    index that of the commit, which is for a first commit of files that lie in the checkout.
    """

    branch: str
    message: str
    files: Mapping[str, bytes | None]
    parent: str | None = None
    expected: str | None = None
    stage: bool = False


class MadeTag(NamedTuple):
    """A tag that was made: the id of its object, and whether it bears a signature."""

    oid: str
    signed: bool


class GitWriter(Protocol):
    """Makes branches and tags as the user that git is configured for; no hook runs."""

    def identity(self) -> tuple[str, str]:
        """Return name and address of the user that git is configured for.

        Raises:
            RepositoryError: git knows none; the hint says how to tell it.
        """

    def branch_commit(self, branch: str) -> str | None:
        """Return the commit of a local branch, None when there is no such branch."""

    def commit_files(self, commit: Commit) -> str:
        """Make a commit and return its id; checkout and index stay as they are.

        Raises:
            RepositoryError: git knows no user, a path is refused, or the branch is checked out.
            Conflict: the branch is not where it was expected.
        """

    def merge_text(self, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
        """Return ours with what theirs changed since the base, line by line; nothing is written.

        None where both changed one place, or one of them is no text.
        """

    def make_tag(self, name: str, target: str, message: str, *, sign: bool | None) -> MadeTag:
        """Make the annotated tag `name` on a commit; the same one again changes nothing.

        `sign` True asks for an SSH signature, None for one where a key is configured.

        Raises:
            RepositoryError: no key is configured, or it could not sign; the hint says how to.
            Conflict: there is another tag of this name.
        """

    def remove_tag(self, name: str, oid: str) -> None:
        """Take back a tag that was just made and still is this object; others are left alone."""

    def push(self, refs: Sequence[str], *, force: bool = False) -> None:
        """Push full ref names to the remote, one by one; no hook runs.

        `force` replaces a branch of ours that still stands where the remote named it; tags never.

        Raises:
            RemoteUnreachable: the remote does not answer.
            RepositoryError: a ref is refused; says which one and why.
        """


class SignatureAnswer(NamedTuple):
    """Who signed, or why the signature does not count; exactly one of the two is None."""

    principal: str | None
    reason: str | None


class SignatureVerifier(Protocol):
    """Judges SSH signatures in git's namespace."""

    def verify(
        self,
        payload: bytes,
        signature: str,
        *,
        allowed_signers: str,
        principals: Iterable[str],
        at: str,
    ) -> SignatureAnswer:
        """Say which of the principals signed a payload, by keys that were valid at a time.

        `allowed_signers` is the text of such a file, `at` a moment as RFC 3339 with an offset.

        Raises:
            RepositoryError: there is no ssh-keygen, or it does not answer.
        """
