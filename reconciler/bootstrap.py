"""The only place that knows every adapter: settings in, wired services out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.git.repository import GitRepository, open_repository
from reconciler.adapters.processes import SystemProcesses
from reconciler.core import layout
from reconciler.core.errors import (
    Invalid,
    NotFound,
    ReconcilerError,
    RepositoryError,
    StoreError,
    UsageError,
)
from reconciler.core.model import Deployment, Environment, Finding
from reconciler.services import examining, initialising
from reconciler.services.deploying.applying import Applier
from reconciler.services.deploying.manual import Deployer
from reconciler.services.deploying.recovering import Recoverer
from reconciler.services.deploying.secrets import SecretResolver
from reconciler.services.examining import Check
from reconciler.services.initialising import Initialised
from reconciler.services.loading.repository import refuse_committed_state
from reconciler.services.planning import Planner
from reconciler.services.reconciling import Job
from reconciler.services.secrets import SecretKeeper
from reconciler.services.users import UserKeeper
from reconciler.services.viewing import Viewer
from reconciler.services.workspace import Workspace
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.adapters.platforms.builtin.platform import BuiltinPlatform, BuiltinReader
    from reconciler.adapters.secrets.sealer import AesSealer
    from reconciler.adapters.secrets.sources import Sources
    from reconciler.adapters.sql.database import Database
    from reconciler.adapters.store.sql import SqlStore
    from reconciler.ports import DocumentCache, Manifests
    from reconciler.services.calendars import Calendars


def open_services(settings: Settings, *, offline: bool = False) -> Services:
    """Open the repository of a run; everything else is opened when it is first needed."""
    if settings.remote is not None:
        raise UsageError(
            "--repo takes the folder of a checkout for now.",
            hint="Clone the repository and name its folder.",
        )
    git = open_repository(settings.root)
    try:
        _refuse_committed_state(git)
    except ReconcilerError:
        git.close()
        raise
    return Services(settings, git, offline=offline)


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
        self._offline = offline
        self._clock = SystemClock()
        self._processes = SystemProcesses()

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

        return SqlStore(self.database)

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
            git=self.git, manifests=self.manifests, cache=self.cache, offline=self._offline
        )

    @cached_property
    def planner(self) -> Planner:
        """What makes plans; it cannot write."""
        return Planner(
            store=self.store,
            platform=self._platform_reader,
            secrets=self.sources,
            clock=self._clock,
        )

    @cached_property
    def viewer(self) -> Viewer:
        """The read-only commands."""
        return Viewer(workspace=self.workspace, planner=self.planner)

    @cached_property
    def calendars(self) -> Calendars:
        """`calendar`."""
        from reconciler.services.calendars import Calendars

        return Calendars(workspace=self.workspace, clock=self._clock)

    @cached_property
    def deployer(self) -> Deployer:
        """`apply`."""
        return Deployer(
            workspace=self.workspace,
            planner=self.planner,
            applier=self._applier,
            recoverer=self._recoverer,
            actor=self.settings.actor,
        )

    @cached_property
    def job(self) -> Job:
        """`reconcile`."""
        return Job(
            workspace=self.workspace,
            planner=self.planner,
            recoverer=self._recoverer,
            applier=self._applier,
        )

    @cached_property
    def secrets(self) -> SecretKeeper:
        """`secret`."""
        return SecretKeeper(
            workspace=self.workspace,
            store=self.store,
            sealer=self.sealer,
            source=self.sources,
            clock=self._clock,
        )

    @cached_property
    def users(self) -> UserKeeper:
        """`users`."""
        from reconciler.adapters.platforms.builtin.staging import open_staging

        return UserKeeper(
            workspace=self.workspace,
            viewer=self.viewer,
            store=self.store,
            platform=self._platform,
            reader=self._platform_reader,
            staging=open_staging,
        )

    def history(self, environments: Sequence[str], limit: int) -> list[Deployment]:
        """Return deployments, newest first."""
        if not environments:
            return list(self.store.deployments(None, limit))
        chosen = self.workspace.choose(isolated=environments)
        asked = {chosen.repository.environment(name).name for name in environments}
        found = [d for name in asked for d in self.store.deployments(name, limit)]
        return sorted(found, key=lambda d: d.started_at, reverse=True)[:limit]

    def migrate(self) -> str:
        """Bring the store to this program's schema; return the state it was in."""
        before = self.database.schema_state()
        self.database.migrate()
        return str(before)

    @cached_property
    def _applier(self) -> Applier:
        return Applier(
            store=self.store,
            platform=self._platform,
            secrets=SecretResolver(source=self.sources, sealer=self.sealer),
            clock=self._clock,
            processes=self._processes,
        )

    @cached_property
    def _recoverer(self) -> Recoverer:
        return Recoverer(store=self.store, clock=self._clock, processes=self._processes)

    def _platform_reader(self, environment: Environment) -> BuiltinReader:
        from reconciler.adapters.platforms.builtin.platform import BuiltinReader

        refuse_other_platforms(environment)
        return BuiltinReader(self.database, environment.name)

    def _platform(self, environment: Environment) -> BuiltinPlatform:
        from reconciler.adapters.platforms.builtin.platform import BuiltinPlatform

        refuse_other_platforms(environment)
        return BuiltinPlatform(self.database, environment.name, now=self._clock.now)


