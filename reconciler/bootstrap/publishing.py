"""Wires what tells people on the forge."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from reconciler import settings_forge
from reconciler.adapters.summary import FileSummary
from reconciler.services.publishing.concluding import Concluder
from reconciler.services.publishing.following import Follower
from reconciler.services.publishing.opening import Opener
from reconciler.services.publishing.publisher import Publisher
from reconciler.services.publishing.reviewing import Reviewer
from reconciler.services.publishing.running import RunPublisher, Telling
from reconciler.services.publishing.served import Served
from reconciler.services.publishing.shipping import Shipper
from reconciler.services.releases.making.drafting import Drafter

if TYPE_CHECKING:
    from reconciler.bootstrap.services import Services
    from reconciler.ports import Forge
    from reconciler.settings_forge import ForgeSettings


class PublishingServices:
    """What tells people on the forge, made when it is first needed."""

    def __init__(self, base: Services) -> None:
        """Take what they stand on."""
        self._base = base

    @cached_property
    def settings(self) -> ForgeSettings | None:
        """Where the forge is, None where neither the environment nor the remote names one."""
        return settings_forge.load(os.environ, self._base.git.remote_url())

    @cached_property
    def forge(self) -> Forge | None:
        """The forge, None where it is not known or there is no token."""
        found = self.settings
        if found is None or found.token is None:
            return None
        from reconciler.bootstrap.forge import open_forge

        return open_forge(found)

    @property
    def annotates(self) -> bool:
        """Whether a runner reads workflow commands in our output."""
        return settings_forge.is_actions(os.environ)

    @property
    def link(self) -> str | None:
        """The page of this run."""
        return None if self.settings is None else self.settings.run_url

    @cached_property
    def summary(self) -> FileSummary:
        """The page of the build server's job."""
        return FileSummary(settings_forge.summary(os.environ))

    def reviewer(self, served: Sequence[str] = ()) -> Reviewer:
        """Return what says what commits would do; of secrets only those of `served` are known."""
        base, releases = self._base, self._base.releases
        planner = base.planner
        if served:
            planner = replace(planner, secrets=Served(planner.secrets, frozenset(served)))
        drafter = Drafter(catalog=releases.catalog, planner=planner)
        return Reviewer(
            catalog=releases.catalog,
            drafter=drafter,
            keeper=replace(releases.keeper, drafter=drafter),
            viewer=base.viewer,
            debts=releases.debts,
            clock=base.clock,
            remote=self._remote,
            link=self.link,
        )

    @property
    def _remote(self) -> str | None:
        """The address whose pages places are linked to."""
        if self.settings is not None:
            return f"{self.settings.server}/{self.settings.repository}"
        return self._base.git.remote_url()

    @cached_property
    def publisher(self) -> Publisher:
        """`plan --publish`."""
        git = self._base.workspace.git
        return Publisher(forge=self.forge, summary=self.summary, git=git, link=self.link)

    @property
    def opener(self) -> Opener:
        """`release create|propose --open`, `rollback --open`."""
        is_known = self.settings is not None
        return Opener(forge=self.forge, is_known=is_known, keeper=self._base.releases.keeper)

    def run_publisher(self, served: Sequence[str] = ()) -> RunPublisher:
        """`promote --publish` and `reconcile --publish`, of a job that serves environments."""
        return RunPublisher(summary=self.summary, telling=self._telling(served))

    def _telling(self, served: Sequence[str]) -> Telling | None:
        forge, base = self.forge, self._base
        if forge is None:
            return None
        shipper = Shipper(
            forge=forge, store=base.store, catalog=base.releases.catalog, clock=base.clock
        )
        follower = Follower(forge=forge, reviewer=self.reviewer(served), link=self.link)
        concluder = Concluder(forge=forge, catalog=base.releases.catalog)
        return Telling(
            forge=forge, shipper=shipper, follower=follower, concluder=concluder, link=self.link
        )
