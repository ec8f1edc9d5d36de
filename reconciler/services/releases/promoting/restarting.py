"""What an environment runs when this store has no record of it: recognised, never guessed.

A lost or new store must not replay history: it finds the release whose content runs and writes it
down, or says what it needs to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from reconciler import telemetry
from reconciler.core.errors import Conflict, NotFound
from reconciler.core.model import Deployment, Environment, Observation, Phase
from reconciler.core.releases.records import AuditEntry
from reconciler.ports import Clock, Operation, PlatformReader, Processes, Store
from reconciler.services.deploying import operations
from reconciler.services.loading.environment import Loaded
from reconciler.services.releases.judging.standing import JudgedTag, Standing
from reconciler.services.releases.promoting.observing import Observer
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds
from reconciler.services.releases.reading.live import recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarter:
    """Writes down what runs, where it is certain."""

    catalog: Catalog
    store: Store
    platform: Callable[[Environment], PlatformReader]
    observer: Observer
    clock: Clock
    processes: Processes
    actor: str

    def restart(self, grounds: Grounds, standing: Standing) -> tuple[Standing, tuple[str, ...]]:
        """Return how the environment stands, with what runs recorded where it is recognised.

        Raises:
            Conflict: something runs that is no release, or it is not certain which one is first.
        """
        if standing.live is not None and standing.live.from_store:
            return standing, ()
        standing = replace(standing, live=None)
        name = standing.environment.name
        observation = self.platform(standing.environment).observe()
        if not observation.complete:
            raise Conflict(
                f"It is not known what {name} runs: {observation.reason}.",
                hint="Try again when the platform answers.",
            )
        accepted = [tag for tag in standing.tags if tag.judgement.accepted]
        if not observation.digests:
            self._refuse_many(name, accepted)
            return standing, ()
        for tag in reversed(accepted):
            loaded = self._content(tag, standing.environment)
            if loaded.desired.digests == observation.digests:
                return self._recognised(grounds, standing, tag, loaded)
        if accepted or not self._is_first(standing):
            raise _unknown(name, observation)
        return standing, ()

    def rebuild(self, grounds: Grounds, standing: Standing, version: str) -> str:
        """Record a release as live because a person says so; return a sentence.

        Raises:
            NotFound: there is no accepted tag of that version.
            Conflict: the store has a record of the environment already.
        """
        name = standing.environment.name
        if standing.live is not None and standing.live.from_store:
            raise Conflict(
                f"This store knows what is live in {name}: {standing.live.version or 'no version'}."
            )
        found = [t for t in standing.tags if t.judgement.accepted and t.name.version == version]
        if not found:
            known = ", ".join(t.name.version for t in standing.tags if t.judgement.accepted)
            raise NotFound(
                f"There is no accepted tag of {name}/{version}; accepted: {known or 'none'}."
            )
        [tag] = found
        self._record(grounds, standing, tag, self._content(tag, standing.environment))
        return f"{tag.name} is recorded as live; run `reconciler drift --environment {name}`."

    def _refuse_many(self, name: str, accepted: list[JudgedTag]) -> None:
        # A store that has accepted one of them before was there when it came.
        known = [tag for tag in accepted if tag.known is not None and tag.known.pinned]
        if len(accepted) < 2 or known:
            return
        listed = ", ".join(tag.name.version for tag in accepted)
        raise Conflict(
            f"{name} runs nothing, this store has no record of it, and there are several release "
            f"tags: {listed}. It is not certain which of them ran.",
            hint=f"Say which: `reconciler store rebuild --environment {name} --live VERSION`.",
        )

    def _is_first(self, standing: Standing) -> bool:
        """Say whether nothing was ever released there, so that what runs is nobody's release."""
        return not standing.tags and not standing.seen

    def _content(self, tag: JudgedTag, environment: Environment) -> Loaded:
        return self.catalog.content(self.catalog.at(tag.commit or ""), environment)

    def _recognised(
        self, grounds: Grounds, standing: Standing, tag: JudgedTag, loaded: Loaded
    ) -> tuple[Standing, tuple[str, ...]]:
        self._record(grounds, standing, tag, loaded)
        told = (
            f"{standing.environment.name} runs the content of {tag.name}, of which this store had "
            "no record: it is recorded as live."
        )
        live = recorded(self.store.live(standing.environment.name))
        return replace(standing, live=live), (told,)

    def _record(self, grounds: Grounds, standing: Standing, tag: JudgedTag, loaded: Loaded) -> None:
        now, release = self.clock.now(), tag.release
        desired = loaded.desired
        deployment = Deployment(
            id=self.clock.new_id(),
            environment=standing.environment.name,
            phase=Phase.SUCCEEDED,
            type=release.type.value if release else "regular",
            actor=self.actor,
            started_at=now,
            finished_at=now,
            version=tag.name.version,
            tag=tag.ref.name,
            commit=tag.commit,
            description=release.description if release else None,
            live=True,
            plan_digest=release.plan_digest if release else None,
            content_digest=desired.content_digest,
            owner=self.processes.owner(),
        )
        deployment = telemetry.redactor().record(deployment)
        self.store.record_live(deployment, tuple(_owned(loaded)), desired.content_digest)
        self.observer.history(grounds, standing.environment.name, tag.name.version)
        self.store.add_audit(
            AuditEntry(
                at=now,
                actor=self.actor,
                action="record-live",
                environment=standing.environment.name,
                detail=str(tag.name),
            )
        )


def _owned(loaded: Loaded) -> Iterable[Operation]:
    entries = loaded.desired.entries
    contents = loaded.contents(entries)
    for key, entry in entries.items():
        yield Operation(
            key=key,
            content=contents[key],
            digest=entry.digest,
            expected=entry.digest,
            relationships=operations.relationships(entry.key, entry.facts),
        )


def _unknown(name: str, observation: Observation) -> Conflict:
    count = len(observation.digests)
    noun = "resource" if count == 1 else "resources"
    return Conflict(
        f"{name} runs {count} {noun} that are no accepted release, and this store has no record of "
        "it. Nothing is written.",
        hint=f"Say what is live: `reconciler store rebuild --environment {name} --live VERSION`.",
    )
