"""The reconciler's own records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from reconciler.core.canonical import Json
from reconciler.core.model import Applied, Deployment, Phase, ResourceKey, Step
from reconciler.ports.platforms import Operation, Unit
from reconciler.ports.secrets import SealedSecret


class StoreReader(Protocol):
    """The reconciler's own records of all environments. It cannot write."""

    def applied(self, environment: str) -> Applied:
        """Return digests of what we last wrote to an environment."""

    def applied_contents(
        self, environment: str, keys: Iterable[ResourceKey]
    ) -> Mapping[ResourceKey, Json]:
        """Return contents of what we last wrote."""

    def deployments(
        self, environment: str | None = None, limit: int | None = None
    ) -> Sequence[Deployment]:
        """Return deployments with their steps, newest first."""

    def running(self, environment: str) -> Sequence[Deployment]:
        """Return deployments that did not finish (phase Running)."""

    def secret(self, environment: str, name: str) -> SealedSecret | None:
        """Return a stored secret, still sealed."""

    def secret_names(self, environment: str) -> Sequence[str]:
        """Return the names of stored secrets, sorted."""


class Store(StoreReader, Protocol):
    """The store as the writing commands see it."""

    def begin(self, deployment: Deployment) -> None:
        """Record a deployment as Running, committed at once, so that a crash is visible.

        Raises:
            Busy: another deployment of the environment is Running.
        """

    def journal(self, deployment: str, step: Step) -> None:
        """Record a step (inserted or updated by name), committed at once."""

    def transaction(self) -> AbstractContextManager[Unit]:
        """Open a write transaction; leaving without an exception commits it."""

    def record_applied(
        self,
        unit: Unit,
        environment: str,
        operations: Sequence[Operation],
        forget: Iterable[ResourceKey],
        content_digest: str,
        deployment: str,
    ) -> None:
        """Write down what was applied, in the transaction of the apply.

        `forget` are records of resources that are gone on both sides. Journals step `apply` of
        the deployment as done in the same transaction, so that a crash after it is told apart.
        """

    def finish(
        self,
        deployment: str,
        phase: Phase,
        finished_at: str,
        *,
        live: bool,
        unit: Unit | None = None,
    ) -> None:
        """End a deployment; `live` takes the mark from the one that had it."""

    def put_secret(self, environment: str, name: str, sealed: SealedSecret, at: str) -> None:
        """Store a sealed secret."""

    def delete_secret(self, environment: str, name: str) -> bool:
        """Delete a stored secret; False when there was none."""
