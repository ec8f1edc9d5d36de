"""What runs: platforms, read and written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from reconciler.core.affected import AffectedQuery
from reconciler.core.canonical import Json
from reconciler.core.model import Observation, ResourceKey
from reconciler.ports.secrets import SealedSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedUser:
    """One row of an affected-users answer."""

    user: str
    integration: str | None
    workflow: str | None


@runtime_checkable
class PlatformReader(Protocol):
    """What runs in one environment. It cannot write."""

    def observe(self) -> Observation:
        """Return the digest of every resource that runs (removed ones are absent)."""

    def contents(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return the normalised contents of those of the keys that run."""

    def count_affected(self, query: AffectedQuery) -> int | None:
        """Return how many users a message concerns; None where users cannot be read."""

    def affected(self, query: AffectedQuery) -> Iterator[AffectedUser]:
        """Stream those users, ordered by user, with flat memory; none where they are unknown."""

    def users(self, integration: str | None = None) -> Iterator[Mapping[str, Json]]:
        """Stream records of connected users as they are imported, ordered by id, flat in memory.

        What belongs to removed resources is left out; none where users are unknown.
        """

    def secret_fingerprints(self) -> Mapping[str, str]:
        """Return the keyed fingerprint of each secret that the runtime may use, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One write: the set difference between a deploy list and what runs.

    `content` None removes (disables and hides). `expected` is the digest that was observed, None
    for absent: the platform refuses with StalePlan when it finds something else.
    """

    key: ResourceKey
    content: Mapping[str, Json] | None
    digest: str | None
    expected: str | None
    relationships: tuple[tuple[str, ResourceKey], ...] = ()


class Unit(Protocol):
    """One open transaction of the store; what belongs together is written through one."""


@runtime_checkable
class Platform(PlatformReader, Protocol):
    """A platform that can be written."""

    @property
    def transactional(self) -> bool:
        """True when `deploy` joins the store's transaction: a deployment is whole or not at all.

        Otherwise deployments go through `write`, one resource after another.
        """

    def deploy(self, unit: Unit, operations: Sequence[Operation], revision: str) -> None:
        """Write the operations; the end state is that of disabling all and re-enabling the listed.

        Raises:
            StalePlan: the environment's revision or a resource is no longer what was observed.
            PlatformError: the platform refused or did not answer.
        """

    def write(self, operation: Operation) -> None:
        """Write one resource at once, by itself; the same write again changes nothing.

        Raises:
            StalePlan: what is there is neither what the operation expects nor what it writes.
            PlatformError: the platform refused, or did not answer: then the write may have
                arrived, and only reading it again tells.
        """

    def give_secrets(
        self, unit: Unit | None, sealed: Mapping[str, SealedSecret | None]
    ) -> tuple[str, ...]:
        """Set the secrets a runtime may use (None takes one away); return the names that changed.

        A platform that is not transactional is given no unit.

        Workflows that require a secret without a value stay inactive until it arrives.
        """

    def removed(self, before: str) -> tuple[ResourceKey, ...]:
        """Return what was removed before a time (RFC 3339) and is still kept hidden, sorted."""

    def purge(self, unit: Unit, before: str) -> tuple[ResourceKey, ...]:
        """Forget for good what was removed before a time (RFC 3339); return it, sorted.

        Connections, settings and enablement that belong to it go with it, users stay. What came
        back is not purged.
        """

    def give_back(
        self, unit: Unit, records: Iterable[Mapping[str, Json]], keys: Sequence[ResourceKey]
    ) -> int:
        """Put back what a purge took of users; return how many users got something.

        Called before the resources of `keys` are written again. It is only about those of them
        of which the platform knows nothing any more, and about users who are still there;
        connections, settings and enablement that are there now stay as they are.
        """
