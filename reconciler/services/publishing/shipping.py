"""Tells the forge of deployments that ended, each once: a deployment there, and a release."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from reconciler.core.errors import Invalid, NotFound
from reconciler.core.forge.model import Shipped
from reconciler.core.forge.records import Told
from reconciler.core.model import Deployment, Phase
from reconciler.core.releases.model import Release, ReleaseName
from reconciler.core.render import release_notes
from reconciler.ports import Clock, Forge, Store
from reconciler.services.releases.reading.catalog import Catalog

# What ended in one run; older ones were told by the runs that made them.
MOST = 10

_UNTOLD = frozenset({Phase.PENDING, Phase.RUNNING, Phase.ABORTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipper:
    """Tells the forge what was deployed."""

    forge: Forge
    store: Store
    catalog: Catalog
    clock: Clock

    def ship(self, environment: str) -> int:
        """Tell what ended since the last time; return how many deployments were told.

        Of a history that was made without a forge only the newest is told.

        Raises:
            ForgeError: the forge did not take one; it is told by the next run.
        """
        ended = [
            each
            for each in self.store.deployments(environment, limit=MOST)
            if each.phase not in _UNTOLD and each.commit is not None
        ]
        if not ended:
            return 0
        known = self.store.told_to_forge([each.id for each in ended])
        # Never one that is older than what was told: the forge takes the last one for what runs.
        new = [*takewhile(lambda each: each.id not in known, ended)] if known else ended[:1]
        for each in reversed(new):
            url = self.forge.tell(self._shipped(each))
            self.store.note_told(
                Told(deployment=each.id, environment=environment, url=url, at=self.clock.now())
            )
        return len(new)

    def _shipped(self, deployment: Deployment) -> Shipped:
        release = self._release(deployment)
        return Shipped(
            deployment=deployment.id,
            environment=deployment.environment,
            commit=deployment.commit or "",
            succeeded=deployment.phase is Phase.SUCCEEDED,
            description=release_notes.description(deployment),
            tag=None if release is None else deployment.tag,
            title=None if release is None else release_notes.title(deployment),
            notes=None if release is None else release_notes.notes(deployment, release),
        )

    def _release(self, deployment: Deployment) -> Release | None:
        """Return the release that went live, None where none did."""
        if deployment.version is None or deployment.commit is None or not deployment.tag:
            return None
        if deployment.phase is not Phase.SUCCEEDED:
            return None
        name = ReleaseName(deployment.environment, deployment.version)
        try:
            return self.catalog.release(self.catalog.at(deployment.commit), name)
        except (NotFound, Invalid):
            return None
