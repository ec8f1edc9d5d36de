"""Which commit is read, and what it holds: the start of every command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo

from reconciler.core import layout
from reconciler.core.calendar import zones
from reconciler.core.errors import (
    NotFound,
    ReconcilerError,
    RemoteUnreachable,
    RepositoryError,
    UsageError,
)
from reconciler.core.model import Environment
from reconciler.ports import DocumentCache, GitRepository, Manifests, Snapshot
from reconciler.services.loading import environment as loading
from reconciler.services.loading import repository
from reconciler.services.loading.environment import Loaded
from reconciler.services.loading.repository import Repository

HEAD = "HEAD"
FETCHED = "refs/reconciler/heads/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is read. `explicit` when a ref or the working tree was asked for by name.

    `fetched` when the remote was asked and answered, `unreachable` when it was and did not.
    """

    repository: Repository
    explicit: bool = False
    fetched: bool = False
    unreachable: bool = False
    notices: tuple[str, ...] = ()

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that is read."""
        return self.repository.snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A repository with what reads and remembers its manifests.

    `notices` are what opening the repository had to say; they go with what is chosen locally.
    """

    git: GitRepository
    manifests: Manifests
    cache: DocumentCache
    offline: bool = False
    notices: tuple[str, ...] = ()
    _commits: dict[str, Snapshot] = field(default_factory=dict)
    _repositories: dict[str, Repository] = field(default_factory=dict)

    def choose(
        self,
        *,
        ref: str | None = None,
        worktree: bool = False,
        head: bool = False,
        isolated: Iterable[str] = (),
    ) -> Chosen:
        """Choose what to read: the working tree, a ref, HEAD, else the protected branch.

        Raises:
            UsageError: both the working tree and a ref are asked for.
        """
        if worktree and ref is not None:
            raise UsageError("--ref and --worktree exclude each other.", hint="Give one of them.")
        if worktree:
            return self._at(self.git.worktree(), isolated, explicit=True)
        if ref is not None or head:
            named = HEAD if ref is None else ref
            chosen = self._at(self.git.snapshot(named), isolated, explicit=ref is not None)
            return replace(chosen, notices=self.notices)
        branch, _ = self.git.protected(self.protected_branch())
        chosen = self._at(self.git.snapshot(branch), isolated)
        return replace(chosen, notices=(*self.notices, *self._uncommitted(chosen.snapshot)))

    def choose_from_remote(self, isolated: Iterable[str] = ()) -> Chosen:
        """Choose the protected branch as the remote names it now, else as it is known here."""
        branch = self.protected_branch()
        if self.offline or self.git.remote_url() is None:
            return self.choose(isolated=isolated)
        try:
            commit = self.git.fetch(branch)
        except RemoteUnreachable as error:
            chosen = self._last_known(branch, isolated)
            notice = f"The remote did not answer: {error.text} Going on with what is known here."
            others = [each for each in chosen.notices if each not in self.notices]
            return replace(chosen, notices=(notice, *others), unreachable=True)
        chosen = self._at(self.git.snapshot(f"{FETCHED}{branch}"), isolated)
        return replace(chosen, notices=self._unpushed(branch, commit), fetched=True)

    def protected_branch(self, ref: str = HEAD) -> str:
        """Return the name of the protected branch, as the pipeline of the checkout says."""
        snapshot = self.git.snapshot(ref)
        return repository.pipeline_of(self.manifests, self.cache, snapshot).protected_branch

    def zone(self) -> tzinfo:
        """Return the time zone of the calendar, UTC where there is none or it cannot be read."""
        try:
            chosen = self.choose()
        except ReconcilerError:
            return UTC
        return zone_of(chosen)

    def base(self, ref: str, isolated: Iterable[str] = ()) -> Chosen | None:
        """Choose the older side of a comparison, None when there were no environments then."""
        snapshot = self.git.snapshot(ref)
        if not snapshot.files(layout.PIPELINE):
            return None
        return self._at(snapshot, isolated, explicit=True)

    def commit(self, commit: str) -> Snapshot:
        """Return the files of a commit by its full id; the same one again costs nothing.

        Raises:
            NotFound: it is not here.
        """
        if commit not in self._commits:
            self._commits[commit] = self.git.snapshot(commit)
        return self._commits[commit]

    def of_snapshot(self, snapshot: Snapshot, isolated: Sequence[str] = ()) -> Chosen:
        """Choose a snapshot that was found in another way."""
        commit = snapshot.commit or ""
        if isolated or snapshot is not self._commits.get(commit):
            return self._at(snapshot, isolated, explicit=True)
        if commit not in self._repositories:
            self._repositories[commit] = self._at(snapshot, ()).repository
        return Chosen(repository=self._repositories[commit], explicit=True)

    def with_isolated(self, chosen: Chosen, names: Iterable[str]) -> Chosen:
        """Return the same choice with isolated environments loaded too."""
        wanted = [*names]
        if not wanted:
            return chosen
        return self._at(chosen.snapshot, wanted, explicit=chosen.explicit)

    def load(self, chosen: Chosen, environment: Environment) -> Loaded:
        """Load one environment.

        Raises:
            Invalid: with every finding in its own manifest, else with every one in its folder.
        """
        chosen.repository.refuse_broken(environment.name)
        return loading.load(self.manifests, self.cache, chosen.snapshot, environment)

    def _at(self, snapshot: Snapshot, isolated: Iterable[str], *, explicit: bool = False) -> Chosen:
        loaded = repository.load(self.manifests, self.cache, snapshot, isolated)
        return Chosen(repository=loaded, explicit=explicit)

    def _last_known(self, branch: str, isolated: Iterable[str]) -> Chosen:
        """Choose the local branch, or what was fetched last where that has gone further.

        So an outage never takes an environment back to what a clone was made with.
        """
        chosen = self.choose(isolated=isolated)
        try:
            fetched = self.git.snapshot(f"{FETCHED}{branch}")
        except NotFound:
            return chosen
        local, newest = chosen.snapshot.commit, fetched.commit
        if local is None or newest is None or not self.git.ahead(newest, local):
            return chosen
        return self._at(fetched, isolated)

    def _uncommitted(self, snapshot: Snapshot) -> tuple[str, ...]:
        commit = snapshot.commit
        if commit is None or not self.git.uncommitted(layout.ROOT, commit):
            return ()
        notice = (
            f"{layout.ROOT}/ has changes that are not in {snapshot.ref or 'the commit'} and are "
            "not read here; commit them, or use --worktree."
        )
        return (notice,)

    def _unpushed(self, branch: str, commit: str) -> tuple[str, ...]:
        try:
            _, local = self.git.protected(branch)
        except (NotFound, RepositoryError):
            return ()
        count = 0 if local == commit else self.git.ahead(local, commit)
        if not count:
            return ()
        noun = "commit" if count == 1 else "commits"
        notice = (
            f"{count} {noun} on {branch} here are not on the remote and are not read; "
            "push them, or use --offline."
        )
        return (notice,)


def zone_of(chosen: Chosen) -> tzinfo:
    """Return the time zone that answers give their times in."""
    named = chosen.repository.pipeline.raw.get("calendar", {}).get("timezone")
    return UTC if named is None else zones.zone(named)


def names(chosen: Chosen, asked: Sequence[str]) -> tuple[Environment, ...]:
    """Return the environments that were asked for, all of the pipeline by default."""
    if asked:
        return tuple(chosen.repository.environment(name) for name in dict.fromkeys(asked))
    return tuple(e for e in chosen.repository.environments if e.listed)
