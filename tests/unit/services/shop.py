"""A small GitOps repository in memory, with everything that runs it, wired as the program does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.adapters.manifests.reader import ManifestReader
from reconciler.adapters.manifests.writing import YamlWriter
from reconciler.bootstrap.deployments import DeploymentServices
from reconciler.bootstrap.releases import ReleaseServices
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid
from reconciler.core.model import Environment, Finding, Kind, ResourceKey
from reconciler.core.plan import Plan
from reconciler.ports import Parsed, ParseRequest
from reconciler.services.activities import Activities
from reconciler.services.deploying.applying import Applier
from reconciler.services.deploying.locking import Locker
from reconciler.services.deploying.manual import Deployer
from reconciler.services.deploying.options import Applied, ApplyOptions
from reconciler.services.deploying.recovering import Recoverer
from reconciler.services.loading.environment import Loaded
from reconciler.services.planning import Planned, Planner
from reconciler.services.reconciling import Job, Reconciled
from reconciler.services.secrets import SecretKeeper
from reconciler.services.viewing import Viewer
from reconciler.services.workspace import Chosen, Workspace
from reconciler.testing import (
    FakeClock,
    FakeInterruptions,
    FakeMessenger,
    FakeProcesses,
    FakeSealer,
    MemoryCache,
    MemoryPlatform,
    MemoryRepository,
    MemorySecrets,
    MemoryStore,
    MemoryVerifier,
)
from reconciler.testing.forge import MemoryForge

HEAD = "apiVersion: reconciler/v1\nkind: {}\nmetadata:\n  name: {}\n"
FOLDERS = {"Integration": "integrations", "Workflow": "workflows", "AppEvent": "events"}

DEVELOPMENT = HEAD.format("Environment", "development") + (
    "spec:\n"
    "  values:\n"
    "    api: {url: https://api.example.com, limit: 5}\n"
    "    portal: https://portal.example.com\n"
    "  secrets:\n"
    "    HUBSPOT_SECRET: {from: store}\n"
    "    API_KEY: {from: env, name: SHOP_API_KEY}\n"
    "  appConfiguration:\n"
    "    hubspot: {clientId: dev-1, clientSecret: HUBSPOT_SECRET}\n"
)
STAGING = HEAD.format("Environment", "staging") + (
    "spec:\n  mode: release-only\n  promotesFrom: development\n"
)
PIPELINE = HEAD.format("Pipeline", "shop") + "spec:\n  environments: [development, staging]\n"
HUBSPOT = HEAD.format("Integration", "hubspot") + (
    "spec:\n"
    "  auth:\n"
    "    type: oauth2\n"
    "    authorizationUrl: https://app.hubspot.com/oauth/authorize\n"
    "    tokenUrl: https://api.hubapi.com/oauth/v1/token\n"
    "    scopes: [contacts.read]\n"
    "  userSettings:\n"
    "    - {name: region, type: text}\n"
)
CREATED = HEAD.format("AppEvent", "contact-created") + (
    "spec:\n  example: {id: c-1, email: ana@example.com}\n"
)
SYNC = HEAD.format("Workflow", "sync") + (
    "spec:\n"
    "  integration: hubspot\n"
    "  trigger: {type: appEvent, event: contact-created}\n"
    "  requires: {secrets: [API_KEY]}\n"
    "  steps:\n"
    "    - name: send\n"
    "      type: request\n"
    "      with:\n"
    '        url: "${{ values.api.url }}/contacts"\n'
    '        limit: "${{ values.api.limit }}"\n'
    '        key: "${{ secrets.API_KEY }}"\n'
)
REPORT = HEAD.format("Workflow", "report") + (
    "spec:\n"
    '  trigger: {type: schedule, cron: "0 6 * * *"}\n'
    "  definition: {format: n8n, file: definitions/report.json}\n"
)
PLAIN = HEAD.format("Workflow", "{}") + (
    "spec:\n  title: {}\n  trigger: {{type: manual}}\n"
    "  steps:\n    - {{name: answer, type: response}}\n"
)
DEFINITION = '{"nodes": [{"name": "Start", "type": "n8n-nodes-base.start"}], "connections": {}}'

FOLDER = "environments/development"
FILES: Mapping[str, str] = {
    "environments/pipeline.yaml": PIPELINE,
    f"{FOLDER}/environment.yaml": DEVELOPMENT,
    "environments/staging/environment.yaml": STAGING,
    f"{FOLDER}/integrations/hubspot.yaml": HUBSPOT,
    f"{FOLDER}/events/contact-created.yaml": CREATED,
    f"{FOLDER}/workflows/sync.yaml": SYNC,
    f"{FOLDER}/workflows/report.yaml": REPORT,
    f"{FOLDER}/workflows/definitions/report.json": DEFINITION,
}

SYNC_KEY = ResourceKey(Kind.WORKFLOW, "sync")
REPORT_KEY = ResourceKey(Kind.WORKFLOW, "report")
HUBSPOT_KEY = ResourceKey(Kind.INTEGRATION, "hubspot")
CREATED_KEY = ResourceKey(Kind.APP_EVENT, "contact-created")


class CountingReader(ManifestReader):
    """The real reader, which also writes down what it was given to parse."""

    def __init__(self) -> None:
        super().__init__(workers=1)
        self.parsed: list[str] = []

    def parse(self, requests: Sequence[ParseRequest]) -> Iterator[Parsed | tuple[Finding, ...]]:
        """Parse, and remember the paths."""
        self.parsed += [request.path for request in requests]
        return super().parse(requests)

    def parse_definition(self, path: str, data: bytes, format: str) -> Json | tuple[Finding, ...]:
        """Parse, and remember the path."""
        self.parsed.append(path)
        return super().parse_definition(path, data, format)


class Ground:
    """What deployments stand on: the fakes of a shop."""

    def __init__(self, shop: Shop) -> None:
        self.store = shop.store
        self.clock = shop.clock
        self.processes = shop.processes
        self.interruptions = shop.interruptions
        self.sealer = shop.sealer
        self.sources = shop.secrets
        self.messenger = shop.messenger
        self.workspace = shop.workspace
        self.actor = shop.actor
        self.platform = shop.platform_of


class Standing:
    """What the services of releases stand on: the fakes of a shop."""

    def __init__(self, shop: Shop) -> None:
        self.workspace = shop.workspace
        self.planner = shop.planner
        self.applier = shop.applier
        self.recoverer = shop.recoverer
        self.store = shop.store
        self.clock = shop.clock
        self.processes = shop.processes
        self.writer = shop.git
        self.signatures = MemoryVerifier()
        self.manifest_writer = YamlWriter()
        self.actor = shop.actor
        self.platform = shop.platform_of
        self.forge = shop.forge


class Shop:
    """The repository and what runs beside it; each service is made from these fakes."""

    def __init__(self, files: Mapping[str, str | bytes] = FILES, *, cache: Any = None) -> None:
        self.git = MemoryRepository(files)
        self.reader = CountingReader()
        self.cache = MemoryCache() if cache is None else cache
        self.store = MemoryStore()
        self.platforms: dict[str, MemoryPlatform] = defaultdict(MemoryPlatform)
        self.secrets = MemorySecrets(
            {("development", "API_KEY"): "k-1", ("development", "HUBSPOT_SECRET"): "s-1"}
        )
        self.clock = FakeClock()
        self.processes = FakeProcesses()
        self.interruptions = FakeInterruptions()
        self.messenger = FakeMessenger()
        self.sealer = FakeSealer()
        self.progress: list[tuple[str, str]] = []
        self.shown: list[Plan] = []
        self.actor = "ana@example.com"
        self.forge: MemoryForge | None = None

    # --- git ------------------------------------------------------------------------------------

    def write(self, path: str, text: str | bytes) -> None:
        """Write a file below development's folder and commit."""
        self.put(f"{FOLDER}/{path}", text)

    def put(self, path: str, text: str | bytes) -> None:
        """Write a file anywhere and commit."""
        self.git.files[path] = text
        self.git.commit()

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace text in a file below development's folder and commit."""
        text = self.git.files[f"{FOLDER}/{path}"]
        assert isinstance(text, str)
        assert old in text
        self.write(path, text.replace(old, new))

    def remove(self, *paths: str) -> None:
        """Remove files below development's folder and commit."""
        for path in paths:
            del self.git.files[f"{FOLDER}/{path}"]
        self.git.commit()

    def workflow(self, name: str, title: str = "Plain", more: str = "") -> None:
        """Write a plain workflow and commit."""
        self.write(f"workflows/{name}.yaml", PLAIN.format(name, title) + more)

    def heal(self, on: bool = True) -> None:
        """Switch self-healing of development and commit."""
        self.write(
            "environment.yaml", DEVELOPMENT + f"  promotion: {{selfHeal: {str(on).lower()}}}\n"
        )

    # --- services -------------------------------------------------------------------------------

    @property
    def workspace(self) -> Workspace:
        """What chooses and loads."""
        return Workspace(git=self.git, manifests=self.reader, cache=self.cache)

    @property
    def planner(self) -> Planner:
        """What plans."""
        return Planner(
            store=self.store, platform=self.platform_of, secrets=self.secrets, clock=self.clock
        )

    @property
    def deployments(self) -> DeploymentServices:
        """What every deployment works with, wired as the program does."""
        return DeploymentServices(Ground(self))

    @property
    def locker(self) -> Locker:
        """What takes locks."""
        return self.deployments.locker

    @property
    def recoverer(self) -> Recoverer:
        """What closes interrupted deployments."""
        return self.deployments.recoverer

    @property
    def applier(self) -> Applier:
        """What applies."""
        return self.deployments.applier

    @property
    def viewer(self) -> Viewer:
        """What answers without writing."""
        return Viewer(
            workspace=self.workspace, planner=self.planner, released=self.releases.planner
        )

    @property
    def deployer(self) -> Deployer:
        """`apply`."""
        return Deployer(
            workspace=self.workspace,
            planner=self.planner,
            applier=self.applier,
            recoverer=self.recoverer,
            refuse_loosened=self.releases.converger.refuse_loosened,
            actor=self.actor,
        )

    @property
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
    def activities(self) -> Activities:
        """What registers what runs beside deployments."""
        return Activities(store=self.store, clock=self.clock, processes=self.processes)

    @property
    def releases(self) -> ReleaseServices:
        """The services of releases, wired as the program does."""
        return ReleaseServices(Standing(self))

    @property
    def keeper(self) -> SecretKeeper:
        """`secret`."""
        return SecretKeeper(
            workspace=self.workspace,
            store=self.store,
            sealer=self.sealer,
            source=self.secrets,
            clock=self.clock,
        )

    def platform_of(self, environment: Environment) -> MemoryPlatform:
        """Return the platform of an environment."""
        return self.platforms[environment.name]

    # --- what tests do --------------------------------------------------------------------------

    @property
    def platform(self) -> MemoryPlatform:
        """Development's platform."""
        return self.platforms["development"]

    def choose(self) -> Chosen:
        """Choose the protected branch."""
        return self.workspace.choose()

    def load(self, name: str = "development", chosen: Chosen | None = None) -> Loaded:
        """Load an environment."""
        chosen = chosen or self.choose()
        return self.workspace.load(chosen, chosen.repository.environment(name))

    def findings(self, name: str = "development") -> list[str]:
        """Return the findings of an environment that cannot be loaded, as they are shown."""
        try:
            self.load(name)
        except Invalid as error:
            return [str(finding) for finding in error.findings]
        return []

    def plan(self, *, allow_empty: bool = False) -> Planned:
        """Plan development."""
        chosen = self.choose()
        others = chosen.repository.environments
        return self.planner.plan(self.load(chosen=chosen), others, allow_empty=allow_empty)

    def apply(self, planned: Planned | None = None, **options: Any) -> Applied:
        """Apply a plan of development, the one of now by default."""
        planned = planned or self.plan()
        given = ApplyOptions(progress=lambda *step: self.progress.append(step), **options)
        return self.applier.apply(planned, self.plan, given)

    def reconcile(self, name: str = "development") -> Reconciled:
        """Reconcile an environment as the job does."""
        chosen = self.choose()
        environment = chosen.repository.environment(name)
        return self.job.reconcile(chosen, environment, ApplyOptions(), self.shown.append)

    def edit(self, key: ResourceKey, **spec: Any) -> None:
        """Change fields of what runs in development, as somebody would by hand."""
        content = dict(self.platform.contents([key])[key])
        self.platform.edit({**content, "spec": {**content["spec"], **spec}})
