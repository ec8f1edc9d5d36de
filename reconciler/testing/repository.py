"""A git repository in memory: branches with merges, tags, and a remote."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from reconciler.core.commits import CommitInfo, TagRef
from reconciler.core.errors import Conflict, NotFound, RemoteUnreachable, RepositoryError
from reconciler.ports import Commit, MadeTag, PullRefs
from reconciler.testing.signing import signed
from reconciler.testing.sources import MemorySnapshot, git_object_id

FETCHED = "refs/reconciler/heads/"

Files = Mapping[str, bytes | str]


@dataclass(frozen=True, slots=True)
class MemoryCommit:
    """A commit: all its files, the commits before it (the first parent first), and who made it."""

    files: Mapping[str, bytes | str]
    parents: tuple[str, ...]
    info: CommitInfo


class MemoryRepository:
    """A `ports.GitRepository` and `ports.GitWriter`; `files` is the working tree.

    `main` is the branch that is checked out. With a `remote` (commits by branch) there is an
    origin, `pulls` are its pull requests; `unreachable` is why it does not answer. `key` is who
    signs tags, None without a key. Commits are a minute apart, the first at 2026-01-01T00:01Z.
    """

    def __init__(self, files: Files | None = None) -> None:
        """Begin with a first commit of these files on `main`."""
        self.files: dict[str, bytes | str] = dict(files or {})
        self.branches: dict[str, str] = {}
        self.own_tags: dict[str, TagRef] = {}
        self.remote: dict[str, str] | None = None
        self.remote_tags: dict[str, TagRef] = {}
        self.pulls: dict[int, PullRefs] = {}
        self.unreachable: str | None = None
        self.user = ("Ana Example", "ana@example.com")
        self.key: str | None = None
        self.odd: tuple[str, ...] = ()
        self.pushed: list[str] = []
        self._fetched_tags: dict[str, TagRef] = {}
        self._tag_objects: dict[str, bytes] = {}
        self._commits: dict[str, MemoryCommit] = {}
        self._blobs: dict[str, bytes] = {}
        self.commit()

    def commit(self, branch: str = "main", message: str = "A change") -> str:
        """Commit the working tree on a branch and return the commit's id."""
        parent = self.branches.get(branch, self.branches.get("main"))
        commit = self._add(self.files, () if parent is None else (parent,), message)
        self.branches[branch] = commit
        return commit

    def merge(self, branch: str, *, squash: bool = False) -> str:
        """Merge a branch into `main`, working tree and all; its files win. Return the commit."""
        tip = self.branches[branch]
        parents = (self.branches["main"],) if squash else (self.branches["main"], tip)
        self.files |= self._commits[tip].files
        self.branches["main"] = self._add(self.files, parents, f"Merge {branch}")
        return self.branches["main"]

    def tag(
        self, name: str, target: str = "main", message: str | None = "A tag", by: str | None = None
    ) -> str:
        """Make a tag, annotated when there is a message, signed by a principal; return its id."""
        target = self.branches.get(target, target)
        if message is None:
            self.own_tags[name] = TagRef(name, target, "commit")
            return target
        payload = _tag_payload(name, target, message, self.user, len(self._tag_objects))
        data = payload if by is None else payload + signed(payload, by).encode()
        oid = git_object_id("tag", data)
        self._tag_objects[oid] = data
        self.own_tags[name] = TagRef(name, oid, "tag")
        return oid

    def share(self, branch: str = "main") -> None:
        """Bring a branch and all tags to the remote, which there is from now on."""
        self.remote = {**(self.remote or {}), branch: self.branches[branch]}
        self.remote_tags |= self.own_tags

    def snapshot(self, ref: str) -> MemorySnapshot:
        """Return the files of a branch, a commit, a tag or HEAD."""
        name = "main" if ref == "HEAD" else ref.removeprefix("refs/heads/")
        commit = self.branches.get(name) or self._tagged(ref) or ref
        if commit not in self._commits:
            raise _missing(ref, self.branches)
        known = self._commits[commit].files
        return MemorySnapshot(known, commit=commit, ref=ref, objects=self._blobs)

    def worktree(self) -> MemorySnapshot:
        """Return the files of the working tree."""
        return MemorySnapshot(self.files, commit=None, ref=None)

    def protected(self, branch: str) -> tuple[str, str]:
        """Return full ref and commit of a branch."""
        if branch not in self.branches:
            raise _missing(f"branch {branch}", self.branches)
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
        self._fetched_tags = dict(self.remote_tags)
        return self.remote[branch]

    def fetch_pulls(self, numbers: Iterable[int]) -> Mapping[int, PullRefs]:
        """Return the pull requests on the remote."""
        if self.unreachable is not None or self.remote is None:
            raise RemoteUnreachable(self.unreachable or "There is no remote called origin.")
        return {each: self.pulls[each] for each in numbers if each in self.pulls}

    def ahead(self, commit: str, other: str) -> int:
        """Count the commits behind one that are not behind the other."""
        return len(self._behind(commit) - self._behind(other))

    def uncommitted(self, folder: str, commit: str) -> bool:
        """Say whether the working tree's files below a folder differ from a commit's."""
        committed = MemorySnapshot(self._commits[commit].files).files(folder)
        return list(committed) != list(self.worktree().files(folder))

    def tags(self, *, fetched: bool) -> Sequence[TagRef]:
        """Return the tags, sorted by name."""
        known = self._fetched_tags if fetched else self.own_tags
        return [known[name] for name in sorted(known)]

    def tag_objects(self, oids: Iterable[str]) -> Mapping[str, bytes]:
        """Return the bytes of annotated tags."""
        asked = [*oids]
        for oid in asked:
            if oid not in self._tag_objects:
                raise RepositoryError(f"The tag object {oid} is missing.")
        return {oid: self._tag_objects[oid] for oid in asked}

    def exists(self, commit: str) -> bool:
        """Say whether a commit is here."""
        return commit in self._commits

    def is_ancestor(self, commit: str, tip: str) -> bool | None:
        """Say whether a commit is behind a tip."""
        return commit in self._behind(tip)

    def introduced(self, tip: str, path: str) -> str | None:
        """Return the commit on the first-parent line that gave a path the form it has."""
        forms = {commit: self._commits[commit].files.get(path) for commit in self._line(tip)}
        same = [*itertools.takewhile(lambda each: forms[each] == forms[tip], forms)]
        return None if forms[tip] is None else same[-1]

    def commits(
        self, since: str | None, until: str, folders: Sequence[str], limit: int = 1000
    ) -> Sequence[CommitInfo]:
        """Return what touched the folders, newest first."""
        wanted = self._behind(until) - (set() if since is None else self._behind(since))
        newest = reversed([commit for commit in self._commits if commit in wanted])
        touching = (commit for commit in newest if self._touches(commit, folders))
        return [self._commits[commit].info for commit in touching][:limit]

    def oddities(self) -> tuple[str, ...]:
        """Return what a test put there."""
        return self.odd

    def identity(self) -> tuple[str, str]:
        """Return the user."""
        return self.user

    def branch_commit(self, branch: str) -> str | None:
        """Return the commit of a branch."""
        return self.branches.get(branch)

    def commit_files(self, commit: Commit) -> str:
        """Make a commit and move its branch."""
        if self.branches.get(commit.branch) != commit.expected:
            raise Conflict(f"The branch {commit.branch} is not where it was.")
        files = dict(self._commits[commit.parent].files) if commit.parent else {}
        for path, data in commit.files.items():
            files.pop(path, None)
            if data is not None:
                files[path] = data
        parents = () if commit.parent is None else (commit.parent,)
        self.branches[commit.branch] = self._add(files, parents, commit.message)
        return self.branches[commit.branch]

    def merge_text(self, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
        """Merge texts of equally many lines, and those of which one side is as it was."""
        return _merged(ours, base, theirs)

    def make_tag(self, name: str, target: str, message: str, *, sign: bool | None) -> MadeTag:
        """Make a tag, signed where there is a key."""
        if sign is True and self.key is None:
            raise RepositoryError("git has no SSH key to sign with.")
        if name in self.own_tags:
            raise Conflict(f"There is a tag {name} already.")
        by = None if sign is False else self.key
        return MadeTag(self.tag(name, target, message, by), by is not None)

    def remove_tag(self, name: str, oid: str) -> None:
        """Take back a tag that still is this object."""
        if name in self.own_tags and self.own_tags[name].oid == oid:
            del self.own_tags[name]

    def push(self, refs: Sequence[str], *, force: bool = False) -> None:
        """Bring branches and tags to the remote."""
        if self.unreachable is not None:
            raise RemoteUnreachable(self.unreachable)
        for ref in refs:
            if ref.startswith("refs/tags/"):
                name = ref.removeprefix("refs/tags/")
                self.remote_tags[name] = self.own_tags[name]
            else:
                name = ref.removeprefix("refs/heads/")
                self.remote = {**(self.remote or {}), name: self.branches[name]}
            self.pushed.append(ref)

    def _add(self, files: Files, parents: tuple[str, ...], message: str) -> str:
        number = len(self._commits)
        self._blobs |= _blobs(files)
        text = repr((parents, sorted(files.items()), number)).encode()
        name, email = self.user
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number + 1)
        info = CommitInfo(
            commit=git_object_id("commit", text),
            author=name,
            email=email,
            date=moment.isoformat(),
            subject=message.partition("\n")[0],
        )
        self._commits[info.commit] = MemoryCommit(dict(files), parents, info)
        return info.commit

    def rename_author(self, commit: str, author: str, email: str) -> None:
        """Let a commit be somebody else's."""
        old = self._commits[commit]
        info = replace(old.info, author=author, email=email)
        self._commits[commit] = replace(old, info=info)

    def _tagged(self, ref: str) -> str | None:
        tag = self.own_tags.get(ref.removeprefix("refs/tags/"))
        if tag is None or tag.kind == "commit":
            return tag and tag.oid
        return self._tag_objects[tag.oid].split(b"\n")[0].removeprefix(b"object ").decode()

    def _behind(self, tip: str) -> set[str]:
        found: set[str] = set()
        asked = [tip]
        while asked:
            commit = asked.pop()
            if commit not in found:
                found.add(commit)
                asked.extend(self._commits[commit].parents)
        return found

    def _line(self, tip: str) -> list[str]:
        line = [tip]
        while parents := self._commits[line[-1]].parents:
            line.append(parents[0])
        return line

    def _touches(self, commit: str, folders: Sequence[str]) -> bool:
        now = _below(self._commits[commit], folders)
        parents = self._commits[commit].parents or (None,)
        return all(
            _below(self._commits[each] if each else None, folders) != now for each in parents
        )


