"""A shop in memory that releases: development is edited, staging and production change by tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.core.gates.model import Gate, GateName
from reconciler.core.messages.review import Message
from reconciler.core.model import Environment, Kind, ResourceKey
from reconciler.core.releases.model import Acknowledgement, Release, ReleaseName
from reconciler.core.releases.records import TagState
from reconciler.core.releases.statements import Hold, hold_message
from reconciler.services.deploying.options import ApplyOptions
from reconciler.services.releases.judging.standing import JudgedTag, Standing
from reconciler.services.releases.making.asking import Ask
from reconciler.services.releases.making.drafting import Draft
from reconciler.services.releases.making.preparing import Prepared
from reconciler.services.releases.promoting.converging import Converged
from reconciler.services.releases.promoting.promotion import Promotion, Request
from reconciler.services.releases.reading.grounds import Grounds, local_grounds
from reconciler.testing import MemoryStore
from tests.unit.services.shop import HEAD, PLAIN, Shop

ANA, BEN, QUINN = "ana@example.com", "ben@example.com", "quinn@example.com"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFzGqtIH1brxwHR35dbYa+dLajNDaiM0FS1vVsJ9tPVC"
SIGNERS = "environments/allowed_signers"
PIPELINE_FILE = "environments/pipeline.yaml"
PIPELINE = HEAD.format("Pipeline", "shop") + (
    "spec:\n  environments: [development, staging, production]\n  signatures: optional\n"
)
STRICT = HEAD.format("Pipeline", "shop") + (
    "spec:\n  environments: [development, staging, production]\n  signatures: required\n"
    "  roles:\n"
    f"    release-manager: {{members: [{ANA}]}}\n"
    f"    qa: {{members: [{QUINN}]}}\n"
)
REPORT = PLAIN.format("report", "Report").replace(
    "  steps:\n    - {name: answer, type: response}\n",
    "  definition: {format: n8n, file: definitions/report.json}\n",
)
NODES = '{"nodes": [{"name": "Start", "type": "n8n-nodes-base.start"}], "connections": {}}'
SYNC = PLAIN.format("sync", "Sync") + "        # a comment\n    - {name: x, type: response}\n"
SYNC_KEY, REPORT_KEY, NEW_KEY = (
    ResourceKey(Kind.WORKFLOW, name) for name in ("sync", "report", "new")
)
STAGING, PRODUCTION = "staging", "production"


def environment_file(name: str) -> str:
    """Return the path of an environment's manifest."""
    return f"environments/{name}/environment.yaml"


def environment(name: str, source: str | None = None, more: str = "") -> str:
    """Return the manifest of an environment, release-only where it promotes from another one."""
    mode = "mode: editable" if source is None else f"mode: release-only\n  promotesFrom: {source}"
    return HEAD.format("Environment", name) + f"spec:\n  {mode}\n{more}"


def files(**policies: str) -> dict[str, str]:
    """Return the first files; a policy is text that stands in an environment's spec."""
    return {
        PIPELINE_FILE: PIPELINE,
        environment_file("development"): environment("development"),
        environment_file(STAGING): environment(STAGING, "development", policies.get(STAGING, "")),
        environment_file(PRODUCTION): environment(
            PRODUCTION, STAGING, policies.get(PRODUCTION, "")
        ),
        "environments/development/workflows/sync.yaml": SYNC,
        "environments/development/workflows/report.yaml": REPORT,
        "environments/development/workflows/definitions/report.json": NODES,
    }


def strict(**policies: str) -> dict[str, str]:
    """Return the same with signatures required; Ana and Quinn have keys."""
    signers = "".join(f"{who} {KEY}\n" for who in (ANA, QUINN))
    return {**files(**policies), PIPELINE_FILE: STRICT, SIGNERS: signers}


