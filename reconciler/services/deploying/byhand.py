"""`backup restore`: a person puts a backup back, with the steps of every deployment."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.core.coordination import Hold
from reconciler.core.errors import ReconcilerError, StalePlan, VerificationFailed
from reconciler.core.model import Deployment, Environment, Phase, Step
from reconciler.core.releases.records import AuditEntry
from reconciler.ports import Platform, Store
from reconciler.services.backups.restorable import Restorable
from reconciler.services.deploying.applying import summary
from reconciler.services.deploying.attempt import Attempt, Tools
from reconciler.services.deploying.journal import Progress
from reconciler.services.deploying.recovering import Recoverer
from reconciler.services.deploying.restoring import Return, return_write, way_back
from reconciler.services.deploying.writing import Write

TYPE = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A backup that may be put back, and what that would change."""

    environment: Environment
    saved: Restorable
    way: Return

    @property
    def version(self) -> str | None:
        """The release that was live when the backup was taken."""
        return None if self.saved.live is None else self.saved.live.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a person's restore wrote, and how many users got something back."""

    deployment: str
    summary: dict[str, int]
    users: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restorer:
    """Puts backups back, and holds the environment so that no automation undoes it."""

    tools: Tools
    recoverer: Recoverer
    platform: Callable[[Environment], Platform]
    newest: Callable[[str], str | None]  # the newest version known in an environment

    def prepare(self, environment: Environment, backup: str) -> Prepared:
        """Verify a backup and compare it with what runs.

        Nothing is written, but that an interrupted deployment is ended first.

        Raises:
            NotFound: there is no such backup.
            BackupRefused: it is damaged, foreign, or of another environment.
            PlatformError: what runs cannot be read.
        """
        saved = self.tools.keeper.contents(backup, environment.name)
        store, name = self.tools.store, environment.name
        # A lock that is kept is what a restore is for; it is in the way of recovering nothing.
        if store.running(name) or not any(lock.expires_at is None for lock in store.locks(name)):
            self.recoverer.recover(environment)
        platform = self.platform(environment)
        way = way_back(self.tools.store, platform, saved, environment.name)
        return Prepared(environment=environment, saved=saved, way=way)

    def restore(
        self, prepared: Prepared, *, actor: str, progress: Progress, patience: float = 0
    ) -> Restored:
        """Put a backup back; what ran until now is backed up first.

        Raises:
            Conflict: what runs has changed since it was prepared, or somebody is at work.
            Restored: it failed, and what ran before runs again.
            NotRestored: it failed, and so did putting back what ran before.
        """
        environment = prepared.environment
        platform = self.platform(environment)
        work = _RestoreWork(prepared=prepared, platform=platform, given=[])
        attempt = Attempt(
            tools=self.tools,
            work=work,
            environment=environment,
            platform=platform,
            deployment=self._record(prepared, actor),
            progress=progress,
            patience=patience,
            over_kept=True,
        )
        earlier = self.tools.store.hold(environment.name)
        self._hold(prepared, actor)
        try:
            attempt.run()
        except ReconcilerError:
            with contextlib.suppress(ReconcilerError):  # its own error matters more
                self._take_back_hold(environment.name, attempt.deployment.id, earlier)
            raise
        self.tools.store.add_audit(
            AuditEntry(
                at=self.tools.clock.now(),
                actor=actor,
                action="restore",
                environment=environment.name,
                detail=f"backup {prepared.saved.backup.id} was restored",
            )
        )
        return Restored(
            deployment=attempt.deployment.id,
            summary=summary(prepared.way.changes),
            users=sum(work.given),
        )

    def _take_back_hold(self, name: str, deployment: str, earlier: Hold | None) -> None:
        """End the hold of a restore of which nothing is there, and put back the one before."""
        store = self.tools.store
        phase = next((d.phase for d in store.deployments(name) if d.id == deployment), None)
        if phase not in (None, Phase.ABORTED, Phase.RESTORED):
            return
        if earlier is None:
            store.lift_hold(name)
        else:
            store.place_hold(earlier)

    def _record(self, prepared: Prepared, actor: str) -> Deployment:
        live, clock = prepared.saved.live, self.tools.clock
        name = prepared.environment.name
        known = self.tools.store.deployments(name)
        then = next((d for d in known if live is not None and d.id == live.deployment), None)
        return Deployment(
            id=clock.new_id(),
            environment=name,
            phase=Phase.RUNNING,
            type=TYPE,
            actor=actor,
            started_at=clock.now(),
            version=None if live is None else live.version,
            tag=None if live is None else live.tag,
            description=f"Backup {prepared.saved.backup.id} put back",
            commit=None if then is None else then.commit,
            content_digest=prepared.saved.content_digest,
            summary=summary(prepared.way.changes),
            owner=self.tools.processes.owner(),
        )

    def _hold(self, prepared: Prepared, actor: str) -> None:
        """Hold the environment first: a job must find the hold wherever this is interrupted."""
        name, backup = prepared.environment.name, prepared.saved.backup.id
        now, reason = self.tools.clock.now(), f"backup {backup} was restored"
        self.tools.store.place_hold(
            Hold(
                environment=name,
                since=now,
                actor=actor,
                reason=reason,
                backup=backup,
                version=self.newest(name),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _RestoreWork:
    """What putting a backup back comes to; a `Work`."""

    prepared: Prepared
    platform: Platform
    given: list[int]

    def check(self) -> None:
        """Refuse nothing: a restore is how a person gets out of what other checks refuse."""

    def replan(self, store: Store, _deployment: str) -> None:
        """Compare with what runs once more."""
        prepared = self.prepared
        again = way_back(store, self.platform, prepared.saved, prepared.environment.name)
        if again.operations != prepared.way.operations:
            raise StalePlan(
                f"{prepared.environment.name} was changed while the restore was being reviewed.",
                hint="Run it again.",
            )

    def write(self, deployment: str, step: Step) -> Write:
        """Return what is to be written."""
        return return_write(self.platform, self.prepared.way, deployment, step, self.given)

    def lines(self) -> list[str]:
        """Return what was written, for the log."""
        return [f"{d.action} {d.key}" for d in self.prepared.way.changes]

    def verify(self) -> None:
        """Read again: everything that was put back must be there."""
        observed = self.platform.observe()
        wanted = self.prepared.saved.digests
        wrong = [
            str(op.key)
            for op in self.prepared.way.operations
            if observed.digests.get(op.key) != wanted.get(op.key)
        ]
        if wrong or not observed.complete:
            named = ", ".join(wrong[:5]) or observed.reason
            raise VerificationFailed(f"Read again after the restore, {named} is not as it was.")
