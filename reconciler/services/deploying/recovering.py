"""Finishes or closes deployments that an interrupted process left running."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.errors import Busy
from reconciler.core.model import Deployment, Phase
from reconciler.ports import Clock, Processes, Store

_TURN = 0.5  # seconds between two looks at a deployment that is at work


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoverer:
    """Looks at deployments that say Running although their process is gone."""

    store: Store
    clock: Clock
    processes: Processes

    def recover(self, environment: str, patience: float = 0) -> tuple[str, ...]:
        """End interrupted deployments of an environment; one sentence for each.

        The apply and its journal entry are one transaction: where the entry stands everything
        was written, where it does not nothing was. A deployment that is at work is waited for,
        for `patience` seconds.

        Raises:
            Busy: the deployment's process is still at work.
        """
        waited = 0.0
        while True:
            try:
                return self._recovered(environment)
            except Busy:
                if waited >= patience:
                    raise
            self.clock.wait(_TURN)
            waited += _TURN

    def _recovered(self, environment: str) -> tuple[str, ...]:
        told = []
        for deployment in self.store.running(environment):
            if self.processes.is_alive(deployment.owner):
                raise Busy(
                    f"Deployment {deployment.id} of {environment} by {deployment.actor} "
                    f"is at work since {deployment.started_at}.",
                    hint="Wait for it to end, then run this again; --lock-timeout waits.",
                )
            told.append(self._end(deployment))
        return tuple(told)

    def _end(self, deployment: Deployment) -> str:
        written = any(s.name == "apply" and s.state == "done" for s in deployment.steps)
        phase = Phase.SUCCEEDED if written else Phase.ABORTED
        self.store.finish(deployment.id, phase, self.clock.now(), live=written)
        start = f"Deployment {deployment.id} of {deployment.environment} was interrupted"
        if written:
            return f"{start} after everything was written; it is finished now."
        return f"{start} before anything was written; it is closed as aborted."
