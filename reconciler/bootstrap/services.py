"""The only place that knows every adapter: settings in, wired services out."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.git.repository import GitRepository, open_repository
from reconciler.adapters.interruptions import SystemInterruptions
from reconciler.adapters.processes import SystemProcesses
from reconciler.bootstrap.platforms import Platforms
from reconciler.core.errors import (
    NotFound,
    ReconcilerError,
    RepositoryError,
)
from reconciler.core.model import Environment
from reconciler.services import mirroring
from reconciler.services.deploying.applying import Applier
from reconciler.services.deploying.manual import Deployer
from reconciler.services.deploying.recovering import Recoverer
from reconciler.services.holds import HoldKeeper
from reconciler.services.loading.repository import refuse_committed_state
from reconciler.services.planning import Planner
from reconciler.services.reconciling import Job
from reconciler.services.secrets import SecretKeeper
from reconciler.services.viewing import Viewer
from reconciler.services.workspace import Workspace
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.adapters.secrets.sealer import AesSealer
    from reconciler.adapters.secrets.sources import Sources
    from reconciler.adapters.sql.database import Database
    from reconciler.adapters.store.sql import SqlStore
    from reconciler.bootstrap.deployments import DeploymentServices
    from reconciler.bootstrap.publishing import PublishingServices
    from reconciler.bootstrap.releases import ReleaseServices
    from reconciler.bootstrap.views import ReleaseViews
    from reconciler.ports import (
        DocumentCache,
        Forge,
        GitWriter,
        Manifests,
        ManifestWriter,
        Messenger,
        Platform,
        PlatformReader,
        SignatureVerifier,
    )
    from reconciler.services.backups.managing import BackupManager
    from reconciler.services.calendars import Calendars
    from reconciler.services.users import UserKeeper


def open_services(settings: Settings, *, offline: bool = False) -> Services:
    """Open the repository of a run; everything else is opened when it is first needed."""
    if settings.remote is not None:
        return _open_mirrored(settings, settings.remote, offline=offline)
    git = open_repository(settings.root)
    try:
        _refuse_committed_state(git)
    except ReconcilerError:
        git.close()
        raise
    return Services(settings, git, offline=offline)


def _open_mirrored(settings: Settings, url: str, *, offline: bool) -> Services:
    """Open the mirror of a remote, brought to what the remote names now unless offline."""
    from reconciler.adapters.git.mirror import Mirror

    mirror = Mirror(settings.mirrors or settings.state_folder / "mirrors", url)
    try:
        services = Services(settings, mirror, offline=offline)
        services.notices = mirroring.begin(
            mirror, services.workspace.protected_branch, offline=offline
        )
    except ReconcilerError:
        mirror.close()
        raise
    del services.workspace  # it was made before the notices were known
    return services


def _refuse_committed_state(git: GitRepository) -> None:
    """Refuse a checkout that brings its own store and cache, whichever commit is read later."""
    try:
        head = git.snapshot("HEAD")
    except (NotFound, RepositoryError):
        return  # no commit yet, so nothing is committed
    refuse_committed_state(head)


class Services:
    """The services of one run, each made when it is first needed."""

    def __init__(self, settings: Settings, git: GitRepository, *, offline: bool = False) -> None:
        """Take settings and repository."""
        self.settings = settings
        self.git = git
        self.notices: tuple[str, ...] = ()
        self._offline = offline
        self.clock = SystemClock()
        self.processes = SystemProcesses()
        self.interruptions = SystemInterruptions()

    def close(self) -> None:
        """Close what is open: the agent opens everything anew for each run."""
        self.git.close()
        if "database" in vars(self):
            self.database.close()

    @cached_property
    def manifests(self) -> Manifests:
        """What reads manifests."""
        from reconciler.adapters.manifests.reader import ManifestReader

        return ManifestReader()

    @cached_property
    def cache(self) -> DocumentCache:
        """What was read before."""
        from reconciler.adapters.cache.sqlite import SqliteCache

        return SqliteCache(self.settings.state_folder / "cache.db", self.manifests.rules_version)

    @cached_property
    def database(self) -> Database:
        """The database of the store and the built-in platform."""
        from reconciler.adapters.sql.database import Database

        return Database.from_url(self.settings.store)

    @cached_property
    def store(self) -> SqlStore:
        """The reconciler's own records."""
        from reconciler.adapters.store.sql import SqlStore

        return SqlStore(self.database, now=self.clock.now, ticks=self.processes.ticks)

    @cached_property
    def sealer(self) -> AesSealer:
        """What encrypts secrets."""
        from reconciler.adapters.secrets.keys import EnvironmentKeys
        from reconciler.adapters.secrets.sealer import AesSealer

        embedded = self.settings.store_path is not None
        return AesSealer(
            EnvironmentKeys(os.environ, self.settings.state_folder if embedded else None)
        )

    @cached_property
    def sources(self) -> Sources:
        """Where secrets come from."""
        from reconciler.adapters.secrets.sources import standard_sources

        return standard_sources(os.environ, self.settings.root, self.store, self.sealer)

    @cached_property
    def workspace(self) -> Workspace:
        """The repository with what reads its manifests."""
        return Workspace(
            git=self.git,
            manifests=self.manifests,
            cache=self.cache,
            offline=self._offline,
            notices=self.notices,
        )

    @cached_property
    def planner(self) -> Planner:
        """What makes plans; it cannot write."""
        return Planner(
            store=self.store,
            platform=self.platform_reader,
            secrets=self.sources,
            clock=self.clock,
        )

    @cached_property
    def viewer(self) -> Viewer:
        """The read-only commands."""
        return Viewer(
            workspace=self.workspace, planner=self.planner, released=self.releases.planner
        )

    @cached_property
    def calendars(self) -> Calendars:
        """`calendar`."""
        from reconciler.services.calendars import Calendars

        return Calendars(workspace=self.workspace, clock=self.clock)

    @cached_property
    def deployer(self) -> Deployer:
        """`apply`."""
        return Deployer(
            workspace=self.workspace,
            planner=self.planner,
            applier=self.applier,
            recoverer=self.recoverer,
            actor=self.settings.actor,
            refuse_loosened=self.releases.converger.refuse_loosened,
        )

    @cached_property
    def job(self) -> Job:
        """`reconcile`."""
        return Job(
            workspace=self.workspace,
            planner=self.planner,
            recoverer=self.recoverer,
            applier=self.applier,
            converger=self.releases.converger,
            purger=self.deployments.purger,
        )

    @property
    def writer(self) -> GitWriter:
        """What makes branches and tags."""
        return self.git

    @property
    def actor(self) -> str:
        """Who runs this."""
        return self.settings.actor

    @cached_property
    def signatures(self) -> SignatureVerifier:
        """What judges signatures."""
        from reconciler.adapters.signing.ssh import SshVerifier

        return SshVerifier()

    @cached_property
    def manifest_writer(self) -> ManifestWriter:
        """What writes manifests."""
        from reconciler.adapters.manifests.writing import YamlWriter

        return YamlWriter()

    @cached_property
    def releases(self) -> ReleaseServices:
        """The services of releases."""
        from reconciler.bootstrap.releases import ReleaseServices

        return ReleaseServices(self)

    @cached_property
    def views(self) -> ReleaseViews:
        """What only looks at releases: `release list`, `show`, `history`, `changelog`, `report`."""
        from reconciler.bootstrap.views import ReleaseViews

        return ReleaseViews(self)

    @cached_property
    def secrets(self) -> SecretKeeper:
        """`secret`."""
        return SecretKeeper(
            workspace=self.workspace,
            store=self.store,
            sealer=self.sealer,
            source=self.sources,
            clock=self.clock,
        )

    @cached_property
    def holds(self) -> HoldKeeper:
        """Holds in the store."""
        return HoldKeeper(store=self.store, clock=self.clock, actor=self.actor)

    @cached_property
    def users(self) -> UserKeeper:
        """`users`."""
        from reconciler.bootstrap.users import user_keeper

        return user_keeper(self)

    @cached_property
    def forge(self) -> Forge | None:
        """Where the repository is hosted, None where that is not known or there is no token."""
        return self.publishing.forge

    @cached_property
    def publishing(self) -> PublishingServices:
        """What tells people on the forge."""
        from reconciler.bootstrap.publishing import PublishingServices

        return PublishingServices(self)

    def migrate(self) -> str:
        """Bring the store to this program's schema; return the state it was in."""
        before = self.database.schema_state()
        self.database.migrate()
        return str(before)

    @cached_property
    def messenger(self) -> Messenger:
        """What sends notifications."""
        from reconciler.adapters.notify.messenger import AppriseMessenger

        return AppriseMessenger(self.settings.smtp)

    @cached_property
    def deployments(self) -> DeploymentServices:
        """What every deployment works with."""
        from reconciler.bootstrap.deployments import DeploymentServices

        return DeploymentServices(self)

    @cached_property
    def backups(self) -> BackupManager:
        """`backup`."""
        from reconciler.bootstrap.backups import backup_manager

        return backup_manager(self)

    @property
    def applier(self) -> Applier:
        """What carries plans out."""
        return self.deployments.applier

    @property
    def recoverer(self) -> Recoverer:
        """What ends interrupted deployments."""
        return self.deployments.recoverer

    @cached_property
    def platforms(self) -> Platforms:
        """Which platform an environment runs on."""
        return Platforms(
            database=lambda: self.database, now=self.clock.now, secrets=lambda: self.sources
        )

    def platform_reader(self, environment: Environment) -> PlatformReader:
        """Return what reads the platform of an environment."""
        return self.platforms.reader(environment)

    def platform(self, environment: Environment) -> Platform:
        """Return the platform of an environment."""
        return self.platforms.open(environment)
