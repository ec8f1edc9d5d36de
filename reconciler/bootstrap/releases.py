"""Wires the services of releases; a part of `bootstrap`, made when the first is needed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from reconciler.bootstrap.base import Base
from reconciler.core.errors import UsageError
from reconciler.core.releases.model import ReleaseType
from reconciler.services.releases.judging.finding import Finder
from reconciler.services.releases.judging.gating import GateKeeper
from reconciler.services.releases.judging.reviewing import Reviewing
from reconciler.services.releases.judging.soaking import Soaking
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.judging.trusting import Truster
from reconciler.services.releases.judging.witnessing import Witness
from reconciler.services.releases.making.asking import Ask
from reconciler.services.releases.making.carrying import Carrier
from reconciler.services.releases.making.drafting import Draft, Drafter
from reconciler.services.releases.making.hotfixing import Hotfixer
from reconciler.services.releases.making.lowering import Lowerer
from reconciler.services.releases.making.preparing import Preparer
from reconciler.services.releases.making.stating import Stater
from reconciler.services.releases.promoting.converging import Converger
from reconciler.services.releases.promoting.desiring import ReleasedPlanner
from reconciler.services.releases.promoting.observing import Observer
from reconciler.services.releases.promoting.promoter import Promoter
from reconciler.services.releases.promoting.restarting import Restarter
from reconciler.services.releases.proposing.proposer import Proposer
from reconciler.services.releases.reading import grounds
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds
from reconciler.services.releases.telling.debts import Debts

if TYPE_CHECKING:
    from reconciler.ports import (
        ForgeReader,
        GitWriter,
        ManifestWriter,
        SignatureVerifier,
    )
    from reconciler.services.deploying.applying import Applier
    from reconciler.services.deploying.recovering import Recoverer
    from reconciler.services.planning import Planner
    from reconciler.services.workspace import Chosen


class ReleaseBase(Base, Protocol):
    """What the services of releases stand on."""

    @property
    def planner(self) -> Planner:
        """What makes plans."""

    @property
    def applier(self) -> Applier:
        """What carries plans out."""

    @property
    def recoverer(self) -> Recoverer:
        """What ends interrupted deployments."""

    @property
    def writer(self) -> GitWriter:
        """What makes branches and tags."""

    @property
    def signatures(self) -> SignatureVerifier:
        """What judges signatures."""

    @property
    def manifest_writer(self) -> ManifestWriter:
        """What writes manifests."""

    @property
    def forge(self) -> ForgeReader | None:
        """Where the repository is hosted, None where that is not known."""


class ReleaseServices:
    """The services of releases, each made when it is first needed."""

    def __init__(self, base: ReleaseBase) -> None:
        """Take what they stand on."""
        self._base = base

    def remote_grounds(self) -> Grounds:
        """Ask the remote, and judge by what it names now."""
        return grounds.remote_grounds(self._base.workspace)

    def local_grounds(self) -> Grounds:
        """Judge by what this checkout has."""
        return grounds.local_grounds(self._base.workspace)

    def grounds_of(self, chosen: Chosen) -> Grounds:
        """Judge by what was chosen already."""
        return grounds.grounds_of(self._base.workspace, chosen)

    @cached_property
    def catalog(self) -> Catalog:
        """What reads releases from git."""
        return Catalog(workspace=self._base.workspace)

    @cached_property
    def judge(self) -> TagJudge:
        """What judges tags."""
        return TagJudge(
            catalog=self.catalog,
            store=self._base.store,
            signatures=self._base.signatures,
            clock=self._base.clock,
        )

    @cached_property
    def witness(self) -> Witness:
        """What reads approvals, acknowledgements and holds."""
        reviewing = Reviewing(catalog=self.catalog, forge=lambda: self._base.forge)
        return Witness(catalog=self.catalog, judge=self.judge, reviewing=reviewing)

    @cached_property
    def drafter(self) -> Drafter:
        """What drafts releases."""
        return Drafter(catalog=self.catalog, planner=self._base.planner)

    @cached_property
    def preparer(self) -> Preparer:
        """`release create`, `release preview`, `rollback`."""
        return Preparer(
            catalog=self.catalog,
            judge=self.judge,
            drafter=self.drafter,
            writer=self._base.writer,
            manifests=self._base.manifest_writer,
        )

    def drafts(self, found: Grounds, ask: Ask, source: str | None) -> tuple[Draft, ...]:
        """Draft what is asked for; a hotfix is several releases, that of its environment first."""
        if ask.type is not ReleaseType.HOTFIX:
            if source is not None:
                raise UsageError("--from goes with --type hotfix.")
            return (self.preparer.draft(found, ask),)
        git = self._base.workspace.git
        change = git.worktree() if source is None else git.snapshot(source)
        return self.hotfixer.drafts(found, ask, change)

    @cached_property
    def hotfixer(self) -> Hotfixer:
        """`release create --type hotfix`."""
        base = self._base
        carrier = Carrier(
            manifests=base.workspace.manifests, writer=base.manifest_writer, git=base.writer
        )
        lowerer = Lowerer(judge=self.judge, drafter=self.drafter, carrier=carrier)
        return Hotfixer(
            catalog=self.catalog,
            judge=self.judge,
            drafter=self.drafter,
            lowerer=lowerer,
            writer=base.writer,
        )

    @cached_property
    def debts(self) -> Debts:
        """What hotfixes owe to other environments."""
        return Debts(catalog=self.catalog, judge=self.judge)

    @property
    def writer(self) -> GitWriter:
        """What makes branches and tags."""
        return self._base.writer

    @cached_property
    def stater(self) -> Stater:
        """`release tag`, `approve`, `acknowledge`, `hold`, `resume`."""
        return Stater(
            judge=self.judge,
            witness=self.witness,
            preparer=self.preparer,
            finder=self.finder,
            writer=self._base.writer,
            clock=self._base.clock,
        )

    @cached_property
    def finder(self) -> Finder:
        """What finds releases that are made, and judges them."""
        return Finder(
            catalog=self.catalog, judge=self.judge, keeper=self.keeper, preparer=self.preparer
        )

    @cached_property
    def planner(self) -> ReleasedPlanner:
        """What `plan` and `drift` say of release-only environments."""
        return ReleasedPlanner(
            catalog=self.catalog,
            judge=self.judge,
            finder=self.finder,
            planner=self._base.planner,
        )

    @cached_property
    def keeper(self) -> GateKeeper:
        """`gates`."""
        return GateKeeper(
            catalog=self.catalog,
            drafter=self.drafter,
            judge=self.judge,
            witness=self.witness,
            store=self._base.store,
            soaking=Soaking(catalog=self.catalog, store=self._base.store),
            clock=self._base.clock,
            processes=self._base.processes,
        )

    @cached_property
    def observer(self) -> Observer:
        """What the store remembers of tags."""
        return Observer(store=self._base.store, clock=self._base.clock, actor=self._base.actor)

    @cached_property
    def restarter(self) -> Restarter:
        """`store rebuild`, and what a new store does first."""
        return Restarter(
            catalog=self.catalog,
            store=self._base.store,
            platform=self._base.platform,
            observer=self.observer,
            clock=self._base.clock,
            processes=self._base.processes,
            actor=self._base.actor,
        )

    @cached_property
    def promoter(self) -> Promoter:
        """`promote`."""
        return Promoter(
            catalog=self.catalog,
            judge=self.judge,
            keeper=self.keeper,
            observer=self.observer,
            restarter=self.restarter,
            released=self.planner,
            applier=self._base.applier,
        )

    @cached_property
    def converger(self) -> Converger:
        """`promote`, and release-only environments in `reconcile`."""
        return Converger(
            promoter=self.promoter,
            applier=self._base.applier,
            recoverer=self._base.recoverer,
            judge=self.judge,
            store=self._base.store,
        )

    @cached_property
    def proposer(self) -> Proposer:
        """`release propose`."""
        return Proposer(preparer=self.preparer, keeper=self.keeper, store=self._base.store)

    @cached_property
    def truster(self) -> Truster:
        """`trust`."""
        return Truster(
            catalog=self.catalog,
            observer=self.observer,
            store=self._base.store,
        )
