"""`changelog`: commits and authors since the last release, or of one release.

It must not know how answers are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.core.changelog import Changelog
from reconciler.core.errors import ReconcilerError, UsageError
from reconciler.core.model import Environment, Mode
from reconciler.core.releases.model import ReleaseName, Source
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds, local_grounds
from reconciler.services.releases.reading.spans import MOST, Span, Spans
from reconciler.services.releases.telling import listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Changelogs:
    """Lists what releases bring; it never writes."""

    catalog: Catalog
    judge: TagJudge
    spans: Spans

    def see(self, environment: str, version: str | None = None) -> Changelog:
        """Return what the next release would bring, or what the release of a version brought.

        Raises:
            UsageError: there is no such environment, or it has no releases.
            NotFound: there is no such release.
            ReconcilerError: nothing is live in the environment before yet.
        """
        grounds = local_grounds(self.catalog.workspace)
        asked = grounds.release_only(environment)
        if version is None:
            return self._next(grounds, asked)
        name = _named(grounds, environment, version)
        release = listing.find(self.catalog, grounds, name).release
        span = self.spans.of_release(grounds.snapshot, release)
        base = None if release.base is None else release.base.version
        return self._changelog(grounds, name, base, span)

    def _next(self, grounds: Grounds, environment: Environment) -> Changelog:
        live = self.judge.standing(grounds, environment).live
        base = None if live is None else live.version
        source = self._source(grounds, environment)
        span = self.spans.between(grounds.snapshot, environment.name, base, source)
        return self._changelog(grounds, ReleaseName(environment.name, ""), base, span)

    def _source(self, grounds: Grounds, environment: Environment) -> Source:
        before = environment.promotes_from
        if before is None:
            raise ReconcilerError(
                f"{environment.name} promotes from no environment.",
                hint="Name a release with --release.",
            )
        previous = grounds.environment(before)
        if previous.mode is Mode.EDITABLE:
            return Source(environment=before, commit=grounds.tip)
        live = self.judge.standing(grounds, previous).live
        if live is None:
            raise ReconcilerError(
                f"Nothing is live in {before} yet, so that the next release to "
                f"{environment.name} brings nothing.",
                hint=f"`reconciler changelog --environment {before}` shows what comes to {before}.",
            )
        return Source(environment=before, commit=live.commit, version=live.version)

    def _changelog(
        self, grounds: Grounds, name: ReleaseName, base: str | None, span: Span
    ) -> Changelog:
        commits = self.spans.commits(span)
        return Changelog(
            environment=name.environment,
            version=name.version or None,
            base=base,
            origin=span.origin,
            since=span.since,
            until=span.until,
            commits=tuple(commits[:MOST]),
            complete=span.is_whole and len(commits) <= MOST,
            notices=(*grounds.chosen.notices, *_notices(name, base, span)),
        )


def _named(grounds: Grounds, environment: str, version: str) -> ReleaseName:
    """Return the release that is meant by a version, or by its whole name."""
    name = grounds.named(version if "/" in version else f"{environment}/{version}")
    if name.environment != environment:
        raise UsageError(f"{name} is no release of {environment}.", hint="Name one of the two.")
    return name


def _notices(name: ReleaseName, base: str | None, span: Span) -> Iterator[str]:
    if not span.is_whole:
        yield (
            f"The commits between {(span.since or 'the beginning')[:12]} and {span.until[:12]} are "
            "not all in this repository, so that none can be listed; fetch its whole history."
        )
    elif base is not None and span.since is None:
        yield (
            f"{name.environment}/{base} is not on the protected branch, so that everything since "
            "the beginning is listed."
        )
