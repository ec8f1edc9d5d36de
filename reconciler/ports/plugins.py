"""Platforms that other packages bring, through the entry point group `reconciler.platforms`.

The entry point's name is the `type` in `environment.yaml`, its value a `PlatformFactory`:

    [project.entry-points."reconciler.platforms"]
    n8n = "reconciler_n8n:factory"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from reconciler.core.model import Environment
from reconciler.ports.platforms import Platform, PlatformReader

GROUP = "reconciler.platforms"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformContext:
    """What a platform is given beside its environment.

    `now` is the time as RFC 3339. `secret` returns the value of a secret that the environment
    declares, None where it has none, and keeps it out of all output: for the platform's own
    credentials, which also reading needs.
    """

    now: Callable[[], str]
    secret: Callable[[str], str | None]


@runtime_checkable
class PlatformFactory(Protocol):
    """Opens a platform for one environment; `environment.platform` is what its file says of it.

    Both are called only for environments that name the platform, and open no connection yet:
    what cannot be reached is a PlatformError of the call that needs it. What is wrong with the
    keys beside `type` is a ValueError with one sentence. The platform is not `transactional`: the
    store's transactions are open to the built-in one only.
    """

    def reader(self, environment: Environment, context: PlatformContext) -> PlatformReader:
        """Return what reads the platform; it cannot write."""

    def open(self, environment: Environment, context: PlatformContext) -> Platform:
        """Return what reads and writes the platform."""
