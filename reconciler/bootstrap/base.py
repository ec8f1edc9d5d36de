"""What the services of a run stand on, as protocols: `Services` in the program, fakes in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reconciler.core.model import Environment
    from reconciler.ports import Clock, Platform, Processes, Store
    from reconciler.services.workspace import Workspace


class Base(Protocol):
    """What all of them stand on."""

    @property
    def workspace(self) -> Workspace:
        """The repository with what reads its manifests."""

    @property
    def store(self) -> Store:
        """The reconciler's own records."""

    @property
    def clock(self) -> Clock:
        """Time and ids."""

    @property
    def processes(self) -> Processes:
        """Who this process is."""

    @property
    def actor(self) -> str:
        """Who runs this."""

    def platform(self, environment: Environment) -> Platform:
        """Return the platform of an environment."""
