"""Wires what every deployment works with: locks, backups, undoing, recovery, telling."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from reconciler.bootstrap.base import Base
from reconciler.services.backups.keeping import Keeper
from reconciler.services.deploying.applying import Applier
from reconciler.services.deploying.attempt import Tools
from reconciler.services.deploying.byhand import Restorer
from reconciler.services.deploying.locking import Locker
from reconciler.services.deploying.purging import Purger
from reconciler.services.deploying.recovering import Recoverer
from reconciler.services.deploying.secrets import SecretResolver
from reconciler.services.deploying.telling import Teller
from reconciler.services.deploying.undoing import Undoer
from reconciler.services.locks import LockKeeper
from reconciler.services.notifying.notifier import Notifier
from reconciler.services.releases.reading.live import newest_known

if TYPE_CHECKING:
    from reconciler.ports import (
        Interruptions,
        Messenger,
        Sealer,
        SecretSource,
    )


class DeploymentBase(Base, Protocol):
    """What deployments stand on."""

    @property
    def interruptions(self) -> Interruptions:
        """Signals that ask this process to end."""

    @property
    def sealer(self) -> Sealer:
        """What encrypts and seals."""

    @property
    def sources(self) -> SecretSource:
        """Where secrets come from."""

    @property
    def messenger(self) -> Messenger:
        """What sends notifications."""


class DeploymentServices:
    """Each made when it is first needed."""

    def __init__(self, base: DeploymentBase) -> None:
        """Take what they stand on."""
        self._base = base

    @cached_property
    def locker(self) -> Locker:
        """What takes locks."""
        base = self._base
        return Locker(store=base.store, clock=base.clock, processes=base.processes)

    @cached_property
    def locks(self) -> LockKeeper:
        """`lock`."""
        base = self._base
        return LockKeeper(
            store=base.store, clock=base.clock, processes=base.processes, actor=base.actor
        )

    @cached_property
    def keeper(self) -> Keeper:
        """What takes and checks backups."""
        base = self._base
        return Keeper(store=base.store, sealer=base.sealer, clock=base.clock)

    @cached_property
    def notifier(self) -> Notifier:
        """What tells people outside."""
        base = self._base
        return Notifier(
            messenger=base.messenger,
            secrets=base.sources,
            clock=base.clock,
            remote=base.workspace.git.remote_url,
        )

    @cached_property
    def teller(self) -> Teller:
        """What tells how a deployment goes."""
        return Teller(notifier=self.notifier)

    @cached_property
    def undoer(self) -> Undoer:
        """What undoes deployments."""
        return Undoer(keeper=self.keeper, clock=self._base.clock, teller=self.teller)

    @cached_property
    def tools(self) -> Tools:
        """All of that."""
        base = self._base
        return Tools(
            store=base.store,
            clock=base.clock,
            processes=base.processes,
            interruptions=base.interruptions,
            locker=self.locker,
            keeper=self.keeper,
            undoer=self.undoer,
            teller=self.teller,
        )

    @cached_property
    def applier(self) -> Applier:
        """What carries plans out."""
        base = self._base
        return Applier(
            tools=self.tools,
            platform=base.platform,
            secrets=SecretResolver(source=base.sources, sealer=base.sealer),
        )

    @cached_property
    def recoverer(self) -> Recoverer:
        """What ends interrupted deployments."""
        base = self._base
        return Recoverer(
            store=base.store,
            clock=base.clock,
            locker=self.locker,
            keeper=self.keeper,
            undoer=self.undoer,
            teller=self.teller,
            platform=base.platform,
            actor=base.actor,
        )

    @cached_property
    def purger(self) -> Purger:
        """What forgets for good what was removed long ago."""
        base = self._base
        return Purger(
            store=base.store, platform=base.platform, clock=base.clock, locker=self.locker
        )

    @cached_property
    def restorer(self) -> Restorer:
        """`backup restore`."""
        return Restorer(
            tools=self.tools,
            recoverer=self.recoverer,
            platform=self._base.platform,
            newest=self._newest,
        )

    def _newest(self, environment: str) -> str | None:
        pipeline = self._base.workspace.choose().repository.pipeline
        return newest_known(self._base.store, pipeline.tag_format, environment)
