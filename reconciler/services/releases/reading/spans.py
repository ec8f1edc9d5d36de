"""Which commits a release brings: from the origin of the release before to its own.

It must not know which release is live.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.core.commits import CommitInfo
from reconciler.core.releases.model import Release, ReleaseName, Source
from reconciler.ports import GitRepository, Snapshot
from reconciler.services.releases.reading.catalog import Catalog

MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The commits to an environment after one commit (None: from the beginning) up to another.

    `is_whole` is false where one of the two is not in this repository: nothing can be listed.
    """

    origin: str
    since: str | None
    until: str
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Finds what releases bring."""

    catalog: Catalog

    def of_release(self, tip: Snapshot, release: Release) -> Span:
        """Return what a release brought, compared with what was live when it was made."""
        base = None if release.base is None else release.base.version
        return self.between(tip, release.environment, base, release.source)

    def between(self, tip: Snapshot, environment: str, base: str | None, source: Source) -> Span:
        """Return what a source brings over a release of the environment, None where none was."""
        origin = self.origin(tip, source)
        before = None
        if base is not None:
            before = self.catalog.release(tip, ReleaseName(environment, base))
        since = None if before is None else self.origin(tip, before.source).commit
        ends = [origin.commit, *([] if since is None else [since])]
        return Span(
            origin=origin.environment,
            since=since,
            until=origin.commit,
            is_whole=all(map(self._git.exists, ends)),
        )

    def commits(self, span: Span) -> Sequence[CommitInfo]:
        """Return the commits of a span, newest first, at most `MOST` and one."""
        if span.since == span.until or not span.is_whole:
            return ()
        folder = f"environments/{span.origin}"
        return self._git.commits(span.since, span.until, [folder], MOST + 1)

    def origin(self, tip: Snapshot, source: Source) -> Source:
        """Follow a source from release to release to where people edit."""
        seen = set()
        while source.version is not None and source not in seen:
            seen.add(source)
            made = self.catalog.release(tip, ReleaseName(source.environment, source.version))
            if made is None:
                break
            source = made.source
        return source

    @property
    def _git(self) -> GitRepository:
        return self.catalog.workspace.git
