"""`report`: delivery figures from the store's deployments and the releases in git.

It must not know how answers are shown, nor how open debt is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from reconciler.core import layout, reporting
from reconciler.core.calendar import reading as calendars
from reconciler.core.errors import Invalid, UsageError
from reconciler.core.model import Deployment
from reconciler.core.releases.model import Release, ReleaseName
from reconciler.core.reporting import Figures, Report, Window, Written
from reconciler.ports import StoreReader
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds, local_grounds
from reconciler.services.releases.reading.spans import Spans
from reconciler.services.releases.telling import listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A report, and what to say beside it."""

    report: Report
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Computes delivery figures; it never writes. `debts` tells, as texts, which are open."""

    catalog: Catalog
    store: StoreReader
    spans: Spans
    debts: Callable[[Grounds], Iterable[object]]

    def see(
        self,
        environments: Sequence[str] = (),
        since: date | None = None,
        until: date | None = None,
    ) -> Seen:
        """Return the figures of release-only environments, of all by default.

        Days are of the calendar's time zone; both count.

        Raises:
            UsageError: an environment has no releases, or the days are the wrong way round.
        """
        if since is not None and until is not None and until < since:
            raise UsageError(f"--until {until} is before --since {since}.", hint="Swap them.")
        grounds = local_grounds(self.catalog.workspace)
        zone = calendars.calendar_of(grounds.pipeline.raw).zone
        window = Window(
            begin=None if since is None else datetime.combine(since, time(), zone),
            end=None if until is None else datetime.combine(until + timedelta(1), time(), zone),
        )
        notices = [*grounds.chosen.notices]
        asked = listing.chosen(grounds, environments)
        report = Report(
            figures=tuple(self._figures(grounds, e.name, window, notices) for e in asked),
            since=None if since is None else str(since),
            until=None if until is None else str(until),
            debts=tuple(map(str, self.debts(grounds))),
        )
        return Seen(report=report, notices=tuple(notices))

    def _figures(
        self, grounds: Grounds, environment: str, window: Window, notices: list[str]
    ) -> Figures:
        deployments = self.store.deployments(environment)
        if not deployments:
            releases, findings = self.catalog.readable(grounds.snapshot, environment)
            notices += [f"{finding} It is left out." for finding in findings]
            if releases:
                notices.append(
                    f"The store has no record of {environment}: releases are counted from git, "
                    "when each was written, and there are no times."
                )
            written = [self._written(grounds, each) for each in releases.values()]
            return reporting.from_git(environment, written, window)
        commits = self._commits(grounds, environment, deployments, window, notices)
        return reporting.from_store(environment, deployments, commits, window)

    def _commits(
        self,
        grounds: Grounds,
        environment: str,
        deployments: Sequence[Deployment],
        window: Window,
        notices: list[str],
    ) -> dict[str, list[datetime]]:
        """Return the author dates of what each release brought that went live in a window."""
        found = {}
        for one in reporting.delivered(deployments, window):
            name = ReleaseName(environment, one.version)
            release = self._readable(grounds, name)
            span = None if release is None else self.spans.of_release(grounds.snapshot, release)
            if span is None or not span.is_whole:
                notices.append(f"The commits of {name} are not in this repository.")
                continue
            found[one.version] = _dates(commit.date for commit in self.spans.commits(span))
        return found

    def _readable(self, grounds: Grounds, name: ReleaseName) -> Release | None:
        try:
            return self.catalog.release(grounds.snapshot, name)
        except Invalid:
            return None

    def _written(self, grounds: Grounds, release: Release) -> Written:
        """Return when a release was written, by the commit that is nearest to its merge."""
        introduced = self.catalog.introduced(grounds.tip, release.name)
        folder = f"{layout.environment_folder(release.environment)}/releases"
        if introduced is None:
            return Written(type=release.type, at=None)
        commits = self.catalog.workspace.git.commits(None, introduced, [folder], 1)
        dates = _dates(commit.date for commit in commits)
        return Written(type=release.type, at=dates[0] if dates else None)


def _dates(texts: Iterable[str | None]) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in texts if text is not None]
