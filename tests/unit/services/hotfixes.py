"""A real repository with 1.0.0 live in staging and production, and what drafts hotfixes there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reconciler.adapters.git.repository import open_repository
from reconciler.adapters.manifests.reader import ManifestReader
from reconciler.adapters.manifests.writing import YamlWriter
from reconciler.core.releases.model import ReleaseType
from reconciler.ports import Snapshot
from reconciler.services.planning import Planner
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.making.asking import Ask
from reconciler.services.releases.making.carrying import Carrier
from reconciler.services.releases.making.drafting import Draft, Drafter
from reconciler.services.releases.making.hotfixing import Hotfixer
from reconciler.services.releases.making.lowering import Lowerer
from reconciler.services.releases.making.preparing import Prepared, Preparer
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds, local_grounds
from reconciler.services.releases.telling.debts import Debts
from reconciler.services.workspace import Workspace
from reconciler.testing import (
    FakeClock,
    MemoryCache,
    MemoryPlatform,
    MemorySecrets,
    MemoryStore,
    MemoryVerifier,
)
from tests.repositories import Repository

HEAD = "apiVersion: reconciler/v1\nkind: {}\nmetadata:\n  name: {}\nspec:\n"
SYNC = HEAD.format("Workflow", "sync") + (
    "  title: Sync  # what people see\n"
    "  trigger: {type: manual}\n"
    "  steps:\n"
    "    - name: send\n"
    "      type: request\n"
    "      with:\n"
    "        limit: 5\n"
    "\n"
    "    # the last one\n"
    "    - name: answer\n"
    "      type: response\n"
)
REPORT = HEAD.format("Workflow", "report") + (
    "  trigger: {type: manual}\n  definition: {format: n8n, file: report.json}\n"
)
NODES = (
    '{\n  "nodes": [\n    {"name": "Start", "limit": 5},\n    {"name": "End", "limit": 5}\n  ]\n}\n'
)
PIPELINE = HEAD.format("Pipeline", "shop") + (
    "  environments: [development, staging, production]\n  signatures: optional\n"
)
FILES = {
    "environments/pipeline.yaml": PIPELINE,
    "environments/development/environment.yaml": HEAD.format("Environment", "development")
    + "  mode: editable\n",
    "environments/development/workflows/sync.yaml": SYNC,
    "environments/development/workflows/report.yaml": REPORT,
    "environments/development/workflows/report.json": NODES,
    "environments/staging/environment.yaml": HEAD.format("Environment", "staging")
    + "  mode: release-only\n  promotesFrom: development\n",
    "environments/production/environment.yaml": HEAD.format("Environment", "production")
    + "  mode: release-only\n  promotesFrom: staging\n  values:\n    limit: 5  # calls\n"
    "  # what stands below stays\n  secrets: {}\n",
}


class Hotfixes:
    """The repository, and the services that are tried on it."""

    def __init__(self, root: Path, *, fresh: bool = False) -> None:
        self.repository = Repository(root)
        if fresh:
            self.repository.git("config", "user.name", "Ana Example")
            self.repository.git("config", "user.email", "ana@example.com")
            self.repository.commit(FILES)
        self.git = open_repository(root)
        self.workspace = Workspace(
            git=self.git, manifests=ManifestReader(workers=1), cache=MemoryCache()
        )
        self.catalog = Catalog(workspace=self.workspace)
        self.store = MemoryStore()
        clock = FakeClock()
        planner = Planner(
            store=self.store,
            platform=lambda _: MemoryPlatform(),
            secrets=MemorySecrets({}),
            clock=clock,
        )
        self.judge = TagJudge(
            catalog=self.catalog, store=self.store, signatures=MemoryVerifier(), clock=clock
        )
        self.drafter = Drafter(catalog=self.catalog, planner=planner)
        self.preparer = Preparer(
            catalog=self.catalog,
            judge=self.judge,
            drafter=self.drafter,
            writer=self.git,
            manifests=YamlWriter(),
        )
        carrier = Carrier(manifests=self.workspace.manifests, writer=YamlWriter(), git=self.git)
        self.hotfixer = Hotfixer(
            catalog=self.catalog,
            judge=self.judge,
            drafter=self.drafter,
            lowerer=Lowerer(judge=self.judge, drafter=self.drafter, carrier=carrier),
            writer=self.git,
        )
        self.debts = Debts(catalog=self.catalog, judge=self.judge)

    # --- git ------------------------------------------------------------------------------------

    def write(self, path: str, text: str) -> None:
        """Write a file below environments/ into the checkout."""
        self.repository.write({f"environments/{path}": text})

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace text in a file below environments/ of the checkout."""
        text = self.read(path)
        assert old in text
        self.write(path, text.replace(old, new))

    def read(self, path: str, commit: str | None = None) -> str:
        """Return the text of a file below environments/, in the checkout or a commit."""
        if commit is None:
            return (self.repository.root / "environments" / path).read_text()
        return self.repository.git("show", f"{commit}:environments/{path}") + "\n"

    def changed(self, commit: str) -> set[str]:
        """Return the paths below environments/ that a commit changed."""
        names = self.repository.git("diff-tree", "-r", "--no-commit-id", "--name-only", commit)
        return {name.removeprefix("environments/") for name in names.splitlines()}

    # --- releases -------------------------------------------------------------------------------

    @property
    def grounds(self) -> Grounds:
        """What is judged on now."""
        return local_grounds(self.workspace)

    def release(self, to: str, version: str) -> None:
        """Make a regular release live."""
        grounds = self.grounds
        draft = self.preparer.draft(grounds, Ask(to=to, version=version))
        self.merge(self.preparer.commit(grounds, [draft], "Release"))
        self.tag(to, version)

    def hotfix(
        self, to: str = "production", *, at: Snapshot | None = None, **ask: Any
    ) -> Sequence[Draft]:
        """Draft a hotfix of what lies in the checkout."""
        asked = Ask(to=to, type=ReleaseType.HOTFIX, **ask)
        return self.hotfixer.drafts(self.grounds, asked, at or self.git.worktree())

    def commit(self, drafts: Sequence[Draft]) -> Prepared:
        """Commit drafts on their branch."""
        return self.preparer.commit(self.grounds, drafts, "Hotfix")

    def merge(self, prepared: Prepared) -> None:
        """Merge a branch, leaving nothing of the checkout's changes."""
        self.repository.git("checkout", "--quiet", "--force", "main")
        self.repository.merge(prepared.branch)

    def tag(self, environment: str, version: str) -> None:
        """Tag the tip as a release."""
        self.repository.tag(f"{environment}/v{version}", "A release")