def _below(commit: MemoryCommit | None, folders: Sequence[str]) -> Files:
    files = {} if commit is None else commit.files
    wanted = tuple(f"{folder.rstrip('/')}/" for folder in folders)
    return {path: data for path, data in files.items() if path.startswith(wanted)}


def _merged(ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    if base in (ours, theirs) or ours == theirs:
        return theirs if ours == base else ours
    sides = [side.split(b"\n") for side in (ours, base, theirs)]
    if len({len(side) for side in sides}) > 1:
        return None
    lines = [a if c in (a, b) else c if a == b else None for a, b, c in zip(*sides, strict=True)]
    return None if None in lines else b"\n".join(line or b"" for line in lines)


def _missing(what: str, branches: Iterable[str]) -> NotFound:
    return NotFound(f"There is no {what}; there are: {', '.join(sorted(branches))}.")


def _blobs(files: Files) -> dict[str, bytes]:
    every = (data.encode() if isinstance(data, str) else data for data in files.values())
    return {git_object_id("blob", data): data for data in every}


def _tag_payload(name: str, target: str, message: str, user: tuple[str, str], number: int) -> bytes:
    moment = 1_767_225_600 + 60 * number
    head = f"object {target}\ntype commit\ntag {name}\ntagger {user[0]} <{user[1]}> {moment} +0000"
    return f"{head}\n\n{message.rstrip()}\n".encode()
