"""Tells people what a run of `promote` or `reconcile` did: on the forge, and on the job's page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from reconciler import telemetry
from reconciler.core import layout
from reconciler.core.errors import ForgeUnreachable, ReconcilerError
from reconciler.core.forge import statuses
from reconciler.core.forge.statuses import Outcome
from reconciler.core.releases.model import ReleaseName
from reconciler.core.render import summary
from reconciler.core.render.summary import Done
from reconciler.ports import Forge, JobSummary
from reconciler.services.publishing.concluding import Concluder
from reconciler.services.publishing.following import Follower
from reconciler.services.publishing.marking import Marker
from reconciler.services.publishing.publisher import NO_TOKEN, attempted
from reconciler.services.publishing.shipping import Shipper
from reconciler.services.reconciling import Reconciled
from reconciler.services.releases.promoting.promotion import Promotion
from reconciler.services.releases.reading.grounds import Grounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a run tells the forge with."""

    forge: Forge
    shipper: Shipper
    follower: Follower
    concluder: Concluder
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPublisher:
    """Tells what became of environments; `telling` is None without a token."""

    summary: JobSummary
    telling: Telling | None

    def publish(
        self, grounds: Grounds, done: Sequence[Done], served: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Tell it everywhere; return a sentence for each thing that was not told.

        `served` are the environments of this job, all of them when it is empty.
        """
        masked = telemetry.redactor()
        done = masked.record(tuple(done))
        notes = masked.record(tuple(self._told(grounds, done, served)))
        text = masked.text(summary.summary(done, notes))
        return (*notes, *attempted("The job summary", lambda: self.summary.append(text)))

    def _told(
        self, grounds: Grounds, done: Sequence[Done], served: Collection[str]
    ) -> Iterator[str]:
        if self.telling is None:
            yield NO_TOKEN
            return
        try:
            yield from _all(self.telling, grounds, done, served)
        except ForgeUnreachable as error:
            yield f"The forge was not told everything: {error}"


def _all(
    telling: Telling, grounds: Grounds, done: Sequence[Done], served: Collection[str]
) -> Iterator[str]:
    """Tell everything; yield a sentence for each thing that was not told.

    Raises:
        ForgeUnreachable: the forge does not answer, so it is not asked for the rest.
    """
    now = datetime.fromisoformat(telling.shipper.clock.now())
    for name in dict.fromkeys(each.environment for each in done):
        do = partial(telling.shipper.ship, name)
        yield from attempted(f"The deployment of {name}", do, but=ForgeUnreachable)
    for commit, rows in _by_commit(grounds, done, now).items():
        marks = statuses.of_promotions(rows, telling.link)
        marker = Marker(forge=telling.forge)
        do = partial(marker.mark, commit, marks, telling.link, alone=False)
        yield from attempted("A status", do, but=ForgeUnreachable)
    yield from telling.concluder.conclude(grounds, done)
    yield from telling.follower.follow(grounds, served)


def of_promotions(promotions: Iterable[Promotion]) -> list[Done]:
    """Return what became of releases, as it is told."""
    return [
        Done(
            environment=each.environment,
            outcome=each.outcome,
            reason=each.reason,
            version=each.version,
            gates=each.gates,
            earliest=each.earliest,
            told=each.told,
            hint=None if each.error is None else each.error.hint,
            summary={} if each.applied is None else each.applied.summary,
        )
        for each in promotions
    ]


def of_run(results: Iterable[Reconciled]) -> list[Done]:
    """Return what became of environments, as it is told."""
    found: list[Done] = []
    for result in results:
        if result.promotions:
            rows = of_promotions(result.promotions)
            if result.beside:
                rows[-1] = replace(
                    rows[-1], told=(*rows[-1].told, f"{result.environment}: {result.beside}.")
                )
            found += rows
            continue
        error, applied = result.error, result.applied
        found.append(
            Done(
                environment=result.environment,
                outcome=result.outcome,
                reason=result.reason,
                told=result.recovered,
                hint=None if error is None else error.hint,
                summary={} if applied is None else applied.summary,
            )
        )
    return found


def _by_commit(grounds: Grounds, done: Iterable[Done], now: datetime) -> dict[str, list[Outcome]]:
    """Return what to say at which commit: that of the release, else the protected tip.

    A release-only environment without a release has nothing to say: the tip would wait for ever.
    """
    found: dict[str, list[Outcome]] = defaultdict(list)
    silent = {each.name for each in grounds.release_only_environments()}
    for each in done:
        commit = grounds.tip
        if each.version is not None:
            commit = _introduced(grounds, ReleaseName(each.environment, each.version)) or commit
        elif each.environment in silent:
            continue
        earliest = None if each.earliest is None else datetime.fromisoformat(each.earliest)
        found[commit].append(
            Outcome(
                environment=each.environment,
                version=each.version,
                outcome=each.outcome,
                reason=each.reason,
                earliest=earliest,
                now=now,
            )
        )
    return found


def _introduced(grounds: Grounds, name: ReleaseName) -> str | None:
    try:
        return grounds.workspace.git.introduced(
            grounds.tip, layout.release_file(name.environment, name.version)
        )
    except ReconcilerError:
        return None  # the history is cut off: the tip stands for it
