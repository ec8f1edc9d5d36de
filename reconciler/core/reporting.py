"""Delivery figures of one environment from its deployments and releases; pure.

A release counts when it first went live. A failure is a deployment of a release that ended Failed,
Errored or Restored. An outage begins when a deployment fails after a good one, or with what a
hotfix or rollback replaced, and ends with the next deployment that succeeds.
It must not know git or the store.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.core.model import Deployment, Phase
from reconciler.core.releases.model import ReleaseType

_WENT_LIVE = {Phase.SUCCEEDED, Phase.PARTIAL}
_FAILED = {Phase.FAILED, Phase.ERRORED, Phase.RESTORED}
_NOT_ENDED = {Phase.PENDING, Phase.RUNNING}
_REPAIRS = {ReleaseType.HOTFIX.value, ReleaseType.ROLLBACK.value}
# An adoption records what ran already: it is no delivery.
_DELIVERIES = [kind for kind in ReleaseType if kind is not ReleaseType.ADOPTION]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time that is looked at, from `begin` up to before `end`; None has no bound."""

    begin: datetime | None = None
    end: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """Say whether a moment, with an offset, lies in it."""
        return (self.begin is None or self.begin <= moment) and (
            self.end is None or moment < self.end
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A release as git alone knows it; `at` is when it was written, None where that is no time."""

    type: ReleaseType
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A release that went live, and the first deployment that made it so.

    `deployed` is false where the store only wrote down that it runs.
    """

    version: str
    type: str
    at: datetime
    deployed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Durations in a nutshell: how many, the middle one, and what 90 of 100 do not exceed."""

    count: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The delivery figures of one environment.

    `releases` counts by type. `lead` and `restore` are None where only git is known, as are the
    counts of deployments. `unrestored` outages have not ended yet.
    """

    environment: str
    from_store: bool
    releases: Mapping[str, int] = field(default_factory=dict)
    deployments: int | None = None
    failed: int | None = None
    lead: Times | None = None
    restore: Times | None = None
    unrestored: int | None = None

    @property
    def total(self) -> int:
        """How many releases there were, adoptions left out."""
        return sum(self.releases.get(kind.value, 0) for kind in _DELIVERIES)

    @property
    def out_of_cycle(self) -> int:
        """How many of them did not wait for a release day."""
        kinds = (kind for kind in _DELIVERIES if kind.is_out_of_cycle)
        return sum(self.releases.get(kind.value, 0) for kind in kinds)

    @property
    def out_of_cycle_share(self) -> float | None:
        """Their share from 0 to 1, None without releases."""
        return self.out_of_cycle / self.total if self.total else None

    @property
    def failure_rate(self) -> float | None:
        """The share of deployments that failed from 0 to 1, None without deployments."""
        return (self.failed or 0) / self.deployments if self.deployments else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures by environment, the first and last day that count, and open hotfix debt."""

    figures: tuple[Figures, ...]
    since: str | None = None
    until: str | None = None
    debts: tuple[str, ...] = ()


def delivered(deployments: Iterable[Deployment], window: Window) -> tuple[Delivered, ...]:
    """Return the releases that first went live within a window, the earliest first."""
    found: dict[str, Delivered] = {}
    for one in _ended(deployments):
        if one.phase in _WENT_LIVE and one.version is not None and one.version not in found:
            found[one.version] = Delivered(
                version=one.version, type=one.type, at=_end(one), deployed=bool(one.steps)
            )
    return tuple(each for each in found.values() if window.holds(each.at))


def from_store(
    environment: str,
    deployments: Sequence[Deployment],
    commits: Mapping[str, Iterable[datetime]],
    window: Window,
) -> Figures:
    """Return the figures of an environment that the store knows.

    `commits` are the author dates of what each release brought, by version.
    """
    live = delivered(deployments, window)
    ended = [one for one in _carried_out(deployments) if window.holds(_end(one))]
    lasted, unrestored = _outages(deployments, window)
    return Figures(
        environment=environment,
        from_store=True,
        releases=_counts(each.type for each in live),
        deployments=len(ended),
        failed=sum(one.phase in _FAILED for one in ended),
        lead=_times(_lead_times(live, commits)),
        restore=_times(lasted),
        unrestored=unrestored,
    )


def from_git(environment: str, releases: Iterable[Written], window: Window) -> Figures:
    """Return what git alone knows: how many releases were written, by type."""
    counted = (
        each.type.value
        for each in releases
        if window == Window() or (each.at is not None and window.holds(each.at))
    )
    return Figures(environment=environment, from_store=False, releases=_counts(counted))


def _counts(types: Iterable[str]) -> dict[str, int]:
    found = {kind.value: 0 for kind in ReleaseType}
    for one in types:
        if one in found:
            found[one] += 1
    return found


def _lead_times(
    live: Iterable[Delivered], commits: Mapping[str, Iterable[datetime]]
) -> Iterator[timedelta]:
    """Yield how long each commit took; an author's clock that is ahead counts as no time."""
    for release in live:
        if release.deployed:
            for written in commits.get(release.version, ()):
                yield max(timedelta(), release.at - written)


def _outages(deployments: Iterable[Deployment], window: Window) -> tuple[list[timedelta], int]:
    """Return how long the outages that ended in a window took, and how many are still open."""
    began: datetime | None = None
    good: datetime | None = None
    lasted = []
    for one in _carried_out(deployments):
        at = _end(one)
        if one.phase in _FAILED:
            began = began or at
        elif one.phase in _WENT_LIVE:
            if began is None and one.type in _REPAIRS:
                began = good
            if began is not None and window.holds(at):
                lasted.append(at - began)
            began, good = None, at
    still = began is not None and (window.end is None or began < window.end)
    return lasted, int(still)


def _carried_out(deployments: Iterable[Deployment]) -> Iterator[Deployment]:
    """Yield the deployments of releases that ended, in order, without what was only recorded."""
    return (one for one in _ended(deployments) if one.version is not None and one.steps)


def _ended(deployments: Iterable[Deployment]) -> list[Deployment]:
    """Return the deployments that ended, the earliest first."""
    found = [one for one in deployments if one.phase not in _NOT_ENDED]
    return sorted(found, key=_end)


def _end(one: Deployment) -> datetime:
    return datetime.fromisoformat(one.finished_at or one.started_at)


def _times(durations: Iterable[timedelta]) -> Times:
    """Sum up durations; the percentile is one of them (nearest rank)."""
    found = sorted(durations)
    if not found:
        return Times()
    rank = math.ceil(0.9 * len(found))
    return Times(count=len(found), median=_middle(found), p90=found[rank - 1])


def _middle(found: Sequence[timedelta]) -> timedelta:
    """Return the median of sorted durations; of an even number the mean of the two middle ones."""
    half = len(found) // 2
    return found[half] if len(found) % 2 else (found[half - 1] + found[half]) / 2
