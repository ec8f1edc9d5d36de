"""`calendar`: twelve months of release days, as the protected branch has them, from now on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from reconciler.core.calendar import overview, reading
from reconciler.core.calendar.model import Policy
from reconciler.core.calendar.overview import Overview, Subject
from reconciler.core.model import Mode
from reconciler.ports import Clock
from reconciler.services.loading.repository import Repository
from reconciler.services.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A calendar at a moment, None where the pipeline has none, and what to say beside it."""

    now: datetime
    overview: Overview | None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars:
    """Reads the calendar of a pipeline; it never writes."""

    workspace: Workspace
    clock: Clock

    def see(self, environment: str | None = None) -> Seen:
        """Return the calendar, with the windows of an environment taken into account.

        Raises:
            UsageError: there is no such environment.
            Invalid: the pipeline, or the environment's own manifest, has findings.
        """
        asked = [] if environment is None else [environment]
        chosen = self.workspace.choose(isolated=asked)
        repository = chosen.repository
        notices = list(chosen.notices)
        subject = Subject(
            pipeline=repository.pipeline.name,
            environment=environment,
            policies=dict(_policies(repository, environment, notices)),
        )
        now = datetime.fromisoformat(self.clock.now())
        found = None
        if "calendar" in repository.pipeline.raw:
            calendar = reading.calendar_of(repository.pipeline.raw)
            found = overview.overview(calendar, subject, now)
        return Seen(now=now, overview=found, notices=tuple(notices))


def _policies(
    repository: Repository, asked: str | None, notices: list[str]
) -> Iterator[tuple[str, Policy]]:
    """Yield the policies that count, by environment: the one asked for, else all that wait."""
    if asked is not None:
        environment = repository.environment(asked)
        repository.refuse_broken(asked)
        if environment.mode is Mode.EDITABLE:
            notices.append(f"{asked} is editable: it changes with each merge, on any day.")
        yield asked, reading.policy_of(environment.raw)
        return
    for environment in repository.environments:
        if environment.name in repository.broken:
            notices.append(f"{environment.name} is left out: run `reconciler validate`.")
        elif environment.mode is Mode.RELEASE_ONLY:
            yield environment.name, reading.policy_of(environment.raw)
