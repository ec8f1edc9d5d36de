"""Wires what only looks at releases; a part of `bootstrap`, made when the first is needed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from reconciler.services.histories import Histories
from reconciler.services.releases.reading.spans import Spans
from reconciler.services.releases.telling.changelogs import Changelogs
from reconciler.services.releases.telling.debts import Debts
from reconciler.services.releases.telling.listing import ReleaseLister
from reconciler.services.releases.telling.reports import Reports

if TYPE_CHECKING:
    from reconciler.bootstrap.services import Services


class ReleaseViews:
    """The services behind `release list`, `release show`, `history`, `changelog` and `report`."""

    def __init__(self, services: Services) -> None:
        """Take the services that they stand on."""
        self._base = services

    @cached_property
    def lister(self) -> ReleaseLister:
        """`release list`, `release show`."""
        releases = self._base.releases
        return ReleaseLister(
            catalog=releases.catalog, judge=releases.judge, witness=releases.witness
        )

    @cached_property
    def histories(self) -> Histories:
        """`history`."""
        return Histories(catalog=self._base.releases.catalog, store=self._base.store)

    @cached_property
    def changelogs(self) -> Changelogs:
        """`changelog`."""
        releases = self._base.releases
        return Changelogs(catalog=releases.catalog, judge=releases.judge, spans=self._spans)

    @cached_property
    def reports(self) -> Reports:
        """`report`."""
        releases = self._base.releases
        return Reports(
            catalog=releases.catalog,
            store=self._base.store,
            spans=self._spans,
            debts=Debts(catalog=releases.catalog, judge=releases.judge).open,
        )

    @property
    def _spans(self) -> Spans:
        return Spans(catalog=self._base.releases.catalog)
