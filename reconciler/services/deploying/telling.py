"""Tells people outside how a deployment goes; that never decides how it ends."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

from reconciler import telemetry
from reconciler.core.errors import NotRestored, ReconcilerError, Restored
from reconciler.core.model import Deployment, Environment
from reconciler.core.notices import Occasion
from reconciler.ports import Store
from reconciler.services.deploying.failing import as_failures
from reconciler.services.notifying.news import of_deployment
from reconciler.services.notifying.notifier import Notifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Announces through the store of whoever holds the lock, and delivers what waits."""

    notifier: Notifier

    def began(
        self, store: Store, environment: Environment, deployment: Deployment
    ) -> tuple[str, ...]:
        """Tell that a deployment began, while it runs: later that would no longer be true.

        Returns what could not be sent.
        """
        if not self._announce(store, environment, deployment, Occasion.STARTED, None):
            return ()
        return self.deliver(store, environment)

    def ended(
        self, store: Store, environment: Environment, deployment: Deployment
    ) -> tuple[str, ...]:
        """Tell that it is done and the environment unlocked; return what could not be sent."""
        self._announce(store, environment, deployment, Occasion.DONE, None)
        return self.deliver(store, environment)

    def failed(
        self, store: Store, environment: Environment, deployment: Deployment, error: ReconcilerError
    ) -> None:
        """Announce how a deployment ended that failed; it is delivered once that is recorded."""
        occasion = Occasion.FAILED
        if isinstance(error, Restored):
            occasion = Occasion.RESTORED
        elif isinstance(error, NotRestored):
            occasion = Occasion.NOT_RESTORED
        self._announce(store, environment, _journaled(store, deployment), occasion, error)

    def deliver(self, store: Store, environment: Environment) -> tuple[str, ...]:
        """Send what waits; return what could not be sent, which is no failure of anything."""
        failures = self.notifier.deliver(store, environment)
        for sentence in failures:
            telemetry.log().warning("notice_not_sent", reason=sentence)
        return failures

    def _announce(
        self,
        store: Store,
        environment: Environment,
        deployment: Deployment,
        occasion: Occasion,
        error: ReconcilerError | None,
    ) -> int:
        ended = None if occasion is Occasion.STARTED else self.notifier.clock.now()
        news = of_deployment(deployment, error, at=ended)
        event = f"{deployment.id}/{occasion.value}"
        return self.notifier.announce(store, environment, occasion, event, news)


def _journaled(store: Store, deployment: Deployment) -> Deployment:
    """Return a deployment that has not ended with the steps that were journaled meanwhile."""
    with contextlib.suppress(ReconcilerError), as_failures():
        for each in store.running(deployment.environment):
            if each.id == deployment.id:
                return replace(deployment, steps=each.steps)
    return deployment  # which step failed is told only where the store says so
