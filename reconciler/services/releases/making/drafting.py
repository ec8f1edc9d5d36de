"""Drafts a release from its content: the plan that reviewers see, and the manifest that records it.

Nothing is written here. It must not know where the content comes from or how a commit is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.core.canonical import Json
from reconciler.core.commits import CommitInfo
from reconciler.core.messages import registry
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Environment
from reconciler.core.plan import Plan
from reconciler.core.releases.model import (
    Acknowledgement,
    Base,
    Release,
    ReleaseName,
    ReleaseType,
    Source,
)
from reconciler.core.render import json as render_json
from reconciler.ports import Snapshot
from reconciler.services import planning
from reconciler.services.loading import environment as loading
from reconciler.services.loading.environment import Loaded
from reconciler.services.planning import Planner
from reconciler.services.releases.making import contents
from reconciler.services.releases.making.contents import Content
from reconciler.services.releases.reading.catalog import Catalog, Releases, hotfixes
from reconciler.services.releases.reading.grounds import Grounds
from reconciler.services.releases.reading.live import Live
from reconciler.services.releases.reading.overlay import Overlay
from reconciler.services.releases.reading.spans import MOST, Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody says of a release; `acknowledged` maps (code, subject text or None)."""

    name: ReleaseName
    type: ReleaseType = ReleaseType.REGULAR
    description: str = ""
    acknowledged: Mapping[tuple[str, str | None], str] = field(default_factory=dict)
    kept: tuple[Acknowledgement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Configuration that is still to be given: of a Secret or an Integration."""

    kind: str
    name: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A release before it is written, with everything a reviewer wants to know of it.

    `loaded` is its content, `snapshot` the tip with the release's files in it. `unused` are
    acknowledgements that fit no message, `more` files elsewhere that change with it, by path.
    """

    release: Release
    plan: Plan
    loaded: Loaded
    snapshot: Overlay
    environment: Environment
    live: Live | None
    commits: tuple[CommitInfo, ...] = ()
    configuration: tuple[Missing, ...] = ()
    notices: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    more: Mapping[str, bytes | None] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        """True when it would release what is live already."""
        if self.live is None:
            return not self.loaded.desired.entries
        return self.release.content_digest == self.live.content_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafter:
    """Drafts releases. It is given nothing that can write.

    From `git_alone` it asks neither store nor platform, whatever there is here.
    """

    catalog: Catalog
    planner: Planner
    git_alone: bool = False

    def draft(
        self,
        grounds: Grounds,
        environment: Environment,
        live: Live | None,
        content: Content,
        wanted: Wanted,
    ) -> Draft:
        """Draft a release of some content on the protected branch's tip.

        Raises:
            Invalid: the content does not fit into the environment.
        """
        workspace = self.catalog.workspace
        snapshot = Overlay(
            base=grounds.snapshot, files_at=content.replacements(grounds.snapshot, environment.name)
        )
        if content.environment_file is not None:
            environment = workspace.of_snapshot(snapshot).repository.environment(environment.name)
        loaded = loading.load(workspace.manifests, workspace.cache, snapshot, environment)
        releases = self.catalog.releases(grounds.snapshot, environment.name)
        plan = self.plan(grounds, loaded, live, releases)
        acknowledgements, unused = acknowledged(plan.messages, wanted)
        return Draft(
            release=_release(wanted, content.source, live, plan, acknowledgements),
            plan=plan,
            loaded=loaded,
            snapshot=snapshot,
            environment=environment,
            live=live,
            commits=self.commits(grounds.snapshot, environment.name, live, content.source),
            configuration=configuration(loaded, plan.messages),
            notices=content.notices,
            unused=unused,
        )

    def made(
        self,
        grounds: Grounds,
        environment: Environment,
        live: Live | None,
        release: Release,
        commit: str,
    ) -> Draft:
        """Draft again a release that is made: what it would do now."""
        base = self.catalog.at(commit)
        loaded = self.catalog.content(base, environment)
        releases = self.catalog.readable(grounds.snapshot, environment.name)[0]
        plan = self.plan(grounds, loaded, live, releases)
        return Draft(
            release=release,
            plan=plan,
            loaded=loaded,
            snapshot=Overlay(base=base, files_at={}),
            environment=environment,
            live=live,
            commits=self.commits(grounds.snapshot, environment.name, live, release.source),
            configuration=configuration(loaded, plan.messages),
        )

    def plan(self, grounds: Grounds, loaded: Loaded, live: Live | None, releases: Releases) -> Plan:
        """Compare what is live with the content of a release.

        Users are counted, and drift is shown, where this store knows the environment.
        """
        environment = loaded.environment
        known = self.knows(live)
        base = None if live is None else self.base(environment, live)
        others = grounds.chosen.repository.environments
        plan = planning.between(
            base,
            loaded,
            others,
            hotfixes=hotfixes(releases, None if live is None else live.version),
            secrets_present=self.planner.secrets_present(environment) if known else None,
        )
        plan = replace(plan, notices=contents.value_changes(base, loaded))
        if not known:
            return plan
        platform = self.planner.platform(environment)
        seen = self.planner.plan(loaded, others, allow_empty=True, told=False).plan
        return replace(
            plan,
            messages=self.planner.counted(plan.messages, platform),
            drift=seen.drift,
            unmanaged=seen.unmanaged,
            complete=seen.complete,
            incomplete_reason=seen.incomplete_reason,
        )

    def knows(self, live: Live | None) -> bool:
        """Say whether users and secrets of the environment can be read in this store."""
        if self.git_alone:
            return False
        if live is None:
            return self.planner.store.identity() is not None
        return live.from_store

    def base(self, environment: Environment, live: Live) -> Loaded:
        """Return the content that is live."""
        return self.catalog.content(self.catalog.at(live.commit), environment)

    def commits(
        self, tip: Snapshot, environment: str, live: Live | None, source: Source
    ) -> tuple[CommitInfo, ...]:
        """Return what was committed to the origin of the content since what is live was made."""
        spans = Spans(catalog=self.catalog)
        base = None if live is None else live.version
        return tuple(spans.commits(spans.between(tip, environment, base, source)))[:MOST]


def _release(
    wanted: Wanted,
    source: Source,
    live: Live | None,
    plan: Plan,
    acknowledgements: Sequence[Acknowledgement],
) -> Release:
    base = None
    if live is not None:
        base = Base(version=live.version, content_digest=live.content_digest)
    return Release(
        name=wanted.name,
        type=wanted.type,
        source=source,
        base=base,
        description=wanted.description,
        content_digest=plan.content_digest or "",
        plan_digest=plan.digest or "",
        catalogue=registry.catalogue_version,
        changes=tuple(_recorded_change(row) for row in render_json.plan(plan)["changes"]),
        # Secret state is known only where the store is: reviewers elsewhere see other messages.
        messages=tuple(_recorded_message(m) for m in plan.messages if m.from_git),
        acknowledgements=tuple(acknowledgements),
    )


def _recorded_change(row: Mapping[str, Json]) -> Mapping[str, Json]:
    return {name: row[name] for name in ("action", "kind", "name", "fields")}


def _recorded_message(message: Message) -> Mapping[str, Json]:
    row = render_json.message(message)
    return {name: value for name, value in row.items() if name != "location"}


def acknowledged(
    messages: Iterable[Message], wanted: Wanted
) -> tuple[tuple[Acknowledgement, ...], tuple[str, ...]]:
    """Return acknowledgements that fit a warning, and the texts of those that fit none."""
    warnings = [m for m in messages if m.severity is Severity.WARNING]
    found: dict[tuple[str, str, str], Acknowledgement] = {}
    for kept in wanted.kept:
        if any((m.code, m.subject, m.fingerprint) == kept.about for m in warnings):
            found[kept.code, str(kept.subject), kept.fingerprint] = kept
    unused = []
    for (code, subject), reason in wanted.acknowledged.items():
        fitting = [
            m
            for m in warnings
            if m.code == code and subject in (None, str(m.subject), str(m.subject).lower())
        ]
        if not fitting:
            unused.append(code if subject is None else f"{code}@{subject}")
        for m in fitting:
            found[m.code, str(m.subject), m.fingerprint] = Acknowledgement(
                code=m.code, subject=m.subject, fingerprint=m.fingerprint, reason=reason
            )
    return tuple(found[about] for about in sorted(found)), tuple(unused)


def configuration(loaded: Loaded, messages: Iterable[Message]) -> tuple[Missing, ...]:
    """Return the configuration that is still to be given before the content can work."""
    given = loaded.environment.app_configuration
    found = []
    for message in messages:
        key = message.subject
        if message.code == "EnvironmentSecretMissing":
            found.append(Missing(kind=key.kind, name=key.name, missing=("value",)))
        elif message.code == "IntegrationNeedsAppConfiguration":
            needed = loaded.desired.entries[key].facts.app_configuration
            lacking = [name for name in needed if not given.get(key.name, {}).get(name)]
            found.append(Missing(kind=key.kind, name=key.name, missing=tuple(lacking)))
    return tuple(found)
