"""`trust show` and `trust accept`: whose word counts, and who says so."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.errors import NotFound
from reconciler.core.model import Environment
from reconciler.core.releases import trust
from reconciler.core.releases.records import OPERATOR, AuditEntry, Trust
from reconciler.core.releases.trust import WhoKeys
from reconciler.ports import Store
from reconciler.services.releases.promoting.observing import Observer
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds, who_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """Whose word counts for one environment: at the trusted commit (None: there is none yet).

    `differences` say what the tip has otherwise, `problems` which of it blocks until accepted.
    """

    environment: str
    record: Trust | None
    keys: WhoKeys
    tip: str
    differences: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Truster:
    """Shows and moves the trusted commit."""

    catalog: Catalog
    observer: Observer
    store: Store

    def show(self, grounds: Grounds, environment: Environment) -> Trusted:
        """Return whose word counts for an environment, and what the tip would change."""
        name = environment.name
        record = self.store.trust(name)
        tip = who_keys(grounds.chosen, name)
        known = record is not None and grounds.workspace.git.exists(record.commit)
        keys = self._at(record.commit, name) if record is not None and known else tip
        return Trusted(
            environment=name,
            record=record,
            keys=keys,
            tip=grounds.tip,
            differences=trust.differences(keys, tip),
            problems=trust.combine(keys, tip).problems,
        )

    def difference(self, grounds: Grounds, environment: Environment, commit: str) -> Trusted:
        """Return what accepting a commit would change.

        Raises:
            NotFound: that commit is not on the protected branch, or has no such environment.
        """
        branch = grounds.pipeline.protected_branch
        if not grounds.workspace.git.is_ancestor(commit, grounds.tip):
            raise NotFound(f"{commit[:12]} is not on {branch}, so it cannot be trusted.")
        shown = self.show(grounds, environment)
        wanted = self._at(commit, environment.name)
        return Trusted(
            environment=environment.name,
            record=shown.record,
            keys=wanted,
            tip=grounds.tip,
            differences=trust.differences(shown.keys, wanted),
        )

    def accept(self, environment: Environment, commit: str) -> None:
        """Trust a commit from now on; audited."""
        self.observer.trust(environment.name, commit, OPERATOR)

    def audit(self, environment: str) -> list[AuditEntry]:
        """Return who moved trust, newest first."""
        found = self.store.audit(environment)
        return [entry for entry in found if entry.action == "trust"]

    def _at(self, commit: str, name: str) -> WhoKeys:
        return who_keys(self.catalog.chosen(commit), name)