class Delivery(Shop):
    """The shop, and what people do to release."""

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        super().__init__(files() if given is None else given)

    @property
    def grounds(self) -> Grounds:
        """What is judged on now."""
        return local_grounds(self.workspace)

    def environment(self, name: str = STAGING) -> Environment:
        """Return an environment as it is at the tip."""
        return self.grounds.environment(name)

    def policy(self, name: str, more: str) -> None:
        """Give an environment another policy and commit."""
        source = {STAGING: "development", PRODUCTION: STAGING}[name]
        self.put(environment_file(name), environment(name, source, more))

    # --- making ---------------------------------------------------------------------------------

    def draft(self, to: str = STAGING, version: str | None = None, **ask: Any) -> Draft:
        """Draft a release."""
        return self.releases.preparer.draft(self.grounds, Ask(to=to, version=version, **ask))

    def make(self, to: str = STAGING, version: str | None = None, **ask: Any) -> Prepared:
        """Commit a release on its branch."""
        draft = self.draft(to, version, **ask)
        return self.releases.preparer.commit(self.grounds, [draft], f"Release {to}")

    def merge(self, branch: str, *, squash: bool = False) -> str:
        """Merge a branch made on the tip, removals too, and return the commit on main."""
        held = self.git.snapshot(branch)
        self.git.files = {f.path: data for f, data in held.read(held.files("environments"))}
        return self.git.merge(branch, squash=squash)

    def merged(self, to: str = STAGING, version: str | None = None, **ask: Any) -> str:
        """Make and merge a release, and return the commit on main."""
        return self.merge(self.make(to, version, **ask).branch)

    def tagged(self, to: str = STAGING, version: str = "1.0.0", **ask: Any) -> str:
        """Deploy what is edited; make, merge and tag a release, and return the commit on main."""
        self.reconcile()
        commit = self.merged(to, version, **ask)
        self.tag(to, version, commit)
        return commit

    def tag(self, to: str, version: str, commit: str, by: str | None = ANA) -> str:
        """Tag a commit as a release, signed."""
        return self.git.tag(f"{to}/v{version}", commit, f"Release {version}", by)

    def hold(self, version: str | None = None, name: str = STAGING) -> None:
        """Hold an environment, or one of its releases."""
        message = hold_message(name, Hold(reason="fair", version=version))
        self.git.tag(f"holds/{name}/1", "main", message, ANA)

    def change(self, title: str) -> None:
        """Change what people edit."""
        self.write("workflows/sync.yaml", SYNC.replace("title: Sync", f"title: {title}"))

    # --- promoting ------------------------------------------------------------------------------

    def promote(self, to: str = STAGING, only: str | None = None, **more: Any) -> list[Promotion]:
        """Promote an environment, as `promote` does."""
        return list(self.run(to, only, **more).promotions)

    def run(self, to: str = STAGING, only: str | None = None, **more: Any) -> Converged:
        """Promote an environment, and return all that was done."""
        name = None if only is None else ReleaseName(to, only)
        options = ApplyOptions(actor=ANA)
        request = Request(options=options, show=self.shown.append, only=name, **more)
        grounds = self.grounds
        return self.releases.converger.promote(grounds, grounds.environment(to), request)

    def released(self, to: str = STAGING, version: str = "1.0.0", **ask: Any) -> str:
        """Make a release live, and return its commit."""
        commit = self.tagged(to, version, **ask)
        assert outcomes(self.promote(to))[-1] == (version, "applied")
        return commit

    def live(self, name: str = STAGING) -> str | None:
        """Return the version that is live."""
        found = self.store.live(name)
        return None if found is None else found.version

    def running(self, name: str = STAGING) -> dict[ResourceKey, str]:
        """Return the titles of what runs."""
        platform = self.platforms[name]
        contents = platform.contents(platform.observe().digests)
        return {key: str(content["spec"].get("title")) for key, content in contents.items()}

    def forget(self) -> None:
        """Lose the store."""
        self.store = MemoryStore()

    def drift(self, title: str, name: str = STAGING) -> None:
        """Change what runs in an environment by hand."""
        platform = self.platforms[name]
        content = dict(platform.contents([SYNC_KEY])[SYNC_KEY])
        platform.edit({**content, "spec": {**content["spec"], "title": title}})

    # --- looking --------------------------------------------------------------------------------

    def standing(self, name: str = STAGING) -> Standing:
        """Return how an environment's releases stand."""
        grounds = self.grounds
        return self.releases.judge.standing(grounds, grounds.environment(name))

    def judged(self, to: str, version: str) -> JudgedTag:
        """Return the tag of a release as it is judged."""
        found = self.standing(to).tag(ReleaseName(to, version))
        assert found is not None
        return found

    def gates(self, to: str, version: str) -> dict[GateName, Gate]:
        """Return the gates of a release by name."""
        judged, _ = self.releases.finder.gates(self.grounds, ReleaseName(to, version))
        return {gate.name: gate for gate in judged.verdict.gates}

    def states(self, name: str = STAGING) -> dict[str, TagState]:
        """Return what the store knows of each tag."""
        return {seen.name: seen.state for seen in self.store.tags_seen(name)}

    def manifest(self, to: str, version: str, commit: str = "main") -> Release:
        """Return a release as its manifest at a commit says."""
        catalog = self.releases.catalog
        found = catalog.release(self.git.snapshot(commit), ReleaseName(to, version))
        assert found is not None
        return found

    def at(self, commit: str, path: str) -> bytes | None:
        """Return a file of a commit."""
        snapshot = self.git.snapshot(commit)
        found = [f for f in snapshot.files(path) if f.path == path]
        return next((data for _, data in snapshot.read(found)), None)


def outcomes(promotions: list[Promotion]) -> list[tuple[str | None, str]]:
    """Return version and outcome of each."""
    return [(each.version, each.outcome) for each in promotions]


def acknowledgement(message: Message, reason: str = "told") -> Acknowledgement:
    """Return that somebody takes responsibility for a warning."""
    return Acknowledgement(
        code=message.code,
        subject=message.subject,
        fingerprint=message.fingerprint,
        reason=reason,
    )
