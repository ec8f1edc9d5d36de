"""`history`: what was deployed, from the store; where it knows nothing, the releases in git.

It must not know how answers are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.core import zoned
from reconciler.core.errors import ReconcilerError
from reconciler.core.model import Deployment, Environment, Finding, Mode
from reconciler.core.releases.listed import Listed
from reconciler.ports import StoreReader
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds, local_grounds
from reconciler.services.releases.telling import listing
from reconciler.services.workspace import Chosen, names, zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Deployments, newest first, then releases of which the store knows nothing, newest first."""

    rows: tuple[Deployment | Listed, ...]
    findings: tuple[Finding, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """Reads what happened; it never writes."""

    catalog: Catalog
    store: StoreReader

    def see(self, environments: Sequence[str] = (), limit: int = 50) -> Seen:
        """Return the history of some environments, of all by default.

        A release-only environment without a deployment in the store is told from git alone.

        Raises:
            UsageError: there is no such environment.
            StoreError: the store cannot be read.
        """
        if environments:
            chosen = self.catalog.workspace.choose(isolated=environments)
            rows = self._of(chosen, environments, limit)
            return self._complete(rows, chosen, environments, limit)
        rows = tuple(self.store.deployments(None, limit))
        try:
            chosen = self.catalog.workspace.choose()
        except ReconcilerError as error:
            if not rows:
                raise
            return Seen(rows=rows, notices=(f"The releases in git cannot be read: {error}",))
        return self._complete(rows, chosen, (), limit)

    def _of(
        self, chosen: Chosen, environments: Sequence[str], limit: int
    ) -> tuple[Deployment, ...]:
        asked = {environment.name for environment in names(chosen, environments)}
        found = [each for name in asked for each in self.store.deployments(name, limit)]
        return tuple(sorted(found, key=lambda each: each.started_at, reverse=True)[:limit])

    def _complete(
        self,
        rows: tuple[Deployment, ...],
        chosen: Chosen,
        environments: Sequence[str],
        limit: int,
    ) -> Seen:
        """Add the releases of environments that the store does not know."""
        rows = tuple(zoned.local(rows, zone_of(chosen)))
        unknown = [e for e in names(chosen, environments) if self._is_unknown(e)]
        if not unknown:
            return Seen(rows=rows)
        grounds = local_grounds(self.catalog.workspace, chosen)
        found: list[listing.Dated] = []
        findings: list[Finding] = []
        notices: list[str] = []
        for environment in unknown:
            releases, wrong = self._releases(grounds, environment, limit)
            findings += wrong
            found += releases
            if releases:
                notices.append(
                    f"The store has no record of {environment.name}: its releases are listed from "
                    "git, which does not know what became of them."
                )
        room = max(0, limit - len(rows))
        return Seen(
            rows=(*rows, *listing.newest(found, room)),
            findings=tuple(findings),
            notices=tuple(notices),
        )

    def _is_unknown(self, environment: Environment) -> bool:
        release_only = environment.listed and environment.mode is Mode.RELEASE_ONLY
        return release_only and not self.store.deployments(environment.name, 1)

    def _releases(
        self, grounds: Grounds, environment: Environment, limit: int
    ) -> tuple[list[listing.Dated], tuple[Finding, ...]]:
        releases, wrong = self.catalog.readable(grounds.snapshot, environment.name)
        newest = [*releases.values()][:limit]
        return [*listing.dated(self.catalog, grounds, newest)], wrong