def refuse_other_platforms(environment: Environment) -> None:
    """Refuse a platform that this version cannot drive, as a finding of that environment alone."""
    kind = environment.platform.get("type")
    if kind != "builtin":
        text = f"the platform {kind!r} is not supported yet; use `platform: {{type: builtin}}`"
        raise Invalid((Finding(layout.environment_file(environment.name), 1, 1, text),))


def examine(settings: Settings) -> list[Check]:
    """Look at everything this run stands on; nothing is changed."""
    from reconciler.adapters import machine
    from reconciler.adapters.git.command import git_version

    checks = list(
        examining.examine_machine(
            examining.Machine(
                python=machine.python_version(),
                git=_or_none(git_version),
                sqlite=machine.sqlite_version(),
                openssh=machine.openssh_version(),
                has_libyaml=machine.has_libyaml(),
            )
        )
    )
    repository = examining.attempt("repository", lambda: _repository(settings))
    checks.append(repository)
    if repository.state == examining.OK:
        services = open_services(settings, offline=True)
        checks.append(examining.attempt("manifests", lambda: _manifests(services)))
        checks.append(examining.attempt("store", lambda: _store(services)))
        checks.extend(_secrets(services))
    return checks


def is_plan(answer: object) -> bool:
    """Say whether something has the shape of the answer of `plan`.

    Raises:
        ValueError: it holds what no JSON of ours can.
    """
    from reconciler.adapters.manifests import schemas

    return schemas.quick("plan").is_valid(answer)


def initialise(directory: Path) -> Initialised:
    """Write the starter repository into a folder."""
    from reconciler.adapters import starter
    from reconciler.adapters.git.starting import NewRepositories

    folder = Path(os.path.realpath(directory))
    return initialising.initialise(folder, starter.files(), starter.write, NewRepositories())


def _or_none(look: Callable[[], tuple[int, ...]]) -> tuple[int, ...] | None:
    try:
        return look()
    except RepositoryError:
        return None


def _repository(settings: Settings) -> str:
    with open_repository(settings.root) as git:
        return f"at {git.root or git.git_dir}"


def _manifests(services: Services) -> str:
    report = services.viewer.validate(services.workspace.choose(head=True))
    if report.findings:
        raise Invalid(report.findings)
    return f"{report.resources} resources in {report.environments} environments, all valid"


def _store(services: Services) -> str:
    state = services.database.schema_state()
    where = services.settings.redacted_store
    if state == "missing":
        return f"{where}, not there yet: the first apply or reconcile makes it"
    if state != "ok":
        raise StoreError(f"{where} has a schema that is {state}.", hint=_STORE_HINTS[str(state)])
    return where


_STORE_HINTS = {
    "older": "Run `reconciler store migrate`.",
    "newer": "Upgrade this program.",
}


def _secrets(services: Services) -> Iterator[Check]:
    """Look at the secrets of each editable environment."""
    try:
        chosen = services.workspace.choose()
        for environment in chosen.repository.environments:
            rows = services.secrets.rows(environment.name)
            missing = [row.name for row in rows if row.missing]
            yield Check(
                name=f"secrets of {environment.name}",
                state=examining.LOOK if missing else examining.OK,
                text=f"without a value: {', '.join(missing)}" if missing else "all have a value",
                next=f"Run `reconciler secret check --environment {environment.name}`."
                if missing
                else None,
            )
    except ReconcilerError as error:
        yield Check(name="secrets", state=examining.LOOK, text=error.text, next=error.hint)
